-- mart.recommend_for
-- Grain:  recommended title x rank, for the viewers and titles asked for
-- Reads:  warehouse, mart.beside_titles, mart.reason_sentence
-- Writes: mart.recommend_for(...) (function)
-- Rerun:  create or replace
-- Notes:  what stands on a viewer's list or beside a title gets 1 / (60 + rank) from it; the parts are added up. What
--         stands beside that again comes behind it (mart.beside_titles), unless a viewer's list has it.
--         Several viewers take turns: everybody's first title that passes comes before anybody's second, so that
--         nobody is left with nothing. Popular titles that pass fill what is left, with far smaller parts.
--         Unknown never passes a filter: a title without certification is not for children

create or replace function mart.recommend_for(
    users bigint[] default '{}',
    titles bigint[] default '{}',
    platforms text[] default '{}',
    max_age integer default null,
    max_minutes integer default null,
    genres text[] default '{}',
    min_critics integer default null,
    "limit" integer default 10
) returns table (
    rank integer,
    title_key bigint,
    title text,
    kind text,
    release_year smallint,
    score_raw double precision,
    reasons jsonb,
    why text,
    runtime_min integer,
    least_age smallint,
    critics_pct smallint
)
language sql stable parallel safe as $function$
with

asked as (
    select
        coalesce(users, '{}') as users,
        coalesce(titles, '{}') as titles,
        array(
            select lower(btrim(wanted.platform))
            from unnest(platforms) as wanted (platform)
        ) as platforms,
        array(
            select lower(btrim(wanted.genre))
            from unnest(genres) as wanted (genre)
        ) as genres,
        greatest(1, least(50, coalesce("limit", 10))) as length
),

beside as materialized (
    select beside_titles.*
    from mart.beside_titles(titles) as beside_titles
),

-- What each source (a title, a viewer) says of each title.
direct as materialized (
    select
        'title ' || beside.source_title_key as source,
        beside.recommended_title_key as title_key,
        beside.rank,
        beside.share,
        jsonb_build_object(
            'kind', 'similar to', 'value', source_title.title, 'title_key', beside.source_title_key,
            'because', case when cardinality(asked.titles) + cardinality(asked.users) > 1
                then 'similar to ' || source_title.title || ': ' else '' end
            || mart.reason_sentence(beside.reasons)
        ) as part
    from asked
    cross join beside
    inner join warehouse.dim_title as source_title on beside.source_title_key = source_title.title_key
    where beside.via_title_key is null
    union all
    select
        'viewer ' || recommendation.user_key as source,
        recommendation.recommended_title_key as title_key,
        recommendation.rank,
        round(1.0 / (60 + recommendation.rank), 8) as share,
        jsonb_build_object(
            'kind', 'for viewer',
            'value', 'viewer ' || recommendation.user_key,
            'because', case when cardinality(asked.titles) + cardinality(asked.users) > 1
                then 'viewer ' || recommendation.user_key || ': ' else '' end
            || mart.reason_sentence(recommendation.reasons)
        ) as part
    from asked
    cross join (
        select distinct listed.user_key
        from unnest(users) as listed (user_key)
    ) as wanted
    inner join warehouse.fact_recommendation as recommendation
        -- The blend, as in recommending/methods.py.
        on recommendation.method_key = 7 and wanted.user_key = recommendation.subject_key
),

said as (
    select
        direct.source,
        direct.title_key,
        direct.rank,
        direct.share,
        direct.part
    from direct
    union all
    select
        'title ' || beside.source_title_key as source,
        beside.recommended_title_key as title_key,
        beside.rank,
        beside.share,
        jsonb_build_object(
            'kind', 'similar to', 'value', via_title.title, 'title_key', beside.via_title_key,
            'because', 'like ' || via_title.title || ', which is like ' || source_title.title || ': '
            || mart.reason_sentence(beside.reasons)
        ) as part
    from beside
    inner join warehouse.dim_title as source_title on beside.source_title_key = source_title.title_key
    inner join warehouse.dim_title as via_title on beside.via_title_key = via_title.title_key
    where not exists (
        select
        from direct
        where direct.title_key = beside.recommended_title_key
    )
),

-- What one of them has rated or watched, by the keys that the titles have now.
seen as materialized (
    select coalesce(warehouse.resolve_title(merged.title_key), event.title_key) as title_key
    from (
        select rating.title_key
        from warehouse.fact_user_rating as rating
        where rating.user_key = any(users)
        union all
        select viewing.title_key
        from warehouse.fact_viewing as viewing
        where viewing.user_key = any(users)
    ) as event
    left join warehouse.title_identity as merged
        on event.title_key = merged.title_key and merged.merged_into is not null
),

