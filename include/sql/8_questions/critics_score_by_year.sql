-- critics_score_by_year
-- Grain:  year of release
-- Reads:  mart.titles, warehouse.fact_title_rating
-- Writes: -
-- Rerun:  reads only
-- Notes:  What do critics think of the films of each year, on average? Each film counts once.

select
    release_year,
    count(*) as films,
    round(avg(critics_pct), 1) as average_critics_pct,
    round(avg(critics_pct) filter (where critics_count >= 20), 1) as average_critics_pct_of_20_critics
from mart.titles
where
    kind = 'movie'
    and critics_pct is not null
    and release_year is not null
    -- Few films have critics: these are looked up, not looked for.
    and title_key in (
        select fact_title_rating.title_key
        from warehouse.fact_title_rating
        where fact_title_rating.critics_pct is not null or fact_title_rating.audience_pct is not null
    )
group by release_year
order by release_year;
