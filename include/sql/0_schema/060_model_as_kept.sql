-- 060_model_as_kept
-- Grain:  what one viewer's list is computed from
-- Reads:  -
-- Writes: comments of warehouse.recommendation_model, build.recommendation_model
-- Rerun:  applied once, in order, by number; ops.migration remembers it

comment on column warehouse.recommendation_model.contents is 'Arrays of numbers and names as numpy saves them (npz, no pickle), compressed as a whole (zlib); before 2026-11-22 the archive itself.';
comment on column build.recommendation_model.contents is 'As in warehouse.recommendation_model.';
