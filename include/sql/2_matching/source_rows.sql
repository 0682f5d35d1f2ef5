-- The source rows to decide on
-- Grain:  one row of a source file
-- Reads:  matching.source_title
-- Writes: -
-- Rerun:  only reads

select
    source,
    source_id,
    kind,
    title,
    folded_title,
    base_title,
    coalesce(link_title, '') as link_title,
    release_year,
    link_year,
    runtime_min,
    season_count,
    coalesce(description_sha256, '') as description_sha256,
    director_names,
    cast_names,
    genres
from matching.source_title
order by source collate "C", source_id collate "C";
