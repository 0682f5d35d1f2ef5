-- judges_that_are_apart
-- Grain:  title x two of those who judged it
-- Reads:  mart.score_disagreement
-- Writes: -
-- Rerun:  reads only
-- Notes:  On which titles are two of IMDb's voters, critics and the audience surely farthest apart?

select
    title,
    release_year,
    higher_judge,
    lower_judge,
    higher_pct,
    lower_pct,
    sure_gap
from mart.score_disagreement
where sure_gap > 0
order by sure_gap desc, title_key, higher_judge, lower_judge
limit 25;
