-- 072_lines_of_repeated_links
-- Grain:  as before; what each line of a repeated link lists
-- Reads:  -
-- Writes: staging.rotten_tomatoes_movies, warehouse.bridge_title_source and build.bridge_title_source (said_by_line)
-- Rerun:  applied once, in order, by number; ops.migration remembers it
-- Notes:  the lists of such lines are united, and a genre that only the second one has was said to stand in the first

alter table staging.rotten_tomatoes_movies
add column said_by_line jsonb;

alter table warehouse.bridge_title_source
add column said_by_line jsonb;

alter table build.bridge_title_source
add column said_by_line jsonb;

comment on column staging.rotten_tomatoes_movies.said_by_line is 'Of a link that stands on several lines, which do not list the same: each line with its lists, before they are united. Null of all others.';
comment on column warehouse.bridge_title_source.said_by_line is 'Rotten Tomatoes: of a link that stands on several lines, which do not list the same, each line with its lists. Null of all others.';
