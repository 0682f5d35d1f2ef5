-- names_of_liked
-- Grain:  title that some viewer rated or watched
-- Reads:  warehouse.fact_user_rating, warehouse.fact_viewing, warehouse.dim_title
-- Writes: -
-- Rerun:  reads only

select
    title_key,
    title
from warehouse.dim_title
where
    title_key in (
        select title_key
        from warehouse.fact_user_rating
        union
        select title_key
        from warehouse.fact_viewing
    );
