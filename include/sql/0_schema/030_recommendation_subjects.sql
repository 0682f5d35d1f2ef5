-- 030_recommendation_subjects
-- Grain:  recommendations for titles, for viewers and for everybody; what lists were before
-- Reads:  -
-- Writes: schema warehouse, schema build
-- Rerun:  applied once, in order, by number; ops.migration remembers it

alter table warehouse.dim_rec_method
drop constraint dim_rec_method_subject_kind_check,
add check (subject_kind in ('title', 'user', 'all', 'titles', 'users')),
add column is_baseline boolean not null default false,
add column is_own boolean not null default false;

comment on column warehouse.dim_rec_method.subject_kind is 'Whom or what it recommends for: title, user; all: one list for everybody; titles, users: several at once, answered when asked.';
comment on column warehouse.dim_rec_method.is_baseline is 'True: kept to be compared with, not to be shown.';
comment on column warehouse.dim_rec_method.is_own is 'True: a method that a data scientist sent.';

insert into warehouse.dim_rec_method (method_key, method, subject_kind, is_default, is_baseline, description)
values
(2, 'content_fields', 'title', false, false, 'Similar titles by weighted fields alone: what the titles have in common, whoever likes them.'),
(3, 'similar_cf', 'title', false, false, 'Titles that the same viewers liked: shrunk cosine of likes.'),
(4, 'ease', 'user', false, false, 'A linear model of all viewers'' likes (EASE), the newest likes of the viewer counting more where that helps.'),
(5, 'profile', 'user', false, false, 'What the fields of the titles a viewer liked have in common with a title, by its votes; reaches titles that nobody has rated.'),
(6, 'popular', 'all', false, false, 'The best known and best rated titles, spread over genres.'),
(7, 'blend', 'user', true, false, 'What a viewer is shown: 17 of 20 places by ease, 3 by profile; with fewer than five likes, what is similar to each and popular; without any, popular.'),
(8, 'several', 'titles', false, false, 'One list for several titles at once, each row with what every one of them gives to it.'),
(9, 'group', 'users', false, false, 'One list for several viewers, so chosen that nobody is left with nothing.'),
(10, 'tfidf_description', 'title', false, true, 'Baseline: cosine of the words of the descriptions.'),
(11, 'genre_top', 'title', false, true, 'Baseline: most genres in common, then best rated.'),
(12, 'sql_filter', 'title', false, true, 'Baseline: same genre, at most five years apart, by IMDb score.'),
(13, 'cluster', 'title', false, true, 'Baseline: best rated of the same cluster (KMeans on score and kind).');

alter table warehouse.fact_recommendation
drop constraint fact_recommendation_pkey,
drop constraint fact_recommendation_method_key_source_title_key_recommended_key;

alter table warehouse.fact_recommendation
alter column source_title_key drop not null,
add column user_key bigint references warehouse.dim_user on delete cascade,
add column subject_key bigint not null generated always as (coalesce(source_title_key, user_key, 0)) stored,
add primary key (method_key, subject_key, rank),
add unique (method_key, subject_key, recommended_title_key),
add check (source_title_key is null or user_key is null);

create index on warehouse.fact_recommendation (source_title_key);
create index on warehouse.fact_recommendation (user_key);

comment on table warehouse.fact_recommendation is 'Grain: method x subject (title, viewer, or everybody) x rank. Current lists only; a list is rewritten only when its content changed.';
comment on column warehouse.fact_recommendation.source_title_key is 'The title it is recommended for. Null: for a viewer or for everybody.';
comment on column warehouse.fact_recommendation.user_key is 'The viewer it is recommended for. Null: for a title or for everybody.';
comment on column warehouse.fact_recommendation.subject_key is 'The title, else the viewer, else 0: everybody. The method says which.';
comment on column warehouse.fact_recommendation.is_cold is 'True when too little is known of the subject, or nobody has rated the title recommended, so that something else stands in.';

drop table build.fact_recommendation;

create unlogged table build.fact_recommendation (
    like warehouse.fact_recommendation including constraints including generated including comments,
    primary key (method_key, subject_key, rank)
);

comment on table build.fact_recommendation is 'Grain: method x subject x rank. The lists as the last refresh computed them.';

create table warehouse.hist_recommendation (
    like warehouse.fact_recommendation including comments,
    replaced_at timestamptz not null,
    replaced_by_load_id bigint not null,
    primary key (method_key, subject_key, replaced_at, rank)
);

comment on table warehouse.hist_recommendation is 'Grain: method x subject x moment of replacement x rank. Lists that were replaced, for 30 days.';
comment on column warehouse.hist_recommendation.replaced_at is 'When readers last saw it, in UTC.';
comment on column warehouse.hist_recommendation.replaced_by_load_id is 'The load that replaced it.';

