-- warehouse.dim_cluster
-- Grain:  one cluster of catalogue titles
-- Reads:  build.dim_cluster
-- Writes: warehouse.dim_cluster (inserts new ones, updates those that differ)
-- Rerun:  nothing to write

insert into warehouse.dim_cluster as kept (
    cluster_key,
    cluster,
    kind,
    title_count,
    mean_score_of_10,
    genres,
    examples,
    load_id
)
select
    cluster_key,
    cluster,
    kind,
    title_count,
    mean_score_of_10,
    genres,
    examples,
    load_id
from build.dim_cluster
on conflict (cluster_key) do update
    set
        cluster = excluded.cluster,
        kind = excluded.kind,
        title_count = excluded.title_count,
        mean_score_of_10 = excluded.mean_score_of_10,
        genres = excluded.genres,
        examples = excluded.examples,
        load_id = excluded.load_id
    where
    (kept.cluster, kept.kind, kept.title_count, kept.mean_score_of_10, kept.genres, kept.examples)
    is distinct from
    (
        excluded.cluster, excluded.kind, excluded.title_count, excluded.mean_score_of_10, excluded.genres,
        excluded.examples
    );
