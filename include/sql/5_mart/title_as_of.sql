-- mart.title_as_of
-- Grain:  catalogue title that stood in some catalogue on a day
-- Reads:  warehouse
-- Writes: mart.title_as_of (function)
-- Rerun:  create or replace; another result needs another name
-- Notes:  identity is what is known now: a title that was linked later has its key of now. Between two loaded days what
--         the earlier one said holds

create or replace function mart.title_as_of(given_day date)
returns table (
    title_key bigint,
    title text,
    kind text,
    release_year smallint,
    certification text,
    runtime_min integer,
    season_count smallint,
    categories text[],
    description text,
    platforms text[],
    imdb_title_id text,
    imdb_rating_of_10 numeric,
    imdb_vote_count integer,
    critics_pct smallint,
    critics_count integer,
    audience_pct smallint,
    audience_count bigint,
    valid_from date,
    valid_until date
)
language sql
stable
as $$
select
    history.title_key,
    history.title,
    history.kind,
    history.release_year,
    history.certification,
    history.runtime_min,
    history.season_count,
    history.categories,
    history.description,
    array(
        select dim_platform.platform
        from warehouse.fact_availability
        inner join warehouse.dim_platform on fact_availability.platform_key = dim_platform.platform_key
        where
            fact_availability.title_key = history.title_key
            and fact_availability.entered_date <= given_day
            and coalesce(fact_availability.left_date, 'infinity') > given_day
        order by dim_platform.platform_key
    ) as platforms,
    dim_title.imdb_title_id,
    rating.imdb_rating_of_10,
    rating.imdb_vote_count,
    rating.critics_pct,
    rating.critics_count,
    rating.audience_pct,
    rating.audience_count,
    history.valid_from,
    history.valid_until
from warehouse.dim_title_history as history
inner join warehouse.dim_title on history.title_key = dim_title.title_key
left join lateral (
    select fact_title_rating.*
    from warehouse.fact_title_rating
    where fact_title_rating.title_key = history.title_key and fact_title_rating.rating_date <= given_day
    order by fact_title_rating.rating_date desc
    limit 1
) as rating on true
where history.valid_from <= given_day and coalesce(history.valid_until, 'infinity') > given_day
$$;

comment on function mart.title_as_of(date) is 'Grain: catalogue title. What the catalogues said on a day, with the scores of that day.';
