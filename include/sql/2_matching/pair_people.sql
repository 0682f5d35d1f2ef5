-- People that a source row and its candidate share
-- Grain:  one candidate pair that shares any
-- Reads:  matching.candidate_pair, matching.source_person, matching.imdb_title_person
-- Writes: -
-- Rerun:  only reads
-- Notes:  a name counts once, in the strictest of the roles it shares; rarest is the number of IMDb titles of
--         the rarest shared name

with

name_sizes as (
    select
        person_key,
        count(distinct imdb_title_number) as title_count
    from matching.imdb_title_person
    where
        person_key in (
            select person.person_key
            from matching.source_person as person
            where
                (person.source, person.source_id) in (
                    select
                        pair.source,
                        pair.source_id
                    from matching.candidate_pair as pair
                )
        )
    group by person_key
),

shared as (
    select
        pair.source,
        pair.source_id,
        pair.imdb_title_number,
        person.person_key,
        min(person.person_name) as person_name,
        bool_or(person.role = 'director' and credit.role = 'director') as is_director,
        bool_or(person.role = 'cast' and credit.role = 'cast') as is_cast
    from matching.candidate_pair as pair
    inner join matching.source_person as person
        on pair.source = person.source and pair.source_id = person.source_id
    inner join matching.imdb_title_person as credit
        on pair.imdb_title_number = credit.imdb_title_number and person.person_key = credit.person_key
    group by pair.source, pair.source_id, pair.imdb_title_number, person.person_key
)

select
    shared.source,
    shared.source_id,
    shared.imdb_title_number,
    count(*) filter (where shared.is_director)::integer as shared_directors,
    count(*) filter (where shared.is_cast and not shared.is_director)::integer as shared_cast,
    count(*) filter (where not shared.is_cast and not shared.is_director)::integer as shared_otherwise,
    min(name_sizes.title_count)::integer as rarest,
    string_agg(shared.person_name, '; ' order by shared.person_name collate "C") as names
from shared
inner join name_sizes on shared.person_key = name_sizes.person_key
group by shared.source, shared.source_id, shared.imdb_title_number;
