-- directed_and_acted
-- Grain:  title x person
-- Reads:  warehouse
-- Writes: -
-- Rerun:  reads only
-- Notes:  Who both directed and acted in a title of a catalogue? A person counts once a title, whatever the roles. Only
--         those who did both are looked up by name

with

credits as materialized (
    select
        bridge_title_person_role.title_key,
        bridge_title_person_role.person_key,
        dim_role.role,
        dim_role.role_group,
        bridge_title_person_role.billing_order,
        bridge_title_person_role.characters
    from warehouse.dim_title
    inner join warehouse.bridge_title_person_role on dim_title.title_key = bridge_title_person_role.title_key
    inner join warehouse.dim_role on bridge_title_person_role.role_key = dim_role.role_key
    where dim_title.is_catalogue_title
),

did_both as (
    select distinct on (director.title_key, director.person_key)
        director.title_key,
        director.person_key,
        player.characters
    from credits as director
    inner join credits as player
        on
            director.title_key = player.title_key
            and director.person_key = player.person_key
            and player.role_group = 'cast'
    where director.role = 'director'
    order by director.title_key, director.person_key, player.billing_order
)

select
    dim_title.title,
    dim_title.release_year,
    dim_person.person_name,
    dim_person.is_name_only,
    did_both.characters
from did_both
inner join warehouse.dim_title on did_both.title_key = dim_title.title_key
inner join warehouse.dim_person on did_both.person_key = dim_person.person_key
order by dim_title.title, dim_person.person_name, dim_title.title_key;
