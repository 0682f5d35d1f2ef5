-- score_correlation
-- Grain:  pair of scores
-- Reads:  mart.titles, warehouse.fact_title_rating
-- Writes: -
-- Rerun:  reads only
-- Notes:  Do IMDb's voters, the critics and the audience agree? 1 is full agreement, 0 none. Every pair has a score of
--         Rotten Tomatoes in it, so that only its films are looked at, once

with

reviewed as materialized (
    select
        titles.imdb_rating_of_10,
        titles.critics_pct,
        titles.audience_pct
    from mart.titles
    where
        titles.title_key in (
            select fact_title_rating.title_key
            from warehouse.fact_title_rating
            where fact_title_rating.critics_pct is not null or fact_title_rating.audience_pct is not null
        )
)

select
    'IMDb with critics' as scores,
    count(*) as films,
    round(corr(imdb_rating_of_10, critics_pct)::numeric, 3) as correlation
from reviewed
where imdb_rating_of_10 is not null and critics_pct is not null
union all
select
    'critics with audience' as scores,
    count(*) as films,
    round(corr(critics_pct, audience_pct)::numeric, 3) as correlation
from reviewed
where critics_pct is not null and audience_pct is not null
union all
select
    'IMDb with audience' as scores,
    count(*) as films,
    round(corr(imdb_rating_of_10, audience_pct)::numeric, 3) as correlation
from reviewed
where imdb_rating_of_10 is not null and audience_pct is not null;
