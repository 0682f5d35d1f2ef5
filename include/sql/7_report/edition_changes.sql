-- edition_changes
-- Grain:  platform, day of its newest change, and what happened
-- Reads:  mart.edition_changes
-- Writes: -
-- Rerun:  reads only

select
    edition_changes.platform,
    edition_changes.former_day,
    edition_changes.day,
    edition_changes.verdict,
    count(*) as titles,
    (array_agg(coalesce(edition_changes.title, edition_changes.former_title) order by edition_changes.title))[1:3]
        as examples
from mart.edition_changes
where
    edition_changes.day = (
        select max(newest.day) from mart.edition_changes as newest
        where newest.platform = edition_changes.platform
    )
group by edition_changes.platform, edition_changes.former_day, edition_changes.day, edition_changes.verdict
order by edition_changes.platform, titles desc, edition_changes.verdict;
