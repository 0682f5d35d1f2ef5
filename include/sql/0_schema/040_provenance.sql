-- 040_provenance
-- Grain:  as before; which of several rows of a source speaks for a work
-- Reads:  -
-- Writes: warehouse.bridge_title_source and build.bridge_title_source (source_rank)
-- Rerun:  applied once, in order, by number; ops.migration remembers it

alter table warehouse.bridge_title_source add column source_rank smallint;
alter table build.bridge_title_source add column source_rank smallint;

comment on column warehouse.bridge_title_source.source_rank is '1: the row that speaks for the work among those of its source; the next ones fill what it leaves open.';
