-- build.title_identity
-- Grain:  work first known from a catalogue and not from IMDb
-- Reads:  build.work_of_row, matching.source_person, staging.netflix_titles, warehouse.title_identity,
--         warehouse.dim_title, warehouse.bridge_title_person_role, warehouse.dim_person
-- Writes: build.title_identity (empty before)
-- Rerun:  the table is emptied and filled anew; nothing that was known is forgotten
-- Params: batch_date  day of the load: when new ones were first seen
-- Notes:  a work is merged into an IMDb title when its natural key belongs to linked rows only, and (Netflix)
--         they share a person or the description, or one of the two names nobody

insert into build.title_identity (title_key, natural_key, first_seen_date, merged_into)
with

claimed as (
    select distinct
        title_key,
        natural_key
    from build.work_of_row
    where title_key >= 1000000000000
),

-- Works that no row stands for any more, each with the linked rows of the same natural key.
linked as (
    select
        known.title_key,
        known.natural_key,
        work_of_row.source,
        work_of_row.source_id,
        work_of_row.title_key as imdb_key
    from warehouse.title_identity as known
    inner join build.work_of_row
        on case
            when right(known.natural_key, 13) ~ '^[|][0-9a-f]{12}$' then left(known.natural_key, -13)
            else known.natural_key
        end = work_of_row.natural_key
    left join claimed on known.title_key = claimed.title_key
    where claimed.title_key is null and work_of_row.title_key < 1000000000000
),

compared as (
    select
        linked.title_key,
        linked.natural_key,
        linked.source,
        linked.imdb_key,
        dim_title.description = netflix_titles.description as has_same_description,
        array(
            select dim_person.folded_name
            from warehouse.bridge_title_person_role
            inner join warehouse.dim_person on bridge_title_person_role.person_key = dim_person.person_key
            where bridge_title_person_role.title_key = linked.title_key
        ) as known_names,
        array(
            select source_person.folded_name
            from matching.source_person
            where source_person.source = linked.source and source_person.source_id = linked.source_id
        ) as row_names
    from linked
    left join warehouse.dim_title on linked.title_key = dim_title.title_key
    left join staging.netflix_titles on linked.source = 'netflix' and linked.source_id = netflix_titles.source_id
),

merged as (
    select
        title_key,
        min(imdb_key) as imdb_key
    from compared
    where
        source = 'rotten_tomatoes'
        or has_same_description
        or known_names && row_names
        or cardinality(known_names) = 0
        or cardinality(row_names) = 0
    group by title_key
)

select
    coalesce(known.title_key, claimed.title_key) as title_key,
    coalesce(known.natural_key, claimed.natural_key) as natural_key,
    case
        when claimed.title_key is null then known.first_seen_date
        else least(known.first_seen_date, %(batch_date)s::date)
    end as first_seen_date,
    case when claimed.title_key is null then coalesce(merged.imdb_key, known.merged_into) end as merged_into
from warehouse.title_identity as known
full join claimed on known.title_key = claimed.title_key
left join merged on known.title_key = merged.title_key;
