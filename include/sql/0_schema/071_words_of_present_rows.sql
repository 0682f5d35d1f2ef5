-- 071_words_of_present_rows
-- Grain:  as before; what 070 has columns for, of the rows that readers have
-- Reads:  staging.catalogue_row
-- Writes: warehouse.bridge_title_source (source_directors, source_actors, source_countries)
-- Rerun:  applied once, in order, by number; ops.migration remembers it
-- Notes:  apart from 070, whose lock keeps readers waiting. An id may be another title's in the day staged last: such a
--         row has its words from the next load on

update warehouse.bridge_title_source
set
    source_directors = catalogue_row.directors,
    source_actors = catalogue_row.actors,
    source_countries = catalogue_row.countries
from staging.catalogue_row
where
    bridge_title_source.source = catalogue_row.source
    and bridge_title_source.source_id = catalogue_row.source_id
    and bridge_title_source.source_title = catalogue_row.title
    and bridge_title_source.source_kind = catalogue_row.kind
    and bridge_title_source.source_year is not distinct from catalogue_row.release_year;
