-- 004_warehouse
-- Grain:  the star schema; each table's grain is in its comment and enforced by its key
-- Reads:  -
-- Writes: schema warehouse
-- Rerun:  applied once, in order, by number; ops.migration remembers it
-- Notes:  tables change only in a publish (plugins/reelhouse/warehousing/publishing.py)

create table warehouse.publication (
    part text primary key check (part in ('warehouse', 'recommendations')),
    load_id bigint not null references ops.load,
    batch_date date not null,
    published_at timestamptz not null
);

comment on table warehouse.publication is 'Grain: part. The load that readers see. Written in the same transaction as the rows.';
comment on column warehouse.publication.part is 'warehouse or recommendations.';
comment on column warehouse.publication.load_id is 'The load that readers see.';
comment on column warehouse.publication.batch_date is 'The day it is for.';
comment on column warehouse.publication.published_at is 'When readers first saw it, in UTC.';

create table warehouse.dim_date (
    calendar_date date primary key,
    year smallint not null,
    quarter smallint not null,
    month smallint not null,
    day_of_month smallint not null,
    iso_week smallint not null,
    iso_weekday smallint not null,
    month_name text not null,
    weekday_name text not null,
    is_weekend boolean not null
);

comment on table warehouse.dim_date is 'Grain: one day, 1990 to 2060.';
comment on column warehouse.dim_date.calendar_date is 'The day.';
comment on column warehouse.dim_date.year is 'Calendar year.';
comment on column warehouse.dim_date.quarter is '1 to 4.';
comment on column warehouse.dim_date.month is '1 to 12.';
comment on column warehouse.dim_date.day_of_month is '1 to 31.';
comment on column warehouse.dim_date.iso_week is 'ISO 8601 week, 1 to 53.';
comment on column warehouse.dim_date.iso_weekday is '1 is Monday.';
comment on column warehouse.dim_date.month_name is 'In English.';
comment on column warehouse.dim_date.weekday_name is 'In English.';
comment on column warehouse.dim_date.is_weekend is 'Saturday or Sunday.';

insert into warehouse.dim_date
select
    day::date as calendar_date,
    extract(year from day) as year,
    extract(quarter from day) as quarter,
    extract(month from day) as month,
    extract(day from day) as day_of_month,
    extract(week from day) as iso_week,
    extract(isodow from day) as iso_weekday,
    (array[
        'January', 'February', 'March', 'April', 'May', 'June', 'July', 'August',
        'September', 'October', 'November', 'December'
    ])[extract(month from day)] as month_name,
    (array[
        'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'
    ])[extract(isodow from day)] as weekday_name,
    extract(isodow from day) >= 6 as is_weekend
from generate_series('1990-01-01'::timestamp, '2060-12-31', '1 day') as days (day);

create table warehouse.dim_platform (
    platform_key smallint primary key,
    platform text not null unique,
    platform_name text not null
);

comment on table warehouse.dim_platform is 'Grain: one streaming platform.';
comment on column warehouse.dim_platform.platform_key is 'Fixed number of the platform.';
comment on column warehouse.dim_platform.platform is 'Code used in queries: netflix, amazon, disney, hulu.';
comment on column warehouse.dim_platform.platform_name is 'Name for display.';

insert into warehouse.dim_platform (platform_key, platform, platform_name)
values
(1, 'netflix', 'Netflix'),
(2, 'amazon', 'Amazon Prime Video'),
(3, 'disney', 'Disney+'),
(4, 'hulu', 'Hulu');

create table warehouse.dim_role (
    role_key smallint primary key,
    role text not null unique,
    role_group text not null check (role_group in ('crew', 'cast'))
);

comment on table warehouse.dim_role is 'Grain: one role a person has in a title.';
comment on column warehouse.dim_role.role_key is 'Fixed number of the role.';
comment on column warehouse.dim_role.role is 'director, writer, actor, actress; cast when a source does not tell actor from actress.';
comment on column warehouse.dim_role.role_group is 'crew or cast.';

insert into warehouse.dim_role (role_key, role, role_group)
values
(1, 'director', 'crew'),
(2, 'writer', 'crew'),
(3, 'actor', 'cast'),
(4, 'actress', 'cast'),
(5, 'cast', 'cast');

create table warehouse.dim_genre (
    genre_key integer primary key,
    genre text not null unique
);

