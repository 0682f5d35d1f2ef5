-- mart.beside_titles
-- Grain:  title asked for x title that stands beside it, or beside what stands beside it
-- Reads:  warehouse, mart.beside_title
-- Writes: mart.beside_titles(...) (function)
-- Rerun:  create or replace
-- Notes:  what a list for several titles is blended from (mart.recommend_for, /api/v1/recommend/titles). A place gives
--         1 / (60 + rank). What stands beside the ten of a title is for filters that let few of those through: it comes
--         behind every list of the titles asked for, 10 + both ranks, by the shortest way there, and once, or what two
--         of them lead to would come before what stands beside one. Nothing is filtered here, not even the titles asked
--         for

create or replace function mart.beside_titles(titles bigint[])
returns table (
    source_title_key bigint,
    via_title_key bigint,
    recommended_title_key bigint,
    rank integer,
    share numeric,
    reasons jsonb
)
language sql stable parallel safe rows 100 as $function$
with

wanted as (
    select distinct asked.title_key
    from unnest(titles) as asked (title_key)
),

own as materialized (
    select
        wanted.title_key as source_title_key,
        beside.recommended_title_key,
        beside.rank,
        beside.reasons
    from wanted
    cross join lateral mart.beside_title(wanted.title_key) as beside
),

further as (
    select distinct on (second.recommended_title_key)
        own.source_title_key,
        own.recommended_title_key as via_title_key,
        second.recommended_title_key,
        10 + own.rank + second.rank as rank,
        second.reasons
    from own
    inner join warehouse.fact_recommendation as second
        -- What is similar (similar_hybrid), as in recommending/methods.py.
        on second.method_key = 1 and own.recommended_title_key = second.subject_key
    where
        not exists (
            select
            from own as known
            where known.recommended_title_key = second.recommended_title_key
        )
    order by
        second.recommended_title_key asc, own.rank + second.rank asc, own.source_title_key asc,
        own.recommended_title_key asc
),

told as (
    select
        own.source_title_key,
        null::bigint as via_title_key,
        own.recommended_title_key,
        own.rank,
        own.reasons
    from own
    union all
    select
        further.source_title_key,
        further.via_title_key,
        further.recommended_title_key,
        further.rank::integer as rank,
        further.reasons
    from further
)

select
    told.source_title_key,
    told.via_title_key,
    told.recommended_title_key,
    told.rank,
    round(1.0 / (60 + told.rank), 8) as share,
    told.reasons
from told
$function$;

comment on function mart.beside_titles(
    bigint[]
) is 'What stands beside each of some titles, and, with via_title_key, once and behind all that, what stands beside that: rank, and the share that it gives to a list of several. Unfiltered.';
