-- 080_links_of_2019
-- Grain:  as before
-- Reads:  -
-- Writes: the comment on staging.rotten_tomatoes_movies.source_id
-- Rerun:  applied once, in order, by number; ops.migration remembers it
-- Notes:  the layout of 2019 goes about with links, too, and with directors but without links

comment on column staging.rotten_tomatoes_movies.source_id is 'rotten_tomatoes_link without m/. Files of the 2019 layout without links: folded title, year and directors instead.';
