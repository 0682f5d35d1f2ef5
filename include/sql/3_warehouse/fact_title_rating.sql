-- build.fact_title_rating
-- Grain:  title x day on which a score or count changed: every row of build.rerated_title, of other titles the new one
-- Reads:  build.imdb_rating_change, build.rerated_title, build.hist_source_row, build.said_node, build.loaded_day,
--         build.dim_title, build.hist_imdb_absence, warehouse.fact_title_rating
-- Writes: build.fact_title_rating (empty before)
-- Rerun:  the table is emptied and filled anew; once published, a second run finds no difference
-- Notes:  a score of nobody is no score: Rotten Tomatoes writes a zero where it has counted no critic. Its films lend
--         their scores to films only, by what is known of the title now. A film that its file does not have any more
--         keeps the last ones

insert into build.fact_title_rating (
    title_key, rating_date, imdb_rating_of_10, imdb_vote_count, imdb_weighted_of_10, critics_pct, critics_count,
    audience_pct, audience_count
)
with

imdb_told as (
    select
        fact.title_key,
        fact.rating_date,
        fact.imdb_rating_of_10,
        fact.imdb_vote_count
    from warehouse.fact_title_rating as fact
    inner join build.rerated_title on fact.title_key = rerated_title.title_key
    left join build.imdb_rating_change as change
        on fact.title_key = change.title_key and fact.rating_date = change.rating_date
    where
        change.title_key is null and fact.title_key < 1000000000000
        -- A row that Rotten Tomatoes is the reason for, on a day without the title, says nothing of IMDb.
        and not exists (
            select
            from build.hist_imdb_absence as absence
            where
                absence.title_key = fact.title_key
                and fact.rating_date >= absence.absent_from and fact.rating_date < absence.absent_until
        )
    union all
    select
        change.title_key,
        change.rating_date,
        change.imdb_rating_of_10,
        change.imdb_vote_count
    from build.imdb_rating_change as change
    inner join build.rerated_title on change.title_key = rerated_title.title_key
    where change.is_change
),

-- Before the first row a title says what one without a score does.
imdb_said as (
    select
        imdb_told.*,
        concat(imdb_rating_of_10, '|', imdb_vote_count) as said
    from imdb_told
),

imdb_compared as (
    select
        imdb_said.*,
        said <> lag(said, 1, '|') over (partition by title_key order by rating_date) as is_new
    from imdb_said
),

imdb as materialized (
    select
        title_key,
        rating_date as from_date,
        coalesce(lead(rating_date) over (partition by title_key order by rating_date), 'infinity') as end_date,
        imdb_rating_of_10,
        imdb_vote_count
    from imdb_compared
    where is_new
),

day as materialized (
    select
        loaded_date,
        lead(loaded_date) over (order by loaded_date) as next_date
    from build.loaded_day
    where source = 'rotten_tomatoes'
),

film_told as materialized (
    select
        said_node.title_key,
        hist_source_row.from_date,
        coalesce(day.next_date, 'infinity') as end_date,
        hist_source_row.is_base,
        hist_source_row.plain_key,
        hist_source_row.title,
        hist_source_row.critics_pct,
        hist_source_row.critics_count,
        hist_source_row.audience_pct,
        hist_source_row.audience_count
    from build.hist_source_row
    inner join build.said_node
        on
            hist_source_row.source = said_node.source
            and hist_source_row.plain_key = said_node.plain_key
            and hist_source_row.fingerprint = said_node.fingerprint
            and hist_source_row.is_base = said_node.is_base
    left join day on hist_source_row.until_date = day.loaded_date
    inner join build.dim_title on said_node.title_key = dim_title.title_key and dim_title.kind <> 'series'
    where hist_source_row.source = 'rotten_tomatoes'
),

film_moment as (
    select
        title_key,
        from_date
    from film_told
    union
    select
        title_key,
        end_date as from_date
    from film_told
    where end_date < 'infinity'
),

-- Of several films of one title the one that speaks for the work in dim_title.
film_spoken as (
    select distinct on (film_moment.title_key, film_moment.from_date)
        film_moment.title_key,
        film_moment.from_date,
        film_told.critics_pct,
        film_told.critics_count,
        film_told.audience_pct,
        film_told.audience_count
    from film_moment
    inner join film_told
        on
            film_moment.title_key = film_told.title_key
            and film_moment.from_date >= film_told.from_date
            and film_moment.from_date < film_told.end_date
    order by
        film_moment.title_key, film_moment.from_date, film_told.is_base desc, film_told.critics_count desc nulls last,
        film_told.title collate "C", length(film_told.plain_key), film_told.plain_key collate "C"
),

film as materialized (
    select
        title_key,
        from_date,
        coalesce(lead(from_date) over (partition by title_key order by from_date), 'infinity') as end_date,
        critics_pct,
        critics_count,
        audience_pct,
        audience_count
    from film_spoken
),

moment as (
    select
        title_key,
        from_date
    from imdb
    union
    select
        title_key,
        from_date
    from film
),

both_told as (
    select
        moment.title_key,
        moment.from_date as rating_date,
        imdb.imdb_rating_of_10,
        imdb.imdb_vote_count,
        film.critics_pct,
        film.critics_count,
        film.audience_pct,
        film.audience_count
    from moment
    left join imdb
        on
            moment.title_key = imdb.title_key
            and moment.from_date >= imdb.from_date and moment.from_date < imdb.end_date
    left join film
        on
            moment.title_key = film.title_key
            and moment.from_date >= film.from_date and moment.from_date < film.end_date
),

both_said as (
    select
        both_told.*,
        concat(
            imdb_rating_of_10, '|', imdb_vote_count, '|', critics_pct, '|', critics_count, '|', audience_pct, '|',
            audience_count
        ) as said
    from both_told
),

compared as (
    select
        both_said.*,
        said <> lag(said, 1, '|||||') over (partition by title_key order by rating_date) as is_new
    from both_said
),

rated as (
    select
        title_key,
        rating_date,
        imdb_rating_of_10,
        imdb_vote_count,
        critics_pct,
        critics_count,
        audience_pct,
        audience_count
    from compared
    where is_new
    union all
    select
        change.title_key,
        change.rating_date,
        change.imdb_rating_of_10,
        change.imdb_vote_count,
        null as critics_pct,
        null as critics_count,
        null as audience_pct,
        null as audience_count
    from build.imdb_rating_change as change
    left join build.rerated_title on change.title_key = rerated_title.title_key
    where rerated_title.title_key is null
)

select
    title_key,
    rating_date,
    imdb_rating_of_10,
    imdb_vote_count,
    round((imdb_vote_count * imdb_rating_of_10 + 1000 * 6.5) / (imdb_vote_count + 1000), 2) as imdb_weighted_of_10,
    critics_pct,
    critics_count,
    audience_pct,
    audience_count
from rated;
