-- build.bridge_title_country
-- Grain:  title x country of production
-- Reads:  staging.source_row, build.work_of_row, build.country_word, build.dim_title,
--         warehouse.bridge_title_country
-- Writes: build.bridge_title_country (empty before)
-- Rerun:  the table is emptied and filled anew from the same rows
-- Notes:  IMDb and Rotten Tomatoes name no countries; titles that no source has any more keep theirs

insert into build.bridge_title_country (title_key, country_key, sources)
select
    work_of_row.title_key,
    country_word.country_key,
    array_agg(distinct work_of_row.source order by work_of_row.source) as sources
from build.work_of_row
inner join staging.source_row
    on
        work_of_row.source = source_row.source
        and work_of_row.source_id = source_row.source_id
cross join lateral unnest(source_row.countries) as named (word)
inner join build.country_word on named.word = country_word.word
group by work_of_row.title_key, country_word.country_key
union all
select gone.*
from warehouse.bridge_title_country as gone
inner join build.dim_title on gone.title_key = dim_title.title_key and not dim_title.is_current;
