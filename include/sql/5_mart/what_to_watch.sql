-- mart.what_to_watch
-- Grain:  function: title of a platform's catalogue that fits what is asked for, the surest good one first
-- Reads:  mart.titles, warehouse
-- Writes: mart.what_to_watch (function)
-- Rerun:  dropped and made again
-- Notes:  every filter may be left out. What is not known of a title does not fit: an unknown age is not "for all", an
--         unknown length is not short. Adult titles never fit. Ranked by the lower bound of IMDb's average, so that
--         nine votes do not win. Words are meant in any case: of genres to be left out that matters most

drop function if exists mart.what_to_watch;

create function mart.what_to_watch(
    platforms text[] default null,
    kinds text[] default null,
    genres text[] default null,
    without_genres text[] default null,
    max_age integer default null,
    max_minutes integer default null,
    min_minutes integer default null,
    min_year integer default null,
    max_year integer default null,
    min_imdb_of_10 numeric default null,
    min_critics_pct integer default null,
    min_audience_pct integer default null,
    languages text[] default null,
    max_rows integer default 25
)
returns table (
    title_key bigint,
    title text,
    kind text,
    release_year smallint,
    on_platforms text[],
    in_genres text[],
    certification text,
    least_age smallint,
    runtime_min integer,
    imdb_rating_of_10 numeric,
    imdb_low_of_10 numeric,
    imdb_vote_count integer,
    critics_pct smallint,
    audience_pct smallint
)
language sql
stable
as $$
with

asked as materialized (
    select
        array(select lower(btrim(word)) from unnest(what_to_watch.platforms) as word) as platforms,
        array(select lower(btrim(word)) from unnest(what_to_watch.kinds) as word) as kinds,
        array(select lower(btrim(word)) from unnest(what_to_watch.genres) as word) as genres,
        array(select lower(btrim(word)) from unnest(what_to_watch.without_genres) as word) as without_genres,
        array(select lower(btrim(word)) from unnest(what_to_watch.languages) as word) as languages
),

offered as materialized (
    select
        bridge_title_source.title_key,
        array_agg(distinct dim_platform.platform order by dim_platform.platform) as platforms
    from warehouse.bridge_title_source
    inner join warehouse.dim_platform on bridge_title_source.platform_key = dim_platform.platform_key
    cross join asked
    group by bridge_title_source.title_key
    having what_to_watch.platforms is null or bool_or(dim_platform.platform = any(asked.platforms))
),

fitting as (
    select
        titles.title_key,
        titles.title,
        titles.kind,
        titles.release_year,
        offered.platforms,
        titles.genres,
        titles.certification,
        titles.least_age,
        titles.runtime_min,
        titles.imdb_rating_of_10,
        titles.imdb_low_of_10,
        titles.imdb_vote_count,
        titles.critics_pct,
        titles.audience_pct
    from offered
    inner join mart.titles on offered.title_key = titles.title_key
    cross join asked
    cross join lateral (
        select array_agg(lower(word)) as genres
        from unnest(titles.genres) as word
    ) as lowered
    where
        titles.is_current
        and not titles.is_adult
        and (what_to_watch.kinds is null or titles.kind = any(asked.kinds))
        and (what_to_watch.max_age is null or titles.least_age <= what_to_watch.max_age)
        and (what_to_watch.max_minutes is null or titles.runtime_min <= what_to_watch.max_minutes)
        and (what_to_watch.min_minutes is null or titles.runtime_min >= what_to_watch.min_minutes)
        and (what_to_watch.min_year is null or titles.release_year >= what_to_watch.min_year)
        and (what_to_watch.max_year is null or titles.release_year <= what_to_watch.max_year)
        and (what_to_watch.min_imdb_of_10 is null or titles.imdb_rating_of_10 >= what_to_watch.min_imdb_of_10)
        and (what_to_watch.min_critics_pct is null or titles.critics_pct >= what_to_watch.min_critics_pct)
        and (what_to_watch.min_audience_pct is null or titles.audience_pct >= what_to_watch.min_audience_pct)
        and (what_to_watch.languages is null or lower(titles.original_language) = any(asked.languages))
        and (what_to_watch.genres is null or lowered.genres && asked.genres)
        and (what_to_watch.without_genres is null or not coalesce(lowered.genres, '{}') && asked.without_genres)
)

select *
from fitting
order by fitting.imdb_low_of_10 desc nulls last, fitting.imdb_vote_count desc nulls last, fitting.title_key
limit what_to_watch.max_rows
$$;

comment on function mart.what_to_watch is 'Titles of the platforms'' current catalogues that fit what is asked for, the surest good one first. Example: select * from mart.what_to_watch(genres => ''{Comedy}'', max_age => 7, max_minutes => 100).';
