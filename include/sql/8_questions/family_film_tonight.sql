-- family_film_tonight
-- Grain:  title
-- Reads:  mart.what_to_watch
-- Writes: -
-- Rerun:  reads only
-- Notes:  What film for children of seven is there that ends before bed time (100 minutes)?

select
    title,
    release_year,
    in_genres,
    certification,
    least_age,
    runtime_min,
    imdb_low_of_10
from mart.what_to_watch(kinds => '{movie}', max_age => 7, max_minutes => 100);
