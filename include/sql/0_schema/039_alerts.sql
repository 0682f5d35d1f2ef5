-- 039_alerts
-- Grain:  what people were told of, so that they are told once
-- Reads:  -
-- Writes: ops.alert
-- Rerun:  applied once, in order, by number; ops.migration remembers it

create table ops.alert (
    kind text not null check (kind in ('failure', 'hold', 'late')),
    batch_date date not null,
    place text not null,
    cause text not null,
    told_at timestamptz not null default now(),
    repeats integer not null default 0,
    primary key (kind, batch_date, place)
);

comment on table ops.alert is 'Grain: kind x day x place: an alert that was sent. The same again on that day is counted, not sent.';
comment on column ops.alert.kind is 'failure of a task, hold of a load, a source that is late.';
comment on column ops.alert.batch_date is 'Day of the run.';
comment on column ops.alert.place is 'Task, or part of the warehouse.';
comment on column ops.alert.cause is 'What was said of it first.';
comment on column ops.alert.told_at is 'When it was sent.';
comment on column ops.alert.repeats is 'How often it came again since, unsent.';
