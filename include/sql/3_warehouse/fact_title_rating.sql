-- build.fact_title_rating
-- Grain:  title whose scores or counts differ from the newest the warehouse has up to the day
-- Reads:  staging.imdb_ratings, staging.rotten_tomatoes_movies, build.work_of_row, build.dim_title,
--         warehouse.fact_title_rating
-- Writes: build.fact_title_rating (empty before)
-- Rerun:  the table is emptied and filled anew; once published, a second run finds no difference
-- Params: batch_date  day from which the new values hold
-- Notes:  a score of nobody is no score: Rotten Tomatoes writes a zero where it has counted no critic. Its films
--         lend their scores to films only. Rows of other days are never touched

insert into build.fact_title_rating (
    title_key, rating_date, imdb_rating_of_10, imdb_vote_count, imdb_weighted_of_10, critics_pct, critics_count,
    audience_pct, audience_count
)
with

rotten_tomatoes as materialized (
    select
        work_of_row.title_key,
        case
            when rotten_tomatoes_movies.tomatometer_count = 0 then null
            else rotten_tomatoes_movies.tomatometer_pct
        end as critics_pct,
        rotten_tomatoes_movies.tomatometer_count as critics_count,
        case
            when rotten_tomatoes_movies.audience_count = 0 then null
            else rotten_tomatoes_movies.audience_pct
        end as audience_pct,
        rotten_tomatoes_movies.audience_count
    from build.work_of_row
    inner join build.dim_title on work_of_row.title_key = dim_title.title_key and dim_title.kind <> 'series'
    inner join staging.rotten_tomatoes_movies on work_of_row.source_id = rotten_tomatoes_movies.source_id
    where work_of_row.source = 'rotten_tomatoes' and work_of_row.source_rank = 1
),

newest as (
    select distinct on (title_key)
        title_key,
        imdb_rating_of_10,
        imdb_vote_count,
        imdb_weighted_of_10,
        critics_pct,
        critics_count,
        audience_pct,
        audience_count
    from warehouse.fact_title_rating
    where rating_date <= %(batch_date)s::date
    order by title_key, rating_date desc
),

today as (
    select
        dim_title.title_key,
        imdb_ratings.imdb_rating_of_10,
        imdb_ratings.imdb_vote_count,
        round(
            (imdb_ratings.imdb_vote_count * imdb_ratings.imdb_rating_of_10 + 1000 * 6.5)
            / (imdb_ratings.imdb_vote_count + 1000), 2
        ) as imdb_weighted_of_10,
        rotten_tomatoes.critics_pct,
        rotten_tomatoes.critics_count,
        rotten_tomatoes.audience_pct,
        rotten_tomatoes.audience_count
    from build.dim_title
    left join staging.imdb_ratings on dim_title.title_key = imdb_ratings.imdb_title_number
    left join rotten_tomatoes on dim_title.title_key = rotten_tomatoes.title_key
    where dim_title.is_current
)

select
    today.title_key,
    %(batch_date)s::date as rating_date,
    today.imdb_rating_of_10,
    today.imdb_vote_count,
    today.imdb_weighted_of_10,
    today.critics_pct,
    today.critics_count,
    today.audience_pct,
    today.audience_count
from today
left join newest on today.title_key = newest.title_key
where
    (
        today.imdb_rating_of_10, today.imdb_vote_count, today.imdb_weighted_of_10, today.critics_pct,
        today.critics_count, today.audience_pct, today.audience_count
    )
    is distinct from
    (
        newest.imdb_rating_of_10, newest.imdb_vote_count, newest.imdb_weighted_of_10, newest.critics_pct,
        newest.critics_count, newest.audience_pct, newest.audience_count
    );
