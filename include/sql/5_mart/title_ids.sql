-- mart.title_ids
-- Grain:  row of a catalogue, of Rotten Tomatoes or of JustWatch that is of a title of the warehouse
-- Reads:  warehouse.bridge_title_source
-- Writes: mart.title_ids (view)
-- Rerun:  create or replace; new columns go to the end
-- Notes:  of the edition that readers have, whatever day is matched

create or replace view mart.title_ids as
select
    source,
    source_id,
    title_key
from warehouse.bridge_title_source
where title_key is not null;

comment on view mart.title_ids is 'Grain: id that some source has for a title, in the edition that readers have.';
comment on column mart.title_ids.source is 'netflix, rotten_tomatoes, amazon, disney, hulu, justwatch.';
comment on column mart.title_ids.source_id is 'Its id there: s…, m/… without m/, tm…, ts….';
comment on column mart.title_ids.title_key is 'The title.';
