-- countries_on_netflix
-- Grain:  country
-- Reads:  mart.catalogue_entries, warehouse
-- Writes: -
-- Rerun:  reads only
-- Notes:  Where does what is on Netflix come from? A work of two countries counts for both; countries that exist no more
--         are counted as themselves.

select
    dim_country.country,
    dim_country.iso_code,
    dim_country.is_historical,
    count(*) as titles
from warehouse.bridge_title_country
inner join warehouse.dim_country on bridge_title_country.country_key = dim_country.country_key
where
    bridge_title_country.title_key in (
        select catalogue_entries.title_key
        from mart.catalogue_entries
        where catalogue_entries.platform = 'netflix'
    )
group by dim_country.country_key, dim_country.country, dim_country.iso_code, dim_country.is_historical
order by titles desc, dim_country.country;
