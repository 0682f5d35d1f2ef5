-- warehouse.dim_cluster
-- Grain:  one cluster of catalogue titles
-- Reads:  build.dim_cluster
-- Writes: warehouse.dim_cluster (deletes those that are no more)
-- Rerun:  nothing to delete

delete from warehouse.dim_cluster as kept
where not exists (
    select
    from build.dim_cluster as built
    where built.cluster_key = kept.cluster_key
);
