-- 003_matching
-- Grain:  the decisions of matching and their evidence
-- Reads:  -
-- Writes: schema matching
-- Rerun:  applied once, in order, by number; ops.migration remembers it

create table matching.title_decision (
    source text not null,
    source_id text not null,
    imdb_title_number integer,
    band text not null check (band in ('match', 'review', 'no match')),
    probability real check (probability between 0 and 1),
    score real,
    decided_by text not null check (decided_by in ('model', 'manual')),
    runner_up_number integer,
    gap real,
    candidate_count integer not null,
    model_version text not null,
    load_id bigint not null references ops.load,
    primary key (source, source_id),
    check (imdb_title_number is not null or band <> 'match')
);

comment on table matching.title_decision is 'Grain: one row of a source file of the current edition. One decision each, unlinked ones included.';
comment on column matching.title_decision.source is 'netflix, rotten_tomatoes.';
comment on column matching.title_decision.source_id is 'Id of the row in this edition.';
comment on column matching.title_decision.imdb_title_number is 'Best assignment, whatever its band; null without one. Only the band match is linked.';
comment on column matching.title_decision.band is 'match: linked. review: for a person to decide. no match: nothing good enough.';
comment on column matching.title_decision.probability is 'That the assignment is right.';
comment on column matching.title_decision.score is 'Sum of the terms of its evidence.';
comment on column matching.title_decision.decided_by is 'model, or manual (include/data/manual_matches.csv).';
comment on column matching.title_decision.runner_up_number is 'Second best candidate.';
comment on column matching.title_decision.gap is 'Score of the best less that of the second.';
comment on column matching.title_decision.candidate_count is 'Candidates weighed.';
comment on column matching.title_decision.model_version is 'Version of the weights.';
comment on column matching.title_decision.load_id is 'The load that decided.';

create table matching.match_evidence (
    source text not null,
    source_id text not null,
    imdb_title_number integer not null,
    candidate_rank smallint not null,
    found_by text not null,
    score real not null,
    probability real not null,
    terms jsonb not null,
    details jsonb not null,
    load_id bigint not null references ops.load,
    primary key (source, source_id, imdb_title_number)
);

comment on table matching.match_evidence is 'Grain: source row x candidate, for the best candidates of each row.';
comment on column matching.match_evidence.source is 'netflix, rotten_tomatoes.';
comment on column matching.match_evidence.source_id is 'Id of the row in this edition.';
comment on column matching.match_evidence.imdb_title_number is 'The candidate.';
comment on column matching.match_evidence.candidate_rank is '1 has the highest score.';
comment on column matching.match_evidence.found_by is 'The strictest rule that found the pair.';
comment on column matching.match_evidence.score is 'Sum of the terms.';
comment on column matching.match_evidence.probability is 'That they are the same work.';
comment on column matching.match_evidence.terms is 'Weight of each piece of evidence, by name; they add up to the score.';
comment on column matching.match_evidence.details is 'What the terms were seen in: the matched title, shared people, years, runtimes.';
comment on column matching.match_evidence.load_id is 'The load that weighed it.';
