-- ops.replaced_model
-- Grain:  the change of what readers see that is being made
-- Reads:  warehouse.recommendation_model, warehouse.dim_cluster, warehouse.bridge_title_cluster, ops.publishing
-- Writes: ops.replaced_model (adds what is about to be replaced, deletes what no rollback may ask for)
-- Rerun:  run once in a publish, before the model and the clusters are rewritten
-- Params: publishing_id  the change
-- Notes:  one can go back by three warehouse loads; five are kept, because a rollback is a change too.
--         An alias that is also a column (cluster) would mean that column in to_jsonb, not the row

with

outlived as (
    delete from ops.replaced_model
    where
        publishing_id < (
            select min(newest.publishing_id)
            from (
                select publishing_id
                from ops.publishing
                where part = 'warehouse' and published_at is not null
                order by publishing_id desc
                limit 5
            ) as newest
        )
)

insert into ops.replaced_model (
    publishing_id,
    contents,
    contents_sha256,
    figures,
    load_id,
    clusters,
    title_clusters
)
select
    given.publishing_id,
    model.contents,
    model.contents_sha256,
    model.figures,
    model.load_id,
    (
        select coalesce(jsonb_agg(to_jsonb(clusters)), '[]')
        from warehouse.dim_cluster as clusters
    ) as clusters,
    (
        select coalesce(jsonb_agg(to_jsonb(title_clusters)), '[]')
        from warehouse.bridge_title_cluster as title_clusters
    ) as title_clusters
from (select %(publishing_id)s::bigint as publishing_id) as given
left join warehouse.recommendation_model as model on model.model = 'viewers';
