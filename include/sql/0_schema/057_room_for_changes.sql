-- 057_room_for_changes
-- Grain:  -
-- Reads:  -
-- Writes: warehouse.dim_title, warehouse.dim_person (room on their pages, an index less)
-- Rerun:  applied once, in order, by number; ops.migration remembers it
-- Notes:  a row that is changed finds room on its own page, and no index has to be told, as long as nothing changed
--         that is indexed: most changes of a person are a birth year or a profession, and a person stands in five
--         indexes. Of names of people one index by beginning is enough: it has the order of "C" and finds whole names too

alter table warehouse.dim_title set (fillfactor = 90);
alter table warehouse.dim_person set (fillfactor = 90);

drop index if exists warehouse.dim_person_folded_name_idx;
