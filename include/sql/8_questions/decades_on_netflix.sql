-- decades_on_netflix
-- Grain:  decade
-- Reads:  mart.catalogue_entries, mart.titles
-- Writes: -
-- Rerun:  reads only
-- Notes:  How old is what is on Netflix, and is the old better? A work with several rows counts once

select
    titles.release_year / 10 * 10 as decade,
    count(*) as titles,
    round(avg(titles.imdb_weighted_of_10), 2) as imdb_weighted_of_10,
    round(avg(titles.critics_pct), 1) as critics_pct
from (
    select distinct title_key
    from mart.catalogue_entries
    where platform = 'netflix'
) as catalogue
inner join mart.titles on catalogue.title_key = titles.title_key
group by titles.release_year / 10 * 10
order by decade;
