-- 070_words_of_catalogue_rows
-- Grain:  as before; whom and which countries a row of a catalogue names
-- Reads:  -
-- Writes: warehouse.bridge_title_source and build.bridge_title_source (source_directors, source_actors, source_countries)
-- Rerun:  applied once, in order, by number; ops.migration remembers it
-- Notes:  what is counted by them was counted in staging, which may hold another day than readers have

alter table warehouse.bridge_title_source
add column source_directors text[],
add column source_actors text[],
add column source_countries text[];

alter table build.bridge_title_source
add column source_directors text[],
add column source_actors text[],
add column source_countries text[];

comment on column warehouse.bridge_title_source.source_directors is 'Catalogues: names in file order, as the source writes them. Null of other sources.';
comment on column warehouse.bridge_title_source.source_actors is 'Catalogues: names in billing order, as the source writes them; empty where it names nobody. Null of other sources.';
comment on column warehouse.bridge_title_source.source_countries is 'Catalogues: countries of production, as the source writes them. Null of other sources.';
