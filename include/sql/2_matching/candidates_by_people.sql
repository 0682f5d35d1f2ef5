-- matching.candidate_pair, second rule: shared people who are rare, and a fitting year
-- Grain:  one pair of source row and IMDb title
-- Reads:  matching.source_title, matching.source_person, matching.imdb_title_person, staging.imdb_titles
-- Writes: matching.candidate_pair, pairs it does not have yet
-- Rerun:  the rows have no pairs of this rule before
-- Params: common_person  titles one name may have before it says too little

-- noqa: disable=AM09
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

-- Each title by its key: the planner would rather hash all of IMDb's titles.
rare as (
    select
        keyed.imdb_title_number,
        keyed.person_key,
        imdb.start_year,
        imdb.title_type in ('tvSeries', 'tvMiniSeries') as is_series
    from keyed
    inner join rare_keys on keyed.person_key = rare_keys.person_key
    cross join lateral (
        select
            title.start_year,
            title.title_type
        from staging.imdb_titles as title
        where title.imdb_title_number = keyed.imdb_title_number and not title.is_adult
        offset 0
    ) as imdb
),

source_people as (
    select distinct
        person.source,
        person.source_id,
        person.person_key,
        title.release_year,
        title.kind
    from matching.source_person as person
    inner join matching.source_title as title
        on person.source = title.source and person.source_id = title.source_id
),

-- The year first: of the titles of a person most are of other years, and need not be counted.
near as (
    select
        source_people.source,
        source_people.source_id,
        rare.imdb_title_number,
        rare.start_year between source_people.release_year - 1 and source_people.release_year + 1 as is_next
    from source_people
    inner join rare on source_people.person_key = rare.person_key
    where
        (
            rare.start_year between source_people.release_year - 3 and source_people.release_year + 2
            -- A series' year is that of its latest season, so its first may lie far back.
            or (source_people.kind = 'series' and rare.is_series and rare.start_year < source_people.release_year)
        )
        and (source_people.source <> 'rotten_tomatoes' or not rare.is_series)
),

found as (
    select
        source,
        source_id,
        imdb_title_number
    from near
    group by source, source_id, imdb_title_number
    having bool_or(is_next) or count(*) > 1
)

insert into matching.candidate_pair (source, source_id, imdb_title_number, found_by)
select
    found.source,
    found.source_id,
    found.imdb_title_number,
    'shared people' as found_by
from found
left join matching.candidate_pair as pair
    on
        found.source = pair.source
        and found.source_id = pair.source_id
        and found.imdb_title_number = pair.imdb_title_number
where pair.source is null;
