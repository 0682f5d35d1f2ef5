-- build.dim_certification
-- Grain:  age certification
-- Reads:  build.reference_certification, staging.source_row, warehouse.dim_certification
-- Writes: build.dim_certification (empty before)
-- Rerun:  the table is emptied and filled anew; a known word keeps its key
-- Notes:  a word that the reference file does not know becomes a member of its own, of unknown age

insert into build.dim_certification (
    certification_key, certification, rating_system, least_age, meaning, country_code
)
with

words as (
    select certification
    from staging.source_row
    union
    select certification
    from build.reference_certification
    union
    select certification
    from warehouse.dim_certification
)

select
    coalesce(
        known.certification_key,
        reference.certification_key,
        1000000 + ('x' || left(encode(sha256(convert_to(words.certification, 'UTF8')), 'hex'), 7))::bit(28)::integer
    ) as certification_key,
    words.certification,
    coalesce(reference.rating_system, 'unknown') as rating_system,
    reference.least_age,
    reference.meaning,
    reference.country_code
from words
left join warehouse.dim_certification as known on words.certification = known.certification
left join build.reference_certification as reference on words.certification = reference.certification
where words.certification is not null;
