-- 020_history
-- Grain:  what the sources said on each loaded day, and the history that follows from it
-- Reads:  -
-- Writes: schemas warehouse and build
-- Rerun:  applied once, in order, by number; ops.migration remembers it
-- Notes:  history is a function of what was said on which day (hist_source_row, hist_imdb_absence, loaded_day), not of
--         the order in which the days were loaded. The first load after this file keeps what it finds from its day on

create table warehouse.loaded_day (
    source text not null,
    loaded_date date not null,
    primary key (source, loaded_date)
);

comment on table warehouse.loaded_day is 'Grain: source x day that was loaded with it. Between two loaded days nothing is known to have changed.';
comment on column warehouse.loaded_day.source is 'Provider.';
comment on column warehouse.loaded_day.loaded_date is 'Day of the load.';

create table warehouse.hist_source_row (
    source text not null,
    row_sha256 bytea not null,
    from_date date not null,
    until_date date not null,
    plain_key text not null,
    fingerprint text not null,
    is_base boolean not null,
    imdb_title_number integer,
    place smallint not null,
    folded_names text[] not null,
    description_sha256 text,
    kind text,
    title text not null,
    release_year smallint,
    certification text,
    runtime_min integer,
    season_count smallint,
    added_date date,
    categories text[] not null,
    description text,
    cast_sha256 text,
    critics_pct smallint,
    critics_count integer,
    audience_pct smallint,
    audience_count bigint,
    list text,
    through_plain_key text,
    through_fingerprint text,
    unlinked_because text,
    primary key (source, row_sha256, from_date),
    check (until_date >= from_date)
);

comment on table warehouse.hist_source_row is 'Grain: source x what one of its rows said x run of loaded days on which it said so. Ids of an edition are left out: they are renumbered.';
comment on column warehouse.hist_source_row.source is 'netflix, rotten_tomatoes; justwatch: rows of its lists.';
comment on column warehouse.hist_source_row.row_sha256 is 'Digest of all that the row said, the link among it.';
comment on column warehouse.hist_source_row.from_date is 'First loaded day of the run.';
comment on column warehouse.hist_source_row.until_date is 'Last loaded day of the run; infinity: the newest loaded day, whichever that is, so that what goes on is not written anew.';
comment on column warehouse.hist_source_row.plain_key is 'What rows of one name share: source, kind, base title, year of a film; of Rotten Tomatoes its id; of a list its name and place.';
comment on column warehouse.hist_source_row.fingerprint is 'Digest of the people and the description; empty where the plain key alone says who it is.';
comment on column warehouse.hist_source_row.is_base is 'Not a version ("(Hindi)") of a title.';
comment on column warehouse.hist_source_row.imdb_title_number is 'The IMDb title that the row was linked to on these days; null without a link.';
comment on column warehouse.hist_source_row.place is 'Its place among the rows that were taken for the same work; the first speaks for it. Of a list: the rank.';
comment on column warehouse.hist_source_row.folded_names is 'Everybody it names, folded, in alphabetical order.';
comment on column warehouse.hist_source_row.description_sha256 is 'Digest of the folded description.';
comment on column warehouse.hist_source_row.kind is 'movie, series.';
comment on column warehouse.hist_source_row.title is 'As the source writes it.';
comment on column warehouse.hist_source_row.release_year is 'As the source gives it.';
comment on column warehouse.hist_source_row.certification is 'As the source writes it.';
comment on column warehouse.hist_source_row.runtime_min is 'Films: minutes.';
comment on column warehouse.hist_source_row.season_count is 'Series: seasons there.';
comment on column warehouse.hist_source_row.added_date is 'Day the platform says it added the title.';
comment on column warehouse.hist_source_row.categories is 'As the source writes them.';
comment on column warehouse.hist_source_row.description is 'As the source writes it.';
comment on column warehouse.hist_source_row.cast_sha256 is 'Digest of the folded cast: differs when somebody came or went.';
comment on column warehouse.hist_source_row.critics_pct is 'Rotten Tomatoes: share of critics who liked it; null when none was counted.';
comment on column warehouse.hist_source_row.critics_count is 'Rotten Tomatoes: critics counted.';
comment on column warehouse.hist_source_row.audience_pct is 'Rotten Tomatoes: share of the audience; null when nobody was counted.';
comment on column warehouse.hist_source_row.audience_count is 'Rotten Tomatoes: audience ratings counted.';
comment on column warehouse.hist_source_row.list is 'JustWatch: the list it stands on; null of rows of a catalogue.';
comment on column warehouse.hist_source_row.through_plain_key is 'Lists: plain key of the catalogue row that is the same work, where IMDb has none.';
comment on column warehouse.hist_source_row.through_fingerprint is 'Lists: fingerprint of that row.';
comment on column warehouse.hist_source_row.unlinked_because is 'Lists: why the row is of no title of the warehouse; null when it is of one.';

