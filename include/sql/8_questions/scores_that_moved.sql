-- scores_that_moved
-- Grain:  catalogue title x day
-- Reads:  mart.rating_history, mart.catalogue_entries
-- Writes: -
-- Rerun:  reads only
-- Notes:  Whose IMDb average moved most from one day to another? Of the catalogues' titles: joined so that only their
--         days are looked at

select
    history.title,
    history.rating_date,
    history.imdb_rating_of_10,
    history.imdb_change,
    history.imdb_votes_gained
from (
    select distinct title_key
    from mart.catalogue_entries
) as catalogue
cross join
    lateral (
        select *
        from mart.rating_history
        where rating_history.title_key = catalogue.title_key
    ) as history
where history.imdb_change <> 0
order by abs(history.imdb_change) desc, history.imdb_vote_count desc, history.title_key, history.rating_date
limit 25;
