-- build.dim_genre
-- Grain:  genre of the taxonomy that all sources share
-- Reads:  build.reference_genre, staging, warehouse.dim_genre
-- Writes: build.dim_genre (empty before)
-- Rerun:  the table is emptied and filled anew; a known genre keeps its key
-- Notes:  a word that the reference file does not know becomes a genre of its own name; a word that it knows
--         to be no genre ("International TV Shows") does not

insert into build.dim_genre (genre_key, genre)
with

used as (
    select
        'netflix' as source,
        unnest(categories) as source_genre
    from staging.netflix_titles
    union
    select
        'imdb' as source,
        unnest(genres) as source_genre
    from staging.imdb_titles
    union
    select
        'rotten_tomatoes' as source,
        unnest(genres) as source_genre
    from staging.rotten_tomatoes_movies
),

genres as (
    select used.source_genre as genre
    from used
    left join build.reference_genre
        on
            used.source = reference_genre.source
            and used.source_genre = reference_genre.source_genre
    where reference_genre.source is null
    union
    select genre
    from build.reference_genre
    where genre is not null
    union
    select genre
    from warehouse.dim_genre
),

reference as (
    select distinct
        genre_key,
        genre
    from build.reference_genre
    where genre is not null
)

select
    coalesce(
        known.genre_key,
        reference.genre_key,
        1000000 + ('x' || left(encode(sha256(convert_to(genres.genre, 'UTF8')), 'hex'), 7))::bit(28)::integer
    ) as genre_key,
    genres.genre
from genres
left join warehouse.dim_genre as known on genres.genre = known.genre
left join reference on genres.genre = reference.genre;
