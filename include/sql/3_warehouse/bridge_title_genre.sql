-- build.bridge_title_genre
-- Grain:  title x member of the taxonomy
-- Reads:  staging, build.work_of_row, build.reference_genre, build.dim_genre, build.dim_title,
--         warehouse.bridge_title_genre
-- Writes: build.bridge_title_genre (empty before)
-- Rerun:  the table is emptied and filled anew from the same rows
-- Notes:  titles that only IMDb has get the genres of their list of words, looked up once for each of the few
--         thousand different lists; titles that no source has any more keep theirs

insert into build.bridge_title_genre (title_key, genre_key, sources, source_genres)
with

words as materialized (
    select
        genre_word.source,
        genre_word.source_genre,
        dim_genre.genre_key
    from staging.genre_word
    left join build.reference_genre
        on
            genre_word.source = reference_genre.source
            and genre_word.source_genre = reference_genre.source_genre
    inner join build.dim_genre
        on dim_genre.genre = case
            when reference_genre.source is null then genre_word.source_genre
            else reference_genre.genre
        end
),

works as materialized (
    select distinct title_key
    from build.work_of_row
),

-- Titles of the other sources: every word of every source.
mentions as (
    select
        work_of_row.title_key,
        work_of_row.source,
        unnest(source_row.genres) as source_genre
    from build.work_of_row
    inner join staging.source_row
        on
            work_of_row.source = source_row.source
            and work_of_row.source_id = source_row.source_id
    union all
    select
        works.title_key,
        'imdb' as source,
        unnest(imdb_titles.genres) as source_genre
    from works
    inner join staging.imdb_titles on works.title_key = imdb_titles.imdb_title_number
),

lists as (
    select
        lists.genres,
        words.genre_key,
        array_agg(words.source_genre order by words.source_genre) as source_genres
    from (
        select distinct genres
        from staging.imdb_titles
    ) as lists
    inner join words on words.source = 'imdb' and words.source_genre = any(lists.genres)
    group by lists.genres, words.genre_key
)

select
    imdb_titles.imdb_title_number as title_key,
    lists.genre_key,
    array['imdb'] as sources,
    lists.source_genres
from staging.imdb_titles
inner join lists on imdb_titles.genres = lists.genres
left join works on imdb_titles.imdb_title_number = works.title_key
where works.title_key is null
union all
select
    mentions.title_key,
    words.genre_key,
    array_agg(distinct mentions.source order by mentions.source) as sources,
    array_agg(distinct mentions.source_genre order by mentions.source_genre) as source_genres
from mentions
inner join words on mentions.source = words.source and mentions.source_genre = words.source_genre
group by mentions.title_key, words.genre_key
union all
select gone.*
from warehouse.bridge_title_genre as gone
inner join build.dim_title on gone.title_key = dim_title.title_key and not dim_title.is_current;
