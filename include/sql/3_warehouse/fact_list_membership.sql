-- build.fact_list_membership
-- Grain:  list x place x period in which one title stood there
-- Reads:  build.hist_source_row, build.said_node, build.loaded_day, build.dim_title
-- Writes: build.fact_list_membership (empty before)
-- Rerun:  the table is emptied and filled anew, from all that was said on any loaded day
-- Notes:  which title a row is, the newest day says that has it on the list, for all days

insert into build.fact_list_membership (
    list, list_rank, from_date, until_date, title_key, source_title, source_kind, source_year, unlinked_because
)
with

day as materialized (
    select
        loaded_date,
        lead(loaded_date) over (order by loaded_date) as next_date
    from build.loaded_day
    where source = 'justwatch'
),

node as (
    select
        plain_key,
        fingerprint,
        min(title_key) as title_key
    from build.said_node
    group by plain_key, fingerprint
),

told as (
    select
        hist_source_row.list,
        hist_source_row.place,
        hist_source_row.from_date,
        coalesce(day.next_date, 'infinity') as end_date,
        hist_source_row.title,
        hist_source_row.kind,
        hist_source_row.release_year,
        dim_title.title_key,
        hist_source_row.unlinked_because
    from build.hist_source_row
    left join day on hist_source_row.until_date = day.loaded_date
    left join node
        on
            hist_source_row.through_plain_key = node.plain_key
            and hist_source_row.through_fingerprint = node.fingerprint
    left join build.dim_title on coalesce(hist_source_row.imdb_title_number, node.title_key) = dim_title.title_key
    where hist_source_row.source = 'justwatch'
),

newest as (
    select distinct on (list, title, kind, release_year)
        list,
        title,
        kind,
        release_year,
        title_key,
        unlinked_because
    from told
    order by list, title, kind, release_year, end_date desc, place
),

-- Runs that follow each other and say the same are one period.
followed as (
    select
        told.list,
        told.place,
        told.from_date,
        told.end_date,
        told.title,
        told.kind,
        told.release_year,
        newest.title_key,
        newest.unlinked_because,
        coalesce(
            told.from_date <> lag(told.end_date) over places
            or told.title <> lag(told.title) over places
            or told.release_year is distinct from lag(told.release_year) over places,
            true
        ) as is_begin
    from told
    inner join newest
        on
            told.list = newest.list
            and told.title = newest.title
            and told.kind = newest.kind
            and told.release_year is not distinct from newest.release_year
    window places as (partition by told.list, told.place order by told.from_date)
),

numbered as (
    select
        followed.*,
        count(*) filter (where is_begin) over (partition by list, place order by from_date) as period_number
    from followed
)

select
    list,
    place as list_rank,
    min(from_date) as from_date,
    nullif(max(end_date), 'infinity') as until_date,
    title_key,
    title as source_title,
    kind as source_kind,
    release_year as source_year,
    case
        when title_key is null then coalesce(unlinked_because, 'the title it was linked to is not in the warehouse')
    end as unlinked_because
from numbered
group by list, place, period_number, title_key, title, kind, release_year, unlinked_because;
