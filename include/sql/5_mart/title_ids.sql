-- mart.title_ids
-- Grain:  row of a catalogue, of Rotten Tomatoes or of JustWatch that is of a title of the warehouse
-- Reads:  matching.work_member, warehouse.bridge_title_source
-- Writes: mart.title_ids (view)
-- Rerun:  create or replace; new columns go to the end
-- Notes:  of the day matched last, which readers of the warehouse may not have yet

create or replace view mart.title_ids as
select
    member.source,
    member.source_id,
    coalesce(member.imdb_title_number::bigint, partner.title_key) as title_key
from matching.work_member as member
left join lateral (
    select bridge_title_source.title_key
    from matching.work_member as other
    inner join warehouse.bridge_title_source
        on other.source = bridge_title_source.source and other.source_id = bridge_title_source.source_id
    where other.work_key = member.work_key
    order by bridge_title_source.title_key
    limit 1
) as partner on member.imdb_title_number is null
where member.imdb_title_number is not null or partner.title_key is not null;

comment on view mart.title_ids is 'Grain: id that some source has for a title, in its edition of the day matched last.';
comment on column mart.title_ids.source is 'netflix, rotten_tomatoes, amazon, disney, hulu, justwatch.';
comment on column mart.title_ids.source_id is 'Its id there: s…, m/…, tm…, ts….';
comment on column mart.title_ids.title_key is 'The title.';
