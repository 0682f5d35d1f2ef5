-- tables_to_vacuum
-- Grain:  one table with more dead rows than a tenth, or statistics of another time
-- Reads:  pg_stat_all_tables, pg_class
-- Writes: -
-- Rerun:  reads only
-- Notes:  autovacuum does the same within minutes where it is on and keeps up; staging and build are filled anew and
--         analysed by who fills them. A crash of the server forgets the counts of dead rows, autovacuum's too: after
--         one, PostgreSQL's own catalogs, which each day's temporary tables go through, would grow and grow.

select
    stat.schemaname as schema_name,
    stat.relname as table_name,
    stat.n_dead_tup as dead_rows,
    stat.n_live_tup as live_rows
from pg_stat_all_tables as stat
inner join pg_class on stat.relid = pg_class.oid
where
    (
        stat.schemaname in ('warehouse', 'matching', 'ops', 'quarantine', 'audit', 'curated')
        and (
            stat.n_dead_tup > 1000 + stat.n_live_tup / 10
            or stat.n_mod_since_analyze > 1000 + stat.n_live_tup / 10
            or (stat.n_live_tup > 0 and stat.last_analyze is null and stat.last_autoanalyze is null)
        )
    )
    or (
        stat.schemaname = 'pg_catalog' and not pg_class.relisshared
        and (
            stat.n_dead_tup > 1000 + stat.n_live_tup / 10
            or (
                stat.last_vacuum is null and stat.last_autovacuum is null
                and pg_total_relation_size(stat.relid) > 1024 * 1024
            )
        )
    )
order by stat.schemaname, stat.relname;
