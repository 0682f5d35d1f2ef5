-- build.person_scope
-- Grain:  person who may differ from what readers see
-- Reads:  build.row_change, warehouse
-- Writes: build.person_scope (empty before)
-- Rerun:  the table is emptied and filled anew
-- Notes:  people of whom IMDb's row changed; those who are kept for a title that no source had any more, which may have come
--         back without them; and names that no known person was found for: they come from the catalogues, which are in
--         scope as a whole

insert into build.person_scope (person_key)
select row_number as person_key
from build.row_change
where table_name = 'imdb_people' and row_number is not null
union
select bridge_title_person_role.person_key
from warehouse.dim_title
inner join warehouse.bridge_title_person_role on dim_title.title_key = bridge_title_person_role.title_key
where not dim_title.is_current
union
select person_key
from warehouse.dim_person
where person_key >= 1000000000000
-- Rows of large tables are looked up in this order: neighbours are in one page.
order by person_key;
