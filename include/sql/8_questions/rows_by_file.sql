-- rows_by_file
-- Grain:  source file of the published load
-- Reads:  ops.file_load, ops.file, warehouse.publication
-- Writes: -
-- Rerun:  reads only
-- Notes:  What became of every record of every file? rows_in is the sum of the four that follow; the next three say
--         how what is kept differs from the load before; stale_days is the file's age on the load's day.

select
    file_load.source,
    file_load.file_name,
    file.file_date,
    file_load.rows_in,
    file_load.rows_staged,
    file_load.rows_filtered,
    file_load.rows_quarantined,
    file_load.rows_duplicate,
    file_load.rows_repaired,
    file_load.rows_new,
    file_load.rows_changed,
    file_load.rows_gone,
    publication.batch_date - file.file_date as stale_days
from warehouse.publication
inner join ops.file_load on publication.load_id = file_load.load_id
inner join ops.file on file_load.file_id = file.file_id
where publication.part = 'warehouse'
order by file_load.source, file_load.file_name;
