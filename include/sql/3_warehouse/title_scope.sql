-- build.title_scope
-- Grain:  title that may differ from what readers see
-- Reads:  build.row_change, build.work_of_row, build.work_of_justwatch, build.said_node, build.shifted_key,
--         build.title_identity, staging.imdb_people, staging.imdb_principals, build.unnamed_credit, warehouse
-- Writes: build.title_scope (empty before)
-- Rerun:  the table is emptied and filled anew
-- Notes:  titles of which a row of IMDb's changed; titles with a credit of a person that the file of names has or has
--         lost since; and all that a catalogue or JustWatch has, or a catalogue said on any day, or that no source has any more: their links, people and
--         stays come from many sides, and they are few

insert into build.title_scope (title_key)
with

noted as materialized (
    select distinct
        table_name = 'imdb_people' as is_person,
        row_number
    from build.row_change
    where row_number is not null
),

people as materialized (
    select
        noted.row_number as person_key,
        imdb_people.imdb_person_number is not null as has_come
    from noted
    left join staging.imdb_people on noted.row_number = imdb_people.imdb_person_number
    left join warehouse.dim_person on noted.row_number = dim_person.person_key
    where noted.is_person and (imdb_people.imdb_person_number is null) <> (dim_person.person_key is null)
)

select noted.row_number as title_key
from noted
where not noted.is_person
union
select imdb_principals.imdb_title_number as title_key
from people
inner join staging.imdb_principals on people.person_key = imdb_principals.imdb_person_number
where people.has_come
union
select unnamed_credit.title_key
from people
inner join build.unnamed_credit on people.person_key = unnamed_credit.person_key
where people.has_come
union
select bridge_title_person_role.title_key
from people
inner join warehouse.bridge_title_person_role on people.person_key = bridge_title_person_role.person_key
where not people.has_come
union
select title_key
from build.work_of_row
union
select title_key
from build.work_of_justwatch
union
select title_key
from build.said_node
union
select identity_key as title_key
from build.said_node
union
select new_key as title_key
from build.shifted_key
union
select title_key
from warehouse.bridge_title_source
union
select title_key
from warehouse.title_identity
union
select merged_into as title_key
from warehouse.title_identity
where merged_into is not null
union
select title_key
from build.title_identity
union
select title_key
from warehouse.fact_availability
union
select title_key
from warehouse.dim_title
where title_key >= 1000000000000 or not is_current
-- Rows of large tables are looked up in this order: neighbours are in one page.
order by title_key;
