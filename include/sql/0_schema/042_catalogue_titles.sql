-- 042_catalogue_titles
-- Grain:  -
-- Reads:  -
-- Writes: index of warehouse.dim_title
-- Rerun:  applied once, in order, by number; ops.migration remembers it
-- Notes:  most questions are about the few thousand titles of the catalogues: without it each of them reads all titles

create index dim_title_catalogue on warehouse.dim_title (title_key)
where is_catalogue_title;
