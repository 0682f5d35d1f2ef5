-- warehouse.bridge_title_cluster
-- Grain:  one catalogue title
-- Reads:  build.bridge_title_cluster
-- Writes: warehouse.bridge_title_cluster (deletes titles that are in none now)
-- Rerun:  nothing to delete

delete from warehouse.bridge_title_cluster as kept
where not exists (
    select
    from build.bridge_title_cluster as built
    where built.title_key = kept.title_key
);
