-- matching.imdb_title_person
-- Grain:  IMDb title x person key x role, for keys that some source row has too
-- Reads:  matching.imdb_person_name, matching.source_person, staging.imdb_principals, staging.imdb_crew
-- Writes: matching.imdb_title_person
-- Rerun:  the table is emptied before

with

people as (
    select
        person.imdb_person_number,
        person.person_key
    from matching.imdb_person_name as person
    where person.person_key in (select source_person.person_key from matching.source_person)
),

credits as (
    select
        imdb_title_number,
        imdb_person_number,
        case when category in ('director', 'writer') then category else 'cast' end as role
    from staging.imdb_principals
    union all
    select
        imdb_title_number,
        unnest(director_numbers) as imdb_person_number,
        'director' as role
    from staging.imdb_crew
    union all
    select
        imdb_title_number,
        unnest(writer_numbers) as imdb_person_number,
        'writer' as role
    from staging.imdb_crew
)

insert into matching.imdb_title_person (imdb_title_number, person_key, role)
select distinct
    credits.imdb_title_number,
    people.person_key,
    credits.role
from credits
inner join people on credits.imdb_person_number = people.imdb_person_number;
