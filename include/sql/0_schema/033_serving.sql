-- 033_serving
-- Grain:  what titles are found by, and who may ask
-- Reads:  warehouse.dim_title
-- Writes: warehouse.title_search, warehouse.title_name, ops.api_key, ops.api_session
-- Rerun:  applied once, in order, by number; ops.migration remembers it
-- Notes:  pg_trgm is a trusted extension: the owner of the database may create it. Texts that are looked up by their
--         beginning have the collation "C", whatever the database's own is

create extension if not exists pg_trgm;

create table warehouse.title_search (
    title_key bigint primary key references warehouse.dim_title on delete cascade,
    kind text not null,
    release_year smallint,
    vote_count integer not null,
    rating_of_10 numeric(3, 1),
    weighted_of_10 numeric(4, 2),
    critics_pct smallint,
    audience_pct smallint,
    least_age smallint,
    genres text[] not null,
    platforms text[] not null
);

comment on table warehouse.title_search is 'Grain: one current work that is not adult: what lists and searches filter and sort by. Brought up to date in the transaction that publishes.';
comment on column warehouse.title_search.title_key is 'The work.';
comment on column warehouse.title_search.kind is 'movie, series, short, special.';
comment on column warehouse.title_search.release_year is 'Year of release.';
comment on column warehouse.title_search.vote_count is 'IMDb votes; 0 without any.';
comment on column warehouse.title_search.rating_of_10 is 'IMDb average of votes.';
comment on column warehouse.title_search.weighted_of_10 is 'IMDb average drawn towards 6.5 as by 1,000 extra votes: few votes cannot win.';
comment on column warehouse.title_search.critics_pct is 'Rotten Tomatoes: share of critics who liked it.';
comment on column warehouse.title_search.audience_pct is 'Rotten Tomatoes: share of the audience who liked it.';
comment on column warehouse.title_search.least_age is 'Youngest age it is meant for; null is unknown, never "for all".';
comment on column warehouse.title_search.genres is 'Genres of all sources, in alphabetical order.';
comment on column warehouse.title_search.platforms is 'Platforms whose catalogue has it, in alphabetical order.';

create index title_search_votes on warehouse.title_search (vote_count desc, title_key);
create index title_search_kind_votes on warehouse.title_search (kind, vote_count desc, title_key);
create index title_search_kind_weighted on warehouse.title_search (kind, weighted_of_10 desc nulls last, title_key);
create index title_search_kind_year on warehouse.title_search (kind, release_year desc nulls last, title_key);

create table warehouse.title_name (
    title_key bigint not null references warehouse.title_search on delete cascade,
    search_name text collate "C" not null,
    vote_count integer not null,
    is_main boolean not null,
    primary key (title_key, search_name)
);

comment on table warehouse.title_name is 'Grain: one work of warehouse.title_search x name it is found by: its title, the one in the original language, and for catalogue titles those of other countries.';
comment on column warehouse.title_name.title_key is 'The work.';
comment on column warehouse.title_name.search_name is 'The name without case, accents, punctuation and a leading English article.';
comment on column warehouse.title_name.vote_count is 'IMDb votes of the work, by which those that begin alike are told apart.';
comment on column warehouse.title_name.is_main is 'True: the title itself.';

-- One, two or three letters are the beginning of many thousands of names. Of those with votes the best known are found
-- in the order of the index; longer beginnings have few enough to be sorted.
create index title_name_1 on warehouse.title_name (left(search_name, 1), vote_count desc) where vote_count > 0;
create index title_name_2 on warehouse.title_name (left(search_name, 2), vote_count desc) where vote_count > 0;
create index title_name_3 on warehouse.title_name (left(search_name, 3), vote_count desc) where vote_count > 0;
create index title_name_beginning on warehouse.title_name (search_name);
create index title_name_trigrams on warehouse.title_name using gin (search_name gin_trgm_ops);
-- While somebody types, only names that some people know are worth a guess at what was mistyped.
create index title_name_known_trigrams on warehouse.title_name using gin (search_name gin_trgm_ops)
where vote_count >= 1000;

create index dim_person_beginning on warehouse.dim_person (folded_name collate "C");
create index dim_person_trigrams on warehouse.dim_person using gin (folded_name gin_trgm_ops);

create table ops.api_key (
    key_id integer generated always as identity primary key,
    key_name text not null check (btrim(key_name) <> ''),
    secret_sha256 text not null unique check (secret_sha256 ~ '^[0-9a-f]{64}$'),
    scopes text[] not null check (scopes <@ array['read', 'write', 'review'] and cardinality(scopes) > 0),
    created_at timestamptz not null default clock_timestamp(),
    created_by text not null,
    expires_at timestamptz,
    revoked_at timestamptz,
    revoked_by text,
    check ((revoked_at is null) = (revoked_by is null))
);

comment on table ops.api_key is 'Grain: one key to the API. The key itself is shown once and kept nowhere.';
comment on column ops.api_key.key_id is 'Number of the key.';
comment on column ops.api_key.key_name is 'Whose it is or what it is for.';
comment on column ops.api_key.secret_sha256 is 'Digest of the key, in hex. A key has 256 random bits, so its digest needs no salt.';
comment on column ops.api_key.scopes is 'read: ask. write: add viewings, files. review: decide about links.';
comment on column ops.api_key.created_at is 'When, in UTC.';
comment on column ops.api_key.created_by is 'Who made it.';
comment on column ops.api_key.expires_at is 'From when on it is of no use; null: never.';
comment on column ops.api_key.revoked_at is 'When it was taken back, in UTC.';
comment on column ops.api_key.revoked_by is 'Who took it back.';

create table ops.api_session (
    session_sha256 text primary key check (session_sha256 ~ '^[0-9a-f]{64}$'),
    person text not null,
    scopes text[] not null check (scopes <@ array['read', 'write', 'review'] and cardinality(scopes) > 0),
    key_id integer references ops.api_key,
    created_at timestamptz not null default clock_timestamp(),
    expires_at timestamptz not null
);

comment on table ops.api_session is 'Grain: one person who logged in to the pages in one browser. One of a key ends with the key.';
comment on column ops.api_session.session_sha256 is 'Digest of what the browser''s cookie holds, in hex.';
comment on column ops.api_session.person is 'Who: the name of the key, or what the login server says.';
comment on column ops.api_session.scopes is 'read, write, review.';
comment on column ops.api_session.key_id is 'The key it was begun with; null for a login server.';
comment on column ops.api_session.created_at is 'When, in UTC.';
comment on column ops.api_session.expires_at is 'When it ends by itself, in UTC.';
