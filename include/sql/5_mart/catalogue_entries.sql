-- mart.catalogue_entries
-- Grain:  row of a platform's catalogue, current edition
-- Reads:  warehouse
-- Writes: mart.catalogue_entries (view)
-- Rerun:  create or replace; new columns go to the end

create or replace view mart.catalogue_entries as
select
    dim_platform.platform,
    bridge_title_source.source_id,
    bridge_title_source.title_key,
    bridge_title_source.source_title as title,
    bridge_title_source.source_kind as kind,
    bridge_title_source.source_year as release_year,
    bridge_title_source.source_certification as certification,
    dim_certification.least_age,
    bridge_title_source.runtime_min,
    bridge_title_source.season_count,
    bridge_title_source.added_date,
    bridge_title_source.source_genres as categories,
    dim_title.imdb_title_id,
    bridge_title_source.match_band,
    bridge_title_source.match_probability,
    bridge_title_source.decided_by
from warehouse.bridge_title_source
inner join warehouse.dim_platform on bridge_title_source.platform_key = dim_platform.platform_key
inner join warehouse.dim_title on bridge_title_source.title_key = dim_title.title_key
left join warehouse.dim_certification
    on bridge_title_source.source_certification = dim_certification.certification;

comment on view mart.catalogue_entries is 'Grain: one row of a platform''s catalogue as it stands in the last edition. Count these to count a catalogue.';
comment on column mart.catalogue_entries.platform is 'netflix, amazon, disney, hulu.';
comment on column mart.catalogue_entries.source_id is 'Id of the row in this edition (Netflix: show_id).';
comment on column mart.catalogue_entries.title_key is 'The work; several entries may be one work.';
comment on column mart.catalogue_entries.title is 'As the catalogue writes it.';
comment on column mart.catalogue_entries.kind is 'movie or series, as the catalogue says.';
comment on column mart.catalogue_entries.release_year is 'As the catalogue gives it (Netflix series: latest season).';
comment on column mart.catalogue_entries.certification is 'As the catalogue gives it.';
comment on column mart.catalogue_entries.least_age is 'Youngest age the certification is meant for; null is unknown.';
comment on column mart.catalogue_entries.runtime_min is 'Films: minutes, as the catalogue gives them.';
comment on column mart.catalogue_entries.season_count is 'Series: seasons, as the catalogue gives them.';
comment on column mart.catalogue_entries.added_date is 'Day the platform says it added the title.';
comment on column mart.catalogue_entries.categories is 'As the catalogue gives them (Netflix: listed_in). Genres that all sources share: mart.titles.';
comment on column mart.catalogue_entries.imdb_title_id is 'tconst of the work, when linked.';
comment on column mart.catalogue_entries.match_band is 'match: linked to IMDb. review, no match: not.';
comment on column mart.catalogue_entries.match_probability is 'Of the best candidate being the same work.';
comment on column mart.catalogue_entries.decided_by is 'model or manual.';
