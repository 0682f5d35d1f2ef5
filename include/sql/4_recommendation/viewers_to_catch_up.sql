-- viewers_to_catch_up
-- Grain:  viewer whose list has a title that the viewer has rated or watched
-- Reads:  warehouse.fact_recommendation, warehouse.fact_user_rating, warehouse.fact_viewing, warehouse.title_identity
-- Writes: -
-- Rerun:  reads only

with

sent as (
    select
        user_key,
        title_key
    from warehouse.fact_user_rating
    where source = 'app'
    union
    select
        user_key,
        title_key
    from warehouse.fact_viewing
    where source = 'app'
),

-- By the keys that the titles have now.
known as (
    select
        sent.user_key,
        coalesce(warehouse.resolve_title(merged.title_key), sent.title_key) as title_key
    from sent
    left join warehouse.title_identity as merged
        on sent.title_key = merged.title_key and merged.merged_into is not null
)

select distinct recommendation.user_key
from warehouse.fact_recommendation as recommendation
inner join known
    on recommendation.user_key = known.user_key and recommendation.recommended_title_key = known.title_key;
