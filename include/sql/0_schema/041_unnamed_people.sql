-- 041_unnamed_people
-- Grain:  see the table
-- Reads:  -
-- Writes: schema build; indexes of warehouse.dim_person
-- Rerun:  applied once, in order, by number; ops.migration remembers it
-- Notes:  unlogged, as the other build tables are. The index on the folded name as it is goes: names are looked for
--         through dim_person_beginning, and one more index over seven million names costs each first load

create unlogged table build.unnamed_person (
    person_key bigint primary key
);

comment on table build.unnamed_person is 'Grain: person of a credit that is built, whom the file of names does not have.';
comment on column build.unnamed_person.person_key is 'The number in nconst.';

drop index warehouse.dim_person_folded_name_idx;
