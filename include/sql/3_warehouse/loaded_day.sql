-- build.loaded_day
-- Grain:  source x day that was loaded with it
-- Reads:  ops.staged_file, warehouse.loaded_day
-- Writes: build.loaded_day (empty before)
-- Rerun:  the table is emptied and filled anew; nothing that was known is forgotten
-- Params: batch_date  day of the load
--         limited     optional sources of which it is said how long they may be away
-- Notes:  only of sources whose rows history speaks of. Of a source that is away for longer than was said the day is
--         loaded, too, without a row: what it had has left

insert into build.loaded_day (source, loaded_date)
select
    source,
    loaded_date
from warehouse.loaded_day
union
select
    staged_file.source,
    %(batch_date)s::date as loaded_date
from ops.staged_file
where staged_file.source <> 'viewers'
union
select
    away.source,
    %(batch_date)s::date as loaded_date
from unnest(%(limited)s::text[]) as away (source)
where
    away.source <> 'viewers'
    and away.source not in (
        select staged_file.source
        from ops.staged_file
    );
