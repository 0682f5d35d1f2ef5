-- people_with_most_titles
-- Grain:  person
-- Reads:  warehouse
-- Writes: -
-- Rerun:  reads only
-- Notes:  Who stands in the most works of the catalogues? Names that no known person was found for are left out. Counted
--         by key first: only those who come first, and those who are level with them, need a name

with

credited as (
    select
        bridge_title_person_role.person_key,
        count(distinct bridge_title_person_role.title_key) as titles,
        array_agg(distinct dim_role.role order by dim_role.role) as roles
    from warehouse.dim_title
    inner join warehouse.bridge_title_person_role on dim_title.title_key = bridge_title_person_role.title_key
    inner join warehouse.dim_role on bridge_title_person_role.role_key = dim_role.role_key
    -- Keys of those who are only names begin there.
    where dim_title.is_catalogue_title and bridge_title_person_role.person_key < 1000000000000
    group by bridge_title_person_role.person_key
    order by titles desc
    fetch first 25 rows with ties
)

select
    dim_person.person_name,
    dim_person.imdb_person_id,
    credited.titles,
    credited.roles
from credited
inner join warehouse.dim_person on credited.person_key = dim_person.person_key
order by credited.titles desc, dim_person.person_name, dim_person.imdb_person_id
limit 25;
