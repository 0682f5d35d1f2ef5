-- for_a_child_of_seven
-- Grain:  title
-- Reads:  mart.titles
-- Writes: -
-- Rerun:  reads only
-- Notes:  What on Netflix may a child of seven watch, the surest good one first? A title of unknown age is not among them:
--         unknown is never "for all".

select
    title,
    kind,
    certification,
    least_age,
    imdb_low_of_10,
    imdb_rating_of_10,
    imdb_vote_count
from mart.titles
where is_on_netflix and not is_adult and least_age <= 7
order by imdb_low_of_10 desc nulls last, title, title_key
limit 25;
