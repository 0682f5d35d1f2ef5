-- build.fact_viewing
-- Grain:  viewer x title x moment
-- Reads:  staging.viewers_viewings, build.title_of_movie
-- Writes: build.fact_viewing (empty before)
-- Rerun:  the table is emptied and filled anew from the same rows
-- Notes:  two films of the files may be one work; of the same moment the longest viewing counts

insert into build.fact_viewing (user_key, title_key, viewed_at, viewed_min, source)
select
    viewings.viewer_number as user_key,
    title_of_movie.title_key,
    to_timestamp(viewings.viewed_epoch_s) as viewed_at,
    max(viewings.viewed_min) as viewed_min,
    'viewers' as source
from staging.viewers_viewings as viewings
inner join build.title_of_movie on viewings.movie_number = title_of_movie.movie_number
group by viewings.viewer_number, title_of_movie.title_key, viewings.viewed_epoch_s;
