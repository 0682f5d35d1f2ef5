-- build.unnamed_person
-- Grain:  person of a credit whom the file of names does not have
-- Reads:  staging.imdb_principals, staging.imdb_crew, staging.imdb_people
-- Writes: build.unnamed_person (empty before)
-- Rerun:  the table is emptied and filled anew from the same rows
-- Notes:  all credits meet all people here, once; who else has to leave these credits out looks at the few found here

insert into build.unnamed_person (person_key)
select distinct credited.person_number as person_key
from (
    select imdb_person_number as person_number
    from staging.imdb_principals
    union all
    select unnest(director_numbers || writer_numbers) as person_number
    from staging.imdb_crew
) as credited
left join staging.imdb_people on credited.person_number = imdb_people.imdb_person_number
where imdb_people.imdb_person_number is null;
