-- Pairs for the third rule: keys that begin alike, of like length, and a near year
-- Grain:  one pair of source row and IMDb title that the first two rules did not find
-- Reads:  matching.source_title, matching.source_title_key, matching.imdb_title_key, matching.candidate_pair
-- Writes: -
-- Rerun:  only reads
-- Params: prefix_length  letters that must be equal

with

-- One row for each year that a title of IMDb may have: joined by prefix alone, years would be compared ten times as often.
sources as (
    select
        source_key.source,
        source_key.source_id,
        source_key.title_key,
        left(source_key.title_key, %(prefix_length)s) as prefix,
        length(source_key.title_key) as key_length,
        title.release_year,
        near.start_year
    from matching.source_title_key as source_key
    inner join matching.source_title as title
        on source_key.source = title.source and source_key.source_id = title.source_id
    cross join
        generate_series(
            title.release_year - case when title.kind = 'series' then 15 else 1 end,
            title.release_year + 1
        ) as near (start_year)
    where
        not source_key.is_part
        and length(source_key.title_key) > %(prefix_length)s
),

titles as (
    select
        imdb_key.imdb_title_number,
        imdb_key.title_key,
        left(imdb_key.title_key, %(prefix_length)s) as prefix,
        length(imdb_key.title_key) as key_length,
        imdb_key.start_year,
        imdb_key.is_series
    from matching.imdb_title_key as imdb_key
    where not imdb_key.is_part
)

select
    sources.source,
    sources.source_id,
    titles.imdb_title_number,
    sources.title_key as source_title_key,
    titles.title_key as imdb_title_key
from sources
inner join titles on sources.prefix = titles.prefix and sources.start_year = titles.start_year
where
    -- Only a series may have begun long before.
    (titles.is_series or sources.start_year >= sources.release_year - 1)
    and sources.title_key <> titles.title_key
    -- Keys whose lengths differ more cannot be similar enough.
    and sources.key_length * 2 <= titles.key_length * 3
    and titles.key_length * 2 <= sources.key_length * 3
    and (sources.source <> 'rotten_tomatoes' or not titles.is_series)
    and not exists (
        select 1
        from matching.candidate_pair as pair
        where
            pair.source = sources.source
            and pair.source_id = sources.source_id
            and pair.imdb_title_number = titles.imdb_title_number
    );
