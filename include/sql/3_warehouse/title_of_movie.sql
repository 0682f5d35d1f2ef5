-- build.title_of_movie
-- Grain:  one film of the viewers files that the warehouse has
-- Reads:  staging.viewers_movies, staging.viewers_links, build.dim_title, build.title_identity
-- Writes: build.title_of_movie (empty before)
-- Rerun:  the table is emptied and filled anew from the same rows
-- Notes:  by the IMDb id that links.csv states, else by name and year when exactly one work has both. The files write
--         articles behind a comma: "American President, The"

insert into build.title_of_movie (movie_number, title_key, found_by)
with

by_imdb as (
    select
        links.movie_number,
        dim_title.title_key
    from staging.viewers_links as links
    inner join build.dim_title on links.imdb_title_number = dim_title.title_key
),

named as (
    select
        movies.movie_number,
        movies.release_year,
        lower(regexp_replace(
            regexp_replace(movies.title, '^(.*), (The|A|An|Le|La|Les|Der|Die|Das|El|Il|Los|Las)$', '\2 \1'),
            '[^[:alnum:]]+', ' ', 'g'
        )) as plain_title
    from staging.viewers_movies as movies
    left join by_imdb on movies.movie_number = by_imdb.movie_number
    where by_imdb.movie_number is null and movies.release_year is not null
),

years as (
    select distinct release_year
    from named
),

works as materialized (
    select
        dim_title.title_key,
        dim_title.release_year,
        plain.plain_title
    from build.dim_title
    cross join
        lateral (
            select lower(regexp_replace(dim_title.title, '[^[:alnum:]]+', ' ', 'g')) as plain_title
        ) as plain
    -- What turned out to be another work is not a second one of the name.
    left join build.title_identity
        on dim_title.title_key = title_identity.title_key and title_identity.merged_into is not null
    where
        title_identity.title_key is null
        -- Not joins: nothing is known of how many these are, and all titles would be gone through for each of them.
        and case
            when dim_title.release_year in (select years.release_year from years)
                then plain.plain_title in (select named.plain_title from named)
        end
),

by_name as (
    select
        named.movie_number,
        min(works.title_key) as title_key
    from named
    inner join works on named.plain_title = works.plain_title and named.release_year = works.release_year
    group by named.movie_number
    having count(*) = 1
)

select
    movie_number,
    title_key,
    'imdb id' as found_by
from by_imdb
union all
select
    movie_number,
    title_key,
    'title and year' as found_by
from by_name;
