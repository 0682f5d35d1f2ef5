-- names_of_liked
-- Grain:  title that some viewer rated or watched, by the key that it has now
-- Reads:  warehouse.fact_user_rating, warehouse.fact_viewing, warehouse.title_identity, warehouse.dim_title
-- Writes: -
-- Rerun:  reads only

with

event as (
    select title_key
    from warehouse.fact_user_rating
    union
    select title_key
    from warehouse.fact_viewing
)

select
    title_key,
    title
from warehouse.dim_title
where
    title_key in (
        select coalesce(warehouse.resolve_title(merged.title_key), event.title_key)
        from event
        left join warehouse.title_identity as merged
            on event.title_key = merged.title_key and merged.merged_into is not null
    );