comment on table warehouse.dim_genre is 'Grain: one genre of the taxonomy that all sources share (include/data/reference/genres.csv).';
comment on column warehouse.dim_genre.genre_key is 'Number in the reference file; from 1,000,000 on, a digest of a word the file does not know.';
comment on column warehouse.dim_genre.genre is 'Name of the genre.';

create table warehouse.dim_country (
    country_key integer primary key,
    country text not null unique,
    iso_code text unique,
    is_historical boolean not null
);

comment on table warehouse.dim_country is 'Grain: one country (include/data/reference/countries.csv); historical ones are kept as such.';
comment on column warehouse.dim_country.country_key is 'Number in the reference file; from 1,000,000 on, a digest of a name the file does not know.';
comment on column warehouse.dim_country.country is 'Name as the catalogues write it.';
comment on column warehouse.dim_country.iso_code is 'ISO 3166 code: alpha-2, or alpha-4 (ISO 3166-3) when historical. Null when not known.';
comment on column warehouse.dim_country.is_historical is 'Soviet Union, West Germany and the like.';

create table warehouse.dim_certification (
    certification_key integer primary key,
    certification text not null unique,
    rating_system text not null,
    least_age smallint,
    meaning text
);

comment on table warehouse.dim_certification is 'Grain: one age certification (include/data/reference/certifications.csv).';
comment on column warehouse.dim_certification.certification_key is 'Number in the reference file; from 1,000,000 on, a digest of a word the file does not know.';
comment on column warehouse.dim_certification.certification is 'As the sources write it: PG-13, TV-MA.';
comment on column warehouse.dim_certification.rating_system is 'US film, US television, or unknown.';
comment on column warehouse.dim_certification.least_age is 'Youngest age it is meant for. Null is unknown, which is never "for all".';
comment on column warehouse.dim_certification.meaning is 'In words.';

create table warehouse.title_identity (
    title_key bigint primary key check (title_key >= 1000000000000),
    natural_key text not null unique,
    first_seen_date date not null,
    merged_into bigint
);

comment on table warehouse.title_identity is 'Grain: one work first known from a catalogue and not from IMDb. Keeps its key for good.';
comment on column warehouse.title_identity.title_key is '10^12 plus 52 bits of the sha256 of the natural key: independent of load order, safe in JSON.';
comment on column warehouse.title_identity.natural_key is 'What the key was made from: source, kind, folded title, year.';
comment on column warehouse.title_identity.first_seen_date is 'Day it was first seen.';
comment on column warehouse.title_identity.merged_into is 'Key of the IMDb title it later turned out to be.';

create table warehouse.dim_title (
    title_key bigint primary key,
    title text not null,
    original_title text,
    folded_title text not null,
    kind text not null check (kind in ('movie', 'series', 'short', 'special')),
    release_year smallint,
    end_year smallint,
    runtime_min integer,
    season_count smallint,
    certification_key integer references warehouse.dim_certification,
    is_adult boolean not null,
    imdb_title_id text unique,
    imdb_title_type text,
    description text,
    synopsis text,
    critics_consensus text,
    studio text,
    is_catalogue_title boolean not null,
    is_current boolean not null,
    sources text[] not null check (cardinality(sources) > 0)
);

comment on table warehouse.dim_title is 'Grain: one work. Every catalogue title, every Rotten Tomatoes film, every kept IMDb title.';
comment on column warehouse.dim_title.title_key is 'The number in tconst; for works IMDb does not have, see warehouse.title_identity.';
comment on column warehouse.dim_title.title is 'From Netflix, then IMDb (primary title), then Rotten Tomatoes.';
comment on column warehouse.dim_title.original_title is 'IMDb.';
comment on column warehouse.dim_title.folded_title is 'Title without case, accents, punctuation and leading article; every script kept.';
comment on column warehouse.dim_title.kind is 'movie, series, short, special: from IMDb, else from the catalogue.';
comment on column warehouse.dim_title.release_year is 'From IMDb (first season), then Netflix (latest season), then Rotten Tomatoes.';
comment on column warehouse.dim_title.end_year is 'Series: year of the last season. IMDb.';
comment on column warehouse.dim_title.runtime_min is 'From IMDb, then Netflix, then Rotten Tomatoes.';
comment on column warehouse.dim_title.season_count is 'Series: seasons on Netflix.';
comment on column warehouse.dim_title.certification_key is 'From Netflix, then Rotten Tomatoes. Unknown is null.';
comment on column warehouse.dim_title.is_adult is 'IMDb says so.';
comment on column warehouse.dim_title.imdb_title_id is 'tconst, such as tt0133093; null when IMDb has no such work.';
comment on column warehouse.dim_title.imdb_title_type is 'IMDb''s own word: tvMiniSeries and so on.';
comment on column warehouse.dim_title.description is 'Netflix.';
comment on column warehouse.dim_title.synopsis is 'Rotten Tomatoes.';
comment on column warehouse.dim_title.critics_consensus is 'Rotten Tomatoes.';
comment on column warehouse.dim_title.studio is 'Rotten Tomatoes.';
comment on column warehouse.dim_title.is_catalogue_title is 'Stands in some platform''s catalogue now.';
comment on column warehouse.dim_title.is_current is 'Some source still has it. Titles that vanish keep their row and facts.';
comment on column warehouse.dim_title.sources is 'Sources that have it now (of the last day it had any), in alphabetical order.';

