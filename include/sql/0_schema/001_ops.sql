-- 001_ops
-- Grain:  the ledger: what was landed, staged, loaded and published, and when
-- Reads:  -
-- Writes: schemas ops, quarantine; the empty schemas of the later layers
-- Rerun:  applied once, in order, by number; ops.migration remembers it

create schema quarantine;
create schema staging;
create schema matching;
create schema build;
create schema warehouse;
create schema mart;

comment on schema ops is 'The ledger: files, loads, checks, locks.';
comment on table ops.migration is 'Grain: one applied file of include/sql/0_schema or 5_mart.';
comment on column ops.migration.file_name is 'Name of the file.';
comment on column ops.migration.sha256 is 'Digest of its text when it was applied.';
comment on column ops.migration.applied_at is 'When, in UTC.';
comment on schema quarantine is 'Rows that were not valid, with their reasons. Nothing is dropped silently.';
comment on schema staging is 'The current kept rows of each source file, typed, nothing joined.';
comment on schema matching is 'Which rows of which sources are the same work, and why we think so.';
comment on schema build is 'The next state of the warehouse, built aside. Nobody reads it but the publisher.';
comment on schema warehouse is 'The star: dimensions, bridges, facts. Changed only by a publish.';
comment on schema mart is 'Views for analysts and apps: the stable face of the warehouse.';

create table ops.file (
    file_id bigint generated always as identity primary key,
    source text not null,
    file_name text not null,
    file_date date not null,
    origin text not null,
    etag text,
    sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
    byte_count bigint not null check (byte_count >= 0),
    landed_path text not null,
    landed_at timestamptz not null default now(),
    unique (source, file_name, file_date, sha256)
);

comment on table ops.file is 'Grain: one admitted file. What was not admitted has no row and is never parsed.';
comment on column ops.file.file_id is 'Number of the admitted file.';
comment on column ops.file.source is 'Provider: netflix, imdb, rotten_tomatoes.';
comment on column ops.file.file_name is 'Name of the file as its source declares it.';
comment on column ops.file.file_date is 'Day the source gives the file: its dated folder, else the day it was landed for.';
comment on column ops.file.origin is 'Where it was taken from: a path or a URL without credentials.';
comment on column ops.file.etag is 'Entity tag of the origin, when it has one.';
comment on column ops.file.sha256 is 'Digest of the landed bytes, in hex.';
comment on column ops.file.byte_count is 'Size of the landed file in bytes.';
comment on column ops.file.landed_path is 'Where it lies, below the landing folder.';
comment on column ops.file.landed_at is 'When it was admitted, in UTC.';

create table ops.day_file (
    batch_date date not null,
    source text not null,
    file_name text not null,
    file_id bigint not null references ops.file,
    primary key (batch_date, source, file_name)
);

comment on table ops.day_file is 'Grain: day x source file. Which admitted file serves which day.';
comment on column ops.day_file.batch_date is 'Day of the run.';
comment on column ops.day_file.source is 'Provider.';
comment on column ops.day_file.file_name is 'Name of the file as its source declares it.';
comment on column ops.day_file.file_id is 'The admitted file that serves this day: the newest not after it.';

create table ops.staged_file (
    source text not null,
    file_name text not null,
    file_id bigint not null references ops.file,
    staged_sha256 text not null,
    rows_in bigint not null,
    rows_staged bigint not null,
    rows_filtered bigint not null,
    rows_quarantined bigint not null,
    rows_duplicate bigint not null,
    rows_repaired bigint not null default 0,
    added_columns text[] not null default '{}',
    seconds real not null,
    staged_at timestamptz not null default now(),
    primary key (source, file_name),
    constraint every_row_is_accounted_for
    check (rows_in = rows_staged + rows_filtered + rows_quarantined + rows_duplicate)
);

comment on table ops.staged_file is 'Grain: source file. What staging holds now, and the account of its rows. Its row locks guard staging.';
comment on column ops.staged_file.source is 'Provider.';
comment on column ops.staged_file.file_name is 'Name of the file as its source declares it.';
comment on column ops.staged_file.file_id is 'The admitted file whose rows staging holds.';
comment on column ops.staged_file.staged_sha256 is 'Digest over the file, the files its filter depends on, and the contract: equal means nothing to stage.';
comment on column ops.staged_file.rows_in is 'Records read from the file, header not counted.';
comment on column ops.staged_file.rows_staged is 'Records kept, one row each.';
comment on column ops.staged_file.rows_filtered is 'Valid records outside the declared filter (title types, roles, people).';
comment on column ops.staged_file.rows_quarantined is 'Records that are not valid; see quarantine.rejected_row.';
comment on column ops.staged_file.rows_duplicate is 'Records whose key an earlier record of the file has.';
comment on column ops.staged_file.rows_repaired is 'Kept records with a note in `repairs`. Part of rows_staged.';
comment on column ops.staged_file.added_columns is 'Columns of the file that its contract does not name. Reported, not loaded.';
comment on column ops.staged_file.seconds is 'Wall time of staging the file.';
comment on column ops.staged_file.staged_at is 'When, in UTC.';

create table quarantine.rejected_row (
    file_id bigint not null references ops.file,
    line_number bigint not null,
    reasons text[] not null check (cardinality(reasons) > 0),
    raw_text text,
    raw_bytes bytea,
    rejected_at timestamptz not null default now(),
    primary key (file_id, line_number),
    check (raw_text is not null or raw_bytes is not null)
);

