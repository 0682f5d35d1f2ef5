-- 006_build
-- Grain:  each build table has the grain of the warehouse table of its name
-- Reads:  -
-- Writes: schema build
-- Rerun:  applied once, in order, by number; ops.migration remembers it
-- Notes:  unlogged: a crash empties these tables, and the next build fills them again.
--         No foreign keys: include/sql/9_checks/warehouse.sql asks the same, with a sample

create unlogged table build.reference_genre (
    genre_key integer,
    genre text,
    source text not null,
    source_genre text not null,
    unique nulls not distinct (source, source_genre, genre_key),
    check ((genre_key is null) = (genre is null))
);

comment on table build.reference_genre is 'Grain: word of a source x genre it means (include/data/reference/genres.csv). No genre: the word is deliberately not one.';
comment on column build.reference_genre.genre_key is 'Number of the genre; null when the word is no genre ("International TV Shows").';
comment on column build.reference_genre.genre is 'Name of the genre.';
comment on column build.reference_genre.source is 'netflix, imdb, rotten_tomatoes.';
comment on column build.reference_genre.source_genre is 'The source''s own word.';

create unlogged table build.reference_certification (
    certification_key integer primary key,
    certification text not null unique,
    rating_system text not null,
    least_age smallint,
    meaning text
);

comment on table build.reference_certification is 'Grain: one age certification (include/data/reference/certifications.csv).';
comment on column build.reference_certification.certification_key is 'Number of the certification.';
comment on column build.reference_certification.certification is 'As the sources write it.';
comment on column build.reference_certification.rating_system is 'US film, US television, or unknown.';
comment on column build.reference_certification.least_age is 'Youngest age it is meant for; null is unknown.';
comment on column build.reference_certification.meaning is 'In words.';

create unlogged table build.reference_country (
    country_key integer primary key,
    country text not null unique,
    iso_code text unique,
    is_historical boolean not null
);

comment on table build.reference_country is 'Grain: one country (include/data/reference/countries.csv).';
comment on column build.reference_country.country_key is 'ISO 3166-1 numeric code.';
comment on column build.reference_country.country is 'Name as the catalogues write it.';
comment on column build.reference_country.iso_code is 'ISO 3166 code; West Germany never had one of its own.';
comment on column build.reference_country.is_historical is 'Exists no more.';

create unlogged table build.work_of_row (
    source text not null,
    source_id text not null,
    title_key bigint not null,
    natural_key text not null,
    platform_key smallint,
    source_rank smallint not null,
    primary key (source, source_id)
);

comment on table build.work_of_row is 'Grain: row of a source file of the current edition: which work it is.';
comment on column build.work_of_row.source is 'netflix, rotten_tomatoes.';
comment on column build.work_of_row.source_id is 'Id of the row in this edition.';
comment on column build.work_of_row.title_key is 'The work.';
comment on column build.work_of_row.natural_key is 'What the key is made from, or would be if IMDb did not have the work.';
comment on column build.work_of_row.platform_key is 'Set when the source is a platform''s catalogue.';
comment on column build.work_of_row.source_rank is '1 speaks for the work among the rows of its source.';

create unlogged table build.dim_genre (like warehouse.dim_genre including defaults, primary key (genre_key));
create unlogged table build.dim_country (like warehouse.dim_country including defaults, primary key (country_key));
create unlogged table build.dim_certification (
    like warehouse.dim_certification including defaults, primary key (certification_key)
);
create unlogged table build.title_identity (like warehouse.title_identity including defaults, primary key (title_key));
create unlogged table build.dim_title (like warehouse.dim_title including defaults, primary key (title_key));
create unlogged table build.dim_person (like warehouse.dim_person including defaults, primary key (person_key));
create unlogged table build.bridge_title_person_role (
    like warehouse.bridge_title_person_role including defaults, primary key (title_key, role_key, person_key)
);
create unlogged table build.bridge_title_genre (
    like warehouse.bridge_title_genre including defaults, primary key (title_key, genre_key)
);
create unlogged table build.bridge_title_country (
    like warehouse.bridge_title_country including defaults, primary key (title_key, country_key)
);
create unlogged table build.bridge_title_source (
    like warehouse.bridge_title_source including defaults, primary key (source, source_id)
);
create unlogged table build.fact_title_rating (
    like warehouse.fact_title_rating including defaults, primary key (title_key, rating_date)
);
create unlogged table build.fact_availability (
    like warehouse.fact_availability including defaults, primary key (title_key, platform_key, entered_date)
);

comment on table build.dim_genre is 'Grain: as warehouse.dim_genre, of which it is the next state.';
comment on table build.dim_country is 'Grain: as warehouse.dim_country, of which it is the next state.';
comment on table build.dim_certification is 'Grain: as warehouse.dim_certification, of which it is the next state.';
comment on table build.title_identity is 'Grain: as warehouse.title_identity, of which it is the next state.';
comment on table build.dim_title is 'Grain: as warehouse.dim_title, of which it is the next state.';
comment on table build.dim_person is 'Grain: as warehouse.dim_person, of which it is the next state.';
comment on table build.bridge_title_person_role is 'Grain: as warehouse.bridge_title_person_role, of which it is the next state.';
comment on table build.bridge_title_genre is 'Grain: as warehouse.bridge_title_genre, of which it is the next state.';
comment on table build.bridge_title_country is 'Grain: as warehouse.bridge_title_country, of which it is the next state.';
comment on table build.bridge_title_source is 'Grain: as warehouse.bridge_title_source, of which it is the next state.';
comment on table build.fact_title_rating is 'Grain: as warehouse.fact_title_rating: only the rows that this day adds or changes.';
comment on table build.fact_availability is 'Grain: as warehouse.fact_availability, of which it is the next state.';

comment on column warehouse.dim_title.folded_title is 'Title without case, accents and punctuation; every script kept.';
comment on column warehouse.dim_genre.genre_key is 'Number in the reference file; from 1,000,000 on, a digest of a word the file does not know. A genre keeps the number it got first.';
comment on column warehouse.dim_country.country_key is 'ISO 3166-1 numeric code; from 1,000,000 on, a digest of a name the reference file does not know. A country keeps the number it got first.';
comment on column warehouse.dim_certification.certification_key is 'Number in the reference file; from 1,000,000 on, a digest of a word the file does not know. A certification keeps the number it got first.';
