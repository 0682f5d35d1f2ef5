-- 011_lateness
-- Grain:  what the ledger keeps of days that a former file serves
-- Reads:  -
-- Writes: ops.day_file (two more columns)
-- Rerun:  applied once, in order, by number; ops.migration remembers it

alter table ops.day_file add column carried_because text;
alter table ops.day_file add column allowed_stale_days integer check (allowed_stale_days >= 0);

comment on column ops.day_file.carried_because is 'Why a file of an earlier day serves this one. Null: the file is of the day itself.';
comment on column ops.day_file.allowed_stale_days is 'Most days that the source''s newest file may be older than the day, as set when it was landed. Null: any.';
