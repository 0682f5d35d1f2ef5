-- build.fact_availability
-- Grain:  title x platform x stay
-- Reads:  build.hist_source_row, build.said_node, build.loaded_day, warehouse.dim_platform
-- Writes: build.fact_availability (empty before)
-- Rerun:  the table is emptied and filled anew, from all that was said on any loaded day
-- Notes:  a stay is a run of loaded days on which the catalogue has some row of the work. It begins on the day that the
--         platform states in its first loaded day, when that is not after it nor before the end of the stay before;
--         else on the loaded day. It ends on the first loaded day without the work

insert into build.fact_availability (title_key, platform_key, entered_date, left_date, is_entry_stated)
with

day as materialized (
    select
        source,
        loaded_date,
        row_number() over days as day_number,
        lead(loaded_date) over days as next_date
    from build.loaded_day
    window days as (partition by source order by loaded_date)
),

told as materialized (
    select
        said_node.title_key,
        dim_platform.platform_key,
        hist_source_row.from_date,
        first_day.day_number as first_number,
        -- What goes on has no last day yet.
        coalesce(last_day.day_number, 1000000) as last_number,
        last_day.next_date,
        hist_source_row.added_date
    from build.hist_source_row
    inner join warehouse.dim_platform on hist_source_row.source = dim_platform.platform
    inner join build.said_node
        on
            hist_source_row.source = said_node.source
            and hist_source_row.plain_key = said_node.plain_key
            and hist_source_row.fingerprint = said_node.fingerprint
            and hist_source_row.is_base = said_node.is_base
    inner join day as first_day
        on hist_source_row.source = first_day.source and hist_source_row.from_date = first_day.loaded_date
    left join day as last_day
        on hist_source_row.source = last_day.source and hist_source_row.until_date = last_day.loaded_date
),

begun as (
    select
        told.*,
        coalesce(
            first_number > 1 + max(last_number) over (
                partition by title_key, platform_key
                order by first_number, last_number
                rows between unbounded preceding and 1 preceding
            ),
            true
        ) as is_begin
    from told
),

numbered as (
    select
        begun.*,
        count(*) filter (where is_begin) over (
            partition by title_key, platform_key
            order by first_number, last_number
        ) as stay_number
    from begun
),

-- The runs of a stay that begin with it say when the platform added the work.
opened as (
    select
        numbered.*,
        min(from_date) over (partition by title_key, platform_key, stay_number) as first_date
    from numbered
),

stays as (
    select
        title_key,
        platform_key,
        stay_number,
        first_date,
        min(added_date) filter (
            where from_date = first_date and added_date between '1990-01-01' and first_date
        ) as stated_date,
        -- No next loaded day is later than any.
        nullif(max(coalesce(next_date, 'infinity')), 'infinity') as left_date
    from opened
    group by title_key, platform_key, stay_number, first_date
),

followed as (
    select
        stays.*,
        lag(left_date) over (partition by title_key, platform_key order by stay_number) as former_left_date
    from stays
)

select
    title_key,
    platform_key,
    case
        when stated_date >= coalesce(former_left_date, '-infinity') then stated_date
        else first_date
    end as entered_date,
    left_date,
    coalesce(stated_date >= coalesce(former_left_date, '-infinity'), false) as is_entry_stated
from followed;
