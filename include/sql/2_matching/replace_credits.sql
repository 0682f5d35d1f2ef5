-- The stored credits of changed titles, in place of the former ones; and the titles of names that are new to us
-- Grain:  changed_credit: credit of a name that some source row has, new or gone
-- Reads:  pg_temp.changed_title, pg_temp.new_title_person, pg_temp.new_name_key, pg_temp.former_name_key,
--         matching.imdb_person_name, matching.source_person, staging.imdb_principals, staging.imdb_crew
-- Writes: matching.imdb_title_person, pg_temp.changed_credit, pg_temp.asked_principal, pg_temp.asked_crew,
--         pg_temp.new_title_person
-- Rerun:  the temporary tables live as long as the transaction

create temporary table changed_credit on commit drop as
with

former as (
    select credit.*
    from matching.imdb_title_person as credit
    where
        credit.imdb_title_number in (
            select changed_title.imdb_title_number from changed_title
            where changed_title.has_credits
        )
)

(
    select * from former
    except
    select * from new_title_person
)
union all
(
    select * from new_title_person
    except
    select * from former
);

delete from matching.imdb_title_person
where imdb_title_number in (
    select changed_title.imdb_title_number from changed_title
    where changed_title.has_credits
);

insert into matching.imdb_title_person
select *
from new_title_person;

delete from matching.imdb_title_person
where
    person_key in (
        select former_name_key.person_key
        from former_name_key
        where
            not exists (
                select from matching.source_person as person
                where person.person_key = former_name_key.person_key
            )
    );

create temporary table new_namesake on commit drop as
select person.imdb_person_number
from new_name_key
-- By its digest the name is found in the index.
inner join matching.imdb_person_name as person
    on hashtext(new_name_key.person_key) = hashtext(person.person_key) and new_name_key.person_key = person.person_key;

analyze changed_credit, new_namesake;

truncate asked_principal, asked_crew, new_title_person;

insert into asked_principal
select
    imdb_title_number,
    imdb_person_number,
    category
from staging.imdb_principals
where imdb_person_number in (select new_namesake.imdb_person_number from new_namesake);

insert into asked_crew
select
    imdb_title_number,
    director_numbers,
    writer_numbers
from staging.imdb_crew
where
    -- Without such a name the table is not even read.
    exists (select from new_namesake)
    and imdb_title_number in (
        select credited.imdb_title_number
        from (
            select
                imdb_title_number,
                unnest(director_numbers || writer_numbers) as imdb_person_number
            from staging.imdb_crew
        ) as credited
        inner join new_namesake on credited.imdb_person_number = new_namesake.imdb_person_number
    );

analyze asked_principal, asked_crew;
