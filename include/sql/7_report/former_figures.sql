-- former_figures
-- Grain:  one row at most: the figures of the report of the day before
-- Reads:  ops.load
-- Writes: -
-- Rerun:  reads only
-- Params: %(batch_date)s the day reported

select
    load.batch_date,
    load.figures -> 'report' as figures
from ops.load
where
    load.part = 'warehouse'
    and load.batch_date < %(batch_date)s
    and load.published_at is not null
    and load.figures ? 'report'
order by load.batch_date desc, load.published_at desc
limit 1;
