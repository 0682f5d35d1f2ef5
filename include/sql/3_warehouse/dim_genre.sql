-- build.dim_genre
-- Grain:  member of the taxonomy that all sources share
-- Reads:  build.reference_genre, staging.genre_word, warehouse.dim_genre
-- Writes: build.dim_genre (empty before)
-- Rerun:  the table is emptied and filled anew; a known genre keeps its key
-- Notes:  a word that the reference file does not know becomes a member of its own name and of kind unmapped, so
--         that it is neither lost nor taken for a genre. Only words of the sources whose rows are works
--         (work_of_row.sql): what no title can have is left to the checks

insert into build.dim_genre (genre_key, genre, genre_kind)
with

reference as (
    select distinct
        genre_key,
        genre,
        genre_kind
    from build.reference_genre
    where genre is not null
),

unmapped as (
    select distinct genre_word.source_genre as genre
    from staging.genre_word
    left join build.reference_genre
        on
            genre_word.source = reference_genre.source
            and genre_word.source_genre = reference_genre.source_genre
    where
        genre_word.source not in ('justwatch', 'viewers')
        and reference_genre.source is null
),

genres as (
    select genre
    from reference
    union
    select genre
    from unmapped
    union
    select genre
    from warehouse.dim_genre
)

select
    coalesce(
        known.genre_key,
        reference.genre_key,
        1000000 + ('x' || left(encode(sha256(convert_to(genres.genre, 'UTF8')), 'hex'), 7))::bit(28)::integer
    ) as genre_key,
    genres.genre,
    case
        when reference.genre is not null then reference.genre_kind
        when unmapped.genre is not null then 'unmapped'
        else 'retired'
    end as genre_kind
from genres
left join warehouse.dim_genre as known on genres.genre = known.genre
left join reference on genres.genre = reference.genre
left join unmapped on genres.genre = unmapped.genre;
