-- the titles that JustWatch's credits must belong to
-- Grain:  one number of a staged title: films are even, series odd
-- Reads:  staging.justwatch_titles
-- Writes: -
-- Rerun:  reads only

select 2 * substr(source_id, 3)::integer + starts_with(source_id, 'ts')::integer as title_number
from staging.justwatch_titles;
