-- directed_and_acted
-- Grain:  title x person
-- Reads:  mart.title_people, warehouse.dim_title
-- Writes: -
-- Rerun:  reads only
-- Notes:  Who both directed and acted in a title of a catalogue? A person counts once a title, whatever the roles.

select
    director.title,
    dim_title.release_year,
    director.person_name,
    director.is_name_only,
    player.characters
from mart.title_people as director
inner join warehouse.dim_title on director.title_key = dim_title.title_key and dim_title.is_catalogue_title
inner join lateral (
    select title_people.characters
    from mart.title_people
    where
        title_people.title_key = director.title_key
        and title_people.person_key = director.person_key
        and title_people.role_group = 'cast'
    order by title_people.billing_order
    limit 1
) as player on true
where director.role = 'director'
order by director.title, director.person_name, director.title_key;
