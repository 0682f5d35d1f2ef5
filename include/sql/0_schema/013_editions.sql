-- 013_editions
-- Grain:  the rows of the last editions of each catalogue, and what became of each from one to the next
-- Reads:  -
-- Writes: schema matching; the layer `editions`
-- Rerun:  applied once, in order, by number; ops.migration remembers it

create table matching.edition_row (
    file_id bigint not null references ops.file,
    source_id text not null,
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
    primary key (file_id, source_id)
);

comment on table matching.edition_row is 'Grain: row of a catalogue file that a load was made of. Staging holds only the present edition; here are the last ones of each catalogue, to compare with.';
comment on column matching.edition_row.file_id is 'The admitted file: the edition.';
comment on column matching.edition_row.source_id is 'Id of the row in this edition. Says nothing across editions.';
comment on column matching.edition_row.kind is 'movie or series.';
comment on column matching.edition_row.title is 'As the file writes it, trimmed.';
comment on column matching.edition_row.directors is 'Names in file order.';
comment on column matching.edition_row.actors is 'Names in billing order.';
comment on column matching.edition_row.countries is 'In file order.';
comment on column matching.edition_row.added_date is 'Day the platform says it added the title.';
comment on column matching.edition_row.release_year is 'As the catalogue gives it (series: latest season).';
comment on column matching.edition_row.certification is 'As the catalogue gives it.';
comment on column matching.edition_row.runtime_min is 'Films: minutes.';
comment on column matching.edition_row.season_count is 'Series: seasons.';
comment on column matching.edition_row.categories is 'As the catalogue gives them.';
comment on column matching.edition_row.description is 'One sentence by the platform.';

create table matching.edition (
    load_id bigint not null references ops.load,
    source text not null,
    file_id bigint not null references ops.file,
    former_load_id bigint references ops.load,
    former_file_id bigint references ops.file,
    is_compared boolean not null,
    primary key (load_id, source),
    check (not is_compared or former_file_id is not null)
);

comment on table matching.edition is 'Grain: load x catalogue. Which edition a load has, and which one it was compared with.';
comment on column matching.edition.load_id is 'The load.';
comment on column matching.edition.source is 'netflix, amazon, disney, hulu.';
comment on column matching.edition.file_id is 'The admitted file.';
comment on column matching.edition.former_load_id is 'The load published last before it, of this or an earlier day; null for the first.';
comment on column matching.edition.former_file_id is 'The admitted file of that load.';
comment on column matching.edition.is_compared is 'False: the first edition, or the same bytes as the former one, whose ids then are the same too, or the rows of the former one are not kept any more.';

create table matching.edition_match (
    load_id bigint not null,
    source text not null,
    match_number integer not null,
    verdict text not null check (verdict in ('same', 'renamed', 'year corrected', 'removed', 'added')),
    former_source_id text,
    source_id text,
    former_title text,
    title text,
    former_kind text,
    kind text,
    former_year smallint,
    release_year smallint,
    probability real check (probability between 0 and 1),
    rival_source_id text,
    rival_title text,
    rival_kind text,
    rival_year smallint,
    evidence text[] not null,
    primary key (load_id, source, match_number),
    unique (load_id, source, source_id),
    unique (load_id, source, former_source_id),
    foreign key (load_id, source) references matching.edition on delete cascade,
    check ((former_source_id is null) = (verdict = 'added')),
    check ((source_id is null) = (verdict = 'removed'))
);

comment on table matching.edition_match is 'Grain: load x catalogue x title of its edition or of the former one. Ids are renumbered in every edition; this says which row became which.';
comment on column matching.edition_match.load_id is 'The load.';
comment on column matching.edition_match.source is 'netflix, amazon, disney, hulu.';
comment on column matching.edition_match.match_number is 'Place in an order that no id decides.';
comment on column matching.edition_match.verdict is 'same, renamed, year corrected: one title in both editions. removed: only in the former. added: only in this one.';
comment on column matching.edition_match.former_source_id is 'Id in the former edition.';
comment on column matching.edition_match.source_id is 'Id in this edition.';
comment on column matching.edition_match.former_title is 'Title in the former edition.';
comment on column matching.edition_match.title is 'Title in this edition.';
comment on column matching.edition_match.former_kind is 'movie or series in the former edition.';
comment on column matching.edition_match.kind is 'movie or series in this edition.';
comment on column matching.edition_match.former_year is 'release_year in the former edition.';
comment on column matching.edition_match.release_year is 'release_year in this edition.';
comment on column matching.edition_match.probability is 'That both rows are one title; null for removed and added.';
comment on column matching.edition_match.rival_source_id is 'Removed and added: id, in the other edition, of the nearest row of the same title, which is another title.';
comment on column matching.edition_match.rival_title is 'Title of that row.';
comment on column matching.edition_match.rival_kind is 'movie or series, of that row.';
comment on column matching.edition_match.rival_year is 'release_year of that row.';
comment on column matching.edition_match.evidence is 'In words, former → present: what speaks for one title, or what keeps the row from being its rival.';

insert into ops.layer (layer)
values ('editions');

comment on column ops.layer.layer is 'editions, candidates, matching, build, warehouse, recommendations.';
