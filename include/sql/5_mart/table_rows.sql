-- mart.table_rows
-- Grain:  table that a publish changes
-- Reads:  ops.publishing, ops.load, warehouse
-- Writes: mart.table_rows (view)
-- Rerun:  create or replace; new columns go to the end
-- Notes:  each publish, and each rollback, notes how many rows it has inserted and deleted, in the transaction that does
--         it: their sum is what there is, without counting thirty million rows. Tables that apps write to, or a refresh
--         of the recommendations, are small and counted. A warehouse whose first load was published before these notes
--         were kept is counted as a whole

create or replace view mart.table_rows as
with

noted as (
    select
        changes.table_name,
        sum((changes.told ->> 'inserted')::bigint - (changes.told ->> 'deleted')::bigint)::bigint as table_rows
    from ops.publishing
    cross join lateral jsonb_each(publishing.tables) as changes (table_name, told)
    where publishing.part = 'warehouse' and publishing.published_at is not null
    group by changes.table_name
),

kept as (
    select not exists (
        select
        from ops.load
        where
            load.part = 'warehouse'
            and load.published_at is not null
            and not exists (
                select
                from ops.publishing
                where publishing.load_id = load.load_id and publishing.published_at is not null
            )
    ) as are_all
)

select
    'dim_title' as table_name,
    case
        when kept.are_all
            then coalesce((
                select noted.table_rows from noted
                where noted.table_name = 'dim_title'
            ), 0)
        else (select count(*) from warehouse.dim_title)
    end as table_rows
from kept
union all
select
    'dim_person' as table_name,
    case
        when kept.are_all
            then coalesce((
                select noted.table_rows from noted
                where noted.table_name = 'dim_person'
            ), 0)
        else (select count(*) from warehouse.dim_person)
    end as table_rows
from kept
union all
select
    'bridge_title_person_role' as table_name,
    case
        when kept.are_all
            then coalesce((
                select noted.table_rows from noted
                where noted.table_name = 'bridge_title_person_role'
            ), 0)
        else (select count(*) from warehouse.bridge_title_person_role)
    end as table_rows
from kept
union all
select
    'bridge_title_genre' as table_name,
    case
        when kept.are_all
            then coalesce((
                select noted.table_rows from noted
                where noted.table_name = 'bridge_title_genre'
            ), 0)
        else (select count(*) from warehouse.bridge_title_genre)
    end as table_rows
from kept
union all
select
    'bridge_title_country' as table_name,
    case
        when kept.are_all
            then coalesce((
                select noted.table_rows from noted
                where noted.table_name = 'bridge_title_country'
            ), 0)
        else (select count(*) from warehouse.bridge_title_country)
    end as table_rows
from kept
union all
select
    'bridge_title_source' as table_name,
    case
        when kept.are_all
            then coalesce((
                select noted.table_rows from noted
                where noted.table_name = 'bridge_title_source'
            ), 0)
        else (select count(*) from warehouse.bridge_title_source)
    end as table_rows
from kept
union all
select
    'fact_title_rating' as table_name,
    case
        when kept.are_all
            then coalesce((
                select noted.table_rows from noted
                where noted.table_name = 'fact_title_rating'
            ), 0)
        else (select count(*) from warehouse.fact_title_rating)
    end as table_rows
from kept
union all
select
    'fact_availability' as table_name,
    case
        when kept.are_all
            then coalesce((
                select noted.table_rows from noted
                where noted.table_name = 'fact_availability'
            ), 0)
        else (select count(*) from warehouse.fact_availability)
    end as table_rows
from kept
union all
select
    'fact_recommendation' as table_name,
    count(*) as table_rows
from warehouse.fact_recommendation;

comment on view mart.table_rows is 'Grain: one table of the star: how many rows it has.';
comment on column mart.table_rows.table_name is 'Table of schema warehouse.';
comment on column mart.table_rows.table_rows is 'Its rows, as the publishes have noted them.';
