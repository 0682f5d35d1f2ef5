-- mart.rating_history
-- Grain:  title x day on which one of its scores or counts changed
-- Reads:  warehouse
-- Writes: mart.rating_history (view)
-- Rerun:  create or replace; new columns go to the end
-- Notes:  ask for titles by title_key: the windows are of one title each, so that the condition goes down into them

create or replace view mart.rating_history as
select
    history.title_key,
    dim_title.title,
    history.rating_date,
    history.until_date,
    history.imdb_rating_of_10,
    history.imdb_vote_count,
    history.imdb_weighted_of_10,
    history.critics_pct,
    history.critics_count,
    history.audience_pct,
    history.audience_count,
    history.imdb_rating_of_10 - history.former_imdb_rating_of_10 as imdb_change,
    history.imdb_vote_count - history.former_imdb_vote_count as imdb_votes_gained,
    history.critics_pct - history.former_critics_pct as critics_change,
    history.audience_pct - history.former_audience_pct as audience_change,
    history.until_date is null as is_newest
from (
    select
        fact_title_rating.title_key,
        fact_title_rating.rating_date,
        fact_title_rating.imdb_rating_of_10,
        fact_title_rating.imdb_vote_count,
        fact_title_rating.imdb_weighted_of_10,
        fact_title_rating.critics_pct,
        fact_title_rating.critics_count,
        fact_title_rating.audience_pct,
        fact_title_rating.audience_count,
        lead(fact_title_rating.rating_date) over days as until_date,
        lag(fact_title_rating.imdb_rating_of_10) over days as former_imdb_rating_of_10,
        lag(fact_title_rating.imdb_vote_count) over days as former_imdb_vote_count,
        lag(fact_title_rating.critics_pct) over days as former_critics_pct,
        lag(fact_title_rating.audience_pct) over days as former_audience_pct
    from warehouse.fact_title_rating
    window days as (
        partition by fact_title_rating.title_key
        order by fact_title_rating.rating_date
    )
) as history
inner join warehouse.dim_title on history.title_key = dim_title.title_key;

comment on view mart.rating_history is 'Grain: one title x one day on which one of its scores or counts changed: what held from that day on, and what moved.';
comment on column mart.rating_history.title_key is 'The title.';
comment on column mart.rating_history.title is 'Its name.';
comment on column mart.rating_history.rating_date is 'Day from which these values hold.';
comment on column mart.rating_history.until_date is 'Day on which the next ones begin; null for those that hold now.';
comment on column mart.rating_history.imdb_rating_of_10 is 'Average of IMDb''s votes.';
comment on column mart.rating_history.imdb_vote_count is 'How many votes.';
comment on column mart.rating_history.imdb_weighted_of_10 is 'The average with 1,000 more votes of 6.5.';
comment on column mart.rating_history.critics_pct is 'Share of critics that liked it. Rotten Tomatoes.';
comment on column mart.rating_history.critics_count is 'How many critics.';
comment on column mart.rating_history.audience_pct is 'Share of the audience that liked it. Rotten Tomatoes.';
comment on column mart.rating_history.audience_count is 'How many answers.';
comment on column mart.rating_history.imdb_change is 'imdb_rating_of_10 less the one before; null on the first day.';
comment on column mart.rating_history.imdb_votes_gained is 'imdb_vote_count less the one before.';
comment on column mart.rating_history.critics_change is 'critics_pct less the one before.';
comment on column mart.rating_history.audience_change is 'audience_pct less the one before.';
comment on column mart.rating_history.is_newest is 'True: holds now.';
