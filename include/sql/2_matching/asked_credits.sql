-- Who made the titles whose credits are to be stored anew
-- Grain:  as the tables of staging
-- Reads:  pg_temp.changed_title, staging.imdb_principals, staging.imdb_crew, matching.imdb_title_person (its columns)
-- Writes: pg_temp.asked_principal, pg_temp.asked_crew, pg_temp.new_title_person
-- Rerun:  the tables live as long as the transaction

create temporary table asked_principal on commit drop as
select
    imdb_title_number,
    imdb_person_number,
    category
from staging.imdb_principals
where imdb_title_number in (
    select changed_title.imdb_title_number from changed_title
    where changed_title.has_credits
);

create temporary table asked_crew on commit drop as
select
    imdb_title_number,
    director_numbers,
    writer_numbers
from staging.imdb_crew
where imdb_title_number in (
    select changed_title.imdb_title_number from changed_title
    where changed_title.has_credits
);

create temporary table new_title_person on commit drop as
select *
from matching.imdb_title_person
where false;

analyze asked_principal, asked_crew;
