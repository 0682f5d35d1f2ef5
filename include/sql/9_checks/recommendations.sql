-- checks of recommendations
-- Grain:  each query asks for rows of build.fact_recommendation that must not exist
-- Reads:  build.fact_recommendation, schema warehouse
-- Writes: -
-- Rerun:  reads only

-- fail
select
    'no list although there is a catalogue' as problem,
    count(*) as catalogue_titles
from warehouse.dim_title
where is_catalogue_title and is_current and not is_adult
having count(*) > 1 and not exists (select from build.fact_recommendation);

-- fail
select
    'a title that is not in any catalogue now stands on a list' as problem,
    recommendation.source_title_key,
    recommendation.recommended_title_key
from build.fact_recommendation as recommendation
left join warehouse.dim_title as source
    on recommendation.source_title_key = source.title_key and source.is_catalogue_title and source.is_current
left join warehouse.dim_title as target
    on recommendation.recommended_title_key = target.title_key and target.is_catalogue_title and target.is_current
where
    (recommendation.source_title_key is not null and source.title_key is null)
    or target.title_key is null;

-- An app may tell of a viewing while the lists are computed: who reads a list does not see that title, and the list is
-- made anew right after the publish.
-- fail
select
    'what a viewer has rated or watched is recommended to that viewer' as problem,
    recommendation.user_key,
    recommendation.recommended_title_key
from build.fact_recommendation as recommendation
where
    recommendation.user_key is not null
    and (
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
        )
    );

-- fail
select
    'an adult title is recommended' as problem,
    recommendation.source_title_key,
    recommendation.recommended_title_key
from build.fact_recommendation as recommendation
inner join warehouse.dim_title as target on recommendation.recommended_title_key = target.title_key
where target.is_adult;

-- fail
select
    'a title above PG or of unknown certification is recommended beside a children''s title' as problem,
    recommendation.source_title_key,
    recommendation.recommended_title_key,
    target_certification.certification
from build.fact_recommendation as recommendation
inner join warehouse.dim_title as source on recommendation.source_title_key = source.title_key
inner join warehouse.dim_certification as source_certification
    on source.certification_key = source_certification.certification_key
inner join warehouse.dim_title as target on recommendation.recommended_title_key = target.title_key
left join warehouse.dim_certification as target_certification
    on target.certification_key = target_certification.certification_key
where
    source_certification.least_age <= 7
    and (
        target_certification.least_age is null
        or target_certification.least_age > (
            select coalesce(max(guided.least_age), 0)
            from warehouse.dim_certification as guided
            where guided.certification in ('PG', 'TV-PG')
        )
    );

-- fail
select
    'a title for adults only is recommended beside one that is not for the grown-up' as problem,
    recommendation.source_title_key,
    recommendation.recommended_title_key
from build.fact_recommendation as recommendation
inner join warehouse.dim_title as source on recommendation.source_title_key = source.title_key
left join warehouse.dim_certification as source_certification
    on source.certification_key = source_certification.certification_key
inner join warehouse.dim_title as target on recommendation.recommended_title_key = target.title_key
inner join warehouse.dim_certification as target_certification
    on target.certification_key = target_certification.certification_key
where target_certification.least_age > 17 and coalesce(source_certification.least_age, 0) < 17;

-- fail
select
    'ranks of a list have a gap' as problem,
    method_key,
    subject_key,
    count(*) as list_length,
    max(rank) as last_rank
from build.fact_recommendation
group by method_key, subject_key, source_title_key
having
    count(*) <> max(rank)
    -- Ten beside a title, twenty for a viewer; what stands in for those we know nothing of is longer.
    or max(rank) > case when source_title_key is not null then 10 when subject_key > 0 then 20 else 50 end;

-- fail
select
    'a title stands twice on a list' as problem,
    method_key,
    subject_key,
    recommended_title_key
from build.fact_recommendation
group by method_key, subject_key, recommended_title_key
having count(*) > 1;

-- fail
select
    'more than two of the other kind on a list' as problem,
    recommendation.source_title_key,
    count(*) as across_kinds
from build.fact_recommendation as recommendation
inner join warehouse.dim_title as source on recommendation.source_title_key = source.title_key
inner join warehouse.dim_title as target on recommendation.recommended_title_key = target.title_key
where (source.kind = 'series') <> (target.kind = 'series')
group by recommendation.method_key, recommendation.source_title_key
having count(*) > 2;

-- fail
select
    'reasons do not add up to the score' as problem,
    explained.subject_key,
    explained.recommended_title_key,
    explained.score_raw,
    explained.total
from (
    select
        recommendation.subject_key,
        recommendation.recommended_title_key,
        recommendation.score_raw,
        sum((reason.reason ->> 'share')::double precision) as total
    from build.fact_recommendation as recommendation
    left join jsonb_array_elements(recommendation.reasons) as reason (reason) on true
    group by
        recommendation.method_key,
        recommendation.subject_key,
        recommendation.rank,
        recommendation.recommended_title_key,
        recommendation.score_raw
) as explained
where explained.total is null or abs(explained.total - explained.score_raw) > 1e-6;

-- warn
select
    'a catalogue title has no list' as problem,
    title.title_key,
    title.title
from warehouse.dim_title as title
left join build.fact_recommendation as recommendation on title.title_key = recommendation.source_title_key
where title.is_catalogue_title and title.is_current and recommendation.rank is null;
