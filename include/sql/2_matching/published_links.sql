-- What readers have now of every row of a source
-- Grain:  row of a source file of the published edition
-- Reads:  warehouse.bridge_title_source, warehouse.publication
-- Writes: -
-- Rerun:  only reads
-- Notes:  the one place where matching looks at a later layer: a link is kept because readers have it

select
    bridge.source,
    bridge.source_id,
    bridge.source_kind,
    bridge.source_title,
    case when bridge.match_band = 'match' then bridge.title_key end as imdb_title_number,
    bridge.decided_by,
    publication.load_id
from warehouse.bridge_title_source as bridge
cross join warehouse.publication
where publication.part = 'warehouse'
order by bridge.source collate "C", bridge.source_id collate "C";
