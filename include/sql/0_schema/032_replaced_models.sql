-- 032_replaced_models
-- Grain:  what a publish of recommendations replaced beside the lists, for a rollback
-- Reads:  -
-- Writes: schema ops
-- Rerun:  applied once, in order, by number; ops.migration remembers it

create table ops.replaced_model (
    publishing_id bigint primary key references ops.publishing on delete cascade,
    contents bytea,
    contents_sha256 text,
    figures jsonb,
    load_id bigint,
    clusters jsonb not null,
    title_clusters jsonb not null
);

alter table ops.replaced_model
alter column contents set storage external;

comment on table ops.replaced_model is 'Grain: change of what readers see. The model and the clusters that it replaced; kept as long as a rollback may ask for them.';
comment on column ops.replaced_model.publishing_id is 'The change that replaced them.';
comment on column ops.replaced_model.contents is 'As in warehouse.recommendation_model. Null: there was none.';
comment on column ops.replaced_model.contents_sha256 is 'As there.';
comment on column ops.replaced_model.figures is 'As there.';
comment on column ops.replaced_model.load_id is 'As there.';
comment on column ops.replaced_model.clusters is 'Rows of warehouse.dim_cluster.';
comment on column ops.replaced_model.title_clusters is 'Rows of warehouse.bridge_title_cluster.';