comment on table quarantine.rejected_row is 'Grain: one rejected record of one file.';
comment on column quarantine.rejected_row.file_id is 'The file it stands in.';
comment on column quarantine.rejected_row.line_number is 'Physical line on which the record begins; the header is line 1.';
comment on column quarantine.rejected_row.reasons is 'Why it was rejected: column, expected, found.';
comment on column quarantine.rejected_row.raw_text is 'The record as it stands in the file, when that is UTF-8 without NUL.';
comment on column quarantine.rejected_row.raw_bytes is 'The record as it stands in the file, when it is not text.';
comment on column quarantine.rejected_row.rejected_at is 'When, in UTC.';

create table ops.load (
    load_id bigint generated always as identity primary key,
    part text not null check (part in ('warehouse', 'recommendations')),
    batch_date date not null,
    input_sha256 text not null,
    state text not null default 'building' check (
        state in ('building', 'checked', 'held', 'published', 'failed', 'retired')
    ),
    state_reason text,
    built_on_load_id bigint references ops.load,
    figures jsonb not null default '{}',
    opened_at timestamptz not null default clock_timestamp(),
    published_at timestamptz,
    unique (part, batch_date, input_sha256),
    check ((part = 'recommendations') = (built_on_load_id is not null))
);

comment on table ops.load is 'Grain: part x day x input digest. The same input on the same day is the same load.';
comment on column ops.load.load_id is 'Number of the load.';
comment on column ops.load.part is 'What it fills: the warehouse, or the recommendations.';
comment on column ops.load.batch_date is 'The day it is for. History is dated by it, never by the clock.';
comment on column ops.load.input_sha256 is 'Digest over the files (or the load it is built on) and the version of the code.';
comment on column ops.load.state is 'building, checked, held (waits for a person), published, failed, retired.';
comment on column ops.load.state_reason is 'Why it is held or failed, in words.';
comment on column ops.load.built_on_load_id is 'Recommendations: the warehouse load they were computed from.';
comment on column ops.load.figures is 'Counts of the steps: match rate, rows changed per table, seconds.';
comment on column ops.load.opened_at is 'When it was last opened, in UTC. The newest of a day is the one worked on.';
comment on column ops.load.published_at is 'When readers first saw it, in UTC.';

create table ops.file_load (
    load_id bigint not null references ops.load,
    file_id bigint not null references ops.file,
    source text not null,
    file_name text not null,
    rows_in bigint not null,
    rows_staged bigint not null,
    rows_filtered bigint not null,
    rows_quarantined bigint not null,
    rows_duplicate bigint not null,
    rows_repaired bigint not null,
    seconds real not null,
    primary key (load_id, source, file_name),
    constraint every_row_is_accounted_for
    check (rows_in = rows_staged + rows_filtered + rows_quarantined + rows_duplicate)
);

comment on table ops.file_load is 'Grain: load x source file. The exact account of each file that a load is made of.';
comment on column ops.file_load.load_id is 'The load.';
comment on column ops.file_load.file_id is 'The admitted file.';
comment on column ops.file_load.source is 'Provider.';
comment on column ops.file_load.file_name is 'Name of the file as its source declares it.';
comment on column ops.file_load.rows_in is 'Records read from the file, header not counted.';
comment on column ops.file_load.rows_staged is 'Records kept, one row each.';
comment on column ops.file_load.rows_filtered is 'Valid records outside the declared filter.';
comment on column ops.file_load.rows_quarantined is 'Records that are not valid.';
comment on column ops.file_load.rows_duplicate is 'Records whose key an earlier record of the file has.';
comment on column ops.file_load.rows_repaired is 'Kept records with a note in `repairs`. Part of rows_staged.';
comment on column ops.file_load.seconds is 'Wall time of staging the file.';

create table ops.layer (
    layer text primary key,
    load_id bigint references ops.load
);

comment on table ops.layer is 'Grain: layer. Which load a rebuilt layer holds now. A step locks the row of the layer it writes (and shares those it reads): a row lock, which readers of the warehouse cannot take.';
comment on column ops.layer.layer is 'matching, build, warehouse, recommendations.';
comment on column ops.layer.load_id is 'The load it holds, null before the first.';

insert into ops.layer (layer)
values ('matching'), ('build'), ('warehouse'), ('recommendations');

create table ops.check_result (
    load_id bigint not null references ops.load,
    check_name text not null,
    severity text not null check (severity in ('fail', 'warn')),
    rows_found bigint not null,
    sample jsonb not null default '[]',
    checked_at timestamptz not null default now(),
    primary key (load_id, check_name)
);

comment on table ops.check_result is 'Grain: load x check. Each check asks for rows that must not exist.';
comment on column ops.check_result.load_id is 'The load that was checked.';
comment on column ops.check_result.check_name is 'The `problem` that the check of include/sql/9_checks names.';
comment on column ops.check_result.severity is 'fail holds the load; warn is shown.';
comment on column ops.check_result.rows_found is 'Rows that must not exist, 0 when all is well.';
comment on column ops.check_result.sample is 'The first three of them.';
comment on column ops.check_result.checked_at is 'When, in UTC.';