create index on warehouse.hist_recommendation (replaced_at);
create index on warehouse.hist_recommendation (replaced_by_load_id);

create table warehouse.recommendation_model (
    model text primary key,
    contents bytea not null,
    contents_sha256 text not null,
    figures jsonb not null,
    load_id bigint not null references ops.load
);

alter table warehouse.recommendation_model
alter column contents set storage external;

comment on table warehouse.recommendation_model is 'Grain: model. What one viewer''s list is computed from within a second; replaced when it differs.';
comment on column warehouse.recommendation_model.model is 'viewers.';
comment on column warehouse.recommendation_model.contents is 'Arrays of numbers and names as numpy saves them (npz, no pickle).';
comment on column warehouse.recommendation_model.contents_sha256 is 'Digest of contents.';
comment on column warehouse.recommendation_model.figures is 'Titles, viewers, chosen settings.';
comment on column warehouse.recommendation_model.load_id is 'The load that last changed it.';

create unlogged table build.recommendation_model (
    like warehouse.recommendation_model including comments,
    primary key (model)
);

comment on table build.recommendation_model is 'Grain: model. As the last refresh computed it.';

create table warehouse.dim_cluster (
    cluster_key smallint primary key,
    cluster text not null,
    kind text not null,
    title_count integer not null,
    mean_score_of_10 double precision not null,
    genres text[] not null,
    examples text[] not null,
    load_id bigint not null references ops.load
);

comment on table warehouse.dim_cluster is 'Grain: one cluster of catalogue titles (KMeans on score, votes, kind and year); numbers stay with their clusters from day to day.';
comment on column warehouse.dim_cluster.cluster_key is 'Number of the cluster; a cluster keeps the number of the one it has most titles of.';
comment on column warehouse.dim_cluster.cluster is 'What it is like, in words.';
comment on column warehouse.dim_cluster.kind is 'Kind of most of its titles.';
comment on column warehouse.dim_cluster.title_count is 'Titles in it.';
comment on column warehouse.dim_cluster.mean_score_of_10 is 'Mean IMDb weighted score.';
comment on column warehouse.dim_cluster.genres is 'The three genres most over-represented in it.';
comment on column warehouse.dim_cluster.examples is 'Its five titles with most votes.';
comment on column warehouse.dim_cluster.load_id is 'The load that last changed it.';

create table warehouse.bridge_title_cluster (
    title_key bigint primary key references warehouse.dim_title,
    cluster_key smallint not null references warehouse.dim_cluster
);

comment on table warehouse.bridge_title_cluster is 'Grain: one catalogue title: the cluster it is in.';
comment on column warehouse.bridge_title_cluster.title_key is 'The title.';
comment on column warehouse.bridge_title_cluster.cluster_key is 'The cluster.';

alter table warehouse.fact_recommendation_quality
add column subject_count integer,
add column low double precision,
add column high double precision,
add column versus_popular double precision,
add column versus_popular_low double precision,
add column versus_popular_high double precision,
add column versus_former double precision,
add column versus_former_low double precision,
add column versus_former_high double precision;

comment on column warehouse.fact_recommendation_quality.subject_count is 'Viewers it was measured on, when it was measured on viewers. Invented viewers never count.';
comment on column warehouse.fact_recommendation_quality.low is 'Lower end of the 95 % interval (bootstrap over viewers).';
comment on column warehouse.fact_recommendation_quality.high is 'Upper end of it.';
comment on column warehouse.fact_recommendation_quality.versus_popular is 'Ratio to what showing the popular titles scores on the same viewers.';
comment on column warehouse.fact_recommendation_quality.versus_popular_low is 'Lower end of its 95 % interval (paired bootstrap).';
comment on column warehouse.fact_recommendation_quality.versus_popular_high is 'Upper end of it.';
comment on column warehouse.fact_recommendation_quality.versus_former is 'Ratio to the version that readers have, on the same viewers.';
comment on column warehouse.fact_recommendation_quality.versus_former_low is 'Lower end of its 95 % interval (paired bootstrap). Below .95 holds the refresh.';
comment on column warehouse.fact_recommendation_quality.versus_former_high is 'Upper end of it.';

drop table build.fact_recommendation_quality;

create unlogged table build.fact_recommendation_quality (
    like warehouse.fact_recommendation_quality including constraints including comments,
    primary key (load_id, method_key, metric)
);

comment on table build.fact_recommendation_quality is 'Grain: load x method x metric, of the last refresh.';
