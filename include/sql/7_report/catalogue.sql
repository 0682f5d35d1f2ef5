-- catalogue
-- Grain:  work that stands in some platform's catalogue
-- Reads:  mart.titles
-- Writes: -
-- Rerun:  reads only
-- Notes:  What the daily report draws. Genres, countries and people have files of their own.

select
    title_key,
    title,
    kind,
    release_year,
    runtime_min,
    season_count,
    certification,
    least_age,
    imdb_rating_of_10::float8 as imdb_rating_of_10,
    imdb_vote_count::float8 as imdb_vote_count,
    imdb_low_of_10::float8 as imdb_low_of_10,
    critics_pct::float8 as critics_pct,
    critics_count::float8 as critics_count,
    critics_low_pct::float8 as critics_low_pct,
    audience_pct::float8 as audience_pct,
    audience_count::float8 as audience_count,
    audience_low_pct::float8 as audience_low_pct,
    description
from mart.titles
where is_catalogue_title
order by title_key;
