-- checks_of_newest_load
-- Grain:  check
-- Reads:  ops.check_result, ops.load
-- Writes: -
-- Rerun:  reads only
-- Notes:  What did the checks of the newest load of each part find?

select
    load.part,
    load.load_id,
    check_result.severity,
    check_result.check_name,
    check_result.rows_found,
    check_result.sample
from (
    select distinct on (part)
        part,
        load_id
    from ops.load
    order by part, opened_at desc, load_id desc
) as load
inner join ops.check_result on load.load_id = check_result.load_id
order by load.part, check_result.rows_found > 0 desc, check_result.severity, check_result.check_name;
