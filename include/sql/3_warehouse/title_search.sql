-- warehouse.title_search
-- Grain:  current work that is not adult
-- Reads:  warehouse, as the publish of this transaction leaves it
-- Writes: warehouse.title_search (only rows that differ; the names of works that left go with their rows)
-- Rerun:  a second run changes no row
-- Params: keys  titles to look at; null: all

with

scores as (
    select distinct on (title_key)
        title_key,
        coalesce(imdb_vote_count, 0) as vote_count,
        imdb_rating_of_10 as rating_of_10,
        imdb_weighted_of_10 as weighted_of_10,
        critics_pct,
        audience_pct
    from warehouse.fact_title_rating
    where %(keys)s::bigint[] is null or title_key = any(%(keys)s)
    order by title_key, rating_date desc
),

title_genres as (
    select
        bridge_title_genre.title_key,
        array_agg(dim_genre.genre order by dim_genre.genre) as genres
    from warehouse.bridge_title_genre
    inner join warehouse.dim_genre on bridge_title_genre.genre_key = dim_genre.genre_key
    where
        dim_genre.genre_kind = 'genre'
        and (%(keys)s::bigint[] is null or bridge_title_genre.title_key = any(%(keys)s))
    group by bridge_title_genre.title_key
),

title_platforms as (
    select
        bridge_title_source.title_key,
        array_agg(distinct dim_platform.platform) as platforms
    from warehouse.bridge_title_source
    inner join warehouse.dim_platform on bridge_title_source.platform_key = dim_platform.platform_key
    where %(keys)s::bigint[] is null or bridge_title_source.title_key = any(%(keys)s)
    group by bridge_title_source.title_key
),

wanted as materialized (
    select
        dim_title.title_key,
        dim_title.kind,
        dim_title.release_year,
        coalesce(scores.vote_count, 0) as vote_count,
        scores.rating_of_10,
        scores.weighted_of_10,
        scores.critics_pct,
        scores.audience_pct,
        dim_certification.least_age,
        coalesce(title_genres.genres, '{}') as genres,
        coalesce(title_platforms.platforms, '{}') as platforms
    from warehouse.dim_title
    left join scores on dim_title.title_key = scores.title_key
    left join title_genres on dim_title.title_key = title_genres.title_key
    left join title_platforms on dim_title.title_key = title_platforms.title_key
    left join warehouse.dim_certification
        on dim_title.certification_key = dim_certification.certification_key
    left join warehouse.title_identity
        on dim_title.title_key = title_identity.title_key and title_identity.merged_into is not null
    where
        dim_title.is_current
        and not dim_title.is_adult
        and title_identity.title_key is null
        and (%(keys)s::bigint[] is null or dim_title.title_key = any(%(keys)s))
),

gone as (
    delete from warehouse.title_search
    where
        (%(keys)s::bigint[] is null or title_search.title_key = any(%(keys)s))
        and not exists (
            select
            from wanted
            where wanted.title_key = title_search.title_key
        )
),

changed as (
    update warehouse.title_search
    set
        kind = wanted.kind,
        release_year = wanted.release_year,
        vote_count = wanted.vote_count,
        rating_of_10 = wanted.rating_of_10,
        weighted_of_10 = wanted.weighted_of_10,
        critics_pct = wanted.critics_pct,
        audience_pct = wanted.audience_pct,
        least_age = wanted.least_age,
        genres = wanted.genres,
        platforms = wanted.platforms
    from wanted
    where
        title_search.title_key = wanted.title_key
        and (
            title_search.kind, title_search.release_year, title_search.vote_count, title_search.rating_of_10,
            title_search.weighted_of_10, title_search.critics_pct, title_search.audience_pct, title_search.least_age,
            title_search.genres, title_search.platforms
        ) is distinct from (
            wanted.kind, wanted.release_year, wanted.vote_count, wanted.rating_of_10, wanted.weighted_of_10,
            wanted.critics_pct, wanted.audience_pct, wanted.least_age, wanted.genres, wanted.platforms
        )
)

insert into warehouse.title_search
select wanted.*
from wanted
where
    not exists (
        select
        from warehouse.title_search
        where title_search.title_key = wanted.title_key
    );
