-- match_rates
-- Grain:  source, of the published load
-- Reads:  mart.trust
-- Writes: -
-- Rerun:  reads only

select
    source,
    file_date,
    rows_in,
    rows_quarantined,
    match_rate::float8 as match_rate,
    stale_days,
    failing_checks,
    warnings
from mart.trust
where part = 'warehouse'
order by source;
