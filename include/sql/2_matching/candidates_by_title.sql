-- matching.candidate_pair, first rule: equal title keys
-- Grain:  one pair of source row and IMDb title
-- Reads:  matching.source_title, matching.source_title_key, matching.imdb_title_key
-- Writes: matching.candidate_pair
-- Rerun:  the rows have no pairs before
-- Params: hot_key  titles one key may have before a pair also needs a near year

with

key_sizes as (
    select
        title_key,
        count(*) as title_count
    from matching.imdb_title_key
    -- To count the keys that nobody asks for took most of the time of this file.
    where title_key in (select source_key.title_key from matching.source_title_key as source_key)
    group by title_key
),

found as (
    select
        source_key.source,
        source_key.source_id,
        imdb_key.imdb_title_number,
        bool_and(source_key.is_part or imdb_key.is_part) as is_part
    from matching.source_title_key as source_key
    inner join matching.imdb_title_key as imdb_key on source_key.title_key = imdb_key.title_key
    inner join key_sizes on source_key.title_key = key_sizes.title_key
    inner join matching.source_title as title
        on source_key.source = title.source and source_key.source_id = title.source_id
    where
        -- Two parts that agree say little: every film of a series shares its first part.
        not (source_key.is_part and imdb_key.is_part)
        -- Rotten Tomatoes has films only; a series of the same name must never get a film's score.
        and (title.source <> 'rotten_tomatoes' or not imdb_key.is_series)
        and (
            key_sizes.title_count <= %(hot_key)s
            or imdb_key.start_year between title.release_year - 2 and title.release_year + 1
            or (title.kind = 'series' and imdb_key.is_series)
        )
    group by source_key.source, source_key.source_id, imdb_key.imdb_title_number
)

insert into matching.candidate_pair (source, source_id, imdb_title_number, found_by)
select
    source,
    source_id,
    imdb_title_number,
    case when is_part then 'title part' else 'title key' end as found_by
from found;
