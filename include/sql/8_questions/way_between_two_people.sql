-- way_between_two_people
-- Grain:  step of the way
-- Reads:  mart.people_path, warehouse
-- Writes: -
-- Rerun:  reads only
-- Notes:  Over which titles are the director and the actor with most titles of the catalogues connected?

with

busiest as (
    select distinct on (dim_role.role = 'director')
        bridge_title_person_role.person_key,
        dim_role.role = 'director' as is_director
    from warehouse.bridge_title_source
    inner join warehouse.bridge_title_person_role
        on bridge_title_source.title_key = bridge_title_person_role.title_key
    inner join warehouse.dim_role on bridge_title_person_role.role_key = dim_role.role_key
    where
        bridge_title_source.platform_key is not null
        and dim_role.role in ('director', 'actor')
        and bridge_title_person_role.person_key < 1000000000000
    group by bridge_title_person_role.person_key, dim_role.role = 'director'
    order by
        dim_role.role = 'director', count(distinct bridge_title_source.title_key) desc,
        bridge_title_person_role.person_key
)

select
    way.step,
    way.person_name,
    way.by_title,
    way.by_release_year
from busiest as director
inner join busiest as actor on director.is_director and not actor.is_director
cross join lateral mart.people_path(director.person_key, actor.person_key) as way
order by way.step;
