-- What was kept of rows that are gone or have to be scored anew; and these rows' keys, for the joins
-- Grain:  as the tables of matching
-- Reads:  pg_temp.affected_row, pg_temp.replaced_row, matching.source_title, matching.source_title_key,
--         matching.source_person
-- Writes: matching.candidate_pair, matching.scored_row, pg_temp.asked_title, pg_temp.asked_title_key,
--         pg_temp.asked_person
-- Rerun:  the temporary tables live as long as the transaction

delete from matching.candidate_pair as pair
using (select
    source,
    source_id
from affected_row
union
select
    source,
    source_id
from replaced_row) as former
where pair.source = former.source and pair.source_id = former.source_id;

delete from matching.scored_row as scored
using (select
    source,
    source_id
from affected_row
union
select
    source,
    source_id
from replaced_row) as former
where scored.source = former.source and scored.source_id = former.source_id;

create temporary table asked_title on commit drop as
select title.*
from matching.source_title as title
inner join affected_row on title.source = affected_row.source and title.source_id = affected_row.source_id;

create temporary table asked_title_key on commit drop as
select source_key.*
from matching.source_title_key as source_key
inner join affected_row on source_key.source = affected_row.source and source_key.source_id = affected_row.source_id;

create temporary table asked_person on commit drop as
select person.*
from matching.source_person as person
inner join affected_row on person.source = affected_row.source and person.source_id = affected_row.source_id;

analyze affected_row, asked_title, asked_title_key, asked_person;
