-- 008_fetching
-- Grain:  what the ledger keeps of getting files
-- Reads:  -
-- Writes: ops.file (one more column), ops.file_fetch
-- Rerun:  applied once, in order, by number; ops.migration remembers it

alter table ops.file add column last_modified text;

comment on column ops.file.last_modified is 'What the origin said about its age (Last-Modified), sent back to ask whether it changed.';

create table ops.file_fetch (
    fetch_id bigint generated always as identity primary key,
    batch_date date not null,
    source text not null,
    file_name text not null,
    file_id bigint not null references ops.file,
    origin text not null,
    outcome text not null check (outcome in ('admitted', 'same_bytes', 'unchanged')),
    bytes_received bigint not null check (bytes_received >= 0),
    bytes_resumed bigint not null check (bytes_resumed >= 0),
    tries smallint not null check (tries >= 1),
    seconds real not null,
    fetched_at timestamptz not null default now()
);

comment on table ops.file_fetch is 'Grain: one look at the origin of one file that ended well, also when there was nothing new to take.';
comment on column ops.file_fetch.fetch_id is 'Number of the look.';
comment on column ops.file_fetch.batch_date is 'Day of the run that looked.';
comment on column ops.file_fetch.source is 'Provider.';
comment on column ops.file_fetch.file_name is 'Name of the file as its source declares it.';
comment on column ops.file_fetch.file_id is 'The admitted file that serves the day after it.';
comment on column ops.file_fetch.origin is 'Where it looked: a path or a URL without credentials.';
comment on column ops.file_fetch.outcome is 'admitted: new bytes. same_bytes: read, and equal to a file in landing. unchanged: not even read.';
comment on column ops.file_fetch.bytes_received is 'Bytes that came from the origin this time.';
comment on column ops.file_fetch.bytes_resumed is 'Bytes of an earlier, broken transfer that did not have to come again.';
comment on column ops.file_fetch.tries is 'Requests made, repeats after faults included.';
comment on column ops.file_fetch.seconds is 'Wall time.';
comment on column ops.file_fetch.fetched_at is 'When, in UTC.';
