-- 073_staging_turn
-- Grain:  one row: the run whose files stand in staging, or come there
-- Reads:  -
-- Writes: ops.staging_turn
-- Rerun:  applied once, in order, by number; ops.migration remembers it
-- Notes:  a backfill goes beside the scheduled run, and as many days of it at once as it was told to

create table ops.staging_turn (
    is_only boolean primary key default true check (is_only),
    run_id text not null,
    taken_at timestamptz not null default now()
);

comment on table ops.staging_turn is 'Grain: the one row. The run of extract_sources in Airflow that stages its files; another one waits until that has ended.';
comment on column ops.staging_turn.is_only is 'There is one row.';
comment on column ops.staging_turn.run_id is 'The run, as Airflow names it.';
comment on column ops.staging_turn.taken_at is 'Since when it has its turn.';
