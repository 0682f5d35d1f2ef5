-- old_files
-- Grain:  one admitted file that nothing needs any more
-- Reads:  ops.file, ops.day_file, ops.staged_file, ops.file_load, ops.load
-- Writes: -
-- Rerun:  reads only
-- Params: before  the first day that is kept
-- Notes:  kept are the newest file of each kind, whatever its age, because it may have to serve a day without a newer
--         one; what serves a day that is kept; what staging holds; and what the last three published loads are made of

with

newest as (
    select distinct on (source, file_name) file_id
    from ops.file
    where retired_at is null
    order by source, file_name, file_date desc, file_id desc
),

last_loads as (
    select load_id
    from ops.load
    where part = 'warehouse' and published_at is not null
    order by published_at desc
    limit 3
)

select
    file.file_id,
    file.landed_path,
    file.byte_count
from ops.file
where
    file.retired_at is null
    and file.file_date < %(before)s::date
    and file.landed_at < %(before)s::date
    and file.file_id not in (select newest.file_id from newest)
    and file.file_id not in (select staged_file.file_id from ops.staged_file)
    and not exists (
        select
        from ops.day_file
        where day_file.file_id = file.file_id and day_file.batch_date >= %(before)s::date
    )
    and not exists (
        select
        from ops.file_load
        inner join last_loads on file_load.load_id = last_loads.load_id
        where file_load.file_id = file.file_id
    )
order by file.file_id;
