-- What IMDb says of the titles that are candidates
-- Grain:  one IMDb title
-- Reads:  matching.candidate_pair, matching.imdb_person_name, staging.imdb_titles, staging.imdb_principals,
--         staging.imdb_crew, staging.imdb_ratings
-- Writes: -
-- Rerun:  only reads

with

candidates as (
    select distinct imdb_title_number
    from matching.candidate_pair
),

-- Only of candidates, here and below: all of IMDb's credits are a hundred times as many.
credits as (
    select
        principal.imdb_title_number,
        principal.imdb_person_number,
        principal.category
    from candidates
    inner join staging.imdb_principals as principal on candidates.imdb_title_number = principal.imdb_title_number
    where principal.category in ('actor', 'actress', 'director')
),

directions as (
    select
        imdb_title_number,
        imdb_person_number
    from credits
    where category = 'director'
    union
    select
        crew.imdb_title_number,
        unnest(crew.director_numbers) as imdb_person_number
    from candidates
    inner join staging.imdb_crew as crew on candidates.imdb_title_number = crew.imdb_title_number
),

-- By its key, not by a join: of unnested lists the planner expects ten times the rows, and reads all of IMDb's names.
named as materialized (
    select
        directions.imdb_title_number,
        (
            select min(person.folded_name)
            from matching.imdb_person_name as person
            where person.imdb_person_number = directions.imdb_person_number
        ) as folded_name
    from directions
),

directors as (
    select
        imdb_title_number,
        string_agg(folded_name, '|' order by folded_name collate "C") as director_names
    from named
    group by imdb_title_number
),

casts as (
    select
        imdb_title_number,
        count(distinct imdb_person_number)::integer as cast_count
    from credits
    where category <> 'director'
    group by imdb_title_number
)

select
    title.imdb_title_number,
    title.title_type,
    title.start_year,
    title.end_year,
    title.runtime_min,
    array_to_string(title.genres, '|') as genres,
    coalesce(directors.director_names, '') as director_names,
    coalesce(casts.cast_count, 0) as cast_count,
    rating.imdb_vote_count
from candidates
inner join staging.imdb_titles as title on candidates.imdb_title_number = title.imdb_title_number
left join directors on title.imdb_title_number = directors.imdb_title_number
left join casts on title.imdb_title_number = casts.imdb_title_number
left join staging.imdb_ratings as rating on title.imdb_title_number = rating.imdb_title_number
order by title.imdb_title_number;
