-- build.dim_person
-- Grain:  IMDb person, or name that no IMDb person was found for
-- Reads:  staging.imdb_people, matching.imdb_person_name, matching.source_person, build.dim_title,
--         warehouse.dim_person, warehouse.bridge_title_person_role
-- Writes: build.dim_person (empty before)
-- Rerun:  the table is emptied and filled anew from the same rows
-- Notes:  people of the titles that no source has any more stay, as those titles do

insert into build.dim_person (
    person_key, person_name, folded_name, imdb_person_id, birth_year, death_year, professions, is_name_only,
    known_for_numbers
)
with

imdb as (
    select
        imdb_people.imdb_person_number::bigint as person_key,
        imdb_people.person_name,
        coalesce(imdb_person_name.folded_name, lower(imdb_people.person_name)) as folded_name,
        'nm' || lpad(
            imdb_people.imdb_person_number::text, greatest(7, length(imdb_people.imdb_person_number::text)), '0'
        ) as imdb_person_id,
        imdb_people.birth_year,
        imdb_people.death_year,
        imdb_people.professions,
        false as is_name_only,
        imdb_people.known_for_numbers
    from staging.imdb_people
    left join matching.imdb_person_name
        on imdb_people.imdb_person_number = imdb_person_name.imdb_person_number
),

-- The commonest spelling of a name, the first in alphabetical order among equally common ones.
names as (
    select
        folded_name,
        mode() within group (order by person_name collate "C") as person_name
    from matching.source_person
    -- JustWatch's titles are no works.
    where imdb_person_number is null and source <> 'justwatch'
    group by folded_name
),

name_only as (
    select
        1000000000000
        + ('x' || left(encode(sha256(convert_to('name|' || folded_name, 'UTF8')), 'hex'), 13))::bit(52)::bigint
            as person_key,
        person_name,
        folded_name,
        null as imdb_person_id,
        null::smallint as birth_year,
        null::smallint as death_year,
        '{}'::text[] as professions,
        true as is_name_only,
        '{}'::integer[] as known_for_numbers
    from names
),

gone as (
    select dim_person.*
    from warehouse.dim_person
    inner join (
        select distinct bridge_title_person_role.person_key
        from warehouse.bridge_title_person_role
        inner join build.dim_title on bridge_title_person_role.title_key = dim_title.title_key
        where not dim_title.is_current
    ) as credited
        on dim_person.person_key = credited.person_key
    left join staging.imdb_people on dim_person.person_key = imdb_people.imdb_person_number
    left join name_only on dim_person.person_key = name_only.person_key
    where imdb_people.imdb_person_number is null and name_only.person_key is null
)

select *
from imdb
union all
select *
from name_only
union all
select *
from gone;
