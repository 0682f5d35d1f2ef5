-- warehouse.hist_recommendation
-- Grain:  method x subject x moment of replacement x rank
-- Reads:  changed_list, warehouse.fact_recommendation
-- Writes: warehouse.hist_recommendation (adds the lists that are about to be replaced)
-- Rerun:  nothing to add
-- Params: load_id  the load that replaces them

insert into warehouse.hist_recommendation (
    method_key,
    source_title_key,
    user_key,
    subject_key,
    rank,
    recommended_title_key,
    score,
    score_kind,
    score_raw,
    is_cold,
    reasons,
    load_id,
    replaced_at,
    replaced_by_load_id
)
select
    kept.method_key,
    kept.source_title_key,
    kept.user_key,
    kept.subject_key,
    kept.rank,
    kept.recommended_title_key,
    kept.score,
    kept.score_kind,
    kept.score_raw,
    kept.is_cold,
    kept.reasons,
    kept.load_id,
    transaction_timestamp() as replaced_at,
    %(load_id)s as replaced_by_load_id
from changed_list
inner join warehouse.fact_recommendation as kept
    on changed_list.method_key = kept.method_key and changed_list.subject_key = kept.subject_key;
