-- 028_tidying
-- Grain:  admitted file
-- Reads:  -
-- Writes: ops.file
-- Rerun:  applied once, in order, by number; ops.migration remembers it

alter table ops.file
add column retired_at timestamptz;

comment on column ops.file.retired_at is 'When its bytes and its rejected rows were removed, in UTC; null: landing has it.';

create index file_fetch_fetched_at on ops.file_fetch (fetched_at);