create table warehouse.hist_imdb_absence (
    title_key bigint not null,
    absent_from date not null,
    absent_until date not null,
    primary key (title_key, absent_from),
    check (absent_until > absent_from)
);

comment on table warehouse.hist_imdb_absence is 'Grain: IMDb title x run of loaded days on which IMDb did not have it. A title without a row here was there every day.';
comment on column warehouse.hist_imdb_absence.title_key is 'The IMDb title.';
comment on column warehouse.hist_imdb_absence.absent_from is 'First loaded day without it; -infinity: from the first loaded day on.';
comment on column warehouse.hist_imdb_absence.absent_until is 'The loaded day on which it was there again; infinity: not yet.';

create table warehouse.dim_title_history (
    title_key bigint not null references warehouse.dim_title,
    valid_from date not null,
    valid_until date,
    platform_key smallint not null references warehouse.dim_platform,
    title text not null,
    kind text not null check (kind in ('movie', 'series')),
    release_year smallint,
    certification text,
    runtime_min integer,
    season_count smallint,
    description text,
    categories text[] not null,
    cast_sha256 text,
    primary key (title_key, valid_from),
    check (valid_until > valid_from),
    -- Ranges on both sides, so that no extension is needed. Deferred: a publish inserts before it updates.
    constraint one_description_at_a_time exclude using gist (
        int8range(title_key, title_key, '[]') with &&, daterange(valid_from, valid_until) with &&
    ) deferrable initially deferred
);

comment on table warehouse.dim_title_history is 'Grain: catalogue title x period in which its catalogue said the same of it. No overlap; no gap while it is in the catalogue.';
comment on column warehouse.dim_title_history.title_key is 'The title, by what is known of its identity now.';
comment on column warehouse.dim_title_history.valid_from is 'First loaded day on which the catalogue said so.';
comment on column warehouse.dim_title_history.valid_until is 'First loaded day on which it did not any more; null: it still does.';
comment on column warehouse.dim_title_history.platform_key is 'The catalogue.';
comment on column warehouse.dim_title_history.title is 'As the catalogue wrote it.';
comment on column warehouse.dim_title_history.kind is 'movie or series, as the catalogue said.';
comment on column warehouse.dim_title_history.release_year is 'As the catalogue gave it.';
comment on column warehouse.dim_title_history.certification is 'As the catalogue wrote it.';
comment on column warehouse.dim_title_history.runtime_min is 'Films: minutes.';
comment on column warehouse.dim_title_history.season_count is 'Series: seasons there.';
comment on column warehouse.dim_title_history.description is 'As the catalogue wrote it.';
comment on column warehouse.dim_title_history.categories is 'As the catalogue wrote them.';
comment on column warehouse.dim_title_history.cast_sha256 is 'Digest of the cast: differs when somebody came or went.';

alter table warehouse.title_identity
add column last_seen_date date,
add column split_from bigint;

alter table build.title_identity
add column last_seen_date date,
add column split_from bigint;

comment on table warehouse.title_identity is 'Grain: one work that a source had without a link to IMDb on some day. Its key resolves for good: warehouse.resolve_title.';
comment on column warehouse.title_identity.natural_key is 'What the key was made from: source, kind, base title, year of a film; for a namesake that came later also 12 digits of its people and description.';
comment on column warehouse.title_identity.first_seen_date is 'First loaded day on which the source had it.';
comment on column warehouse.title_identity.last_seen_date is 'Last loaded day on which the source had it; null: it still has it.';
comment on column warehouse.title_identity.merged_into is 'Key of the title that it turned out to be: its facts are there.';
comment on column warehouse.title_identity.split_from is 'IMDb title that it was taken for until the link was found wrong.';

create index on warehouse.title_identity (merged_into);

create unlogged table build.loaded_day (like warehouse.loaded_day including defaults, primary key (source, loaded_date));
create unlogged table build.hist_source_row (
    like warehouse.hist_source_row including defaults, primary key (source, row_sha256, from_date)
);
create unlogged table build.hist_imdb_absence (
    like warehouse.hist_imdb_absence including defaults, primary key (title_key, absent_from)
);
create unlogged table build.dim_title_history (
    like warehouse.dim_title_history including defaults, primary key (title_key, valid_from)
);

