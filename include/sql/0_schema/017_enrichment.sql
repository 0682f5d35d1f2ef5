-- 017_enrichment
-- Grain:  as before; kinds, countries and reasons for the words of the sources, and which source gave a field
-- Reads:  staging
-- Writes: staging.source_row, staging.genre_word (views), build.reference_*, warehouse and build dim_genre,
--         dim_certification, dim_title
-- Rerun:  applied once, in order, by number; ops.migration remembers it
-- Notes:  scores get their bounds in include/sql/5_mart: they follow from what is stored

create view staging.source_row as
select
    'netflix' as source,
    source_id,
    release_year,
    certification,
    runtime_min,
    season_count,
    countries,
    categories as genres
from staging.netflix_titles
union all
select
    'amazon' as source,
    source_id,
    release_year,
    certification,
    runtime_min,
    season_count,
    countries,
    categories as genres
from staging.amazon_titles
union all
select
    'disney' as source,
    source_id,
    release_year,
    certification,
    runtime_min,
    season_count,
    countries,
    categories as genres
from staging.disney_titles
union all
select
    'hulu' as source,
    source_id,
    release_year,
    certification,
    runtime_min,
    season_count,
    countries,
    categories as genres
from staging.hulu_titles
union all
select
    'justwatch' as source,
    source_id,
    release_year,
    certification,
    runtime_min,
    season_count,
    -- XX is JustWatch's word for an unknown country.
    array_remove(countries, 'XX') as countries,
    genres
from staging.justwatch_titles
union all
select
    'rotten_tomatoes' as source,
    source_id,
    extract(year from release_date)::smallint as release_year,
    certification,
    runtime_min,
    null as season_count,
    '{}' as countries,
    genres
from staging.rotten_tomatoes_movies;

comment on view staging.source_row is 'Grain: one staged row about a title, of every source but IMDb: the fields that they share.';
comment on column staging.source_row.source is 'netflix, amazon, disney, hulu, justwatch, rotten_tomatoes.';
comment on column staging.source_row.source_id is 'Id of the row in this edition.';
comment on column staging.source_row.release_year is 'As the source gives it.';
comment on column staging.source_row.certification is 'As the source writes it.';
comment on column staging.source_row.runtime_min is 'Minutes.';
comment on column staging.source_row.season_count is 'Series: seasons.';
comment on column staging.source_row.countries is 'Names, or codes, of countries as the source writes them.';
comment on column staging.source_row.genres is 'Words as the source writes them. Not all are genres.';

create view staging.genre_word as
select
    source,
    unnest(genres) as source_genre
from staging.source_row
union
select
    'imdb' as source,
    unnest(genres) as source_genre
from staging.imdb_titles
union
select
    'viewers' as source,
    unnest(genres) as source_genre
from staging.viewers_movies
union
select
    'justwatch' as source,
    lists.main_genre as source_genre
from (
    select main_genre
    from staging.justwatch_best_movies
    union all
    select main_genre
    from staging.justwatch_best_shows
    union all
    select main_genre
    from staging.justwatch_best_movies_by_year
    union all
    select main_genre
    from staging.justwatch_best_shows_by_year
) as lists
where lists.main_genre is not null;

comment on view staging.genre_word is 'Grain: source x word that it files titles under, as met in the staged rows.';
comment on column staging.genre_word.source is 'Provider.';
comment on column staging.genre_word.source_genre is 'The source''s own word.';

alter table build.reference_genre
add column genre_kind text check (
    genre_kind in ('genre', 'subject', 'audience', 'form', 'origin', 'language', 'standing')
),
add column reason text,
add column language_code text,
add check ((language_code is null) = (genre_kind is distinct from 'language')),
add check ((genre is null) = (genre_kind is null)),
add check (genre is not null or reason is not null);

comment on table build.reference_genre is 'Grain: word of a source x what it means (include/data/reference/genres.csv). A word that means nothing here is in it with the reason.';
comment on column build.reference_genre.genre_key is 'Number of the genre; null when the word means none ("Movies").';
comment on column build.reference_genre.source is 'netflix, amazon, disney, hulu, justwatch, rotten_tomatoes, imdb, viewers.';
comment on column build.reference_genre.genre_kind is 'genre, or what the word is instead: subject, audience, form, origin, language, standing.';
comment on column build.reference_genre.reason is 'Why, where a choice was made.';
comment on column build.reference_genre.language_code is 'ISO 639-1 code, of a word that names the language a title was made in.';

