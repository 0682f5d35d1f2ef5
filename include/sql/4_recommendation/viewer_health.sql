-- build.fact_recommendation_quality
-- Grain:  metric of the lists for viewers and for everybody that build.fact_recommendation holds
-- Reads:  build.fact_recommendation, warehouse.dim_title, warehouse.dim_certification, warehouse.fact_user_rating,
--         warehouse.fact_viewing
-- Writes: build.fact_recommendation_quality (adds; the caller empties it)
-- Rerun:  equal
-- Params: load_id  the recommendations load
-- Notes:  of what is seen only what files say: an app may tell of a viewing while the lists are computed, and these lists
--         are made anew right after the publish (viewers_to_catch_up)

insert into build.fact_recommendation_quality (load_id, method_key, metric, value, limit_value, is_ok)
with

given as (
    select %(load_id)s::bigint as load_id
),

built as (
    select
        recommendation.method_key,
        recommendation.subject_key,
        recommendation.recommended_title_key,
        recommendation.is_cold,
        jsonb_array_length(recommendation.reasons) = 0 as is_reasonless,
        coalesce(title.is_adult, false) or coalesce(certification.least_age > 17, false) as is_adult,
        not coalesce(title.is_catalogue_title and title.is_current, false) as is_unavailable,
        exists (
            select
            from warehouse.fact_user_rating as rating
            where
                rating.user_key = recommendation.user_key
                and rating.title_key = recommendation.recommended_title_key
                and rating.source <> 'app'
        )
        or exists (
            select
            from warehouse.fact_viewing as viewing
            where
                viewing.user_key = recommendation.user_key
                and viewing.title_key = recommendation.recommended_title_key
                and viewing.source <> 'app'
        ) as is_seen
    from build.fact_recommendation as recommendation
    left join warehouse.dim_title as title on recommendation.recommended_title_key = title.title_key
    left join warehouse.dim_certification as certification
        on title.certification_key = certification.certification_key
    where recommendation.source_title_key is null
),

lists as (
    select
        method_key,
        subject_key,
        count(*) as length,
        count(*) - count(distinct recommended_title_key) as duplicates
    from built
    group by method_key, subject_key
),

of_lists as (
    select
        method_key,
        count(*) as subjects,
        count(*) filter (where length < 20) as short_lists,
        sum(duplicates) as duplicate_targets
    from lists
    group by method_key
),

of_rows as (
    select
        method_key,
        count(*) filter (where is_adult) as adult_targets,
        count(*) filter (where is_unavailable) as unavailable_targets,
        count(*) filter (where is_seen) as seen_targets,
        count(*) filter (where is_reasonless) as reasonless_rows,
        count(*) filter (where is_cold)::double precision / count(*) as cold_share
    from built
    group by method_key
)

select
    given.load_id,
    of_lists.method_key,
    metric.name as metric,
    metric.measured as value,
    metric.bound as limit_value,
    metric.bound is null or metric.measured <= metric.bound as is_ok
from given
cross join of_lists
inner join of_rows on of_lists.method_key = of_rows.method_key
cross join lateral (
    values
    ('subjects', of_lists.subjects::double precision, null::double precision),
    ('short_lists', of_lists.short_lists, null),
    ('duplicate_targets', of_lists.duplicate_targets, 0),
    ('adult_targets', of_rows.adult_targets, 0),
    ('unavailable_targets', of_rows.unavailable_targets, 0),
    ('seen_targets', of_rows.seen_targets, 0),
    ('reasonless_rows', of_rows.reasonless_rows, 0),
    ('cold_share', of_rows.cold_share, null)
) as metric (name, measured, bound);
