-- 012_overrides_and_watching
-- Grain:  people's decisions, changes of decisions, and how well each load was matched
-- Reads:  -
-- Writes: schemas matching, ops
-- Rerun:  applied once, in order, by number; ops.migration remembers it

create table matching.override (
    override_id bigint generated always as identity primary key,
    source text not null,
    kind text not null check (kind in ('movie', 'series')),
    title text not null,
    folded_title text not null,
    release_year smallint,
    verdict text not null check (verdict in ('this pair', 'not this pair', 'no match')),
    imdb_title_number integer,
    decided_by text not null check (btrim(decided_by) <> ''),
    why text not null check (btrim(why) <> ''),
    decided_at timestamptz not null default clock_timestamp(),
    withdrawn_by text,
    withdrawn_at timestamptz,
    check ((verdict = 'no match') = (imdb_title_number is null)),
    check ((withdrawn_by is null) = (withdrawn_at is null))
);

comment on table matching.override is 'Grain: one decision of a person about rows of a source, made with `reelhouse override`. Read after include/data/manual_matches.csv, by the same rule; of two that contradict each other the later one holds.';
comment on column matching.override.override_id is 'Number of the decision.';
comment on column matching.override.source is 'netflix, rotten_tomatoes.';
comment on column matching.override.kind is 'movie or series.';
comment on column matching.override.title is 'Title of the row, as the person gave it.';
comment on column matching.override.folded_title is 'Without case, accents and punctuation: by it the row is found again when ids are renumbered.';
comment on column matching.override.release_year is 'Year of the row; null: whatever its year.';
comment on column matching.override.verdict is 'this pair, not this pair, no match (IMDb has no such title).';
comment on column matching.override.imdb_title_number is 'The title that it is, or is not.';
comment on column matching.override.decided_by is 'Who.';
comment on column matching.override.why is 'Why, in their words.';
comment on column matching.override.decided_at is 'When, in UTC.';
comment on column matching.override.withdrawn_by is 'Who took it back; null while it holds.';
comment on column matching.override.withdrawn_at is 'When, in UTC.';

create table matching.ruling (
    ruling_number integer primary key,
    origin text not null check (origin in ('file', 'table')),
    override_id bigint references matching.override,
    source text not null,
    kind text not null,
    folded_title text not null,
    release_year smallint,
    verdict text not null check (verdict in ('this pair', 'not this pair', 'no match')),
    imdb_title_number integer,
    decided_by text not null,
    why text not null,
    row_count integer not null,
    is_target_there boolean not null,
    load_id bigint not null references ops.load
);

comment on table matching.ruling is 'Grain: one decision of a person, as the last matching read it from manual_matches.csv and matching.override.';
comment on column matching.ruling.ruling_number is 'Place in the order in which they were read; a later one wins.';
comment on column matching.ruling.origin is 'file: include/data/manual_matches.csv. table: matching.override.';
comment on column matching.ruling.override_id is 'Number in matching.override; null for a line of the file.';
comment on column matching.ruling.source is 'netflix, rotten_tomatoes.';
comment on column matching.ruling.kind is 'movie or series.';
comment on column matching.ruling.folded_title is 'Title of the rows it is about, without case, accents and punctuation.';
comment on column matching.ruling.release_year is 'Year of the rows it is about; null: any.';
comment on column matching.ruling.verdict is 'this pair, not this pair, no match.';
comment on column matching.ruling.imdb_title_number is 'The title that the rows are, or are not.';
comment on column matching.ruling.decided_by is 'Who.';
comment on column matching.ruling.why is 'Why, in their words.';
comment on column matching.ruling.row_count is 'Rows of the current edition that it is about; 0: none of them left.';
comment on column matching.ruling.is_target_there is 'False: staging has no such IMDb title any more, so the decision could not be followed.';
comment on column matching.ruling.load_id is 'The load that read it.';

alter table matching.title_decision
add column is_kept boolean not null default false,
add column kept_over_number integer;

comment on column matching.title_decision.decided_by is 'model, or manual (a person: include/data/manual_matches.csv, matching.override; see matching.ruling).';
comment on column matching.title_decision.is_kept is 'The published link, which holds whatever its probability as long as it is likelier than none and no other title is better by the margin.';
comment on column matching.title_decision.kept_over_number is 'The title that would have been assigned today, when the published link was kept because that one is not better by the margin.';

create table matching.decision_change (
    load_id bigint not null references ops.load,
    source text not null,
    source_id text not null,
    kind text not null,
    title text not null,
    from_load_id bigint not null references ops.load,
    from_imdb_title_number integer,
    to_imdb_title_number integer,
    gap real,
    reason text not null,
    primary key (load_id, source, source_id),
    check (from_imdb_title_number is distinct from to_imdb_title_number)
);

comment on table matching.decision_change is 'Grain: load x row of a source whose link differs from the one that was published before. Rows of the same id, kind and title only: what was renumbered is compared elsewhere.';
comment on column matching.decision_change.load_id is 'The load that decided otherwise.';
comment on column matching.decision_change.source is 'netflix, rotten_tomatoes.';
comment on column matching.decision_change.source_id is 'Id of the row, the same on both days.';
comment on column matching.decision_change.kind is 'movie or series.';
comment on column matching.decision_change.title is 'As the source writes it.';
comment on column matching.decision_change.from_load_id is 'The load that was published then.';
comment on column matching.decision_change.from_imdb_title_number is 'Former link; null: was not linked.';
comment on column matching.decision_change.to_imdb_title_number is 'New link; null: is not linked any more.';
comment on column matching.decision_change.gap is 'By how much the new title (or none, which has 0) beats the former today, in log odds; null when there was none or it is no candidate any more.';
comment on column matching.decision_change.reason is 'Why, in words.';

create table ops.match_quality (
    load_id bigint not null references ops.load,
    source text not null,
    kind text not null,
    row_count integer not null,
    match_count integer not null,
    review_count integer not null,
    no_match_count integer not null,
    manual_count integer not null,
    kept_count integer not null,
    primary key (load_id, source, kind),
    constraint every_row_is_in_one_band check (row_count = match_count + review_count + no_match_count)
);

comment on table ops.match_quality is 'Grain: load x source x kind: how many rows came into which band. mart.match_quality compares loads.';
comment on column ops.match_quality.load_id is 'The load.';
comment on column ops.match_quality.source is 'netflix, rotten_tomatoes.';
comment on column ops.match_quality.kind is 'movie or series.';
comment on column ops.match_quality.row_count is 'Rows of the source, every one decided.';
comment on column ops.match_quality.match_count is 'Of them, those that are linked.';
comment on column ops.match_quality.review_count is 'Of them, those that wait for a person.';
comment on column ops.match_quality.no_match_count is 'Of them, those without a good enough title.';
comment on column ops.match_quality.manual_count is 'Rows that a person decided.';
comment on column ops.match_quality.kept_count is 'Rows whose published link was kept although another title was a little better, or its own probability fell.';

comment on table ops.override is 'Grain: one decision of a person to go on with a load that the volume gate or the match gate would have held.';
comment on column ops.override.overridden is 'What spoke against the load, in the words of the gate.';
