-- Pairs for the third rule: keys that begin alike, of like length, and a near year
-- Grain:  one pair of source row and IMDb title that the first two rules did not find
-- Reads:  matching.source_title, matching.source_title_key, matching.imdb_title_key, matching.candidate_pair
-- Writes: -
-- Rerun:  only reads
-- Params: prefix_length  letters that must be equal
-- Notes:  two joins and not one with `or`, so that an index on prefix and year serves each

with

keys as (
    select
        source_key.source,
        source_key.source_id,
        source_key.title_key,
        title.kind,
        title.release_year
    from matching.source_title_key as source_key
    inner join matching.source_title as title
        on source_key.source = title.source and source_key.source_id = title.source_id
    where not source_key.is_part and length(source_key.title_key) > %(prefix_length)s
),

near as (
    select
        keys.source,
        keys.source_id,
        keys.title_key,
        imdb_key.imdb_title_number,
        imdb_key.title_key as imdb_title_key,
        imdb_key.is_series
    from keys
    inner join matching.imdb_title_key as imdb_key
        on
            left(keys.title_key, %(prefix_length)s) = left(imdb_key.title_key, %(prefix_length)s)
            and imdb_key.start_year between keys.release_year - 1 and keys.release_year + 1
    where not imdb_key.is_part
    union all
    select
        keys.source,
        keys.source_id,
        keys.title_key,
        imdb_key.imdb_title_number,
        imdb_key.title_key as imdb_title_key,
        imdb_key.is_series
    from keys
    inner join matching.imdb_title_key as imdb_key
        on
            left(keys.title_key, %(prefix_length)s) = left(imdb_key.title_key, %(prefix_length)s)
            and imdb_key.start_year between keys.release_year - 15 and keys.release_year - 2
    where not imdb_key.is_part and keys.kind = 'series' and imdb_key.is_series
)

select
    near.source,
    near.source_id,
    near.imdb_title_number,
    near.title_key as source_title_key,
    near.imdb_title_key
from near
where
    near.title_key <> near.imdb_title_key
    -- Keys whose lengths differ more cannot be similar enough.
    and length(near.title_key) * 2 <= length(near.imdb_title_key) * 3
    and length(near.imdb_title_key) * 2 <= length(near.title_key) * 3
    and (near.source <> 'rotten_tomatoes' or not near.is_series)
    and not exists (
        select 1
        from matching.candidate_pair as pair
        where
            pair.source = near.source
            and pair.source_id = near.source_id
            and pair.imdb_title_number = near.imdb_title_number
    );