create index on warehouse.dim_title (folded_title);

create table warehouse.dim_person (
    person_key bigint primary key,
    person_name text not null,
    folded_name text not null,
    imdb_person_id text unique,
    birth_year smallint,
    death_year smallint,
    professions text[] not null,
    is_name_only boolean not null
);

comment on table warehouse.dim_person is 'Grain: one IMDb person, or one name that no IMDb person could be found for.';
comment on column warehouse.dim_person.person_key is 'The number in nconst; for name-only persons 10^12 plus 52 bits of the sha256 of the folded name.';
comment on column warehouse.dim_person.person_name is 'As IMDb credits it, else as the catalogue writes it.';
comment on column warehouse.dim_person.folded_name is 'Name without case, accents and punctuation.';
comment on column warehouse.dim_person.imdb_person_id is 'nconst; null for name-only persons.';
comment on column warehouse.dim_person.birth_year is 'IMDb.';
comment on column warehouse.dim_person.death_year is 'IMDb.';
comment on column warehouse.dim_person.professions is 'IMDb.';
comment on column warehouse.dim_person.is_name_only is 'Stands for a name in a catalogue, not for one known human being. Never merged with an IMDb person by name.';

create index on warehouse.dim_person (folded_name);

create table warehouse.bridge_title_person_role (
    title_key bigint not null references warehouse.dim_title,
    role_key smallint not null references warehouse.dim_role,
    person_key bigint not null references warehouse.dim_person,
    billing_order smallint,
    characters text[] not null,
    sources text[] not null check (cardinality(sources) > 0),
    weight double precision not null check (weight > 0 and weight <= 1),
    primary key (title_key, role_key, person_key)
);

comment on table warehouse.bridge_title_person_role is 'Grain: title x person x role.';
comment on column warehouse.bridge_title_person_role.title_key is 'The title.';
comment on column warehouse.bridge_title_person_role.role_key is 'The role.';
comment on column warehouse.bridge_title_person_role.person_key is 'The person.';
comment on column warehouse.bridge_title_person_role.billing_order is '1 is billed first: IMDb''s order, else the catalogue''s.';
comment on column warehouse.bridge_title_person_role.characters is 'Characters played. IMDb.';
comment on column warehouse.bridge_title_person_role.sources is 'Sources that say so, in alphabetical order.';
comment on column warehouse.bridge_title_person_role.weight is 'Sums to 1 over the people of one title and role, so that a sum over people counts a title once.';

create index on warehouse.bridge_title_person_role (person_key);

create table warehouse.bridge_title_genre (
    title_key bigint not null references warehouse.dim_title,
    genre_key integer not null references warehouse.dim_genre,
    sources text[] not null check (cardinality(sources) > 0),
    source_genres text[] not null,
    primary key (title_key, genre_key)
);

comment on table warehouse.bridge_title_genre is 'Grain: title x genre.';
comment on column warehouse.bridge_title_genre.title_key is 'The title.';
comment on column warehouse.bridge_title_genre.genre_key is 'The genre.';
comment on column warehouse.bridge_title_genre.sources is 'Sources that say so, in alphabetical order.';
comment on column warehouse.bridge_title_genre.source_genres is 'The sources'' own words for it, in alphabetical order.';

create index on warehouse.bridge_title_genre (genre_key);

create table warehouse.bridge_title_country (
    title_key bigint not null references warehouse.dim_title,
    country_key integer not null references warehouse.dim_country,
    sources text[] not null check (cardinality(sources) > 0),
    primary key (title_key, country_key)
);

comment on table warehouse.bridge_title_country is 'Grain: title x country of production.';
comment on column warehouse.bridge_title_country.title_key is 'The title.';
comment on column warehouse.bridge_title_country.country_key is 'The country.';
comment on column warehouse.bridge_title_country.sources is 'Sources that say so, in alphabetical order.';

