-- 045_step_times
-- Grain:  when each step of a day was done, from which it is told when a day will be ready
-- Reads:  -
-- Writes: ops.step_time, ops.alert
-- Rerun:  applied once, in order, by number; ops.migration remembers it

create table ops.step_time (
    batch_date date not null,
    step text not null,
    begun_at timestamptz not null,
    ended_at timestamptz,
    primary key (batch_date, step)
);

comment on table ops.step_time is 'Grain: day x step of a day, as it was done last.';
comment on column ops.step_time.batch_date is 'The day.';
comment on column ops.step_time.step is 'Step, as reelhouse.steps and Airflow''s tasks name it.';
comment on column ops.step_time.begun_at is 'When it was begun, in UTC.';
comment on column ops.step_time.ended_at is 'When it was done, in UTC; null while it is at work or waits, and when it failed.';

alter table ops.alert drop constraint alert_kind_check;
alter table ops.alert add constraint alert_kind_check check (kind in ('failure', 'hold', 'late', 'deadline'));

comment on column ops.alert.kind is 'failure of a task, hold of a load, a source that is late, a deadline that will be or was missed.';
