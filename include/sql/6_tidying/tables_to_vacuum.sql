-- tables_to_vacuum
-- Grain:  one table with more dead rows than a tenth, or statistics of another time
-- Reads:  pg_stat_user_tables
-- Writes: -
-- Rerun:  reads only
-- Notes:  autovacuum does the same within minutes where it is on and keeps up; staging and build are filled anew and
--         analysed by who fills them

select
    schemaname as schema_name,
    relname as table_name,
    n_dead_tup as dead_rows,
    n_live_tup as live_rows
from pg_stat_user_tables
where
    schemaname in ('warehouse', 'matching', 'ops', 'quarantine', 'audit', 'curated')
    and (
        n_dead_tup > 1000 + n_live_tup / 10
        or n_mod_since_analyze > 1000 + n_live_tup / 10
        or (n_live_tup > 0 and last_analyze is null and last_autoanalyze is null)
    )
order by schemaname, relname;
