-- mart.arrived_and_left
-- Grain:  function: title that came to a platform or left it within a period
-- Reads:  warehouse
-- Writes: mart.arrived_and_left (function)
-- Rerun:  dropped and made again
-- Notes:  both days are in the period. A title that came back arrives again

drop function if exists mart.arrived_and_left;

create function mart.arrived_and_left(of_platform text, from_date date, to_date date)
returns table (
    event_date date,
    event text,
    title_key bigint,
    title text,
    kind text,
    release_year smallint,
    is_date_stated boolean,
    stayed_days integer
)
language sql
stable
as $$
with

stays as (
    select
        fact_availability.*,
        lag(fact_availability.left_date) over (
            partition by fact_availability.title_key
            order by fact_availability.entered_date
        ) as former_left_date
    from warehouse.fact_availability
    inner join warehouse.dim_platform on fact_availability.platform_key = dim_platform.platform_key
    where dim_platform.platform = lower(btrim(of_platform))
),

events as (
    select
        stays.entered_date as event_date,
        case when stays.former_left_date is null then 'arrived' else 'came back' end as event,
        stays.title_key,
        stays.is_entry_stated as is_date_stated,
        null::integer as stayed_days
    from stays
    where stays.entered_date between from_date and to_date
    union all
    select
        stays.left_date as event_date,
        'left' as event,
        stays.title_key,
        false as is_date_stated,
        stays.left_date - stays.entered_date as stayed_days
    from stays
    where stays.left_date between from_date and to_date
)

select
    events.event_date,
    events.event,
    events.title_key,
    dim_title.title,
    dim_title.kind,
    dim_title.release_year,
    events.is_date_stated,
    events.stayed_days
from events
inner join warehouse.dim_title on events.title_key = dim_title.title_key
order by events.event_date, events.event, dim_title.title, events.title_key
$$;

comment on function mart.arrived_and_left is 'Titles that came to a platform (arrived, came back) or left it from one day to another, both included; is_date_stated: the platform names the day, else it is that of the first edition that had the title; left is the day of the first edition without it. Example: select * from mart.arrived_and_left(''netflix'', ''2021-07-01'', ''2021-09-30'').';
