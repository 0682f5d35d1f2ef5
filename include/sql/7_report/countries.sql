-- countries
-- Grain:  country of production
-- Reads:  warehouse, mart.titles
-- Writes: -
-- Rerun:  reads only

select
    dim_country.country,
    count(*) as titles,
    round(avg(titles.imdb_rating_of_10), 2)::float8 as mean_imdb_of_10,
    round(avg(titles.critics_pct), 1)::float8 as mean_critics_pct,
    percentile_cont(0.5) within group (order by titles.imdb_vote_count) as median_votes
from warehouse.bridge_title_country
inner join warehouse.dim_country on bridge_title_country.country_key = dim_country.country_key
inner join mart.titles on bridge_title_country.title_key = titles.title_key
where titles.is_catalogue_title
group by dim_country.country_key, dim_country.country
order by titles desc, dim_country.country;
