-- 016_works
-- Grain:  the work that each row of a source is, and what joined rows of several sources
-- Reads:  -
-- Writes: schema matching; the layer `works`
-- Rerun:  applied once, in order, by number; ops.migration remembers it

create table matching.work_member (
    source text not null,
    source_id text not null,
    work_key text not null,
    imdb_title_number integer,
    proposed_imdb_title_number integer,
    through_source text,
    through_source_id text,
    load_id bigint not null references ops.load,
    primary key (source, source_id),
    check (imdb_title_number is null or proposed_imdb_title_number is null),
    check ((proposed_imdb_title_number is null) = (through_source is null)),
    check ((through_source is null) = (through_source_id is null))
);

comment on table matching.work_member is 'Grain: one row of a source file of the current edition. Which work it is: rows of one work have one key, whatever source they are of.';
comment on column matching.work_member.source is 'netflix, rotten_tomatoes, amazon, disney, hulu, justwatch.';
comment on column matching.work_member.source_id is 'Id of the row in this edition.';
comment on column matching.work_member.work_key is 'The work. tt0133093: the IMDb title that the row is linked to. Else the natural key of the work''s first row without a link (source, kind, base title, year of a film; or source and an id that stays), with 12 digits of its fingerprint when several works share that.';
comment on column matching.work_member.imdb_title_number is 'The IMDb title that the row is linked to (band match); null without one.';
comment on column matching.work_member.proposed_imdb_title_number is 'The IMDb title of a row of another source that is the same work: for a person to confirm, not a link.';
comment on column matching.work_member.through_source is 'Source of that row.';
comment on column matching.work_member.through_source_id is 'Id of that row.';
comment on column matching.work_member.load_id is 'The load that found it.';

create index work_member_work_key on matching.work_member (work_key);

create table matching.work_join (
    source text not null,
    source_id text not null,
    other_source text not null,
    other_source_id text not null,
    outcome text not null check (outcome in ('joined', 'proposed', 'contradicted')),
    score real,
    probability real check (probability between 0 and 1),
    evidence text[] not null,
    load_id bigint not null references ops.load,
    primary key (source, source_id, other_source, other_source_id)
);

comment on table matching.work_join is 'Grain: two rows, at least one of them without a link to IMDb, that were found to be one work.';
comment on column matching.work_join.source is 'Source of the one row.';
comment on column matching.work_join.source_id is 'Its id in this edition.';
comment on column matching.work_join.other_source is 'Source of the other row; the same for duplicates and language versions within one catalogue.';
comment on column matching.work_join.other_source_id is 'Its id in this edition.';
comment on column matching.work_join.outcome is 'joined: they are one work. proposed: one of them is linked, and its IMDb title is proposed for the other. contradicted: refused, because with it the work would have held rows that cannot be one.';
comment on column matching.work_join.score is 'Log odds against two works; null within one source, where it is told by rule.';
comment on column matching.work_join.probability is 'That they are one work, weighed against the other arrangements of both sources; null within one source.';
comment on column matching.work_join.evidence is 'In words, the one row → the other.';
comment on column matching.work_join.load_id is 'The load that found it.';

insert into ops.layer (layer)
values ('works');

comment on column ops.layer.layer is 'editions, candidates, matching, works, build, warehouse, recommendations.';
