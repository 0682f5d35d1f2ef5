-- 002_staging
-- Grain:  one table for each source file, typed, nothing joined
-- Reads:  -
-- Writes: schema staging
-- Rerun:  applied once, in order, by number; ops.migration remembers it
-- Notes:  unlogged: a crash empties these tables, and the next run notices and stages
--         the landed files again

create unlogged table staging.netflix_titles (
    source_id text primary key,
    line_number bigint not null,
    kind text not null check (kind in ('movie', 'series')),
    title text not null,
    directors text[] not null,
    actors text[] not null,
    countries text[] not null,
    added_date date,
    release_year smallint,
    certification text,
    runtime_min smallint,
    season_count smallint,
    categories text[] not null,
    description text,
    repairs text[] not null
);

comment on table staging.netflix_titles is 'Grain: one row of netflix_titles.csv, by show_id.';
comment on column staging.netflix_titles.source_id is 'show_id. Renumbered in every edition: never a key across days.';
comment on column staging.netflix_titles.line_number is 'Physical line on which the record begins.';
comment on column staging.netflix_titles.kind is 'movie or series (the file says Movie or TV Show).';
comment on column staging.netflix_titles.title is 'As the file writes it, trimmed.';
comment on column staging.netflix_titles.directors is 'Names in file order, without repeats.';
comment on column staging.netflix_titles.actors is 'Names in billing order, without repeats (column cast).';
comment on column staging.netflix_titles.countries is 'In file order, empty ones left out.';
comment on column staging.netflix_titles.added_date is 'Day Netflix says it added the title.';
comment on column staging.netflix_titles.release_year is 'For a series the year of its latest season, not of its first.';
comment on column staging.netflix_titles.certification is 'Column rating: TV-MA, PG-13 and so on. Unknown is null.';
comment on column staging.netflix_titles.runtime_min is 'Films: minutes.';
comment on column staging.netflix_titles.season_count is 'Series: seasons.';
comment on column staging.netflix_titles.categories is 'Column listed_in, split.';
comment on column staging.netflix_titles.description is 'One sentence by Netflix.';
comment on column staging.netflix_titles.repairs is 'What was mended in this row, e.g. a duration that stood in rating.';

create unlogged table staging.rotten_tomatoes_movies (
    source_id text primary key,
    line_number bigint not null,
    title text not null,
    synopsis text,
    critics_consensus text,
    certification text,
    genres text[] not null,
    directors text[] not null,
    writers text[] not null,
    actors text[] not null,
    release_date date,
    streaming_date date,
    runtime_min smallint,
    studio text,
    tomatometer_status text,
    tomatometer_pct smallint check (tomatometer_pct between 0 and 100),
    tomatometer_count integer,
    audience_status text,
    audience_pct smallint check (audience_pct between 0 and 100),
    audience_count bigint,
    top_critic_count integer,
    fresh_count integer,
    rotten_count integer,
    repairs text[] not null
);

comment on table staging.rotten_tomatoes_movies is 'Grain: one film of rotten_tomatoes_movies.csv. Films only, never series.';
comment on column staging.rotten_tomatoes_movies.source_id is 'rotten_tomatoes_link without m/. The 2019 layout has no link: folded title and year instead.';
comment on column staging.rotten_tomatoes_movies.line_number is 'Physical line on which the first record of this film begins.';
comment on column staging.rotten_tomatoes_movies.title is 'As the file writes it, trimmed.';
comment on column staging.rotten_tomatoes_movies.synopsis is 'Column movie_info.';
comment on column staging.rotten_tomatoes_movies.critics_consensus is 'One sentence that sums up the reviews.';
comment on column staging.rotten_tomatoes_movies.certification is 'Column content_rating (2019 layout: rating).';
comment on column staging.rotten_tomatoes_movies.genres is 'Split; lists of repeated links are united.';
comment on column staging.rotten_tomatoes_movies.directors is 'Split; lists of repeated links are united.';
comment on column staging.rotten_tomatoes_movies.writers is 'Column authors, split; lists of repeated links are united.';
comment on column staging.rotten_tomatoes_movies.actors is 'Split, in billing order; lists of repeated links are united.';
comment on column staging.rotten_tomatoes_movies.release_date is 'First release (2019 layout: in theaters).';
comment on column staging.rotten_tomatoes_movies.streaming_date is 'First day on streaming or disc.';
comment on column staging.rotten_tomatoes_movies.runtime_min is 'Minutes.';
comment on column staging.rotten_tomatoes_movies.studio is 'Column production_company.';
comment on column staging.rotten_tomatoes_movies.tomatometer_status is 'Rotten, Fresh or Certified-Fresh.';
comment on column staging.rotten_tomatoes_movies.tomatometer_pct is 'Share of critics who liked it: a percentage, not an average score.';
comment on column staging.rotten_tomatoes_movies.tomatometer_count is 'Critics counted.';
comment on column staging.rotten_tomatoes_movies.audience_status is 'Upright or Spilled.';
comment on column staging.rotten_tomatoes_movies.audience_pct is 'Share of the audience who liked it.';
comment on column staging.rotten_tomatoes_movies.audience_count is 'Audience ratings counted.';
comment on column staging.rotten_tomatoes_movies.top_critic_count is 'Top critics counted.';
comment on column staging.rotten_tomatoes_movies.fresh_count is 'Critics who liked it.';
comment on column staging.rotten_tomatoes_movies.rotten_count is 'Critics who did not.';
comment on column staging.rotten_tomatoes_movies.repairs is 'What was mended in this row.';

