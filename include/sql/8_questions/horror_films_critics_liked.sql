-- horror_films_critics_liked
-- Grain:  film
-- Reads:  mart.titles, warehouse.bridge_title_genre, warehouse.dim_genre
-- Writes: -
-- Rerun:  reads only
-- Notes:  Which horror films on Netflix from after 2016 do more than 70 % of the critics like, the surest good one by
--         IMDb's votes first?

select
    titles.title,
    titles.release_year,
    titles.critics_pct,
    titles.critics_count,
    titles.imdb_rating_of_10,
    titles.imdb_vote_count,
    titles.imdb_low_of_10
from mart.titles
inner join warehouse.bridge_title_genre on titles.title_key = bridge_title_genre.title_key
inner join warehouse.dim_genre on bridge_title_genre.genre_key = dim_genre.genre_key
where
    dim_genre.genre = 'Horror'
    and titles.kind = 'movie'
    and titles.is_on_netflix
    and titles.release_year > 2016
    and titles.critics_pct > 70
order by titles.imdb_low_of_10 desc nulls last, titles.imdb_vote_count desc nulls last, titles.title_key;
