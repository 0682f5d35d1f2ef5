-- warehouse.bridge_title_cluster
-- Grain:  one catalogue title
-- Reads:  build.bridge_title_cluster
-- Writes: warehouse.bridge_title_cluster (inserts new titles, updates those that moved)
-- Rerun:  nothing to write

insert into warehouse.bridge_title_cluster as kept (
    title_key,
    cluster_key
)
select
    title_key,
    cluster_key
from build.bridge_title_cluster
on conflict (title_key) do update
    set cluster_key = excluded.cluster_key
    where kept.cluster_key is distinct from excluded.cluster_key;
