-- 075_unknown_score_of_a_cluster
-- Grain:  as before; a cluster of titles that nobody has rated has no mean score
-- Reads:  -
-- Writes: warehouse.dim_cluster and build.dim_cluster (mean_score_of_10 may be null)
-- Rerun:  applied once, in order, by number; ops.migration remembers it
-- Notes:  it was 0, by which such a cluster was called low-rated; the next refresh says null

alter table warehouse.dim_cluster
alter column mean_score_of_10 drop not null;

alter table build.dim_cluster
alter column mean_score_of_10 drop not null;

comment on column warehouse.dim_cluster.mean_score_of_10 is 'Mean IMDb weighted score of those of its titles that have one. Null: none has.';
comment on column build.dim_cluster.mean_score_of_10 is 'Mean IMDb weighted score of those of its titles that have one. Null: none has.';
