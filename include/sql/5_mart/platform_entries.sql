-- mart.platform_entries
-- Grain:  row of a platform's catalogue file, as it stands there
-- Reads:  warehouse
-- Writes: mart.platform_entries (view)
-- Rerun:  create or replace; new columns go to the end
-- Notes:  of the edition that readers have, whatever day is staged

create or replace view mart.platform_entries as
select
    bridge_title_source.source as platform,
    bridge_title_source.source_id,
    bridge_title_source.source_kind as kind,
    bridge_title_source.source_title as title,
    bridge_title_source.source_year as release_year,
    bridge_title_source.source_certification as certification,
    bridge_title_source.runtime_min::smallint as runtime_min,
    bridge_title_source.season_count,
    bridge_title_source.source_directors as directors,
    bridge_title_source.source_actors as actors,
    bridge_title_source.source_countries as countries,
    bridge_title_source.source_genres as categories
from warehouse.bridge_title_source
where bridge_title_source.platform_key is not null;

comment on view mart.platform_entries is 'Grain: one row of a platform''s catalogue file of the edition that readers have, as the file says it. Count these to compare platforms; mart.catalogue_entries says which work a row is.';
comment on column mart.platform_entries.platform is 'netflix, amazon, disney, hulu.';
comment on column mart.platform_entries.source_id is 'Id of the row in this edition.';
comment on column mart.platform_entries.kind is 'movie or series.';
comment on column mart.platform_entries.title is 'As the catalogue writes it.';
comment on column mart.platform_entries.release_year is 'As the catalogue gives it.';
comment on column mart.platform_entries.certification is 'As the catalogue gives it; null is unknown.';
comment on column mart.platform_entries.runtime_min is 'Films: minutes.';
comment on column mart.platform_entries.season_count is 'Series: seasons.';
comment on column mart.platform_entries.directors is 'As the catalogue names them.';
comment on column mart.platform_entries.actors is 'As the catalogue names them; empty where it names nobody (Hulu throughout).';
comment on column mart.platform_entries.countries is 'Countries of production, as the catalogue writes them.';
comment on column mart.platform_entries.categories is 'As the catalogue gives them.';
