-- changes_between_editions
-- Grain:  platform x day x verdict
-- Reads:  mart.edition_changes
-- Writes: -
-- Rerun:  reads only
-- Notes:  How many titles came, went or were corrected with each edition?

select
    platform,
    former_day,
    day,
    verdict,
    count(*) as titles,
    count(*) filter (where rival_title is not null) as beside_another_of_the_title
from mart.edition_changes
group by platform, former_day, day, verdict
order by platform, day, verdict;
