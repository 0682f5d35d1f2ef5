-- certification_by_kind
-- Grain:  certification x kind
-- Reads:  mart.catalogue_entries
-- Writes: -
-- Rerun:  reads only
-- Notes:  For which ages is the Netflix catalogue? Unknown is shown as unknown.

select
    catalogue_entries.certification,
    catalogue_entries.least_age,
    count(*) filter (where catalogue_entries.kind = 'movie') as films,
    count(*) filter (where catalogue_entries.kind = 'series') as series
from mart.catalogue_entries
where catalogue_entries.platform = 'netflix'
group by catalogue_entries.certification, catalogue_entries.least_age
order by catalogue_entries.least_age nulls last, catalogue_entries.certification nulls last;
