-- viewer_events
-- Grain:  viewer x title: whether it was liked, and when it was rated or watched last
-- Reads:  warehouse.fact_user_rating, warehouse.fact_viewing, warehouse.title_identity, warehouse.dim_title
-- Writes: -
-- Rerun:  reads only
-- Params: user_key  one viewer, or null for all
-- Notes:  liked is a rating of four and more; without a rating, a viewing of at least half the runtime, or of unknown
--         length. A viewing that was broken off is no like, but seen it is.
--         What was told of a work that turned out to be another title counts for that one: of ratings of both the newest

with

-- Few: what was told of a work while nobody knew which title it is.
moved as materialized (
    select
        rating.user_key,
        warehouse.resolve_title(merged.title_key) as title_key,
        rating.rating_of_5,
        rating.rated_at
    from warehouse.title_identity as merged
    inner join warehouse.fact_user_rating as rating on merged.title_key = rating.title_key
    where
        merged.merged_into is not null
        and (%(user_key)s::bigint is null or rating.user_key = %(user_key)s::bigint)
),

newest as materialized (
    select distinct on (user_key, title_key)
        user_key,
        title_key,
        rating_of_5,
        rated_at
    from (
        select moved.*
        from moved
        union all
        select
            rating.user_key,
            rating.title_key,
            rating.rating_of_5,
            rating.rated_at
        from moved
        inner join warehouse.fact_user_rating as rating
            on moved.user_key = rating.user_key and moved.title_key = rating.title_key
    ) as of_both
    order by user_key asc, title_key asc, rated_at desc, rating_of_5 desc
),

rated as (
    select
        rating.user_key,
        rating.title_key,
        rating.rating_of_5 >= 4 as is_like,
        rating.rated_at
    from warehouse.fact_user_rating as rating
    left join warehouse.title_identity as merged
        on rating.title_key = merged.title_key and merged.merged_into is not null
    where
        (%(user_key)s::bigint is null or rating.user_key = %(user_key)s::bigint)
        and merged.title_key is null
        -- Not a join: nothing is known of how few they are, and all ratings would be hashed instead.
        and (rating.user_key, rating.title_key) not in (
            select
                user_key,
                title_key
            from newest
        )
    union all
    select
        user_key,
        title_key,
        rating_of_5 >= 4 as is_like,
        rated_at
    from newest
),

viewed as (
    select
        viewing.user_key,
        title.title_key,
        bool_or(
            viewing.viewed_min is null or viewing.viewed_min >= 0.5 * coalesce(title.runtime_min, 0)
        ) as is_like,
        max(viewing.viewed_at) as viewed_at
    from warehouse.fact_viewing as viewing
    left join warehouse.title_identity as merged
        on viewing.title_key = merged.title_key and merged.merged_into is not null
    inner join warehouse.dim_title as title
        on coalesce(warehouse.resolve_title(merged.title_key), viewing.title_key) = title.title_key
    where %(user_key)s::bigint is null or viewing.user_key = %(user_key)s::bigint
    group by viewing.user_key, title.title_key
)

select
    coalesce(rated.user_key, viewed.user_key) as user_key,
    coalesce(rated.title_key, viewed.title_key) as title_key,
    coalesce(rated.is_like, viewed.is_like) as is_like,
    extract(epoch from greatest(rated.rated_at, viewed.viewed_at))::bigint as last_epoch_s
from rated
full join viewed on rated.user_key = viewed.user_key and rated.title_key = viewed.title_key
order by user_key, last_epoch_s, title_key;
