-- 027_extent
-- Grain:  what a build has to make anew: everything, or what may have changed since the load that readers see
-- Reads:  -
-- Writes: schema build; staging.note_changed_rows, staging.genre_word
-- Rerun:  applied once, in order, by number; ops.migration remembers it
-- Notes:  unlogged, as staging and build are: a crash of the server empties them together, and the next build makes
--         everything anew. Notes are taken out by the publish that has brought them to the readers, not by the build:
--         a build that is held or failed has changed nothing for them

create unlogged table build.row_change (
    note_number bigint generated always as identity,
    table_name text not null,
    row_number integer
);

comment on table build.row_change is 'Grain: row of an IMDb table of staging that changed after the load that readers see; without a number: the table was filled anew.';
comment on column build.row_change.note_number is 'In the order in which they were noted.';
comment on column build.row_change.table_name is 'Table of schema staging.';
comment on column build.row_change.row_number is 'Number of the title or person; null: all of the table.';

create unlogged table build.extent (
    is_whole boolean not null,
    load_id bigint not null,
    base_load_id bigint,
    code_sha256 text not null,
    last_note_number bigint not null,
    check (is_whole or base_load_id is not null)
);

comment on table build.extent is 'Grain: one row: what the build tables hold.';
comment on column build.extent.is_whole is 'True: the whole star. False: the titles and people in scope, which are all that can differ from what readers see.';
comment on column build.extent.load_id is 'The load that was built.';
comment on column build.extent.base_load_id is 'The load that readers saw when it was built: only on top of that one it may be published. Null: none.';
comment on column build.extent.code_sha256 is 'Digest of the code and SQL that built it.';
comment on column build.extent.last_note_number is 'Notes up to this one are in it.';

create unlogged table build.baseline (
    load_id bigint not null,
    code_sha256 text not null
);

comment on table build.baseline is 'Grain: one row: the published load from which on build.row_change has every change. None, or another load than readers see: the next build is whole.';
comment on column build.baseline.load_id is 'The load.';
comment on column build.baseline.code_sha256 is 'Digest of the code and SQL that built it.';

create unlogged table build.title_scope (
    title_key bigint primary key
);

comment on table build.title_scope is 'Grain: title that may differ from what readers see. Empty when the build is whole.';
comment on column build.title_scope.title_key is 'The title.';

create unlogged table build.person_scope (
    person_key bigint primary key
);

comment on table build.person_scope is 'Grain: person who may differ from what readers see. Empty when the build is whole.';
comment on column build.person_scope.person_key is 'The person.';

create unlogged table build.unnamed_credit (
    title_key bigint,
    person_key bigint,
    primary key (person_key, title_key)
);

comment on table build.unnamed_credit is 'Grain: title x director or writer whom the file of names did not have when the title was built. Only added to.';
comment on column build.unnamed_credit.title_key is 'The title.';
comment on column build.unnamed_credit.person_key is 'The person.';

-- Titles that no source has any more are looked for every day.
create index dim_title_gone on warehouse.dim_title (title_key)
where not is_current;
create index dim_title_own on warehouse.dim_title (title_key)
where title_key >= 1000000000000;

create or replace function staging.note_changed_rows() returns trigger
language plpgsql
as $$
begin
    if tg_op = 'TRUNCATE' then
        delete from staging.row_change where table_name = tg_table_name;
        insert into staging.row_change (table_name) values (tg_table_name);
    else
        execute format(
            'insert into staging.row_change (table_name, %I) select distinct %L, %I from changed_rows',
            tg_argv[1], tg_table_name, tg_argv[0]
        );
    end if;
    -- What the catalogues have is built anew every day; of IMDb only what changed.
    if starts_with(tg_table_name, 'imdb_') then
        if tg_op = 'TRUNCATE' then
            insert into build.row_change (table_name) values (tg_table_name);
        else
            execute format(
                'insert into build.row_change (table_name, row_number) select distinct %L, %I from changed_rows',
                tg_table_name, tg_argv[0]
            );
        end if;
    end if;
    return null;
end
$$;

-- A few thousand lists instead of the words of three million titles.
create or replace view staging.genre_word as
select
    source,
    unnest(genres) as source_genre
from staging.source_row
union
select
    'imdb' as source,
    unnest(lists.genres) as source_genre
from (
    select distinct genres
    from staging.imdb_titles
) as lists
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
