-- changed_list
-- Grain:  method x subject whose list differs between the build and what readers see, gone lists included
-- Reads:  build.fact_recommendation, warehouse.fact_recommendation
-- Writes: changed_list, a temporary table of this transaction
-- Rerun:  after a publish of the same build it is empty
-- Notes:  score is left out: it is a percentile of the whole refresh, and a list whose own parts
--         are what they were is not rewritten because others moved

create temporary table changed_list on commit drop as
select distinct
    coalesce(built.method_key, kept.method_key) as method_key,
    coalesce(built.subject_key, kept.subject_key) as subject_key
from build.fact_recommendation as built
full join warehouse.fact_recommendation as kept
    on
        built.method_key = kept.method_key
        and built.subject_key = kept.subject_key
        and built.rank = kept.rank
where
    (built.recommended_title_key, built.score_kind, built.score_raw, built.is_cold, built.reasons)
    is distinct from
    (kept.recommended_title_key, kept.score_kind, kept.score_raw, kept.is_cold, kept.reasons);
