-- mart.title_people
-- Grain:  title x person x role
-- Reads:  warehouse
-- Writes: mart.title_people (view)
-- Rerun:  create or replace; new columns go to the end
-- Notes:  as mart.titles, without works that turned out to be another one: they keep their credits beside that one's

create or replace view mart.title_people as
select
    bridge_title_person_role.title_key,
    dim_title.title,
    bridge_title_person_role.person_key,
    dim_person.person_name,
    dim_role.role,
    dim_role.role_group,
    bridge_title_person_role.billing_order,
    bridge_title_person_role.characters,
    dim_person.is_name_only,
    dim_person.imdb_person_id,
    bridge_title_person_role.sources,
    bridge_title_person_role.weight
from warehouse.bridge_title_person_role
inner join warehouse.dim_role on bridge_title_person_role.role_key = dim_role.role_key
inner join warehouse.dim_person on bridge_title_person_role.person_key = dim_person.person_key
inner join warehouse.dim_title on bridge_title_person_role.title_key = dim_title.title_key
left join warehouse.title_identity
    on
        bridge_title_person_role.title_key = title_identity.title_key
        and title_identity.merged_into is not null
where title_identity.title_key is null;

comment on view mart.title_people is 'Grain: one person in one role of one title. A person who directed and acted has two rows.';
comment on column mart.title_people.title_key is 'The title.';
comment on column mart.title_people.title is 'Its name.';
comment on column mart.title_people.person_key is 'The person.';
comment on column mart.title_people.person_name is 'As IMDb credits the person, else as the catalogue does.';
comment on column mart.title_people.role is 'director, writer, actor, actress; cast when a source does not tell actor from actress.';
comment on column mart.title_people.role_group is 'crew or cast.';
comment on column mart.title_people.billing_order is '1 is billed first.';
comment on column mart.title_people.characters is 'Characters played. IMDb.';
comment on column mart.title_people.is_name_only is 'True: a name in a catalogue, not one known human being.';
comment on column mart.title_people.imdb_person_id is 'nconst; null for name-only persons.';
comment on column mart.title_people.sources is 'Sources that say so, in alphabetical order.';
comment on column mart.title_people.weight is 'Sums to 1 over the people of one title and role: multiply by it before summing over people.';
