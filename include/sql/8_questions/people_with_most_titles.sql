-- people_with_most_titles
-- Grain:  person
-- Reads:  mart.title_people, warehouse.dim_title
-- Writes: -
-- Rerun:  reads only
-- Notes:  Who stands in the most works of the catalogues? Names that no known person was found for are left out.

select
    title_people.person_name,
    title_people.imdb_person_id,
    count(distinct title_people.title_key) as titles,
    array_agg(distinct title_people.role order by title_people.role) as roles
from mart.title_people
inner join warehouse.dim_title on title_people.title_key = dim_title.title_key
where dim_title.is_catalogue_title and not title_people.is_name_only
group by title_people.person_key, title_people.person_name, title_people.imdb_person_id
order by titles desc, title_people.person_name, title_people.imdb_person_id
limit 25;
