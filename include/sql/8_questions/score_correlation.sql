-- score_correlation
-- Grain:  pair of scores
-- Reads:  mart.titles
-- Writes: -
-- Rerun:  reads only
-- Notes:  Do IMDb's voters, the critics and the audience agree? 1 is full agreement, 0 none.

select
    'IMDb with critics' as scores,
    count(*) as films,
    round(corr(imdb_rating_of_10, critics_pct)::numeric, 3) as correlation
from mart.titles
where imdb_rating_of_10 is not null and critics_pct is not null
union all
select
    'critics with audience' as scores,
    count(*) as films,
    round(corr(critics_pct, audience_pct)::numeric, 3) as correlation
from mart.titles
where critics_pct is not null and audience_pct is not null
union all
select
    'IMDb with audience' as scores,
    count(*) as films,
    round(corr(imdb_rating_of_10, audience_pct)::numeric, 3) as correlation
from mart.titles
where imdb_rating_of_10 is not null and audience_pct is not null;
