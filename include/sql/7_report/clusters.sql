-- clusters
-- Grain:  cluster of catalogue titles
-- Reads:  warehouse.dim_cluster
-- Writes: -
-- Rerun:  reads only

select
    cluster_key,
    cluster,
    title_count,
    mean_score_of_10,
    genres,
    examples
from warehouse.dim_cluster
order by cluster_key;