create index on warehouse.bridge_title_country (country_key);

create table warehouse.bridge_title_source (
    source text not null,
    source_id text not null,
    title_key bigint not null references warehouse.dim_title,
    platform_key smallint references warehouse.dim_platform,
    source_title text not null,
    source_kind text not null check (source_kind in ('movie', 'series')),
    source_year smallint,
    source_certification text,
    runtime_min integer,
    season_count smallint,
    added_date date,
    source_genres text[] not null,
    match_band text not null check (match_band in ('match', 'review', 'no match')),
    match_probability real,
    decided_by text not null check (decided_by in ('model', 'manual')),
    primary key (source, source_id)
);

comment on table warehouse.bridge_title_source is 'Grain: one row of a catalogue or review file of the current edition: which work it is, and how sure we are.';
comment on column warehouse.bridge_title_source.source is 'netflix, rotten_tomatoes.';
comment on column warehouse.bridge_title_source.source_id is 'Id the source gives the row in this edition (Netflix renumbers them).';
comment on column warehouse.bridge_title_source.title_key is 'The work. Several rows may be one work: duplicates, language versions.';
comment on column warehouse.bridge_title_source.platform_key is 'Set when the source is a platform''s catalogue.';
comment on column warehouse.bridge_title_source.source_title is 'Title as the source writes it.';
comment on column warehouse.bridge_title_source.source_kind is 'movie or series, as the source says.';
comment on column warehouse.bridge_title_source.source_year is 'Year as the source gives it (Netflix series: latest season).';
comment on column warehouse.bridge_title_source.source_certification is 'As the source gives it.';
comment on column warehouse.bridge_title_source.runtime_min is 'As the source gives it.';
comment on column warehouse.bridge_title_source.season_count is 'As the source gives it.';
comment on column warehouse.bridge_title_source.added_date is 'Day the platform says it added the title.';
comment on column warehouse.bridge_title_source.source_genres is 'Genre words as the source gives them, in its order (Netflix: listed_in). Not all are genres.';
comment on column warehouse.bridge_title_source.match_band is 'match: linked to IMDb. review, no match: a work of its own for now.';
comment on column warehouse.bridge_title_source.match_probability is 'Of the best candidate being the same work; null without a candidate.';
comment on column warehouse.bridge_title_source.decided_by is 'model, or manual (include/data/manual_matches.csv).';

create index on warehouse.bridge_title_source (title_key);

create table warehouse.fact_title_rating (
    title_key bigint not null references warehouse.dim_title,
    rating_date date not null references warehouse.dim_date,
    imdb_rating_of_10 numeric(3, 1),
    imdb_vote_count integer,
    imdb_weighted_of_10 numeric(4, 2),
    critics_pct smallint,
    critics_count integer,
    audience_pct smallint,
    audience_count bigint,
    primary key (title_key, rating_date)
);

comment on table warehouse.fact_title_rating is 'Grain: title x day on which a score or count changed. The newest row not after a day holds on that day.';
comment on column warehouse.fact_title_rating.title_key is 'The title.';
comment on column warehouse.fact_title_rating.rating_date is 'Day from which these values hold.';
comment on column warehouse.fact_title_rating.imdb_rating_of_10 is 'IMDb average of votes.';
comment on column warehouse.fact_title_rating.imdb_vote_count is 'IMDb votes.';
comment on column warehouse.fact_title_rating.imdb_weighted_of_10 is 'IMDb average drawn towards 6.5 as by 1,000 extra votes: (votes * average + 1000 * 6.5) / (votes + 1000).';
comment on column warehouse.fact_title_rating.critics_pct is 'Rotten Tomatoes: share of critics who liked it.';
comment on column warehouse.fact_title_rating.critics_count is 'Rotten Tomatoes: critics counted.';
comment on column warehouse.fact_title_rating.audience_pct is 'Rotten Tomatoes: share of the audience who liked it.';
comment on column warehouse.fact_title_rating.audience_count is 'Rotten Tomatoes: audience ratings counted.';

create table warehouse.fact_availability (
    title_key bigint not null references warehouse.dim_title,
    platform_key smallint not null references warehouse.dim_platform,
    entered_date date not null references warehouse.dim_date,
    left_date date references warehouse.dim_date,
    is_entry_stated boolean not null,
    primary key (title_key, platform_key, entered_date),
    check (left_date > entered_date)
);

