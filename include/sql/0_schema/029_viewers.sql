-- 029_viewers
-- Grain:  viewers, what they rated and what they watched
-- Reads:  -
-- Writes: warehouse.dim_user, warehouse.fact_user_rating, warehouse.fact_viewing, their build tables
-- Rerun:  applied once, in order, by number; ops.migration remembers it
-- Notes:  rows that an app sent (source app) stand in no file; a publish leaves them where they are

create table warehouse.dim_user (
    user_key bigint primary key check (user_key > 0),
    source text not null check (source in ('viewers', 'app')),
    is_synthetic boolean not null
);

comment on table warehouse.dim_user is 'Grain: one viewer, by a number only: no name, no address.';
comment on column warehouse.dim_user.user_key is 'Number of the viewer in the viewers files, or the one an app gave.';
comment on column warehouse.dim_user.source is 'viewers: the files have this viewer. app: only an app has told of this viewer.';
comment on column warehouse.dim_user.is_synthetic is 'True: invented by `reelhouse sample viewers` (numbers from 900,000,000 on). Never counted as quality.';

create table warehouse.fact_user_rating (
    user_key bigint not null references warehouse.dim_user,
    title_key bigint not null references warehouse.dim_title,
    rating_of_5 numeric(2, 1) not null check (rating_of_5 between 0.5 and 5),
    rated_at timestamptz not null,
    source text not null check (source in ('viewers', 'app')),
    primary key (user_key, title_key)
);

comment on table warehouse.fact_user_rating is 'Grain: viewer x title: the newest rating.';
comment on column warehouse.fact_user_rating.user_key is 'The viewer.';
comment on column warehouse.fact_user_rating.title_key is 'The title.';
comment on column warehouse.fact_user_rating.rating_of_5 is 'Half a star to five, in halves. Four and more is a like.';
comment on column warehouse.fact_user_rating.rated_at is 'When, in UTC.';
comment on column warehouse.fact_user_rating.source is 'viewers: from the files. app: sent by an app.';

create index on warehouse.fact_user_rating (title_key);

create table warehouse.fact_viewing (
    user_key bigint not null references warehouse.dim_user,
    title_key bigint not null references warehouse.dim_title,
    viewed_at timestamptz not null,
    viewed_min smallint check (viewed_min >= 0),
    source text not null check (source in ('viewers', 'app')),
    primary key (user_key, title_key, viewed_at)
);

comment on table warehouse.fact_viewing is 'Grain: viewer x title x moment.';
comment on column warehouse.fact_viewing.user_key is 'The viewer.';
comment on column warehouse.fact_viewing.title_key is 'The title.';
comment on column warehouse.fact_viewing.viewed_at is 'When it was watched, in UTC.';
comment on column warehouse.fact_viewing.viewed_min is 'How long it was watched. Null is unknown.';
comment on column warehouse.fact_viewing.source is 'viewers: from the files. app: sent by an app.';

create index on warehouse.fact_viewing (title_key);

create unlogged table build.title_of_movie (
    movie_number integer primary key,
    title_key bigint not null,
    found_by text not null check (found_by in ('imdb id', 'title and year'))
);

comment on table build.title_of_movie is 'Grain: one film of the viewers files: which work it is.';
comment on column build.title_of_movie.movie_number is 'Column movieId.';
comment on column build.title_of_movie.title_key is 'The work.';
comment on column build.title_of_movie.found_by is 'imdb id: links.csv states it. title and year: the only work of that name and year.';

create unlogged table build.dim_user (like warehouse.dim_user including defaults, primary key (user_key));
create unlogged table build.fact_user_rating (
    like warehouse.fact_user_rating including defaults, primary key (user_key, title_key)
);
create unlogged table build.fact_viewing (
    like warehouse.fact_viewing including defaults, primary key (user_key, title_key, viewed_at)
);

comment on table build.dim_user is 'Grain: one viewer. The next state of warehouse.dim_user.';
comment on table build.fact_user_rating is 'Grain: viewer x title. The next state of warehouse.fact_user_rating.';
comment on table build.fact_viewing is 'Grain: viewer x title x moment. The next state of warehouse.fact_viewing.';
