-- mart.platform_entries
-- Grain:  row of a platform's catalogue file, as it stands there
-- Reads:  staging
-- Writes: mart.platform_entries (view)
-- Rerun:  create or replace; new columns go to the end
-- Notes:  of the day staged last, which readers of the warehouse may not have yet

create or replace view mart.platform_entries as
select
    source as platform,
    source_id,
    kind,
    title,
    release_year,
    certification,
    runtime_min,
    season_count,
    directors,
    actors,
    countries,
    categories
from staging.catalogue_row;

comment on view mart.platform_entries is 'Grain: one row of a platform''s catalogue file of the day staged last, as the file says it. Count these to compare platforms; mart.catalogue_entries says which work a row is.';
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
