-- viewer_events
-- Grain:  viewer x title: whether it was liked, and when it was rated or watched last
-- Reads:  warehouse.fact_user_rating, warehouse.fact_viewing, warehouse.dim_title
-- Writes: -
-- Rerun:  reads only
-- Params: user_key  one viewer, or null for all
-- Notes:  liked is a rating of four and more; without a rating, a viewing of at least half the runtime, or of unknown
--         length. A viewing that was broken off is no like, but seen it is

with

rated as (
    select
        user_key,
        title_key,
        rating_of_5 >= 4 as is_like,
        rated_at
    from warehouse.fact_user_rating
    where %(user_key)s::bigint is null or user_key = %(user_key)s::bigint
),

viewed as (
    select
        viewing.user_key,
        viewing.title_key,
        bool_or(
            viewing.viewed_min is null or viewing.viewed_min >= 0.5 * coalesce(title.runtime_min, 0)
        ) as is_like,
        max(viewing.viewed_at) as viewed_at
    from warehouse.fact_viewing as viewing
    inner join warehouse.dim_title as title on viewing.title_key = title.title_key
    where %(user_key)s::bigint is null or viewing.user_key = %(user_key)s::bigint
    group by viewing.user_key, viewing.title_key
)

select
    coalesce(rated.user_key, viewed.user_key) as user_key,
    coalesce(rated.title_key, viewed.title_key) as title_key,
    coalesce(rated.is_like, viewed.is_like) as is_like,
    extract(epoch from greatest(rated.rated_at, viewed.viewed_at))::bigint as last_epoch_s
from rated
full join viewed on rated.user_key = viewed.user_key and rated.title_key = viewed.title_key
order by user_key, last_epoch_s, title_key;
