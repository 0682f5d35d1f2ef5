-- build.rerated_title
-- Grain:  title of which build.fact_title_rating has every row
-- Reads:  build.said_node, build.imdb_rating_change, warehouse.fact_title_rating
-- Writes: build.rerated_title (empty before)
-- Rerun:  the table is emptied and filled anew
-- Params: batch_date  day of the load
-- Notes:  titles with scores of Rotten Tomatoes, now or before: those follow the film to the title that it turned out to
--         be, for all days. And titles of which this load makes a row needless, or another day's row due

insert into build.rerated_title (title_key)
select title_key
from build.said_node
where source = 'rotten_tomatoes'
union
select title_key
from warehouse.fact_title_rating
where title_key >= 1000000000000 or critics_count is not null or audience_count is not null
union
select title_key
from build.imdb_rating_change
where not is_change or rating_date > %(batch_date)s::date;
