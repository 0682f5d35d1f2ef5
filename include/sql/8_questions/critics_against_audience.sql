-- critics_against_audience
-- Grain:  film
-- Reads:  mart.titles
-- Writes: -
-- Rerun:  reads only
-- Notes:  On which films do critics and audience disagree most? Only films with 20 critics and 1,000 of the audience.

select
    title,
    release_year,
    critics_pct,
    audience_pct,
    critics_pct - audience_pct as critics_over_audience,
    critics_count,
    audience_count
from mart.titles
where critics_count >= 20 and audience_count >= 1000 and critics_pct is not null and audience_pct is not null
order by abs(critics_pct - audience_pct) desc, critics_count desc, title_key
limit 25;
