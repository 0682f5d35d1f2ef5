-- best_on_netflix
-- Grain:  title
-- Reads:  mart.titles
-- Writes: -
-- Rerun:  reads only
-- Notes:  What on Netflix has the best IMDb score? By the lower bound of the average, so that nine votes do not win.

select
    title,
    kind,
    release_year,
    imdb_low_of_10,
    imdb_rating_of_10,
    imdb_high_of_10,
    imdb_vote_count,
    critics_pct
from mart.titles
where is_on_netflix and imdb_low_of_10 is not null
order by imdb_low_of_10 desc, imdb_vote_count desc, title_key
limit 25;
