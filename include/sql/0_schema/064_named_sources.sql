-- 064_named_sources
-- Grain:  -
-- Reads:  -
-- Writes: comments in schemas build, warehouse, matching and ops
-- Rerun:  applied once, in order, by number; ops.migration remembers it

comment on column build.work_of_row.source is 'netflix, rotten_tomatoes, amazon, disney, hulu.';
comment on column warehouse.bridge_title_source.source is 'netflix, rotten_tomatoes, amazon, disney, hulu.';
comment on column matching.title_decision.source is 'netflix, rotten_tomatoes, amazon, disney, hulu, justwatch.';
comment on column matching.match_evidence.source is 'netflix, rotten_tomatoes, amazon, disney, hulu, justwatch.';
comment on column matching.override.source is 'netflix, rotten_tomatoes, amazon, disney, hulu, justwatch.';
comment on column matching.ruling.source is 'netflix, rotten_tomatoes, amazon, disney, hulu, justwatch.';
comment on column matching.decision_change.source is 'netflix, rotten_tomatoes, amazon, disney, hulu, justwatch.';
comment on column ops.match_quality.source is 'netflix, rotten_tomatoes, amazon, disney, hulu, justwatch.';
comment on column matching.source_title.source is 'netflix, rotten_tomatoes, amazon, disney, hulu, justwatch.';
comment on column matching.source_title_key.source is 'netflix, rotten_tomatoes, amazon, disney, hulu, justwatch.';
comment on column matching.source_person.source is 'netflix, rotten_tomatoes, amazon, disney, hulu, justwatch.';
comment on column matching.candidate_pair.source is 'netflix, rotten_tomatoes, amazon, disney, hulu, justwatch.';
comment on column ops.file.source is 'Provider.';
