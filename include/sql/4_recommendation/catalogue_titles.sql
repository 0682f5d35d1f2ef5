-- catalogue_titles
-- Grain:  one row per title that stands in a catalogue now
-- Reads:  warehouse.dim_title, warehouse.dim_certification, warehouse.fact_title_rating, warehouse.bridge_title_genre,
--         warehouse.dim_genre
-- Writes: -
-- Rerun:  reads only
-- Params: also  keys of other titles that are wanted too

with

newest_rating as (
    select distinct on (title_key)
        title_key,
        imdb_vote_count,
        imdb_weighted_of_10
    from warehouse.fact_title_rating
    order by title_key asc, rating_date desc
)

select
    title.title_key,
    title.title,
    title.folded_title,
    title.kind,
    title.release_year,
    certification.least_age,
    title.is_adult or exists (
        select
        from warehouse.bridge_title_genre as bridge
        inner join warehouse.dim_genre as genre on bridge.genre_key = genre.genre_key
        where bridge.title_key = title.title_key and genre.genre = 'Adult'
    ) as is_adult,
    newest_rating.imdb_vote_count as vote_count,
    newest_rating.imdb_weighted_of_10::double precision as weighted_of_10,
    title.description
from warehouse.dim_title as title
left join warehouse.dim_certification as certification on title.certification_key = certification.certification_key
left join newest_rating on title.title_key = newest_rating.title_key
where (title.is_catalogue_title and title.is_current) or title.title_key = any(%(also)s::bigint[])
order by title.title_key;
