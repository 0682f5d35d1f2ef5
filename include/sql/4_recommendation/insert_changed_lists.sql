-- warehouse.fact_recommendation
-- Grain:  method x subject x rank
-- Reads:  changed_list, build.fact_recommendation
-- Writes: warehouse.fact_recommendation (inserts the changed lists)
-- Rerun:  nothing to insert

insert into warehouse.fact_recommendation (
    method_key,
    source_title_key,
    user_key,
    rank,
    recommended_title_key,
    score,
    score_kind,
    score_raw,
    is_cold,
    reasons,
    load_id
)
select
    built.method_key,
    built.source_title_key,
    built.user_key,
    built.rank,
    built.recommended_title_key,
    built.score,
    built.score_kind,
    built.score_raw,
    built.is_cold,
    built.reasons,
    built.load_id
from changed_list
inner join build.fact_recommendation as built
    on changed_list.method_key = built.method_key and changed_list.subject_key = built.subject_key;