comment on table build.loaded_day is 'Grain: as warehouse.loaded_day, of which it is the next state.';
comment on table build.hist_source_row is 'Grain: as warehouse.hist_source_row, of which it is the next state.';
comment on table build.hist_imdb_absence is 'Grain: as warehouse.hist_imdb_absence, of which it is the next state.';
comment on table build.dim_title_history is 'Grain: as warehouse.dim_title_history, of which it is the next state.';

create unlogged table build.said_row (
    source text not null,
    source_id text not null,
    row_sha256 bytea not null,
    plain_key text not null,
    fingerprint text not null,
    is_base boolean not null,
    imdb_title_number integer,
    place smallint not null,
    folded_names text[] not null,
    description_sha256 text,
    kind text,
    title text not null,
    release_year smallint,
    certification text,
    runtime_min integer,
    season_count smallint,
    added_date date,
    categories text[] not null,
    description text,
    cast_sha256 text,
    critics_pct smallint,
    critics_count integer,
    audience_pct smallint,
    audience_count bigint,
    list text,
    through_plain_key text,
    through_fingerprint text,
    unlinked_because text,
    primary key (source, source_id)
);

comment on table build.said_row is 'Grain: row of a source file of the day, with what it says: the columns of warehouse.hist_source_row.';

create unlogged table build.said_node (
    source text not null,
    plain_key text not null,
    fingerprint text not null,
    is_base boolean not null,
    natural_key text not null,
    identity_key bigint not null,
    title_key bigint not null,
    primary key (source, plain_key, fingerprint, is_base)
);

comment on table build.said_node is 'Grain: name, people and description that rows of a source had on some day: which work that is (plugins/reelhouse/warehousing/identity.py).';
comment on column build.said_node.source is 'netflix, rotten_tomatoes.';
comment on column build.said_node.plain_key is 'As in warehouse.hist_source_row.';
comment on column build.said_node.fingerprint is 'As in warehouse.hist_source_row.';
comment on column build.said_node.is_base is 'As in warehouse.hist_source_row.';
comment on column build.said_node.natural_key is 'Natural key of the work.';
comment on column build.said_node.identity_key is 'Key that it has without a link to IMDb.';
comment on column build.said_node.title_key is 'Key of the title that it is, by the newest day that says so.';

create unlogged table build.shifted_key (
    old_key bigint primary key,
    new_key bigint not null
);

comment on table build.shifted_key is 'Grain: key of a work without a link that another key takes the place of, because of what an older day told.';
comment on column build.shifted_key.old_key is 'What the warehouse knows it by.';
comment on column build.shifted_key.new_key is 'What it is known by after this load.';

create unlogged table build.taken_day (
    is_only boolean primary key default true check (is_only),
    is_older boolean not null
);

comment on table build.taken_day is 'Grain: one row. What the build tables hold.';
comment on column build.taken_day.is_only is 'One row.';
comment on column build.taken_day.is_older is 'Readers have a newer day, which the build left as it is.';

create unlogged table build.imdb_rating_change (
    title_key bigint not null,
    rating_date date not null,
    imdb_rating_of_10 numeric(3, 1),
    imdb_vote_count integer,
    is_change boolean not null,
    primary key (title_key, rating_date)
);

comment on table build.imdb_rating_change is 'Grain: IMDb title x day about which this load tells something: its own, and the next one after an older day.';
comment on column build.imdb_rating_change.title_key is 'The title.';
comment on column build.imdb_rating_change.rating_date is 'The day.';
comment on column build.imdb_rating_change.imdb_rating_of_10 is 'IMDb average on that day.';
comment on column build.imdb_rating_change.imdb_vote_count is 'IMDb votes on that day.';
comment on column build.imdb_rating_change.is_change is 'Differs from the loaded day before, so that a row is due.';

create unlogged table build.rerated_title (title_key bigint primary key);

comment on table build.rerated_title is 'Grain: title of which build.fact_title_rating has every row; of the others only the new one.';
comment on column build.rerated_title.title_key is 'The title.';

create function warehouse.resolve_title(given bigint) returns bigint
language sql stable strict parallel safe
return coalesce(
    (
        with recursive followed (title_key, steps) as (
            select
                given as title_key,
                0 as steps
            union all
            select
                title_identity.merged_into,
                followed.steps + 1
            from followed
            inner join warehouse.title_identity on followed.title_key = title_identity.title_key
            where title_identity.merged_into is not null and followed.steps < 9
        )

        select followed.title_key
        from followed
        order by followed.steps desc
        limit 1
    ),
    given
);

comment on function warehouse.resolve_title(bigint) is 'The key that a title has now, of a key that it had at some time.';
