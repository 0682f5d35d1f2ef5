-- critics_against_audience
-- Grain:  film
-- Reads:  mart.titles
-- Writes: -
-- Rerun:  reads only
-- Notes:  On which films do critics and audience disagree most? By the gap that is left between the bounds of their shares:
--         a film that three critics saw needs no floor to stay behind. 0: they may well agree.

select
    title,
    release_year,
    critics_pct,
    audience_pct,
    critics_pct - audience_pct as critics_over_audience,
    critics_count,
    audience_count,
    greatest(critics_low_pct - audience_high_pct, audience_low_pct - critics_high_pct, 0) as sure_gap
from mart.titles
where 'rotten_tomatoes' = any(sources) and critics_pct is not null and audience_pct is not null
order by sure_gap desc, critics_count desc, title_key
limit 25;
