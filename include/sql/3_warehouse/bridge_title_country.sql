-- build.bridge_title_country
-- Grain:  title x country of production
-- Reads:  staging.netflix_titles, build.work_of_row, build.dim_country, build.dim_title,
--         warehouse.bridge_title_country
-- Writes: build.bridge_title_country (empty before)
-- Rerun:  the table is emptied and filled anew from the same rows
-- Notes:  only Netflix names countries; titles that no source has any more keep theirs

insert into build.bridge_title_country (title_key, country_key, sources)
select distinct
    work_of_row.title_key,
    dim_country.country_key,
    array['netflix'] as sources
from build.work_of_row
inner join staging.netflix_titles on work_of_row.source_id = netflix_titles.source_id
cross join lateral unnest(netflix_titles.countries) as named (country)
inner join build.dim_country on named.country = dim_country.country
where work_of_row.source = 'netflix'
union all
select gone.*
from warehouse.bridge_title_country as gone
inner join build.dim_title on gone.title_key = dim_title.title_key and not dim_title.is_current;
