-- The stored rows of the catalogues that changed in anything that matching reads, in place of the former ones
-- Grain:  replaced_row: row of a source file, those that are gone included; new_name_key, former_name_key: person key
-- Reads:  pg_temp.changed_source_row, pg_temp.new_source_title, pg_temp.new_source_title_key, pg_temp.new_source_person
-- Writes: matching.source_title, matching.source_title_key, matching.source_person, pg_temp.replaced_row,
--         pg_temp.new_name_key, pg_temp.former_name_key
-- Rerun:  the temporary tables live as long as the transaction

create temporary table replaced_row on commit drop as
with

asked as (
    select
        source,
        source_id
    from changed_source_row
    union
    select
        source,
        source_id
    from new_source_title
),

former_title as (
    select title.*
    from matching.source_title as title
    inner join asked on title.source = asked.source and title.source_id = asked.source_id
),

former_person as (
    select
        person.source,
        person.source_id,
        person.role,
        person.billing_order,
        person.person_name
    from matching.source_person as person
    inner join asked on person.source = asked.source and person.source_id = asked.source_id
),

present_person as (
    select
        source,
        source_id,
        role,
        billing_order,
        person_name
    from new_source_person
),

different_title as (
    (
        select * from former_title
        except
        select * from new_source_title
    )
    union all
    (
        select * from new_source_title
        except
        select * from former_title
    )
),

different_person as (
    (
        select * from former_person
        except
        select * from present_person
    )
    union all
    (
        select * from present_person
        except
        select * from former_person
    )
)

select
    source,
    source_id
from different_title
union
select
    source,
    source_id
from different_person;

create temporary table new_name_key on commit drop as
select distinct person_key
from new_source_person
where
    not exists (
        select from matching.source_person as known
        where known.person_key = new_source_person.person_key
    );

create temporary table former_name_key on commit drop as
select distinct person.person_key
from matching.source_person as person
inner join replaced_row on person.source = replaced_row.source and person.source_id = replaced_row.source_id;

delete from matching.source_title as former
using replaced_row
where former.source = replaced_row.source and former.source_id = replaced_row.source_id;

delete from matching.source_title_key as former
using replaced_row
where former.source = replaced_row.source and former.source_id = replaced_row.source_id;

delete from matching.source_person as former
using replaced_row
where former.source = replaced_row.source and former.source_id = replaced_row.source_id;

insert into matching.source_title
select present.*
from new_source_title as present
inner join replaced_row on present.source = replaced_row.source and present.source_id = replaced_row.source_id;

insert into matching.source_title_key
select present.*
from new_source_title_key as present
inner join replaced_row on present.source = replaced_row.source and present.source_id = replaced_row.source_id;

insert into matching.source_person
select present.*
from new_source_person as present
inner join replaced_row on present.source = replaced_row.source and present.source_id = replaced_row.source_id;

analyze replaced_row, new_name_key, former_name_key;
