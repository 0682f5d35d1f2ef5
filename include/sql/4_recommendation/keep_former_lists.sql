-- build.fact_recommendation
-- Grain:  method x subject x rank
-- Reads:  warehouse.fact_recommendation, warehouse.dim_title
-- Writes: build.fact_recommendation (inserts the lists that readers have of a method; its new ones were deleted)
-- Rerun:  run once, after the deletion
-- Params: method_key  the method
-- Notes:  a list with a title that is in no catalogue now, or not for everybody, does not stay

insert into build.fact_recommendation (
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
from warehouse.fact_recommendation as kept
where
    method_key = %(method_key)s
    and not exists (
        select
        from warehouse.fact_recommendation as place
        inner join warehouse.dim_title as title
            on title.title_key in (place.source_title_key, place.recommended_title_key)
        where
            place.method_key = kept.method_key
            and place.subject_key = kept.subject_key
            and not (title.is_catalogue_title and title.is_current and not title.is_adult)
    );
