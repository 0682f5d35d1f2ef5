-- critics_favourites
-- Grain:  film
-- Reads:  mart.titles
-- Writes: -
-- Rerun:  reads only
-- Notes:  Which films do critics like most? By the lower bound: 100 % of five critics is less sure than 97 % of a hundred.

select
    title,
    release_year,
    critics_low_pct,
    critics_pct,
    critics_high_pct,
    critics_count,
    critics_weighted_pct
from mart.titles
where 'rotten_tomatoes' = any(sources) and critics_low_pct is not null
order by critics_low_pct desc, critics_count desc, title_key
limit 25;
