-- Pairs for the third rule: keys that begin alike, of like length, and a near year
-- Grain:  one pair of source row and IMDb title that the first two rules did not find
-- Reads:  matching.source_title, matching.source_title_key, matching.imdb_title_key, staging.imdb_titles,
--         matching.candidate_pair
-- Writes: -
-- Rerun:  only reads
-- Params: prefix_length  letters that must be equal

select
    source_key.source,
    source_key.source_id,
    imdb_key.imdb_title_number,
    source_key.title_key as source_title_key,
    imdb_key.title_key as imdb_title_key
from matching.source_title_key as source_key
inner join matching.source_title as title
    on source_key.source = title.source and source_key.source_id = title.source_id
inner join matching.imdb_title_key as imdb_key
    on left(source_key.title_key, %(prefix_length)s) = left(imdb_key.title_key, %(prefix_length)s)
inner join staging.imdb_titles as imdb
    on
        imdb_key.imdb_title_number = imdb.imdb_title_number
        and (
            imdb.start_year between title.release_year - 1 and title.release_year + 1
            or (
                title.kind = 'series'
                and imdb.start_year between title.release_year - 15 and title.release_year
                and imdb.title_type in ('tvSeries', 'tvMiniSeries')
            )
        )
where
    not source_key.is_part
    and not imdb_key.is_part
    and source_key.title_key <> imdb_key.title_key
    and length(source_key.title_key) > %(prefix_length)s
    -- Keys whose lengths differ more cannot be similar enough.
    and length(source_key.title_key) * 2 <= length(imdb_key.title_key) * 3
    and length(imdb_key.title_key) * 2 <= length(source_key.title_key) * 3
    and (title.source <> 'rotten_tomatoes' or imdb.title_type not in ('tvSeries', 'tvMiniSeries'))
    and not exists (
        select 1
        from matching.candidate_pair as pair
        where
            pair.source = source_key.source
            and pair.source_id = source_key.source_id
            and pair.imdb_title_number = imdb_key.imdb_title_number
    );
