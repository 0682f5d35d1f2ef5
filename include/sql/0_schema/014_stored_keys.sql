-- 014_stored_keys
-- Grain:  what changed in staging since matching last looked, and the keys and scores that are kept from day to day
-- Reads:  -
-- Writes: schemas staging, matching
-- Rerun:  applied once, in order, by number; ops.migration remembers it
-- Notes:  Unlogged are the tables that can be made again from staging, and matching.stored_version, which says that
--         they were: a crash of the server empties them together, and the next run makes all of them anew. The rows
--         of the catalogues and the decisions are logged: readers ask for them at any time.

create unlogged table staging.row_change (
    table_name text not null,
    row_number integer,
    row_id text
);

comment on table staging.row_change is 'Grain: change of a row of staging that matching reads, since matching last looked. Written by triggers, whoever changes the rows.';
comment on column staging.row_change.table_name is 'Table of the schema staging.';
comment on column staging.row_change.row_number is 'IMDb: number of the title or person of the row. Null in both: the whole table was filled anew.';
comment on column staging.row_change.row_id is 'Other sources: source_id of the row.';

create function staging.note_changed_rows() returns trigger
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
    return null;
end
$$;

comment on function staging.note_changed_rows() is 'Notes in staging.row_change whose rows a statement changed. Arguments: key of the table, column that takes it.';

do $$
declare
    noted record;
begin
    for noted in
        select *
        from (values
            ('imdb_titles', 'imdb_title_number', 'row_number'), ('imdb_akas', 'imdb_title_number', 'row_number'),
            ('imdb_principals', 'imdb_title_number', 'row_number'), ('imdb_crew', 'imdb_title_number', 'row_number'),
            ('imdb_ratings', 'imdb_title_number', 'row_number'), ('imdb_people', 'imdb_person_number', 'row_number'),
            ('netflix_titles', 'source_id', 'row_id'), ('amazon_titles', 'source_id', 'row_id'),
            ('disney_titles', 'source_id', 'row_id'), ('hulu_titles', 'source_id', 'row_id'),
            ('rotten_tomatoes_movies', 'source_id', 'row_id'), ('justwatch_titles', 'source_id', 'row_id'),
            ('justwatch_credits', 'source_id', 'row_id')
        ) as of_matching (table_name, key, noted_in)
    loop
        execute format(
            'create trigger note_inserted after insert on staging.%1$I referencing new table as changed_rows'
            ' for each statement execute function staging.note_changed_rows(%2$L, %3$L);'
            'create trigger note_deleted after delete on staging.%1$I referencing old table as changed_rows'
            ' for each statement execute function staging.note_changed_rows(%2$L, %3$L);'
            'create trigger note_updated_from after update on staging.%1$I referencing old table as changed_rows'
            ' for each statement execute function staging.note_changed_rows(%2$L, %3$L);'
            'create trigger note_updated_to after update on staging.%1$I referencing new table as changed_rows'
            ' for each statement execute function staging.note_changed_rows(%2$L, %3$L);'
            'create trigger note_emptied after truncate on staging.%1$I'
            ' for each statement execute function staging.note_changed_rows(%2$L, %3$L)',
            noted.table_name, noted.key, noted.noted_in
        );
    end loop;
end
$$;

-- A row of principals names a person; without an index every new name of a catalogue would cost a look at all.
create index imdb_principals_of_person on staging.imdb_principals (imdb_person_number);

create unlogged table matching.stored_version (
    is_current boolean primary key check (is_current),
    code_sha256 text not null
);

comment on table matching.stored_version is 'Grain: one row, when the stored keys and scores are those of staging but for what staging.row_change says; otherwise none.';
comment on column matching.stored_version.is_current is 'Always true.';
comment on column matching.stored_version.code_sha256 is 'Digest of the code, SQL and weights that made them. With other code all is made anew.';

truncate matching.imdb_title_name, matching.imdb_title_key, matching.imdb_person_name, matching.imdb_title_person, matching.candidate_pair;

alter table matching.imdb_title_name set unlogged;
alter table matching.imdb_title_key set unlogged;
alter table matching.imdb_person_name set unlogged;
alter table matching.imdb_title_person set unlogged;
alter table matching.candidate_pair set unlogged;

alter table matching.imdb_title_key
add column start_year smallint,
add column is_series boolean not null;

comment on column matching.imdb_title_key.start_year is 'Year of release; for a series the year of its first season.';
comment on column matching.imdb_title_key.is_series is 'IMDb calls it a series or a miniseries.';

create index imdb_title_key_of_title on matching.imdb_title_key (imdb_title_number);
create index imdb_title_key_of_prefix on matching.imdb_title_key (left(title_key, 4), start_year) where not is_part;
-- Of the digests: sorted three quarters as fast again as the names, and half as large.
create index imdb_person_name_of_key on matching.imdb_person_name (hashtext(person_key));
create index imdb_title_person_of_key on matching.imdb_title_person (person_key);
create index candidate_pair_of_title on matching.candidate_pair (imdb_title_number);
create index source_person_of_key on matching.source_person (person_key);

alter table matching.source_title
add column director_names text not null default '',
add column cast_names text not null default '',
add column genres text not null default '';

comment on column matching.source_title.director_names is 'Folded names of the directors in alphabetical order, joined by |.';
comment on column matching.source_title.cast_names is 'Folded names of the cast in alphabetical order, joined by |.';
comment on column matching.source_title.genres is 'Genres or categories as the source writes them, joined by |.';

create unlogged table matching.scored_row (
    source text not null,
    source_id text not null,
    imdb_title_numbers integer[] not null,
    scores double precision[] not null,
    primary key (source, source_id)
);

comment on table matching.scored_row is 'Grain: row of a source file whose candidates are weighed. Kept until the row, a candidate, or a count that the evidence speaks of changes.';
comment on column matching.scored_row.source is 'netflix, amazon, disney, hulu, rotten_tomatoes, justwatch.';
comment on column matching.scored_row.source_id is 'Id of the row in this edition.';
comment on column matching.scored_row.imdb_title_numbers is 'The candidates, in ascending order.';
comment on column matching.scored_row.scores is 'Sum of the terms of each.';

create unlogged table matching.candidate_votes (
    imdb_title_number integer primary key,
    imdb_vote_count integer
);

comment on table matching.candidate_votes is 'Grain: IMDb title that is or was a candidate. Votes change daily; only another step of fame makes its rows be scored anew.';
comment on column matching.candidate_votes.imdb_title_number is 'The number in tconst.';
comment on column matching.candidate_votes.imdb_vote_count is 'Votes that entered the scores; null without a rating.';
