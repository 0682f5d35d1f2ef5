-- 054_engine
-- Grain:  scores that were made by the engine of REELHOUSE_ENGINE, whose evidence is still to be kept
-- Reads:  -
-- Writes: schema matching
-- Rerun:  applied once, in order, by number; ops.migration remembers it

alter table matching.scored_row
add column has_evidence boolean not null default true;

comment on column matching.scored_row.has_evidence is 'False: the engine has weighed the candidates, and the next decision keeps the evidence of the best of them.';
