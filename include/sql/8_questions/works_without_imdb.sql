-- works_without_imdb
-- Grain:  combination of sources
-- Reads:  mart.works_across_sources
-- Writes: -
-- Rerun:  reads only
-- Notes:  How many works does IMDb not have, and which sources have them together?

select
    sources,
    count(*) as works,
    sum(entry_count) as entries,
    count(proposed_imdb_title_id) as with_a_proposal
from mart.works_across_sources
where imdb_title_id is null
group by sources
order by cardinality(sources) desc, works desc, sources;
