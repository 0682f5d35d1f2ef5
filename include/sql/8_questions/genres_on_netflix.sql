-- genres_on_netflix
-- Grain:  genre
-- Reads:  mart.catalogue_entries, warehouse
-- Writes: -
-- Rerun:  reads only
-- Notes:  How many works of each genre are on Netflix, and how good are they? A work of two genres counts for both.

select
    dim_genre.genre,
    count(*) as titles,
    round(avg(rating.imdb_weighted_of_10), 2) as average_imdb_weighted_of_10
from warehouse.dim_title
inner join warehouse.bridge_title_genre on dim_title.title_key = bridge_title_genre.title_key
inner join warehouse.dim_genre on bridge_title_genre.genre_key = dim_genre.genre_key
left join lateral (
    select fact_title_rating.imdb_weighted_of_10
    from warehouse.fact_title_rating
    where fact_title_rating.title_key = dim_title.title_key
    order by fact_title_rating.rating_date desc
    limit 1
) as rating on true
where
    dim_genre.genre_kind = 'genre'
    and dim_title.title_key in (
        select catalogue_entries.title_key
        from mart.catalogue_entries
        where catalogue_entries.platform = 'netflix'
    )
group by dim_genre.genre
order by titles desc, dim_genre.genre;
