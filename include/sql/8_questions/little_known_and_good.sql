-- little_known_and_good
-- Grain:  title
-- Reads:  mart.titles
-- Writes: -
-- Rerun:  reads only
-- Notes:  What on Netflix is good and seen by few? Of those with fewer votes than the middle one, by the lower bound

with

voted as (
    select
        title,
        kind,
        release_year,
        imdb_rating_of_10,
        imdb_low_of_10,
        imdb_vote_count,
        title_key
    from mart.titles
    where is_catalogue_title and is_on_netflix and imdb_vote_count > 0
)

select
    title,
    kind,
    release_year,
    imdb_rating_of_10,
    imdb_low_of_10,
    imdb_vote_count
from voted
where
    imdb_vote_count < (
        select percentile_disc(0.5) within group (order by every_one.imdb_vote_count)
        from voted as every_one
    )
order by imdb_low_of_10 desc, title_key
limit 25;
