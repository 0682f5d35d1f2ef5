-- 010_row_changes
-- Grain:  as before; three figures more in ops.staged_file and ops.file_load
-- Reads:  -
-- Writes: ops.staged_file, ops.file_load
-- Rerun:  applied once, in order, by number; ops.migration remembers it
-- Notes:  null means that there was nothing to compare with: loads from before this file, forced stagings

alter table ops.staged_file
add column rows_new bigint,
add column rows_changed bigint,
add column rows_gone bigint;

comment on column ops.staged_file.rows_new is 'Of rows_staged, those whose key staging did not hold before.';
comment on column ops.staged_file.rows_changed is 'Of rows_staged, those whose key staging held with other values.';
comment on column ops.staged_file.rows_gone is 'Rows that staging held before and this file does not have. Null: not compared.';

alter table ops.file_load
add column rows_new bigint,
add column rows_changed bigint,
add column rows_gone bigint;

comment on column ops.file_load.rows_new is 'Of rows_staged, those whose key was not there in what was staged before.';
comment on column ops.file_load.rows_changed is 'Of rows_staged, those whose key was there with other values.';
comment on column ops.file_load.rows_gone is 'Rows of what was staged before that this file does not have. Null: not compared.';
