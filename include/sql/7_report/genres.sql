-- genres
-- Grain:  genre
-- Reads:  warehouse, mart.titles
-- Writes: -
-- Rerun:  reads only
-- Notes:  Works of the catalogues, with the mean of their scores and how many votes half of them have at most.

select
    dim_genre.genre,
    count(*) as titles,
    round(avg(titles.imdb_rating_of_10), 2)::float8 as mean_imdb_of_10,
    round(avg(titles.critics_pct), 1)::float8 as mean_critics_pct,
    percentile_cont(0.5) within group (order by titles.imdb_vote_count) as median_votes
from warehouse.bridge_title_genre
inner join warehouse.dim_genre on bridge_title_genre.genre_key = dim_genre.genre_key
inner join mart.titles on bridge_title_genre.title_key = titles.title_key
where titles.is_catalogue_title and dim_genre.genre_kind = 'genre'
group by dim_genre.genre_key, dim_genre.genre
order by titles desc, dim_genre.genre;
