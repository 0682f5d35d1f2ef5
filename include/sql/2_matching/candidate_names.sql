-- Names of the titles that are candidates, and how many titles share their keys
-- Grain:  IMDb title x distinct folded name
-- Reads:  matching.candidate_pair, matching.imdb_title_name, matching.imdb_title_key
-- Writes: -
-- Rerun:  only reads

-- noqa: disable=AM09
with

candidates as (
    select distinct imdb_title_number
    from matching.candidate_pair
),

-- Each title by its key: the planner would rather read the names of all of IMDb.
names as (
    select
        candidates.imdb_title_number,
        name.name_kind,
        name.folded_title,
        name.title_key
    from candidates
    cross join lateral (
        select
            imdb_title_name.name_kind,
            imdb_title_name.folded_title,
            imdb_title_name.title_key
        from matching.imdb_title_name
        where imdb_title_name.imdb_title_number = candidates.imdb_title_number
        offset 0
    ) as name
),

-- Only keys that a candidate has: to count all of IMDb's took most of the time of this file.
wanted_keys as (
    select distinct title_key
    from names
),

key_sizes as (
    select
        imdb_key.title_key,
        count(*)::integer as title_count
    from wanted_keys
    inner join matching.imdb_title_key as imdb_key on wanted_keys.title_key = imdb_key.title_key
    where not imdb_key.is_part
    group by imdb_key.title_key
)

select
    names.imdb_title_number,
    names.name_kind,
    names.folded_title,
    names.title_key,
    coalesce(key_sizes.title_count, 1) as title_count
from names
left join key_sizes on names.title_key = key_sizes.title_key
order by names.imdb_title_number, names.folded_title collate "C";
