-- length_by_genre
-- Grain:  genre
-- Reads:  warehouse
-- Writes: -
-- Rerun:  reads only
-- Notes:  How long are the films of the catalogues, by genre? The middle one and the middle half

select
    dim_genre.genre,
    count(*) as films,
    percentile_disc(0.25) within group (order by dim_title.runtime_min) as quarter_are_shorter,
    percentile_disc(0.5) within group (order by dim_title.runtime_min) as half_are_shorter,
    percentile_disc(0.75) within group (order by dim_title.runtime_min) as three_quarters_are_shorter
from warehouse.dim_title
inner join warehouse.bridge_title_genre on dim_title.title_key = bridge_title_genre.title_key
inner join warehouse.dim_genre on bridge_title_genre.genre_key = dim_genre.genre_key and dim_genre.genre_kind = 'genre'
where
    dim_title.is_catalogue_title
    and dim_title.kind = 'movie'
    and dim_title.runtime_min is not null
group by dim_genre.genre
order by half_are_shorter desc, dim_genre.genre;
