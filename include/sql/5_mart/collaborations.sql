-- mart.collaborations
-- Grain:  function: two people who made titles together
-- Reads:  warehouse
-- Writes: mart.collaborations (function)
-- Rerun:  dropped and made again
-- Notes:  with a person: everybody that this person worked with, on whatever title. Without: pairs of the titles that are
--         on some platform now; of IMDb's 12 million credits there would be hundreds of millions of pairs. People with
--         fewer such titles than are asked for are in no pair and left out first. Names that no known person was found
--         for count as a person by their name, in the catalogue's pairs not at all. A work that turned out to be
--         another one keeps its credits, and is no second title

drop function if exists mart.collaborations;

create function mart.collaborations(of_person_key bigint default null, min_titles integer default 2)
returns table (
    person_key bigint,
    person_name text,
    other_person_key bigint,
    other_person_name text,
    titles_together integer,
    first_year smallint,
    last_year smallint,
    title_keys bigint[]
)
language sql
stable
as $$
with

offered as materialized (
    select distinct
        credit.title_key,
        credit.person_key
    from (
        select distinct bridge_title_source.title_key
        from warehouse.bridge_title_source
        where bridge_title_source.platform_key is not null
    ) as catalogue
    inner join warehouse.bridge_title_person_role as credit on catalogue.title_key = credit.title_key
    where of_person_key is null
),

frequent as materialized (
    select
        offered.title_key,
        offered.person_key
    from offered
    where offered.person_key in (
        select busy.person_key
        from offered as busy
        where busy.person_key < 1000000000000
        group by busy.person_key
        having count(*) >= min_titles
    )
),

pairs as (
    select
        one.person_key,
        other.person_key as other_person_key,
        one.title_key
    from frequent as one
    inner join frequent as other on one.title_key = other.title_key and one.person_key < other.person_key
    where of_person_key is null
    union all
    select distinct
        one.person_key,
        other.person_key as other_person_key,
        one.title_key
    from warehouse.bridge_title_person_role as one
    inner join warehouse.bridge_title_person_role as other
        on one.title_key = other.title_key and one.person_key <> other.person_key
    left join warehouse.title_identity
        on
            one.title_key = title_identity.title_key
            and title_identity.merged_into is not null
    where one.person_key = of_person_key and title_identity.title_key is null
),

counted as materialized (
    select
        pairs.person_key,
        pairs.other_person_key,
        array_agg(pairs.title_key order by pairs.title_key) as title_keys
    from pairs
    group by pairs.person_key, pairs.other_person_key
    having count(*) >= min_titles
)

select
    counted.person_key,
    person.person_name,
    counted.other_person_key,
    other.person_name as other_person_name,
    cardinality(counted.title_keys) as titles_together,
    years.first_year,
    years.last_year,
    counted.title_keys
from counted
inner join warehouse.dim_person as person on counted.person_key = person.person_key
inner join warehouse.dim_person as other on counted.other_person_key = other.person_key
cross join lateral (
    select
        min(dim_title.release_year) as first_year,
        max(dim_title.release_year) as last_year
    from warehouse.dim_title
    where dim_title.title_key = any(counted.title_keys)
) as years
order by titles_together desc, person.person_name, other.person_name, counted.person_key, counted.other_person_key
$$;

comment on function mart.collaborations is 'Pairs of people with the titles they made together, most first. With a person_key: all whom this person worked with, on any title. Without: pairs of known people on the titles that are on some platform now. Example: select * from mart.collaborations(138) limit 10.';
