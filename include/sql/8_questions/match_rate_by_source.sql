-- match_rate_by_source
-- Grain:  source x kind
-- Reads:  warehouse.bridge_title_source
-- Writes: -
-- Rerun:  reads only
-- Notes:  How much of each source was linked to IMDb? Not of JustWatch, of which only rows that are some title are there

select
    source,
    source_kind as kind,
    count(*) as source_rows,
    count(*) filter (where match_band = 'match') as linked,
    count(*) filter (where match_band = 'review') as in_review,
    round(avg((match_band = 'match')::integer), 4) as match_rate
from warehouse.bridge_title_source
where source <> 'justwatch'
group by source, source_kind
order by source, source_kind;
