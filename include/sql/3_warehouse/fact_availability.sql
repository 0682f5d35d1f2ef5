-- build.fact_availability
-- Grain:  title x platform x stay
-- Reads:  build.work_of_row, staging.netflix_titles, build.title_identity, warehouse.fact_availability, ops.load
-- Writes: build.fact_availability (empty before)
-- Rerun:  the table is emptied and filled anew; once published, a second run finds no difference
-- Params: batch_date  day whose catalogue staging holds
-- Notes:  A title that is gone leaves on the day; one that came back begins a new stay; a first stay begins on
--         the day the platform states, when that is not after this one, else on this day. Another file for the
--         same day corrects what the first one said: a departure of this day is taken back, an unstated entry of
--         this day too. Stays that begin after this day are let alone, and when a later day has been published
--         before this one, so are all others. The stays of a work that turned out to be an IMDb title are that
--         title's

insert into build.fact_availability (title_key, platform_key, entered_date, left_date, is_entry_stated)
with

-- A day that was published before, although it comes after this one: what it saw must stay true.
later as materialized (
    select min(batch_date) as next_date
    from ops.load
    where part = 'warehouse' and published_at is not null and batch_date > %(batch_date)s::date
),

catalogue as materialized (
    select
        work_of_row.title_key,
        work_of_row.platform_key,
        min(netflix_titles.added_date) filter (
            where netflix_titles.added_date between '1990-01-01' and %(batch_date)s::date
        ) as stated_date
    from build.work_of_row
    inner join staging.netflix_titles on work_of_row.source_id = netflix_titles.source_id
    where work_of_row.source = 'netflix'
    group by work_of_row.title_key, work_of_row.platform_key
),

rekeyed as (
    select
        coalesce(title_identity.merged_into, fact_availability.title_key) as title_key,
        fact_availability.platform_key,
        fact_availability.entered_date,
        coalesce(fact_availability.left_date, 'infinity'::date) as left_date,
        fact_availability.is_entry_stated
    from warehouse.fact_availability
    left join build.title_identity on fact_availability.title_key = title_identity.title_key
),

-- Stays that overlap, because two works turned out to be one, are one stay.
begun as (
    select
        rekeyed.*,
        coalesce(
            entered_date >= max(left_date) over (
                partition by title_key, platform_key
                order by entered_date, left_date
                rows between unbounded preceding and 1 preceding
            ),
            true
        ) as is_begin
    from rekeyed
),

numbered as (
    select
        begun.*,
        count(*) filter (where is_begin) over (
            partition by title_key, platform_key
            order by entered_date, left_date
        ) as stay_number
    from begun
),

stays as materialized (
    select
        title_key,
        platform_key,
        min(entered_date) as entered_date,
        max(left_date) as left_date,
        (array_agg(is_entry_stated order by entered_date, is_entry_stated desc))[1] as is_entry_stated
    from numbered
    group by title_key, platform_key, stay_number
),

-- What is known of each title and platform beside this day's catalogue.
known as (
    select
        title_key,
        platform_key,
        max(left_date) filter (where entered_date <= %(batch_date)s::date) as last_left_date,
        bool_or(entered_date > %(batch_date)s::date) as has_later_stay
    from stays
    group by title_key, platform_key
),

kept as (
    select
        stays.title_key,
        stays.platform_key,
        stays.entered_date,
        case
            when later.next_date is not null or stays.entered_date > %(batch_date)s::date then stays.left_date
            -- Gone: an open stay ends on this day.
            when
                catalogue.title_key is null and stays.left_date = 'infinity'
                and stays.entered_date < %(batch_date)s::date
                then %(batch_date)s::date
            -- Taken back: this day's file did not have it, and now has.
            when catalogue.title_key is not null and stays.left_date = %(batch_date)s::date
                then 'infinity'::date
            else stays.left_date
        end as left_date,
        stays.is_entry_stated
    from stays
    cross join later
    left join catalogue
        on
            stays.title_key = catalogue.title_key
            and stays.platform_key = catalogue.platform_key
    where
        later.next_date is not null
        or catalogue.title_key is not null
        or stays.is_entry_stated
        or stays.entered_date <> %(batch_date)s::date
        or stays.left_date <> 'infinity'
),

begins as (
    select
        catalogue.title_key,
        catalogue.platform_key,
        case
            when catalogue.stated_date >= coalesce(known.last_left_date, '-infinity') then catalogue.stated_date
            else %(batch_date)s::date
        end as entered_date,
        coalesce(later.next_date, 'infinity'::date) as left_date,
        coalesce(
            catalogue.stated_date >= coalesce(known.last_left_date, '-infinity'), false
        ) as is_entry_stated
    from catalogue
    cross join later
    left join known
        on
            catalogue.title_key = known.title_key
            and catalogue.platform_key = known.platform_key
    where
        known.title_key is null
        or (not known.has_later_stay and known.last_left_date < %(batch_date)s::date)
)

select
    title_key,
    platform_key,
    entered_date,
    nullif(left_date, 'infinity') as left_date,
    is_entry_stated
from kept
union all
select
    title_key,
    platform_key,
    entered_date,
    nullif(left_date, 'infinity') as left_date,
    is_entry_stated
from begins;
