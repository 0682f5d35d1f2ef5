-- idle_sessions
-- Grain:  one session of this database that holds a transaction open and does nothing
-- Reads:  pg_stat_activity
-- Writes: -
-- Rerun:  reads only
-- Params: minutes  for how long at least
-- Notes:  meanwhile no table gets rid of the rows that were dead when it began. Who may not see other people's sessions
--         finds none

select
    pid,
    usename as person,
    application_name as application,
    host(client_addr) as address,
    floor(extract(epoch from clock_timestamp() - state_change) / 60)::integer as minutes
from pg_stat_activity
where
    datname = current_database()
    and state like 'idle in transaction%%'
    and state_change < clock_timestamp() - make_interval(mins => %(minutes)s)
order by state_change;
