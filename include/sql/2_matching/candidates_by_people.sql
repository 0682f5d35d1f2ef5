-- matching.candidate_pair, second rule: shared people who are rare, and a fitting year
-- Grain:  one pair of source row and IMDb title
-- Reads:  matching.source_title, matching.source_person, matching.imdb_title_person, staging.imdb_titles
-- Writes: matching.candidate_pair, pairs it does not have yet
-- Rerun:  the rows have no pairs of this rule before
-- Params: common_person  titles one name may have before it says too little

with

keyed as (
    select distinct
        imdb_title_number,
        person_key
    from matching.imdb_title_person
    where person_key in (select person.person_key from matching.source_person as person)
),

rare_keys as (
    select person_key
    from keyed
    group by person_key
    having count(*) <= %(common_person)s
),

rare as (
    select
        keyed.imdb_title_number,
        keyed.person_key
    from keyed
    inner join rare_keys on keyed.person_key = rare_keys.person_key
),

source_people as (
    select distinct
        source,
        source_id,
        person_key
    from matching.source_person
),

shared as (
    select
        source_people.source,
        source_people.source_id,
        rare.imdb_title_number,
        count(*) as person_count
    from source_people
    inner join rare on source_people.person_key = rare.person_key
    group by source_people.source, source_people.source_id, rare.imdb_title_number
)

insert into matching.candidate_pair (source, source_id, imdb_title_number, found_by)
select
    shared.source,
    shared.source_id,
    shared.imdb_title_number,
    'shared people' as found_by
from shared
inner join matching.source_title as title
    on shared.source = title.source and shared.source_id = title.source_id
inner join staging.imdb_titles as imdb on shared.imdb_title_number = imdb.imdb_title_number
where
    not imdb.is_adult
    and (title.source <> 'rotten_tomatoes' or imdb.title_type not in ('tvSeries', 'tvMiniSeries'))
    and (
        imdb.start_year between title.release_year - 1 and title.release_year + 1
        or (
            shared.person_count > 1
            and (
                imdb.start_year between title.release_year - 3 and title.release_year + 2
                -- A series' year is that of its latest season, so its first may lie far back.
                or (
                    title.kind = 'series'
                    and imdb.start_year < title.release_year
                    and imdb.title_type in ('tvSeries', 'tvMiniSeries')
                )
            )
        )
    )
on conflict do nothing;
