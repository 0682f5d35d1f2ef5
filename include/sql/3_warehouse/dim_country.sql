-- build.dim_country
-- Grain:  country
-- Reads:  build.reference_country, staging.netflix_titles, warehouse.dim_country
-- Writes: build.dim_country (empty before)
-- Rerun:  the table is emptied and filled anew; a known name keeps its key
-- Notes:  a name that the reference file does not know becomes a member of its own, without a code

insert into build.dim_country (country_key, country, iso_code, is_historical)
with

names as (
    select unnest(countries) as country
    from staging.netflix_titles
    union
    select country
    from build.reference_country
    union
    select country
    from warehouse.dim_country
)

select
    coalesce(
        known.country_key,
        reference.country_key,
        1000000 + ('x' || left(encode(sha256(convert_to(names.country, 'UTF8')), 'hex'), 7))::bit(28)::integer
    ) as country_key,
    names.country,
    reference.iso_code,
    coalesce(reference.is_historical, false) as is_historical
from names
left join warehouse.dim_country as known on names.country = known.country
left join build.reference_country as reference on names.country = reference.country;
