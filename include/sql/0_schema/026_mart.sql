-- 026_mart
-- Grain:  as before; what the mart's functions look for
-- Reads:  -
-- Writes: warehouse.fact_title_rating (index), warehouse.bridge_title_source and build.bridge_title_source (line_number)
-- Rerun:  applied once, in order, by number; ops.migration remembers it

-- Of two million rated titles Rotten Tomatoes has a score of a few thousand.
create index fact_title_rating_reviewed on warehouse.fact_title_rating (title_key)
where critics_pct is not null or audience_pct is not null;

alter table warehouse.bridge_title_source add column line_number bigint;
alter table build.bridge_title_source add column line_number bigint;

comment on column warehouse.bridge_title_source.line_number is 'Physical line on which the record begins in its file of the published load; the header is line 1.';
