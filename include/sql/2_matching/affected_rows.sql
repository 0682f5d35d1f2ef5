-- Source rows that have to be scored anew
-- Grain:  row of a source file
-- Reads:  matching.source_title, matching.source_title_key, matching.source_person, matching.imdb_title_key,
--         matching.imdb_title_person, matching.candidate_pair, pg_temp.replaced_row, pg_temp.changed_title,
--         pg_temp.changed_key, pg_temp.changed_credit
-- Writes: pg_temp.affected_row
-- Rerun:  the table lives as long as the transaction
-- Notes:  a pair and its evidence are made of the row, the title, the names and people of both, how many titles
--         share a key, and on how many titles a name is: whatever of it changed is one of the parts below. Keys
--         that only begin alike are compared letter by letter afterwards.

create temporary table affected_row on commit drop as

with

-- How many titles have one of these keys is otherwise than before.
crowded_title as (
    select imdb_key.imdb_title_number
    from matching.imdb_title_key as imdb_key
    where not imdb_key.is_part and imdb_key.title_key in (select changed_key.title_key from changed_key)
)

select
    title.source,
    title.source_id
from matching.source_title as title
inner join replaced_row on title.source = replaced_row.source and title.source_id = replaced_row.source_id
union
select
    pair.source,
    pair.source_id
from matching.candidate_pair as pair
where
    pair.imdb_title_number in (select changed_title.imdb_title_number from changed_title)
    or pair.imdb_title_number in (select crowded_title.imdb_title_number from crowded_title)
union
select
    source_key.source,
    source_key.source_id
from matching.source_title_key as source_key
where source_key.title_key in (select changed_key.title_key from changed_key)
union
select
    person.source,
    person.source_id
from matching.source_person as person
where person.person_key in (select changed_credit.person_key from changed_credit)
union
-- A year may have come near, or a series become a film.
select
    person.source,
    person.source_id
from matching.source_person as person
inner join matching.imdb_title_person as credit on person.person_key = credit.person_key
where credit.imdb_title_number in (select changed_key.imdb_title_number from changed_key);

alter table affected_row add primary key (source, source_id);

create temporary table no_pair on commit drop as
select *
from matching.candidate_pair
where false;
