-- 009_optional_sources
-- Grain:  one table for each file of the optional sources; one row for each hold that a person lifted
-- Reads:  -
-- Writes: schemas staging, ops
-- Rerun:  applied once, in order, by number; ops.migration remembers it
-- Notes:  unlogged, as in 002. The other catalogues have the layout of Netflix', so they have its columns.

create unlogged table staging.amazon_titles (like staging.netflix_titles including all);

comment on table staging.amazon_titles is 'Grain: one row of amazon_prime_titles.csv, by show_id.';
comment on column staging.amazon_titles.added_date is 'Day Amazon says it added the title. Known of 155 of 9,668 rows.';
comment on column staging.amazon_titles.certification is 'Column rating: 13+, R, TV-MA and so on. Unknown is null.';
comment on column staging.amazon_titles.description is 'A summary by Amazon.';

create unlogged table staging.disney_titles (like staging.netflix_titles including all);

comment on table staging.disney_titles is 'Grain: one row of disney_plus_titles.csv, by show_id.';
comment on column staging.disney_titles.added_date is 'Day Disney says it added the title.';
comment on column staging.disney_titles.certification is 'Column rating: TV-G, PG and so on. Unknown is null.';
comment on column staging.disney_titles.description is 'One sentence by Disney.';

create unlogged table staging.hulu_titles (like staging.netflix_titles including all);

comment on table staging.hulu_titles is 'Grain: one row of hulu_titles.csv, by show_id.';
comment on column staging.hulu_titles.actors is 'Empty in every edition known: Hulu''s column cast has no value.';
comment on column staging.hulu_titles.added_date is 'Day Hulu says it added the title.';
comment on column staging.hulu_titles.certification is 'Column rating, without the durations that stand in it. Unknown is null.';
comment on column staging.hulu_titles.description is 'A summary by Hulu.';

create unlogged table staging.justwatch_titles (
    source_id text primary key,
    line_number bigint not null,
    kind text not null check (kind in ('movie', 'series')),
    title text not null,
    description text,
    release_year smallint,
    certification text,
    runtime_min smallint,
    season_count smallint,
    genres text[] not null,
    countries text[] not null,
    imdb_id text,
    imdb_rating_of_10 numeric(3, 1) check (imdb_rating_of_10 between 0 and 10),
    imdb_vote_count integer,
    tmdb_rating_of_10 real,
    tmdb_popularity real
);

comment on table staging.justwatch_titles is 'Grain: one row of JustWatch''s titles.csv, by id.';
comment on column staging.justwatch_titles.source_id is 'id: tm and a number for a film, ts and a number for a series.';
comment on column staging.justwatch_titles.line_number is 'Physical line on which the record begins.';
comment on column staging.justwatch_titles.kind is 'movie or series (the file says MOVIE or SHOW).';
comment on column staging.justwatch_titles.title is 'As the file writes it, trimmed.';
comment on column staging.justwatch_titles.description is 'A summary. The raw edition has no such column.';
comment on column staging.justwatch_titles.release_year is 'Year of release; for a series of its first season.';
comment on column staging.justwatch_titles.certification is 'Column age_certification. Unknown is null.';
comment on column staging.justwatch_titles.runtime_min is 'Minutes, for a series of one episode. 0 is unknown.';
comment on column staging.justwatch_titles.season_count is 'Series: seasons.';
comment on column staging.justwatch_titles.genres is 'In file order, JustWatch''s own words.';
comment on column staging.justwatch_titles.countries is 'Column production_countries: codes of two letters, in file order.';
comment on column staging.justwatch_titles.imdb_id is 'The IMDb title JustWatch links it to: a hint, sometimes wrong. Never read by the matcher.';
comment on column staging.justwatch_titles.imdb_rating_of_10 is 'IMDb''s average as JustWatch had it.';
comment on column staging.justwatch_titles.imdb_vote_count is 'IMDb''s votes as JustWatch had them.';
comment on column staging.justwatch_titles.tmdb_rating_of_10 is 'TMDB''s average. The raw edition has no such column.';
comment on column staging.justwatch_titles.tmdb_popularity is 'TMDB''s popularity. The raw edition has no such column.';