comment on table warehouse.fact_availability is 'Grain: title x platform x stay. An open stay has no left_date.';
comment on column warehouse.fact_availability.title_key is 'The title.';
comment on column warehouse.fact_availability.platform_key is 'The platform.';
comment on column warehouse.fact_availability.entered_date is 'First day on the platform.';
comment on column warehouse.fact_availability.left_date is 'First day no longer in the catalogue.';
comment on column warehouse.fact_availability.is_entry_stated is 'True: the platform states the day. False: the day we first saw it.';

create table warehouse.dim_rec_method (
    method_key smallint primary key,
    method text not null unique,
    subject_kind text not null check (subject_kind in ('title', 'user')),
    is_default boolean not null,
    description text not null
);

comment on table warehouse.dim_rec_method is 'Grain: one way of recommending.';
comment on column warehouse.dim_rec_method.method_key is 'Fixed number of the method.';
comment on column warehouse.dim_rec_method.method is 'Name used in queries.';
comment on column warehouse.dim_rec_method.subject_kind is 'Whom or what it recommends for.';
comment on column warehouse.dim_rec_method.is_default is 'The one mart.recommendations shows for its kind of subject.';
comment on column warehouse.dim_rec_method.description is 'What it does, in a sentence.';

insert into warehouse.dim_rec_method (
    method_key, method, subject_kind, is_default, description
)
values (
    1, 'similar_hybrid', 'title', true,
    'Similar titles: weighted fields (genre, cast, director, title, year, country, '
    || 'description), with popularity and quality as a prior.'
);

create table warehouse.fact_recommendation (
    method_key smallint not null references warehouse.dim_rec_method,
    source_title_key bigint not null references warehouse.dim_title,
    rank smallint not null check (rank between 1 and 50),
    recommended_title_key bigint not null references warehouse.dim_title,
    score real not null check (score between 0 and 1),
    score_kind text not null check (score_kind in ('p_like', 'percentile')),
    score_raw double precision not null,
    is_cold boolean not null,
    reasons jsonb not null check (jsonb_array_length(reasons) >= 1),
    load_id bigint not null references ops.load,
    primary key (method_key, source_title_key, rank),
    unique (method_key, source_title_key, recommended_title_key),
    check (source_title_key <> recommended_title_key)
);

comment on table warehouse.fact_recommendation is 'Grain: method x subject (title) x rank. Current lists only; a list is rewritten only when its content changed.';
comment on column warehouse.fact_recommendation.method_key is 'The method.';
comment on column warehouse.fact_recommendation.source_title_key is 'The title it is recommended for.';
comment on column warehouse.fact_recommendation.rank is '1 is best.';
comment on column warehouse.fact_recommendation.recommended_title_key is 'The title recommended.';
comment on column warehouse.fact_recommendation.score is 'score_raw as a share of 1: see score_kind.';
comment on column warehouse.fact_recommendation.score_kind is 'percentile: among all scores of this refresh. p_like: calibrated probability of a like.';
comment on column warehouse.fact_recommendation.score_raw is 'Sum of the parts in reasons; the order follows it (after diversification).';
comment on column warehouse.fact_recommendation.is_cold is 'True when the subject has too few fields to compare, so popular titles stand in.';
comment on column warehouse.fact_recommendation.reasons is 'The parts that add up to score_raw: [{"kind", "value", "share"}, ...], largest first, small ones together at the end as "other".';
comment on column warehouse.fact_recommendation.load_id is 'The load that last changed this list.';

create index on warehouse.fact_recommendation (recommended_title_key);

create table warehouse.fact_recommendation_quality (
    load_id bigint not null references ops.load,
    method_key smallint not null references warehouse.dim_rec_method,
    metric text not null,
    value double precision not null,
    limit_value double precision,
    is_ok boolean not null,
    primary key (load_id, method_key, metric)
);

comment on table warehouse.fact_recommendation_quality is 'Grain: load x method x metric.';
comment on column warehouse.fact_recommendation_quality.load_id is 'The recommendations load.';
comment on column warehouse.fact_recommendation_quality.method_key is 'The method.';
comment on column warehouse.fact_recommendation_quality.metric is 'coverage, short_lists, adult_targets and so on.';
comment on column warehouse.fact_recommendation_quality.value is 'The figure.';
comment on column warehouse.fact_recommendation_quality.limit_value is 'The bound it must keep, when it has one.';
comment on column warehouse.fact_recommendation_quality.is_ok is 'False holds the refresh.';