create unlogged table staging.imdb_titles (
    imdb_title_number integer primary key,
    title_type text not null,
    primary_title text not null,
    original_title text,
    is_adult boolean not null,
    start_year smallint,
    end_year smallint,
    runtime_min integer,
    genres text[] not null
);

comment on table staging.imdb_titles is 'Grain: one kept row of title.basics, by tconst.';
comment on column staging.imdb_titles.imdb_title_number is 'The number in tconst: tt0133093 is 133093.';
comment on column staging.imdb_titles.title_type is 'One of movie, short, tvMovie, tvSeries, tvMiniSeries, tvSpecial, tvShort.';
comment on column staging.imdb_titles.primary_title is 'Title used most at the time of release or since.';
comment on column staging.imdb_titles.original_title is 'Title in the original language.';
comment on column staging.imdb_titles.is_adult is 'Adult titles are never matched and never recommended.';
comment on column staging.imdb_titles.start_year is 'Year of release; for a series the year of its first season.';
comment on column staging.imdb_titles.end_year is 'Series: year of the last season.';
comment on column staging.imdb_titles.runtime_min is 'Minutes.';
comment on column staging.imdb_titles.genres is 'Up to three.';

create unlogged table staging.imdb_ratings (
    imdb_title_number integer primary key,
    imdb_rating_of_10 numeric(3, 1) not null check (imdb_rating_of_10 between 1 and 10),
    imdb_vote_count integer not null check (imdb_vote_count >= 0)
);

comment on table staging.imdb_ratings is 'Grain: one row of title.ratings of a kept title.';
comment on column staging.imdb_ratings.imdb_title_number is 'The number in tconst.';
comment on column staging.imdb_ratings.imdb_rating_of_10 is 'Average of the votes.';
comment on column staging.imdb_ratings.imdb_vote_count is 'Votes.';

create unlogged table staging.imdb_principals (
    imdb_title_number integer not null,
    billing_order smallint not null,
    imdb_person_number integer not null,
    category text not null,
    characters text[] not null,
    primary key (imdb_title_number, billing_order)
);

comment on table staging.imdb_principals is 'Grain: one row of title.principals of a kept title: director, writer, actor or actress.';
comment on column staging.imdb_principals.imdb_title_number is 'The number in tconst.';
comment on column staging.imdb_principals.billing_order is 'Column ordering: 1 is billed first. Has gaps.';
comment on column staging.imdb_principals.imdb_person_number is 'The number in nconst.';
comment on column staging.imdb_principals.category is 'director, writer, actor, actress.';
comment on column staging.imdb_principals.characters is 'Characters played, from the JSON list.';

create unlogged table staging.imdb_crew (
    imdb_title_number integer primary key,
    director_numbers integer[] not null,
    writer_numbers integer[] not null
);

comment on table staging.imdb_crew is 'Grain: one row of title.crew of a kept title.';
comment on column staging.imdb_crew.imdb_title_number is 'The number in tconst.';
comment on column staging.imdb_crew.director_numbers is 'Numbers in the nconsts of the directors, in file order.';
comment on column staging.imdb_crew.writer_numbers is 'Numbers in the nconsts of the writers, in file order.';

create unlogged table staging.imdb_akas (
    imdb_title_number integer not null,
    aka_order integer not null,
    title text not null,
    region text,
    language text,
    is_original boolean,
    primary key (imdb_title_number, aka_order)
);

comment on table staging.imdb_akas is 'Grain: one row of title.akas of a kept title.';
comment on column staging.imdb_akas.imdb_title_number is 'The number in titleId.';
comment on column staging.imdb_akas.aka_order is 'Column ordering.';
comment on column staging.imdb_akas.title is 'The title as known in that region or language.';
comment on column staging.imdb_akas.region is 'Region code.';
comment on column staging.imdb_akas.language is 'Language code.';
comment on column staging.imdb_akas.is_original is 'Whether it is the original title.';

create unlogged table staging.imdb_people (
    imdb_person_number integer primary key,
    person_name text not null,
    birth_year smallint,
    death_year smallint,
    professions text[] not null,
    known_for_numbers integer[] not null
);

comment on table staging.imdb_people is 'Grain: one row of name.basics of a person of a kept title.';
comment on column staging.imdb_people.imdb_person_number is 'The number in nconst.';
comment on column staging.imdb_people.person_name is 'Name most often credited.';
comment on column staging.imdb_people.birth_year is 'Year of birth.';
comment on column staging.imdb_people.death_year is 'Year of death.';
comment on column staging.imdb_people.professions is 'Up to three.';
comment on column staging.imdb_people.known_for_numbers is 'Numbers in the tconsts the person is known for.';
