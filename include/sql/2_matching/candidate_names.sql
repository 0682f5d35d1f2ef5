-- Names of the titles that are candidates, and how many titles share their keys
-- Grain:  IMDb title x distinct folded name
-- Reads:  matching.candidate_pair, matching.imdb_title_name, matching.imdb_title_key
-- Writes: -
-- Rerun:  only reads

with

key_sizes as (
    select
        title_key,
        count(*)::integer as title_count
    from matching.imdb_title_key
    where not is_part
    group by title_key
)

select
    name.imdb_title_number,
    name.name_kind,
    name.folded_title,
    name.title_key,
    coalesce(key_sizes.title_count, 1) as title_count
from matching.imdb_title_name as name
left join key_sizes on name.title_key = key_sizes.title_key
where name.imdb_title_number in (select pair.imdb_title_number from matching.candidate_pair as pair)
order by name.imdb_title_number, name.folded_title collate "C";
