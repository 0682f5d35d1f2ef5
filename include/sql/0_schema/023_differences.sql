-- 023_differences
-- Grain:  what each publish changed, row by row, with the rows as they were before
-- Reads:  -
-- Writes: schema ops, build.built, warehouse.publication
-- Rerun:  applied once, in order, by number; ops.migration remembers it
-- Notes:  logged, unlike schema build: what was compared and checked is what is published, even if the server crashes
--         in between and empties the build

create table ops.publishing (
    publishing_id bigint generated always as identity primary key,
    part text not null check (part in ('warehouse', 'recommendations')),
    load_id bigint not null references ops.load,
    kind text not null check (kind in ('publish', 'rollback')),
    base_publishing_id bigint references ops.publishing,
    tables jsonb not null default '{}',
    filled_tables text[] not null default '{}',
    digest text not null default '',
    reason text,
    done_by text,
    compared_at timestamptz not null default clock_timestamp(),
    published_at timestamptz,
    seen_load_id bigint references ops.load,
    is_kept boolean not null default true,
    constraint a_rollback_says_why_and_who
    check (kind = 'publish' or (btrim(reason) <> '' and btrim(done_by) <> ''))
);

create index on ops.publishing (load_id);

comment on table ops.publishing is 'Grain: one change of what readers see, published or compared and waiting. Numbered in the order of comparing.';
comment on column ops.publishing.publishing_id is 'Number of the change.';
comment on column ops.publishing.part is 'warehouse or recommendations.';
comment on column ops.publishing.load_id is 'The load whose content readers see afterwards.';
comment on column ops.publishing.kind is 'publish: a load. rollback: back to what a former load had.';
comment on column ops.publishing.base_publishing_id is 'The change that readers saw when this one was compared; null when there was none.';
comment on column ops.publishing.tables is 'Rows inserted, updated and deleted, by table; tables without any are left out.';
comment on column ops.publishing.filled_tables is 'Tables that were empty before and are filled from the build: their rows are not kept one by one.';
comment on column ops.publishing.digest is 'Digest of all its differences. What is approved and what lands have the same one.';
comment on column ops.publishing.reason is 'Why, for a rollback.';
comment on column ops.publishing.done_by is 'Who, for a rollback.';
comment on column ops.publishing.compared_at is 'When the differences were found, in UTC.';
comment on column ops.publishing.seen_load_id is 'Load whose day readers see as current since then: load_id, or a newer day''s when load_id only added to history; null: not published.';
comment on column ops.publishing.published_at is 'Since when readers see it, in UTC; null while it waits.';
comment on column ops.publishing.is_kept is 'The rows of ops.row_change are still there. They are kept for the last three loads.';

create table ops.row_change (
    publishing_id bigint not null references ops.publishing,
    table_name text not null,
    row_key text not null,
    change text not null check (change in ('insert', 'update', 'delete')),
    title_key bigint,
    before jsonb,
    after jsonb,
    primary key (publishing_id, table_name, row_key),
    constraint images_fit_the_change
    check ((before is null) = (change = 'insert') and (after is null) = (change = 'delete'))
);

comment on table ops.row_change is 'Grain: publishing x table x row that it changes.';
comment on column ops.row_change.publishing_id is 'The change of what readers see.';
comment on column ops.row_change.table_name is 'Table of schema warehouse.';
comment on column ops.row_change.row_key is 'Primary key of the row, as a PostgreSQL row: (1,2).';
comment on column ops.row_change.change is 'insert, update or delete.';
comment on column ops.row_change.title_key is 'The title the row is about, where its table has one.';
comment on column ops.row_change.before is 'The whole row as it was; null for an insert.';
comment on column ops.row_change.after is 'The whole row as it is to be; null for a delete.';

alter table warehouse.publication add column publishing_id bigint references ops.publishing;

comment on column warehouse.publication.publishing_id is 'The change that brought readers here; null for what was published before changes were kept.';
comment on column ops.load.published_at is 'When readers first saw it, in UTC; null again when it was rolled back.';
comment on column ops.load.state is 'building, checked, held (waits for a person), published, failed (rejected too), retired (rolled back).';

create unlogged table build.built (
    load_id bigint primary key
);

comment on table build.built is 'Grain: at most one row, the load that the build tables hold. A crash of the server empties it together with them, so that an emptied build is never taken for an empty warehouse.';
comment on column build.built.load_id is 'The load.';
