-- 063_catalogue_rows
-- Grain:  the rows of all catalogues, which are files of one kind
-- Reads:  -
-- Writes: schema staging; comments in schemas warehouse and build
-- Rerun:  applied once, in order, by number; ops.migration remembers it

create view staging.catalogue_row as
select
    'netflix' as source,
    source_id,
    line_number,
    kind,
    title,
    directors,
    actors,
    countries,
    added_date,
    release_year,
    certification,
    runtime_min,
    season_count,
    categories,
    description
from staging.netflix_titles
union all
select
    'amazon' as source,
    source_id,
    line_number,
    kind,
    title,
    directors,
    actors,
    countries,
    added_date,
    release_year,
    certification,
    runtime_min,
    season_count,
    categories,
    description
from staging.amazon_titles
union all
select
    'disney' as source,
    source_id,
    line_number,
    kind,
    title,
    directors,
    actors,
    countries,
    added_date,
    release_year,
    certification,
    runtime_min,
    season_count,
    categories,
    description
from staging.disney_titles
union all
select
    'hulu' as source,
    source_id,
    line_number,
    kind,
    title,
    directors,
    actors,
    countries,
    added_date,
    release_year,
    certification,
    runtime_min,
    season_count,
    categories,
    description
from staging.hulu_titles;

comment on view staging.catalogue_row is 'Grain: one staged row of a platform''s catalogue, of all platforms.';
comment on column staging.catalogue_row.source is 'netflix, amazon, disney, hulu.';
comment on column staging.catalogue_row.source_id is 'Id of the row in this edition.';
comment on column staging.catalogue_row.line_number is 'Physical line on which the record begins.';
comment on column staging.catalogue_row.kind is 'movie or series.';
comment on column staging.catalogue_row.title is 'As the catalogue writes it.';
comment on column staging.catalogue_row.directors is 'Names in file order.';
comment on column staging.catalogue_row.actors is 'Names in billing order.';
comment on column staging.catalogue_row.countries is 'As the catalogue writes them.';
comment on column staging.catalogue_row.added_date is 'Day the platform says it added the title.';
comment on column staging.catalogue_row.release_year is 'As the catalogue gives it.';
comment on column staging.catalogue_row.certification is 'As the catalogue writes it. Unknown is null.';
comment on column staging.catalogue_row.runtime_min is 'Films: minutes.';
comment on column staging.catalogue_row.season_count is 'Series: seasons.';
comment on column staging.catalogue_row.categories is 'As the catalogue writes them.';
comment on column staging.catalogue_row.description is 'As the catalogue writes it.';

comment on column warehouse.hist_source_row.source is 'netflix, rotten_tomatoes, amazon, disney, hulu; justwatch: rows of its lists.';
comment on column warehouse.hist_source_row.through_plain_key is 'Without an IMDb title: plain key of the row of another source that is the same work.';
comment on column warehouse.hist_source_row.through_fingerprint is 'Fingerprint of that row.';
comment on column warehouse.title_identity.split_from is 'Title that it was taken for until that was found wrong.';
comment on column warehouse.dim_title.title is 'From Netflix, then IMDb (primary title), then Amazon, Disney+, Hulu, Rotten Tomatoes.';
comment on column warehouse.dim_title.release_year is 'From IMDb (first season), then Netflix (latest season), Amazon, Disney+, Hulu, Rotten Tomatoes.';
comment on column warehouse.dim_title.original_language is 'ISO 639-1 code: IMDb''s, where its original title has one, else of a word that a catalogue files it under (Spanish-Language TV Shows). Null is not known.';
comment on column warehouse.dim_title.description is 'From Netflix, then Amazon, Disney+, Hulu.';
comment on column build.said_node.source is 'netflix, rotten_tomatoes, amazon, disney, hulu.';
comment on column build.said_node.title_key is 'Key of the title that it is, by the newest day that says so: of IMDb, or of the work of another source.';
