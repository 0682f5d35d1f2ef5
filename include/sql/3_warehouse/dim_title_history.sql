-- build.dim_title_history
-- Grain:  catalogue title x period in which its catalogue said the same of it
-- Reads:  build.hist_source_row, build.said_node, build.loaded_day, warehouse.dim_platform
-- Writes: build.dim_title_history (empty before)
-- Rerun:  the table is emptied and filled anew, from all that was said on any loaded day
-- Notes:  where several rows are one work, the one speaks that speaks for the work in dim_title; of several catalogues
--         the first in the order of dim_platform. A period ends on the first loaded day that says otherwise

insert into build.dim_title_history (
    title_key, valid_from, valid_until, platform_key, title, kind, release_year, certification, runtime_min,
    season_count, description, categories, cast_sha256
)
with

day as materialized (
    select
        source,
        loaded_date,
        lead(loaded_date) over (partition by source order by loaded_date) as next_date
    from build.loaded_day
),

told as materialized (
    select
        said_node.title_key,
        dim_platform.platform_key,
        hist_source_row.from_date,
        coalesce(day.next_date, 'infinity') as end_date,
        hist_source_row.is_base,
        hist_source_row.added_date,
        hist_source_row.fingerprint,
        hist_source_row.row_sha256,
        hist_source_row.title,
        hist_source_row.kind,
        hist_source_row.release_year,
        hist_source_row.certification,
        hist_source_row.runtime_min,
        hist_source_row.season_count,
        hist_source_row.description,
        hist_source_row.categories,
        hist_source_row.cast_sha256
    from build.hist_source_row
    inner join warehouse.dim_platform on hist_source_row.source = dim_platform.platform
    inner join build.said_node
        on
            hist_source_row.source = said_node.source
            and hist_source_row.plain_key = said_node.plain_key
            and hist_source_row.fingerprint = said_node.fingerprint
            and hist_source_row.is_base = said_node.is_base
    left join day on hist_source_row.source = day.source and hist_source_row.until_date = day.loaded_date
),

moment as (
    select
        title_key,
        from_date
    from told
    union
    select
        title_key,
        end_date as from_date
    from told
    where end_date < 'infinity'
),

speaking as (
    select distinct on (moment.title_key, moment.from_date)
        moment.title_key,
        moment.from_date,
        told.platform_key,
        told.title,
        told.kind,
        told.release_year,
        told.certification,
        told.runtime_min,
        told.season_count,
        told.description,
        told.categories,
        told.cast_sha256
    from moment
    left join told
        on
            moment.title_key = told.title_key
            and moment.from_date >= told.from_date
            and moment.from_date < told.end_date
    order by
        moment.title_key, moment.from_date, told.platform_key, told.is_base desc, told.added_date asc nulls last,
        told.title collate "C", told.fingerprint collate "C", told.row_sha256
),

numbered as (
    select
        speaking.*,
        row(
            platform_key, title, kind, release_year, certification, runtime_min, season_count, description, categories,
            cast_sha256
        )::text as said
    from speaking
),

compared as (
    select
        numbered.*,
        coalesce(said <> lag(said) over titles, true) as is_new
    from numbered
    window titles as (partition by title_key order by from_date)
),

periods as (
    select
        compared.*,
        lead(from_date) over (partition by title_key order by from_date) as next_date
    from compared
    where is_new
)

select
    title_key,
    from_date as valid_from,
    next_date as valid_until,
    platform_key,
    title,
    kind,
    release_year,
    certification,
    runtime_min,
    season_count,
    description,
    categories,
    cast_sha256
from periods
where platform_key is not null;
