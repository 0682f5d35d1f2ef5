-- viewers_to_catch_up
-- Grain:  viewer whose list has a title that the viewer has rated or watched
-- Reads:  warehouse.fact_recommendation, warehouse.fact_user_rating, warehouse.fact_viewing
-- Writes: -
-- Rerun:  reads only

select distinct recommendation.user_key
from warehouse.fact_recommendation as recommendation
where
    recommendation.user_key is not null
    and (
        exists (
            select
            from warehouse.fact_user_rating as rating
            where
                rating.user_key = recommendation.user_key
                and rating.title_key = recommendation.recommended_title_key
                and rating.source = 'app'
        )
        or exists (
            select
            from warehouse.fact_viewing as viewing
            where
                viewing.user_key = recommendation.user_key
                and viewing.title_key = recommendation.recommended_title_key
                and viewing.source = 'app'
        )
    );
