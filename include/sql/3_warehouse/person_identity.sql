-- build.person_identity
-- Grain:  name that a catalogue had on some day and no IMDb person was found for
-- Reads:  matching.source_person, build.loaded_day, build.taken_day, warehouse.person_identity
-- Writes: build.person_identity (empty before)
-- Rerun:  the table is emptied and filled anew; nothing that was known is forgotten
-- Params: batch_date  day of the load
-- Notes:  a name is merged into a person when no row has it without a person any more, and all that have it mean one
--         IMDb person. An older day only moves the days. What only a file had that was corrected on the same day was last
--         seen on that day

insert into build.person_identity (person_key, natural_key, first_seen_date, last_seen_date, merged_into)
with

named as materialized (
    select
        folded_name,
        bool_or(imdb_person_number is null) as is_nobody,
        min(imdb_person_number) as least_number,
        max(imdb_person_number) as greatest_number
    from matching.source_person
    -- JustWatch's titles are no works.
    where source <> 'justwatch'
    group by folded_name
),

today as (
    select
        'name|' || folded_name as natural_key,
        is_nobody,
        case when not is_nobody and least_number = greatest_number then least_number end as imdb_person_number
    from named
),

moment as (
    select
        taken_day.is_older,
        (
            select max(loaded_day.loaded_date)
            from build.loaded_day
            where loaded_day.loaded_date < %(batch_date)s::date
        ) as date_before
    from build.taken_day
)

select
    coalesce(
        known.person_key,
        1000000000000
        + ('x' || left(encode(sha256(convert_to(today.natural_key, 'UTF8')), 'hex'), 13))::bit(52)::bigint
    ) as person_key,
    coalesce(known.natural_key, today.natural_key) as natural_key,
    case
        when today.is_nobody then least(known.first_seen_date, %(batch_date)s::date)
        else known.first_seen_date
    end as first_seen_date,
    case
        when not moment.is_older and today.is_nobody then null
        when not moment.is_older
            then greatest(coalesce(known.last_seen_date, moment.date_before), known.first_seen_date)
        when known.person_key is not null and known.last_seen_date is null then null
        when today.is_nobody then greatest(known.last_seen_date, %(batch_date)s::date)
        else known.last_seen_date
    end as last_seen_date,
    case
        when moment.is_older then known.merged_into
        when today.is_nobody then null
        else coalesce(today.imdb_person_number, known.merged_into)
    end as merged_into
from warehouse.person_identity as known
full join today on known.natural_key = today.natural_key
cross join moment
where known.person_key is not null or today.is_nobody;
