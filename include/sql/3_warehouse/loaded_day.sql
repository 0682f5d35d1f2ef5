-- build.loaded_day
-- Grain:  source x day that was loaded with it
-- Reads:  ops.staged_file, warehouse.loaded_day
-- Writes: build.loaded_day (empty before)
-- Rerun:  the table is emptied and filled anew; nothing that was known is forgotten
-- Params: batch_date  day of the load
-- Notes:  only of sources whose rows history speaks of

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
where staged_file.source <> 'viewers';
