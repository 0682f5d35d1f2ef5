-- mart.recommendations_by_method
-- Grain:  method x title x rank, by every method for titles that is shown, those of data scientists too
-- Reads:  warehouse
-- Writes: mart.recommendations_by_method (view)
-- Rerun:  create or replace; new columns go to the end

create or replace view mart.recommendations_by_method as
select
    fact_recommendation.source_title_key,
    source_title.title as source_title,
    fact_recommendation.rank,
    fact_recommendation.recommended_title_key,
    recommended_title.title as recommended_title,
    recommended_title.kind as recommended_kind,
    recommended_title.release_year as recommended_release_year,
    fact_recommendation.score,
    fact_recommendation.score_kind,
    fact_recommendation.score_raw,
    fact_recommendation.is_cold,
    fact_recommendation.reasons,
    dim_rec_method.method,
    fact_recommendation.load_id,
    mart.reason_sentence(fact_recommendation.reasons) as why
from warehouse.fact_recommendation
inner join warehouse.dim_rec_method on fact_recommendation.method_key = dim_rec_method.method_key
inner join warehouse.dim_title as source_title on fact_recommendation.source_title_key = source_title.title_key
inner join warehouse.dim_title as recommended_title
    on fact_recommendation.recommended_title_key = recommended_title.title_key
where dim_rec_method.subject_kind = 'title' and not dim_rec_method.is_baseline;

comment on view mart.recommendations_by_method is 'Grain: one title recommended for another by a method, ranked. Current lists of all methods; say which: where method = ...';
comment on column mart.recommendations_by_method.source_title_key is 'The title it is recommended for.';
comment on column mart.recommendations_by_method.source_title is 'Its name.';
comment on column mart.recommendations_by_method.rank is '1 is best.';
comment on column mart.recommendations_by_method.recommended_title_key is 'The title recommended.';
comment on column mart.recommendations_by_method.recommended_title is 'Its name.';
comment on column mart.recommendations_by_method.recommended_kind is 'movie, series, short, special.';
comment on column mart.recommendations_by_method.recommended_release_year is 'Its year.';
comment on column mart.recommendations_by_method.score is 'score_raw as a share of 1: see score_kind.';
comment on column mart.recommendations_by_method.score_kind is 'percentile: among all scores of the refresh. p_like: probability of a like.';
comment on column mart.recommendations_by_method.score_raw is 'Sum of the parts in reasons.';
comment on column mart.recommendations_by_method.is_cold is 'True: popular titles stand in, because too little is known of the source title.';
comment on column mart.recommendations_by_method.reasons is 'The parts that add up to score_raw: [{"kind", "value", "share"}, ...], largest first, small ones together at the end as "other".';
comment on column mart.recommendations_by_method.method is 'Name of the method.';
comment on column mart.recommendations_by_method.load_id is 'The load that last changed this list.';
comment on column mart.recommendations_by_method.why is 'The reasons as one plain sentence.';