newest_rating as (
    select distinct on (rating.title_key)
        rating.title_key,
        rating.imdb_vote_count,
        rating.imdb_weighted_of_10,
        rating.critics_pct
    from warehouse.fact_title_rating as rating
    order by rating.title_key asc, rating.rating_date desc
),

fit as (
    select
        title.title_key,
        title.title,
        title.kind,
        title.release_year,
        title.runtime_min,
        certification.least_age,
        newest_rating.critics_pct,
        row_number() over (
            order by
                coalesce(newest_rating.imdb_weighted_of_10, 5) * ln(2 + coalesce(newest_rating.imdb_vote_count, 0)) desc,
                title.title_key asc
        ) as popular_rank,
        substring(title.folded_title from '^\S+(?: \S+)?') as franchise
    from asked
    inner join warehouse.dim_title as title on title.is_catalogue_title and title.is_current and not title.is_adult
    left join warehouse.dim_certification as certification
        on title.certification_key = certification.certification_key
    left join newest_rating on title.title_key = newest_rating.title_key
    where
        title.title_key <> all(asked.titles)
        and coalesce(certification.least_age, 0) <= 17
        and (max_age is null or certification.least_age <= max_age)
        and (max_minutes is null or title.runtime_min <= max_minutes)
        and (min_critics is null or newest_rating.critics_pct >= min_critics)
        and not exists (
            select
            from warehouse.bridge_title_genre as bridge
            inner join warehouse.dim_genre as genre on bridge.genre_key = genre.genre_key
            where bridge.title_key = title.title_key and genre.genre = 'Adult'
        )
        and (
            cardinality(asked.genres) = 0
            or exists (
                select
                from warehouse.bridge_title_genre as bridge
                inner join warehouse.dim_genre as genre on bridge.genre_key = genre.genre_key
                where bridge.title_key = title.title_key and lower(genre.genre) = any(asked.genres)
            )
        )
        and (
            cardinality(asked.platforms) = 0
            or exists (
                select
                from warehouse.bridge_title_source as entry
                inner join warehouse.dim_platform as platform on entry.platform_key = platform.platform_key
                where entry.title_key = title.title_key and platform.platform = any(asked.platforms)
            )
        )
        and not exists (
            select
            from seen
            where seen.title_key = title.title_key
        )
),

-- A turn is a place on the list of one source, counted after the filters.
turns as (
    select
        said.title_key,
        said.part || jsonb_build_object('share', said.share) as part,
        said.share,
        row_number() over (
            partition by said.source
            order by said.rank
        ) as turn
    from said
    inner join fit on said.title_key = fit.title_key
),

totals as (
    select
        turns.title_key,
        min(turns.turn) as turn,
        sum(turns.share) as score,
        jsonb_agg(turns.part order by turns.share desc, turns.part ->> 'value') as reasons
    from turns
    group by turns.title_key
    union all
    select
        popular.title_key,
        1000 + popular.popular_rank as turn,
        round(1.0 / (1000 + popular.popular_rank), 8) as score,
        jsonb_build_array(jsonb_build_object(
            'kind', 'popular', 'value', 'well known and well rated',
            'share', round(1.0 / (1000 + popular.popular_rank), 8)
        )) as reasons
    from fit as popular
    where
        popular.popular_rank <= 200
        and not exists (
            select
            from turns
            where turns.title_key = popular.title_key
        )
),

ordered as (
    select
        totals.title_key,
        totals.score,
        totals.reasons,
        case when cardinality(asked.users) > 1 then totals.turn else 0 end as turn,
        row_number() over (
            partition by fit.franchise
            order by
                case when cardinality(asked.users) > 1 then totals.turn else 0 end asc,
                totals.score desc,
                totals.title_key asc
        ) as of_franchise
    from totals
    cross join asked
    inner join fit on totals.title_key = fit.title_key
)

select
    (row_number() over (order by ordered.turn asc, ordered.score desc, ordered.title_key asc))::integer as rank,
    fit.title_key,
    fit.title,
    fit.kind,
    fit.release_year,
    ordered.score::double precision as score_raw,
    ordered.reasons,
    mart.reason_sentence(ordered.reasons) as why,
    fit.runtime_min,
    fit.least_age,
    fit.critics_pct
from ordered
inner join fit on ordered.title_key = fit.title_key
where ordered.of_franchise <= 2
order by ordered.turn asc, ordered.score desc, ordered.title_key asc
limit (
    select asked.length
    from asked
);
$function$;

comment on function mart.recommend_for(
    bigint[], bigint[], text[], integer, integer, text[], integer, integer
) is 'Titles for viewers, beside titles, or both: several viewers take turns, several titles add up. Filters: platforms (netflix, amazon, disney, hulu: any of them), oldest age, longest runtime, genres (any of them), least share of critics; unknown never passes. At most 50.';
