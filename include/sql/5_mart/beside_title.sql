-- mart.beside_title
-- Grain:  title of the current catalogues that stands beside one title x rank
-- Reads:  warehouse, mart.alike_titles
-- Writes: mart.beside_title(...) (function)
-- Rerun:  create or replace
-- Notes:  the title's list by the default method. Lists are made for titles of the catalogues; beside another one stands
--         what is like it, which is looked for at once (mart.alike_titles). Nothing is filtered here

create or replace function mart.beside_title(title_key bigint, "limit" integer default 10)
returns table (
    recommended_title_key bigint,
    rank integer,
    score double precision,
    score_kind text,
    score_raw double precision,
    reasons jsonb,
    method text
)
language sql stable parallel safe rows 10 as $function$
with

listed as materialized (
    select
        recommendation.recommended_title_key,
        recommendation.rank::integer as rank,
        recommendation.score::double precision as score,
        recommendation.score_kind,
        recommendation.score_raw,
        recommendation.reasons,
        method.method
    from warehouse.dim_rec_method as method
    inner join warehouse.fact_recommendation as recommendation on method.method_key = recommendation.method_key
    where
        method.is_default and method.subject_kind = 'title'
        and recommendation.subject_key = beside_title.title_key
)

(
    select *
    from listed
    order by listed.rank
    limit greatest(0, least(50, coalesce("limit", 10)))
)
union all
select
    alike.recommended_title_key,
    alike.rank,
    least(1, alike.score_raw) as score,
    'raw' as score_kind,
    alike.score_raw,
    alike.reasons,
    'alike_titles' as method
from mart.alike_titles(beside_title.title_key, "limit") as alike
where not exists (select from listed)
$function$;

comment on function mart.beside_title(
    bigint, integer
) is 'What stands beside a title, the best first, with score and reasons: its list, or of a title of no catalogue what of them is like it (method alike_titles, score_kind raw).';
