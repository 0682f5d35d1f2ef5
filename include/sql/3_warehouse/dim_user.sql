-- build.dim_user
-- Grain:  one viewer whom the viewers files have or of whom an app has told
-- Reads:  staging.viewers_ratings, staging.viewers_viewings, warehouse.fact_user_rating, warehouse.fact_viewing
-- Writes: build.dim_user (empty before)
-- Rerun:  the table is emptied and filled anew from the same rows
-- Notes:  numbers from 900,000,000 on are those that `reelhouse sample viewers` gives: invented viewers

insert into build.dim_user (user_key, source, is_synthetic)
select
    user_key,
    max(source) as source,
    user_key >= 900000000 as is_synthetic
from (
    select
        viewer_number::bigint as user_key,
        'viewers' as source
    from staging.viewers_ratings
    union
    select
        viewer_number::bigint as user_key,
        'viewers' as source
    from staging.viewers_viewings
    union
    select
        user_key,
        'app' as source
    from warehouse.fact_user_rating
    where source = 'app'
    union
    select
        user_key,
        'app' as source
    from warehouse.fact_viewing
    where source = 'app'
) as viewers
group by user_key;
