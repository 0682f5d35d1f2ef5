-- warehouse.fact_recommendation_quality
-- Grain:  load x method x metric
-- Reads:  build.fact_recommendation_quality
-- Writes: warehouse.fact_recommendation_quality (adds)
-- Rerun:  the same load keeps its first figures: only seconds and memory could differ

insert into warehouse.fact_recommendation_quality (
    load_id,
    method_key,
    metric,
    value,
    limit_value,
    is_ok,
    subject_count,
    low,
    high,
    versus_popular,
    versus_popular_low,
    versus_popular_high,
    versus_former,
    versus_former_low,
    versus_former_high
)
select
    load_id,
    method_key,
    metric,
    value,
    limit_value,
    is_ok,
    subject_count,
    low,
    high,
    versus_popular,
    versus_popular_low,
    versus_popular_high,
    versus_former,
    versus_former_low,
    versus_former_high
from build.fact_recommendation_quality
on conflict (load_id, method_key, metric) do nothing;
