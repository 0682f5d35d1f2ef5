-- 065_justwatch_fields
-- Grain:  what JustWatch says of titles that other sources have
-- Reads:  -
-- Writes: build.work_of_justwatch; comments in schema warehouse
-- Rerun:  applied once, in order, by number; ops.migration remembers it
-- Notes:  JustWatch was named among the sources of runtime, seasons and certification, and none of its rows was a title's

create unlogged table build.work_of_justwatch (
    source_id text primary key,
    title_key bigint not null,
    source_rank smallint not null
) with (autovacuum_enabled = false);

comment on table build.work_of_justwatch is 'Grain: row of JustWatch''s titles that is a title of another source: which one. It says fields of it; a title of its own it is not.';
comment on column build.work_of_justwatch.source_id is 'Id of the row: tm…, ts….';
comment on column build.work_of_justwatch.title_key is 'The title.';
comment on column build.work_of_justwatch.source_rank is '1 speaks for the title among the rows of JustWatch.';

comment on table warehouse.bridge_title_source is 'Grain: one row of a catalogue or review file of the current edition: which work it is, and how sure we are. Of JustWatch only the rows that are a title of another source.';
comment on column warehouse.bridge_title_source.source is 'netflix, rotten_tomatoes, amazon, disney, hulu, justwatch.';
