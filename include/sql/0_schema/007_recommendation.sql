-- 007_recommendation
-- Grain:  the next recommendations, computed aside
-- Reads:  -
-- Writes: build.fact_recommendation, build.fact_recommendation_quality
-- Rerun:  applied once, in order, by number; ops.migration remembers it
-- Notes:  unlogged: after a crash the step that fills them runs again (ops.layer names the load they hold,
--         and checking refuses an empty build of a catalogue that is not)

create unlogged table build.fact_recommendation (
    like warehouse.fact_recommendation including constraints including comments,
    primary key (method_key, source_title_key, rank)
);

comment on table build.fact_recommendation is 'Grain: method x subject (title) x rank. The lists as the last refresh computed them.';

create unlogged table build.fact_recommendation_quality (
    like warehouse.fact_recommendation_quality including constraints including comments,
    primary key (load_id, method_key, metric)
);

comment on table build.fact_recommendation_quality is 'Grain: load x method x metric, of the last refresh.';