create unlogged table staging.justwatch_credits (
    source_id text not null,
    person_number integer not null,
    role text not null check (role in ('actor', 'director')),
    line_number bigint not null,
    person_name text not null,
    characters text[] not null,
    primary key (source_id, person_number, role)
);

comment on table staging.justwatch_credits is 'Grain: title x person x role of JustWatch''s credits.csv. Only of titles that are staged.';
comment on column staging.justwatch_credits.source_id is 'Column id: the title.';
comment on column staging.justwatch_credits.person_number is 'Column person_id: JustWatch''s number of the person.';
comment on column staging.justwatch_credits.role is 'actor or director.';
comment on column staging.justwatch_credits.line_number is 'Physical line on which the first record of this credit begins.';
comment on column staging.justwatch_credits.person_name is 'As the file writes it, trimmed.';
comment on column staging.justwatch_credits.characters is 'Characters played; those of repeated credits are united.';

create unlogged table staging.justwatch_best_movies (
    list_rank integer primary key,
    line_number bigint not null,
    title text not null,
    release_year smallint,
    rating_of_10 numeric(3, 1) check (rating_of_10 between 0 and 10),
    vote_count integer,
    runtime_min smallint,
    season_count smallint,
    main_genre text,
    main_country text
);

comment on table staging.justwatch_best_movies is 'Grain: one row of Best Movies Netflix.csv.';
comment on column staging.justwatch_best_movies.list_rank is 'Column index: the place on the list, from 0.';
comment on column staging.justwatch_best_movies.line_number is 'Physical line on which the record begins.';
comment on column staging.justwatch_best_movies.title is 'As the file writes it, trimmed. The lists have no ids.';
comment on column staging.justwatch_best_movies.release_year is 'Year of release.';
comment on column staging.justwatch_best_movies.rating_of_10 is 'Column SCORE: IMDb''s average.';
comment on column staging.justwatch_best_movies.vote_count is 'Column NUMBER_OF_VOTES. The lists by year have none.';
comment on column staging.justwatch_best_movies.runtime_min is 'Column DURATION: minutes. The lists by year have none.';
comment on column staging.justwatch_best_movies.season_count is 'Column NUMBER_OF_SEASONS: series only.';
comment on column staging.justwatch_best_movies.main_genre is 'The first genre.';
comment on column staging.justwatch_best_movies.main_country is 'Column MAIN_PRODUCTION: code of a country.';

create unlogged table staging.justwatch_best_shows (like staging.justwatch_best_movies including all);

comment on table staging.justwatch_best_shows is 'Grain: one row of Best Shows Netflix.csv.';

create unlogged table staging.justwatch_best_movies_by_year (like staging.justwatch_best_movies including all);

comment on table staging.justwatch_best_movies_by_year is 'Grain: one row of Best Movie by Year Netflix.csv: the best film of a year.';

create unlogged table staging.justwatch_best_shows_by_year (like staging.justwatch_best_movies including all);

comment on table staging.justwatch_best_shows_by_year is 'Grain: one row of Best Show by Year Netflix.csv: the best series of a year.';

create unlogged table staging.rotten_tomatoes_reviews (
    source_id text not null,
    review_sha256 bytea not null,
    line_number bigint not null,
    critic_name text,
    is_top_critic boolean not null,
    publisher_name text,
    is_fresh boolean,
    review_score text,
    review_date date,
    review_text text,
    primary key (source_id, review_sha256)
);

comment on table staging.rotten_tomatoes_reviews is 'Grain: one review of rotten_tomatoes_critic_reviews.csv. A record equal to an earlier one in every column is a repeat.';
comment on column staging.rotten_tomatoes_reviews.source_id is 'rotten_tomatoes_link without m/: the film.';
comment on column staging.rotten_tomatoes_reviews.review_sha256 is 'Digest over all columns: reviews have no id.';
comment on column staging.rotten_tomatoes_reviews.line_number is 'Physical line on which the record begins.';
comment on column staging.rotten_tomatoes_reviews.critic_name is 'As the file writes it, trimmed.';
comment on column staging.rotten_tomatoes_reviews.is_top_critic is 'Whether Rotten Tomatoes calls the critic a top critic.';
comment on column staging.rotten_tomatoes_reviews.publisher_name is 'Where it appeared.';
comment on column staging.rotten_tomatoes_reviews.is_fresh is 'Fresh or Rotten: whether the critic liked it.';
comment on column staging.rotten_tomatoes_reviews.review_score is 'As the critic wrote it: 3.5/5, B+, 80/100. No common scale, so text.';
comment on column staging.rotten_tomatoes_reviews.review_date is 'Day of the review.';
comment on column staging.rotten_tomatoes_reviews.review_text is 'Column review_content: the sentence that is quoted.';

