-- Names of the titles that are candidates, and how many titles share their keys
-- Grain:  IMDb title x distinct folded name
-- Reads:  matching.candidate_pair, matching.imdb_title_name, matching.imdb_title_key
-- Writes: -
-- Rerun:  only reads

with

names as (
    select
        name.imdb_title_number,
        name.name_kind,
        name.folded_title,
        name.title_key
    from matching.imdb_title_name as name
    where name.imdb_title_number in (select pair.imdb_title_number from matching.candidate_pair as pair)
),

key_sizes as (
    select
        title_key,
        count(*)::integer as title_count
    from matching.imdb_title_key
    where not is_part and title_key in (select names.title_key from names)
    group by title_key
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
