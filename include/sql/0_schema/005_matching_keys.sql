-- 005_matching_keys
-- Grain:  the keys by which titles and people are found again, and the candidate pairs
-- Reads:  -
-- Writes: schema matching; the layer `candidates`
-- Rerun:  applied once, in order, by number; ops.migration remembers it

create table matching.imdb_title_name (
    imdb_title_number integer not null,
    name_kind text not null check (name_kind in ('primary', 'original', 'aka')),
    name text not null,
    folded_title text not null,
    title_key text not null,
    primary key (imdb_title_number, folded_title)
);

comment on table matching.imdb_title_name is 'Grain: IMDb title x distinct folded name.';
comment on column matching.imdb_title_name.imdb_title_number is 'The number in tconst.';
comment on column matching.imdb_title_name.name_kind is 'primary, original or aka: the first of them that has this fold.';
comment on column matching.imdb_title_name.name is 'As IMDb writes it.';
comment on column matching.imdb_title_name.folded_title is 'Without case, accents and punctuation.';
comment on column matching.imdb_title_name.title_key is 'Join key: also without leading article and spaces, numbers in digits.';

create table matching.imdb_title_key (
    title_key text not null,
    imdb_title_number integer not null,
    is_part boolean not null,
    primary key (title_key, imdb_title_number)
);

comment on table matching.imdb_title_key is 'Grain: join key x IMDb title that may be a candidate (not adult, a kept type).';
comment on column matching.imdb_title_key.title_key is 'Key of a name of the title, or of a part of one.';
comment on column matching.imdb_title_key.imdb_title_number is 'The number in tconst.';
comment on column matching.imdb_title_key.is_part is 'True: only a part of a name has this key, before or after a colon or inside brackets.';

create table matching.imdb_person_name (
    imdb_person_number integer primary key,
    folded_name text not null,
    person_key text not null
);

comment on table matching.imdb_person_name is 'Grain: IMDb person.';
comment on column matching.imdb_person_name.imdb_person_number is 'The number in nconst.';
comment on column matching.imdb_person_name.folded_name is 'Name without case, accents and punctuation.';
comment on column matching.imdb_person_name.person_key is 'Join key: the words of the folded name in alphabetical order, without spaces.';

create table matching.imdb_title_person (
    imdb_title_number integer not null,
    person_key text not null,
    role text not null check (role in ('director', 'writer', 'cast')),
    primary key (imdb_title_number, person_key, role)
);

comment on table matching.imdb_title_person is 'Grain: IMDb title x person key x role, for keys that some source row has too.';
comment on column matching.imdb_title_person.imdb_title_number is 'The number in tconst.';
comment on column matching.imdb_title_person.person_key is 'Join key of the name.';
comment on column matching.imdb_title_person.role is 'director, writer or cast.';

create table matching.source_title (
    source text not null,
    source_id text not null,
    kind text not null check (kind in ('movie', 'series')),
    title text not null,
    folded_title text not null,
    base_title text not null,
    title_key text not null,
    link_title text,
    release_year smallint,
    link_year smallint,
    runtime_min smallint,
    season_count smallint,
    description_sha256 text,
    primary key (source, source_id)
);

comment on table matching.source_title is 'Grain: row of a source file of the current edition, with its folded titles.';
comment on column matching.source_title.source is 'netflix, rotten_tomatoes.';
comment on column matching.source_title.source_id is 'Id of the row in this edition.';
comment on column matching.source_title.kind is 'movie or series. Rotten Tomatoes has films only.';
comment on column matching.source_title.title is 'As the source writes it.';
comment on column matching.source_title.folded_title is 'Without case, accents and punctuation.';
comment on column matching.source_title.base_title is 'Folded, also without version suffix: equal bases of one kind may be one work.';
comment on column matching.source_title.title_key is 'Join key of the base title.';
comment on column matching.source_title.link_title is 'Rotten Tomatoes: title that the link spells, folded, when it differs from the title.';
comment on column matching.source_title.release_year is 'As the source gives it (Netflix series: latest season).';
comment on column matching.source_title.link_year is 'Rotten Tomatoes: year glued to the link.';
comment on column matching.source_title.runtime_min is 'Films: minutes.';
comment on column matching.source_title.season_count is 'Series: seasons.';
comment on column matching.source_title.description_sha256 is 'Digest of the folded description, null without one.';

create table matching.source_title_key (
    source text not null,
    source_id text not null,
    title_key text not null,
    is_part boolean not null,
    primary key (source, source_id, title_key)
);

comment on table matching.source_title_key is 'Grain: row of a source file x join key.';
comment on column matching.source_title_key.source is 'netflix, rotten_tomatoes.';
comment on column matching.source_title_key.source_id is 'Id of the row in this edition.';
comment on column matching.source_title_key.title_key is 'Key of the title, of its base, of the title in the link, or of a part.';
comment on column matching.source_title_key.is_part is 'True: only a part of the title has this key.';

create table matching.source_person (
    source text not null,
    source_id text not null,
    role text not null check (role in ('director', 'writer', 'cast')),
    billing_order smallint not null,
    person_name text not null,
    folded_name text not null,
    person_key text not null,
    imdb_person_number integer,
    primary key (source, source_id, role, folded_name)
);

comment on table matching.source_person is 'Grain: row of a source file x role x folded name.';
comment on column matching.source_person.source is 'netflix, rotten_tomatoes.';
comment on column matching.source_person.source_id is 'Id of the row in this edition.';
comment on column matching.source_person.role is 'director, writer or cast.';
comment on column matching.source_person.billing_order is 'Place in the list of the source; 1 is first.';
comment on column matching.source_person.person_name is 'As the source writes it.';
comment on column matching.source_person.folded_name is 'Without case, accents and punctuation.';
comment on column matching.source_person.person_key is 'Join key: the words of the folded name in alphabetical order, without spaces.';
comment on column matching.source_person.imdb_person_number is 'The one person of this name among the people of the matched IMDb title; null when none or several, or without a match.';

create table matching.candidate_pair (
    source text not null,
    source_id text not null,
    imdb_title_number integer not null,
    found_by text not null check (found_by in ('title key', 'title part', 'shared people', 'title prefix')),
    primary key (source, source_id, imdb_title_number)
);

comment on table matching.candidate_pair is 'Grain: row of a source file x IMDb title that may be the same work.';
comment on column matching.candidate_pair.source is 'netflix, rotten_tomatoes.';
comment on column matching.candidate_pair.source_id is 'Id of the row in this edition.';
comment on column matching.candidate_pair.imdb_title_number is 'The number in tconst.';
comment on column matching.candidate_pair.found_by is 'The strictest rule that found the pair.';

-- Candidates are found in one step and decided in the next, so each has its own row to lock.
insert into ops.layer (layer)
values ('candidates');

comment on column ops.layer.layer is 'candidates, matching, build, warehouse, recommendations.';