alter table build.reference_certification
add column country_code text,
add column reason text;

comment on column build.reference_certification.rating_system is 'US film, US television, UK film, Indian film, German film, Amazon ages; several, or unknown.';
comment on column build.reference_certification.country_code is 'ISO 3166 code of the country whose system it is; null when it is of several or of none.';
comment on column build.reference_certification.reason is 'Why this age, where a choice was made.';

alter table build.reference_country
add column also_written text,
add column reason text;

comment on column build.reference_country.also_written is 'Other spellings, with bars between them. Besides these a source may write the ISO code.';
comment on column build.reference_country.reason is 'Why this code, where a choice was made.';

-- Rows from before this file are genres, or words that were not known; the next build says which.
alter table warehouse.dim_genre add column genre_kind text not null default 'genre';
alter table build.dim_genre add column genre_kind text not null default 'genre';

comment on table warehouse.dim_genre is 'Grain: one member of the taxonomy that all sources share (include/data/reference/genres.csv): genres, and what else sources file titles under.';
comment on column warehouse.dim_genre.genre is 'Name of the member.';
comment on column warehouse.dim_genre.genre_kind is 'genre; subject, audience, form, origin, language, standing: kept, but no genre. unmapped: a word that the file does not know; retired: one that it did not know and that no source uses any more.';

alter table warehouse.dim_certification add column country_code text;
alter table build.dim_certification add column country_code text;

comment on column warehouse.dim_certification.rating_system is 'US film, US television, UK film, Indian film, German film, Amazon ages; several, or unknown.';
comment on column warehouse.dim_certification.country_code is 'ISO 3166 code of the country whose system it is; null when it is of several or of none.';
comment on column warehouse.dim_certification.least_age is 'Youngest age it is meant for: the scale on which all systems can be compared. Null is unknown, which is never "for all".';

alter table warehouse.dim_title
add column original_language text,
add column field_sources jsonb;

alter table build.dim_title
add column original_language text,
add column field_sources jsonb;

comment on column warehouse.dim_title.runtime_min is 'Minutes; of a series, of an episode. From IMDb, then Netflix, Amazon, Disney+, Hulu, JustWatch, Rotten Tomatoes.';
comment on column warehouse.dim_title.season_count is 'Series: seasons there. From Netflix, then Amazon, Disney+, Hulu, JustWatch.';
comment on column warehouse.dim_title.certification_key is 'From Netflix, then Amazon, Disney+, Hulu, JustWatch, Rotten Tomatoes; one that says an age before one that does not (NR). Unknown is null.';
comment on column warehouse.dim_title.original_language is 'ISO 639-1 code: IMDb''s, where its original title has one, else of a word that Netflix files it under (Spanish-Language TV Shows). Null is not known.';
comment on column warehouse.dim_title.field_sources is 'Which source each field was taken from, {"title": "netflix", ...}, by the order that include/sql/3_warehouse/dim_title.sql states. Null when one source alone has the title.';

create view build.reference_country_word as
select
    country as word,
    country
from build.reference_country
union
select
    iso_code as word,
    country
from build.reference_country
where iso_code is not null
union
select
    unnest(string_to_array(also_written, '|')) as word,
    country
from build.reference_country;

comment on view build.reference_country_word is 'Grain: a way to write a country: its name, its ISO code, another spelling of the reference file.';
comment on column build.reference_country_word.word is 'As a source may write it.';
comment on column build.reference_country_word.country is 'The name that dim_country has.';

create view build.country_word as
select
    dim_country.country as word,
    dim_country.country_key
from build.dim_country
left join build.reference_country_word on dim_country.country = reference_country_word.word
where reference_country_word.word is null
union all
select
    reference_country_word.word,
    dim_country.country_key
from build.reference_country_word
inner join build.dim_country on reference_country_word.country = dim_country.country;

comment on view build.country_word is 'Grain: a way to write a country, and the member of dim_country it means.';
comment on column build.country_word.word is 'As a source writes it.';
comment on column build.country_word.country_key is 'The country.';
