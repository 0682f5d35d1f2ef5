-- build.dim_country
-- Grain:  country
-- Reads:  build.reference_country, build.reference_country_word, staging.source_row, warehouse.dim_country
-- Writes: build.dim_country (empty before)
-- Rerun:  the table is emptied and filled anew; a known name keeps its key
-- Notes:  a word that is no name, spelling or code of a country in the reference file becomes a member of its own,
--         without a code. Only words of the sources whose rows are works (work_of_row.sql)

insert into build.dim_country (country_key, country, iso_code, is_historical)
with

names as (
    select country
    from build.reference_country
    union
    select country
    from warehouse.dim_country
    union
    select named.word as country
    from staging.source_row
    cross join lateral unnest(source_row.countries) as named (word)
    left join build.reference_country_word on named.word = reference_country_word.word
    where
        source_row.source <> 'justwatch'
        and reference_country_word.word is null
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
