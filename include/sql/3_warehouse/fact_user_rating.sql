-- build.fact_user_rating
-- Grain:  viewer x title
-- Reads:  staging.viewers_ratings, build.title_of_movie
-- Writes: build.fact_user_rating (empty before)
-- Rerun:  the table is emptied and filled anew from the same rows
-- Notes:  two films of the files may be one work; then the newest rating holds

insert into build.fact_user_rating (user_key, title_key, rating_of_5, rated_at, source)
select distinct on (ratings.viewer_number, title_of_movie.title_key)
    ratings.viewer_number as user_key,
    title_of_movie.title_key,
    ratings.rating_of_5,
    to_timestamp(ratings.rated_epoch_s) as rated_at,
    'viewers' as source
from staging.viewers_ratings as ratings
inner join build.title_of_movie on ratings.movie_number = title_of_movie.movie_number
order by
    ratings.viewer_number asc, title_of_movie.title_key asc, ratings.rated_epoch_s desc, ratings.movie_number asc;
