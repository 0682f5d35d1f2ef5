-- 031_clusters_and_own_methods
-- Grain:  clusters as a refresh computes them; scores that a data scientist sends for a method of one's own
-- Reads:  -
-- Writes: schema warehouse, schema build
-- Rerun:  applied once, in order, by number; ops.migration remembers it

alter table warehouse.bridge_title_cluster
drop constraint bridge_title_cluster_title_key_fkey,
drop constraint bridge_title_cluster_cluster_key_fkey;

alter table warehouse.bridge_title_cluster
add foreign key (title_key) references warehouse.dim_title on delete cascade,
-- Checked at the end: a publish rewrites clusters and their titles in one transaction.
add foreign key (cluster_key) references warehouse.dim_cluster on delete cascade deferrable initially deferred;

create index on warehouse.bridge_title_cluster (cluster_key);

create unlogged table build.dim_cluster (
    like warehouse.dim_cluster including comments,
    primary key (cluster_key)
);

comment on table build.dim_cluster is 'Grain: one cluster of catalogue titles. As the last refresh computed it.';

create unlogged table build.bridge_title_cluster (
    like warehouse.bridge_title_cluster including comments,
    primary key (title_key)
);

comment on table build.bridge_title_cluster is 'Grain: one catalogue title. As the last refresh computed it.';

alter table warehouse.dim_rec_method
add unique (method),
add column sent_by text,
add column sent_at timestamptz;

comment on column warehouse.dim_rec_method.sent_by is 'Who sent the scores of a method of one''s own. Null: the method is ours, or a Python entry point.';
comment on column warehouse.dim_rec_method.sent_at is 'When they were sent last, in UTC.';

create table warehouse.sent_score (
    method_key smallint not null references warehouse.dim_rec_method on delete cascade,
    source_title_key bigint not null references warehouse.dim_title on delete cascade,
    recommended_title_key bigint not null references warehouse.dim_title on delete cascade,
    score double precision not null check (score > 0 and score < 'infinity'),
    primary key (method_key, source_title_key, recommended_title_key),
    check (source_title_key <> recommended_title_key)
);

comment on table warehouse.sent_score is 'Grain: own method x title x title recommended beside it. Scores that a data scientist sent; the next refresh makes lists of them.';
comment on column warehouse.sent_score.method_key is 'The method.';
comment on column warehouse.sent_score.source_title_key is 'The title that something is recommended beside.';
comment on column warehouse.sent_score.recommended_title_key is 'What is recommended.';
comment on column warehouse.sent_score.score is 'Above 0; larger is better. Any scale.';
