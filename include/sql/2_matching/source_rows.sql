-- The source rows to decide on
-- Grain:  one row of a source file
-- Reads:  matching.source_title, matching.source_person, staging.netflix_titles, staging.amazon_titles,
--         staging.disney_titles, staging.hulu_titles, staging.rotten_tomatoes_movies, staging.justwatch_titles
-- Writes: -
-- Rerun:  only reads

with

people as (
    select
        source,
        source_id,
        string_agg(folded_name, '|' order by folded_name collate "C") filter (where role = 'director') as director_names,
        string_agg(folded_name, '|' order by folded_name collate "C") filter (where role = 'cast') as cast_names
    from matching.source_person
    group by source, source_id
),

genres as (
    select
        'netflix' as source,
        source_id,
        array_to_string(categories, '|') as genres
    from staging.netflix_titles
    union all
    select
        'amazon' as source,
        source_id,
        array_to_string(categories, '|') as genres
    from staging.amazon_titles
    union all
    select
        'disney' as source,
        source_id,
        array_to_string(categories, '|') as genres
    from staging.disney_titles
    union all
    select
        'hulu' as source,
        source_id,
        array_to_string(categories, '|') as genres
    from staging.hulu_titles
    union all
    select
        'rotten_tomatoes' as source,
        source_id,
        array_to_string(genres, '|') as genres
    from staging.rotten_tomatoes_movies
    union all
    select
        'justwatch' as source,
        source_id,
        array_to_string(genres, '|') as genres
    from staging.justwatch_titles
)

select
    title.source,
    title.source_id,
    title.kind,
    title.title,
    title.folded_title,
    title.base_title,
    coalesce(title.link_title, '') as link_title,
    title.release_year,
    title.link_year,
    title.runtime_min,
    title.season_count,
    coalesce(title.description_sha256, '') as description_sha256,
    coalesce(people.director_names, '') as director_names,
    coalesce(people.cast_names, '') as cast_names,
    genres.genres
from matching.source_title as title
inner join genres on title.source = genres.source and title.source_id = genres.source_id
left join people on title.source = people.source and title.source_id = people.source_id
order by title.source collate "C", title.source_id collate "C";
