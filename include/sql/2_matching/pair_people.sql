-- People that a source row and its candidate share
-- Grain:  one candidate pair that shares any
-- Reads:  matching.candidate_pair, matching.source_person, matching.imdb_title_person
-- Writes: -
-- Rerun:  only reads
-- Notes:  a name counts once, in the strictest of the roles it shares; rarest is the number of IMDb titles of
--         the rarest shared name

with

shared as (
    select
        pair.source,
        pair.source_id,
        pair.imdb_title_number,
        person.person_key,
        min(person.person_name) as person_name,
        bool_or(person.role = 'director' and credit.role = 'director') as is_director,
        bool_or(person.role = 'cast' and credit.role = 'cast') as is_cast,
        row_number() over (partition by person.person_key order by pair.imdb_title_number) as place_in_key
    from matching.candidate_pair as pair
    inner join matching.source_person as person
        on pair.source = person.source and pair.source_id = person.source_id
    inner join matching.imdb_title_person as credit
        on pair.imdb_title_number = credit.imdb_title_number and person.person_key = credit.person_key
    group by pair.source, pair.source_id, pair.imdb_title_number, person.person_key
),

-- Counted by key, not in a join: of joins on so many columns the planner expects one row and compares all with all.
-- And once for each key, not for each of the hundreds of pairs that may share it.
counted as (
    select
        shared.*,
        case when place_in_key = 1 then (
            select count(distinct credit.imdb_title_number)
            from matching.imdb_title_person as credit
            where credit.person_key = shared.person_key
        ) end as title_count_once
    from shared
),

sized as materialized (
    -- Not counted.*: what is named twice is counted twice.
    select
        source,
        source_id,
        imdb_title_number,
        person_name,
        is_director,
        is_cast,
        max(title_count_once) over (partition by person_key) as title_count
    from counted
)

select
    source,
    source_id,
    imdb_title_number,
    count(*) filter (where is_director)::integer as shared_directors,
    count(*) filter (where is_cast and not is_director)::integer as shared_cast,
    count(*) filter (where not is_cast and not is_director)::integer as shared_otherwise,
    min(title_count)::integer as rarest,
    string_agg(person_name, '; ' order by person_name collate "C") as names
from sized
group by source, source_id, imdb_title_number;
