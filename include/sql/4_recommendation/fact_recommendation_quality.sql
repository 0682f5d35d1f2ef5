-- build.fact_recommendation_quality
-- Grain:  metric of the refresh that build.fact_recommendation holds; a limit is never passed by a good refresh
-- Reads:  build.fact_recommendation, warehouse.dim_title, warehouse.dim_genre, warehouse.bridge_title_genre
-- Writes: build.fact_recommendation_quality (adds; the caller empties it)
-- Rerun:  equal but for seconds and peak_mb
-- Params: load_id            the recommendations load
--         method_key         the method
--         franchise_repeats  mean number of targets of the source's own franchise on a list
--         seconds            wall time of computing the lists
--         peak_mb            largest memory of the process

insert into build.fact_recommendation_quality (load_id, method_key, metric, value, limit_value, is_ok)
with

given as (
    select
        %(load_id)s::bigint as load_id,
        %(method_key)s::smallint as method_key,
        %(franchise_repeats)s::double precision as franchise_repeats,
        %(seconds)s::double precision as seconds,
        %(peak_mb)s::double precision as peak_mb
),

built as (
    select
        recommendation.source_title_key,
        recommendation.recommended_title_key,
        recommendation.rank,
        recommendation.is_cold,
        recommendation.reasons
    from given
    inner join build.fact_recommendation as recommendation on given.method_key = recommendation.method_key
),

catalogue as (
    select
        title.title_key,
        title.kind,
        title.is_adult or exists (
            select
            from warehouse.bridge_title_genre as bridge
            inner join warehouse.dim_genre as genre on bridge.genre_key = genre.genre_key
            where bridge.title_key = title.title_key and genre.genre = 'Adult'
        ) as is_adult
    from warehouse.dim_title as title
    where title.is_catalogue_title and title.is_current
),

lists as (
    select
        catalogue.title_key,
        count(built.rank) as length
    from catalogue
    left join built on catalogue.title_key = built.source_title_key
    group by catalogue.title_key
),

shown as (
    select
        recommended_title_key,
        count(*) as times
    from built
    group by recommended_title_key
),

pairs as (
    select
        built.source_title_key,
        built.recommended_title_key,
        built.reasons,
        built.is_cold,
        built.rank,
        target.is_adult,
        target.title_key is null as is_unavailable,
        (source.kind = 'series') <> (target.kind = 'series') as is_across_kinds
    from built
    left join catalogue as source on built.source_title_key = source.title_key
    left join catalogue as target on built.recommended_title_key = target.title_key
),

of_lists as (
    select
        count(*) filter (where length > 0) as subjects,
        count(*) filter (where length = 0) as subjects_without_list,
        count(*) filter (where length between 1 and 9) as short_lists
    from lists
),

of_targets as (
    select
        coalesce(count(shown.times)::double precision / nullif(count(*), 0), 0) as coverage,
        coalesce(max(shown.times)::double precision / sum(shown.times), 0) as top_target_share,
        -- In a small catalogue one title may well be a good answer to many.
        case when count(*) >= 1000 then 0.02 end as top_target_limit
    from catalogue
    left join shown on catalogue.title_key = shown.recommended_title_key
    where not catalogue.is_adult
),

listed_twice as (
    select count(*) as duplicate_targets
    from (
        select
            source_title_key,
            recommended_title_key
        from pairs
        group by source_title_key, recommended_title_key
        having count(*) > 1
    ) as repeated
),

of_pairs as (
    select
        count(*) filter (where source_title_key = recommended_title_key) as self_targets,
        count(*) filter (where is_adult) as adult_targets,
        count(*) filter (where is_unavailable) as unavailable_targets,
        count(*) filter (where jsonb_array_length(reasons) = 0) as reasonless_rows,
        count(*) filter (where is_cold and rank = 1) as cold_lists,
        coalesce(count(*) filter (where is_across_kinds)::double precision / nullif(count(*), 0), 0)
            as across_kinds_share
    from pairs
)

select
    given.load_id,
    given.method_key,
    metric.name as metric,
    metric.measured as value,
    metric.bound as limit_value,
    metric.bound is null or metric.measured <= metric.bound as is_ok
from given
cross join of_lists
cross join of_targets
cross join listed_twice
cross join of_pairs
cross join lateral (
    values
    ('subjects', of_lists.subjects::double precision, null::double precision),
    ('subjects_without_list', of_lists.subjects_without_list, null),
    ('short_lists', of_lists.short_lists, null),
    ('coverage', of_targets.coverage, null),
    ('top_target_share', of_targets.top_target_share, of_targets.top_target_limit),
    ('self_targets', of_pairs.self_targets, 0),
    ('duplicate_targets', listed_twice.duplicate_targets, 0),
    ('adult_targets', of_pairs.adult_targets, 0),
    ('unavailable_targets', of_pairs.unavailable_targets, 0),
    ('reasonless_rows', of_pairs.reasonless_rows, 0),
    ('across_kinds_share', of_pairs.across_kinds_share, null),
    ('cold_lists', of_pairs.cold_lists, null),
    ('franchise_repeats', given.franchise_repeats, null),
    ('seconds', given.seconds, null),
    ('peak_mb', given.peak_mb, null)
) as metric (name, measured, bound);
