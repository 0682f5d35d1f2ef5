-- The stored names and keys of changed IMDb titles and people, in place of the former ones
-- Grain:  changed_key: key of a title that is new, gone or otherwise than before; renamed_person: IMDb person
-- Reads:  pg_temp.changed_title, pg_temp.new_title_name, pg_temp.new_title_key, pg_temp.changed_person,
--         pg_temp.new_person_name, staging.imdb_principals, staging.imdb_crew
-- Writes: matching.imdb_title_name, matching.imdb_title_key, matching.imdb_person_name, pg_temp.changed_key,
--         pg_temp.renamed_person, pg_temp.changed_title
-- Rerun:  the temporary tables live as long as the transaction
-- Notes:  whoever is renamed, new or gone changes the credits of their titles

create temporary table changed_key on commit drop as
with

former as (
    select
        title_key,
        imdb_title_number,
        is_part,
        start_year,
        is_series
    from matching.imdb_title_key
    where imdb_title_number in (
        select changed_title.imdb_title_number from changed_title
        where changed_title.has_names
    )
),

present as (
    select
        title_key,
        imdb_title_number,
        is_part,
        start_year,
        is_series
    from new_title_key
)

(
    select * from former
    except
    select * from present
)
union all
(
    select * from present
    except
    select * from former
);

delete from matching.imdb_title_key
where imdb_title_number in (
    select changed_title.imdb_title_number from changed_title
    where changed_title.has_names
);

insert into matching.imdb_title_key (title_key, imdb_title_number, is_part, start_year, is_series)
select
    title_key,
    imdb_title_number,
    is_part,
    start_year,
    is_series
from new_title_key;

delete from matching.imdb_title_name
where imdb_title_number in (
    select changed_title.imdb_title_number from changed_title
    where changed_title.has_names
);

insert into matching.imdb_title_name (imdb_title_number, name_kind, name, folded_title, title_key)
select
    imdb_title_number,
    name_kind,
    name,
    folded_title,
    title_key
from new_title_name;

create temporary table renamed_person on commit drop as
with

former as (
    select
        imdb_person_number,
        folded_name
    from matching.imdb_person_name
    where imdb_person_number in (select changed_person.imdb_person_number from changed_person)
)

select coalesce(former.imdb_person_number, present.imdb_person_number) as imdb_person_number
from former
full join new_person_name as present on former.imdb_person_number = present.imdb_person_number
where former.folded_name is distinct from present.folded_name;

delete from matching.imdb_person_name
where imdb_person_number in (select renamed_person.imdb_person_number from renamed_person);

insert into matching.imdb_person_name (imdb_person_number, folded_name, person_key)
select
    imdb_person_number,
    folded_name,
    person_key
from new_person_name
where imdb_person_number in (select renamed_person.imdb_person_number from renamed_person);

analyze changed_key, renamed_person;

insert into changed_title (imdb_title_number, has_names, has_credits)
select
    principal.imdb_title_number,
    false as has_names,
    true as has_credits
from staging.imdb_principals as principal
where principal.imdb_person_number in (select renamed_person.imdb_person_number from renamed_person)
union
select
    crew.imdb_title_number,
    false as has_names,
    true as has_credits
from (
    select
        imdb_title_number,
        unnest(director_numbers || writer_numbers) as imdb_person_number
    from staging.imdb_crew
    -- Without anybody renamed the table is not even read.
    where exists (select from renamed_person)
) as crew
inner join renamed_person on crew.imdb_person_number = renamed_person.imdb_person_number;

analyze changed_title;
