-- scored
-- Grain:  work with at least two of the three scores
-- Reads:  mart.titles
-- Writes: -
-- Rerun:  reads only
-- Notes:  Whether IMDb's voters, the critics and the audience agree is asked of every film, in a catalogue or not.

select
    imdb_rating_of_10::float8 as imdb_rating_of_10,
    critics_pct::float8 as critics_pct,
    audience_pct::float8 as audience_pct
from mart.titles
where
    (imdb_rating_of_10 is not null)::integer
    + (critics_pct is not null)::integer
    + (audience_pct is not null)::integer >= 2
order by title_key;
