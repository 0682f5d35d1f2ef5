-- titles_waiting_for_review
-- Grain:  row of a catalogue
-- Reads:  mart.catalogue_entries
-- Writes: -
-- Rerun:  reads only
-- Notes:  Which rows of the catalogues wait for a person to say which IMDb title they are?

select
    platform,
    source_id,
    title,
    kind,
    release_year,
    match_probability
from mart.catalogue_entries
where match_band = 'review'
order by match_probability desc nulls last, platform, length(source_id), source_id;
