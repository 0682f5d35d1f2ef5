-- the titles that the other IMDb files are filtered by
-- Grain:  one number of a kept title
-- Reads:  staging.imdb_titles
-- Writes: -
-- Rerun:  reads only

select imdb_title_number
from staging.imdb_titles;
