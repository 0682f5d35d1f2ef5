-- mart.changes_since
-- Grain:  row of the warehouse that is not what it was when a load was published
-- Reads:  ops.publishing, ops.row_change, ops.load
-- Writes: mart.publishings, mart.row_changes (views), mart.changes_since (function)
-- Rerun:  create or replace; new columns go to the end
-- Notes:  kept for the last three loads. A row that came and went meanwhile, or is again what it was, is left out.
--         Tables that were filled from nothing (mart.publishings.filled_tables) are not told row by row

create or replace view mart.publishings as
select
    publishing.publishing_id,
    publishing.part,
    publishing.load_id,
    load.batch_date,
    publishing.kind,
    publishing.published_at,
    publishing.tables,
    publishing.filled_tables,
    publishing.reason,
    publishing.done_by,
    publishing.is_kept
from ops.publishing
inner join ops.load on publishing.load_id = load.load_id
where publishing.published_at is not null;

comment on view mart.publishings is 'Grain: one change of what readers see. The newest of a part is what they see now.';
comment on column mart.publishings.publishing_id is 'Number of the change; later ones are higher.';
comment on column mart.publishings.part is 'warehouse or recommendations.';
comment on column mart.publishings.load_id is 'The load whose content readers saw from then on.';
comment on column mart.publishings.batch_date is 'The day of the load.';
comment on column mart.publishings.kind is 'publish: a load. rollback: back to what a former load had.';
comment on column mart.publishings.published_at is 'When, in UTC.';
comment on column mart.publishings.tables is 'Rows inserted, updated and deleted, by table.';
comment on column mart.publishings.filled_tables is 'Tables that were empty before.';
comment on column mart.publishings.reason is 'Why it was rolled back.';
comment on column mart.publishings.done_by is 'Who rolled it back.';
comment on column mart.publishings.is_kept is 'Its changes can still be read row by row, and be undone.';

create or replace view mart.row_changes as
select
    row_change.publishing_id,
    row_change.table_name,
    row_change.row_key,
    row_change.change,
    row_change.title_key,
    row_change.before,
    row_change.after
from ops.row_change
inner join ops.publishing on row_change.publishing_id = publishing.publishing_id
where publishing.published_at is not null;

comment on view mart.row_changes is 'Grain: publishing x table x row that it changed, of the last three loads.';
comment on column mart.row_changes.publishing_id is 'The change, see mart.publishings.';
comment on column mart.row_changes.table_name is 'Table of schema warehouse.';
comment on column mart.row_changes.row_key is 'Primary key of the row, as a PostgreSQL row.';
comment on column mart.row_changes.change is 'insert, update or delete.';
comment on column mart.row_changes.title_key is 'The title the row is about, where its table has one.';
comment on column mart.row_changes.before is 'The row as it was; null for an insert.';
comment on column mart.row_changes.after is 'The row as it became; null for a delete.';

create or replace function mart.changes_since(load_id bigint)
returns table (title_key bigint, table_name text, change text, before jsonb, after jsonb)
language plpgsql
stable
as $$
declare
    since bigint;
    oldest bigint;
begin
    select max(publishings.publishing_id) into since
    from mart.publishings
    where publishings.load_id = changes_since.load_id;
    if since is null then
        raise exception 'load %: expected a load that was published, found none. See mart.publishings.', load_id
            using errcode = 'no_data_found';
    end if;
    select max(publishings.publishing_id) into oldest from mart.publishings where not publishings.is_kept;
    if oldest > since then
        raise exception 'load %: expected one of the last three, found an older one: its changes are not kept any more.',
            load_id using errcode = 'no_data_found';
    end if;
    return query
    select
        net.title_key,
        net.table_name,
        case when net.before is null then 'insert' when net.after is null then 'delete' else 'update' end,
        net.before,
        net.after
    from (
        select
            max(row_changes.title_key) as title_key,
            row_changes.table_name,
            row_changes.row_key,
            (array_agg(row_changes.before order by row_changes.publishing_id))[1] as before,
            (array_agg(row_changes.after order by row_changes.publishing_id desc))[1] as after
        from mart.row_changes
        where row_changes.publishing_id > since
        group by row_changes.table_name, row_changes.row_key
    ) as net
    where net.before is distinct from net.after
    order by net.table_name, net.title_key, net.row_key;
end
$$;

comment on function mart.changes_since(bigint) is 'What has changed in the warehouse since a load was published: title_key, table, insert, update or delete, the row before and after. Of the last three loads.';
