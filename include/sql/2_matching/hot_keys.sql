-- Keys so common that they alone bring no candidate
-- Grain:  one row
-- Reads:  matching.source_title_key, matching.imdb_title_key, matching.imdb_title_person
-- Writes: -
-- Rerun:  only reads
-- Params: hot_key        titles one key may have before a pair also needs a near year
--         common_person  titles one name may have before it says too little

with

hot_titles as (
    select imdb_key.title_key
    from matching.imdb_title_key as imdb_key
    where imdb_key.title_key in (select source_key.title_key from matching.source_title_key as source_key)
    group by imdb_key.title_key
    having count(*) > %(hot_key)s
),

common_people as (
    select person_key
    from matching.imdb_title_person
    group by person_key
    having count(distinct imdb_title_number) > %(common_person)s
)

select
    (select count(*) from hot_titles) as hot_title_keys,
    (select count(*) from common_people) as common_person_keys;
