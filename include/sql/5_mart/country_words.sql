-- mart.country_words
-- Grain:  a way to write a country
-- Reads:  build.reference_country_word
-- Writes: mart.country_words (view)
-- Rerun:  create or replace; new columns go to the end

create or replace view mart.country_words as
select
    word,
    country
from build.reference_country_word;

comment on view mart.country_words is 'Grain: a way to write a country: its name, its ISO code, another spelling of the reviewed file. For questions in whose words a country is named otherwise than in warehouse.dim_country.';
comment on column mart.country_words.word is 'As somebody may write it.';
comment on column mart.country_words.country is 'The name that warehouse.dim_country has.';