create unlogged table staging.viewers_movies (
    movie_number integer primary key,
    line_number bigint not null,
    title text not null,
    release_year smallint,
    genres text[] not null
);

comment on table staging.viewers_movies is 'Grain: one film of movies.csv (MovieLens layout), by movieId.';
comment on column staging.viewers_movies.movie_number is 'Column movieId.';
comment on column staging.viewers_movies.line_number is 'Physical line on which the record begins.';
comment on column staging.viewers_movies.title is 'Without the year in brackets at its end.';
comment on column staging.viewers_movies.release_year is 'The year in brackets at the end of the title.';
comment on column staging.viewers_movies.genres is 'Split at bars. "(no genres listed)" is none.';

create unlogged table staging.viewers_links (
    movie_number integer primary key,
    line_number bigint not null,
    imdb_title_number integer,
    tmdb_number integer
);

comment on table staging.viewers_links is 'Grain: one film of links.csv (MovieLens layout), by movieId.';
comment on column staging.viewers_links.movie_number is 'Column movieId.';
comment on column staging.viewers_links.line_number is 'Physical line on which the record begins.';
comment on column staging.viewers_links.imdb_title_number is 'Column imdbId: the number in the tconst.';
comment on column staging.viewers_links.tmdb_number is 'Column tmdbId.';

create unlogged table staging.viewers_ratings (
    viewer_number integer not null,
    movie_number integer not null,
    rating_of_5 numeric(2, 1) not null check (rating_of_5 between 0.5 and 5),
    rated_epoch_s bigint not null,
    primary key (viewer_number, movie_number)
);

comment on table staging.viewers_ratings is 'Grain: viewer x film of ratings.csv (MovieLens layout). Of repeats the first in the file.';
comment on column staging.viewers_ratings.viewer_number is 'Column userId.';
comment on column staging.viewers_ratings.movie_number is 'Column movieId.';
comment on column staging.viewers_ratings.rating_of_5 is 'Half a star to five, in halves.';
comment on column staging.viewers_ratings.rated_epoch_s is 'Column timestamp: seconds since 1970 in UTC, as the file has them; made a time where it is shown.';

create unlogged table staging.viewers_viewings (
    viewer_number integer not null,
    movie_number integer not null,
    viewed_epoch_s bigint not null,
    viewed_min smallint,
    primary key (viewer_number, movie_number, viewed_epoch_s)
);

comment on table staging.viewers_viewings is 'Grain: viewer x film x moment of viewings.csv.';
comment on column staging.viewers_viewings.viewer_number is 'Column userId.';
comment on column staging.viewers_viewings.movie_number is 'Column movieId.';
comment on column staging.viewers_viewings.viewed_epoch_s is 'Column timestamp: when it was watched, seconds since 1970 in UTC.';
comment on column staging.viewers_viewings.viewed_min is 'Column minutes: how long it was watched, when the file says so.';

create table ops.override (
    load_id bigint not null references ops.load,
    overridden text[] not null check (cardinality(overridden) > 0),
    reason text not null check (btrim(reason) <> ''),
    given_by text not null default session_user,
    given_at timestamptz not null default clock_timestamp(),
    primary key (load_id, given_at)
);

comment on table ops.override is 'Grain: one decision of a person to go on with a load that the volume gate would have held.';
comment on column ops.override.load_id is 'The load. Another input is another load, and has to be accepted anew.';
comment on column ops.override.overridden is 'What spoke against the load, in the words of the gate.';
comment on column ops.override.reason is 'Why the person went on all the same.';
comment on column ops.override.given_by is 'Login at the database.';
comment on column ops.override.given_at is 'When, in UTC.';
