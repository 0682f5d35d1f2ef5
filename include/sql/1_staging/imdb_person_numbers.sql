-- the people that name.basics is filtered by: everyone credited in a kept title
-- Grain:  one number of a credited person, some of them several times
-- Reads:  staging.imdb_principals, staging.imdb_crew
-- Writes: -
-- Rerun:  reads only

select imdb_person_number
from staging.imdb_principals
union all
select unnest(director_numbers || writer_numbers)
from staging.imdb_crew;
