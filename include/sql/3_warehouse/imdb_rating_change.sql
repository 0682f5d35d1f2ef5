-- build.imdb_rating_change
-- Grain:  IMDb title x day about which this load tells something: its own, and the next one after an older day
-- Reads:  staging.imdb_titles, staging.imdb_ratings, build.loaded_day, warehouse.fact_title_rating,
--         warehouse.hist_imdb_absence, warehouse.dim_title
-- Writes: build.imdb_rating_change (empty before)
-- Rerun:  the table is emptied and filled anew; once published, a second run finds no difference
-- Params: batch_date  day whose ratings staging holds
-- Notes:  a row is due on a day whose rating is another than on the loaded day before. So a day that is put between two
--         others may make the row of the next one needless, or due. A day without the title says nothing of it

insert into build.imdb_rating_change (title_key, rating_date, imdb_rating_of_10, imdb_vote_count, is_change)
with

next_day as materialized (
    select min(loaded_date) as date_after
    from build.loaded_day
    where source = 'imdb' and loaded_date > %(batch_date)s::date
),

before as materialized (
    select distinct on (title_key)
        title_key,
        imdb_rating_of_10,
        imdb_vote_count
    from warehouse.fact_title_rating
    where rating_date < %(batch_date)s::date and title_key < 1000000000000
    order by title_key, rating_date desc
),

kept as materialized (
    select
        title_key,
        imdb_rating_of_10,
        imdb_vote_count
    from warehouse.fact_title_rating
    where rating_date = %(batch_date)s::date and title_key < 1000000000000
),

staged as materialized (
    select
        imdb_titles.imdb_title_number::bigint as title_key,
        imdb_ratings.imdb_rating_of_10,
        imdb_ratings.imdb_vote_count
    from staging.imdb_titles
    left join staging.imdb_ratings on imdb_titles.imdb_title_number = imdb_ratings.imdb_title_number
),

today as materialized (
    select
        coalesce(staged.title_key, kept.title_key) as title_key,
        case when staged.title_key is null then before.imdb_rating_of_10 else staged.imdb_rating_of_10 end
            as imdb_rating_of_10,
        case when staged.title_key is null then before.imdb_vote_count else staged.imdb_vote_count end
            as imdb_vote_count,
        before.imdb_rating_of_10 as rating_before,
        before.imdb_vote_count as votes_before,
        kept.title_key is not null as is_kept,
        kept.imdb_rating_of_10 as rating_kept,
        kept.imdb_vote_count as votes_kept
    from staged
    full join kept on staged.title_key = kept.title_key
    left join before on coalesce(staged.title_key, kept.title_key) = before.title_key
),

-- After an older day: the next loaded day on which IMDb had the title.
next_seen as (
    select
        today.title_key,
        coalesce(hist_imdb_absence.absent_until, next_day.date_after) as next_date
    from today
    inner join next_day on next_day.date_after is not null
    inner join warehouse.dim_title on today.title_key = dim_title.title_key
    left join warehouse.hist_imdb_absence
        on
            today.title_key = hist_imdb_absence.title_key
            and next_day.date_after >= hist_imdb_absence.absent_from
            and next_day.date_after < hist_imdb_absence.absent_until
    where coalesce(hist_imdb_absence.absent_until, next_day.date_after) < 'infinity'
),

-- What the warehouse says of that day, and said of the loaded day before it.
then_and_before as (
    select
        next_seen.title_key,
        next_seen.next_date,
        on_next.imdb_rating_of_10,
        on_next.imdb_vote_count,
        concat(on_next.imdb_rating_of_10, '|', on_next.imdb_vote_count) as said,
        concat(before_next.imdb_rating_of_10, '|', before_next.imdb_vote_count) as said_before
    from next_seen
    left join lateral (
        select
            fact.imdb_rating_of_10,
            fact.imdb_vote_count
        from warehouse.fact_title_rating as fact
        where fact.title_key = next_seen.title_key and fact.rating_date <= next_seen.next_date
        order by fact.rating_date desc
        limit 1
    ) as on_next on true
    left join lateral (
        select
            fact.imdb_rating_of_10,
            fact.imdb_vote_count
        from warehouse.fact_title_rating as fact
        where fact.title_key = next_seen.title_key and fact.rating_date < next_seen.next_date
        order by fact.rating_date desc
        limit 1
    ) as before_next on true
)

select
    title_key,
    %(batch_date)s::date as rating_date,
    imdb_rating_of_10,
    imdb_vote_count,
    concat(imdb_rating_of_10, '|', imdb_vote_count) <> concat(rating_before, '|', votes_before) as is_change
from today
where is_kept or (imdb_rating_of_10, imdb_vote_count) is distinct from (rating_before, votes_before)
union all
select
    then_and_before.title_key,
    then_and_before.next_date as rating_date,
    then_and_before.imdb_rating_of_10,
    then_and_before.imdb_vote_count,
    then_and_before.said <> concat(today.imdb_rating_of_10, '|', today.imdb_vote_count) as is_change
from then_and_before
inner join today on then_and_before.title_key = today.title_key
where
    (then_and_before.said <> concat(today.imdb_rating_of_10, '|', today.imdb_vote_count))
    <> (then_and_before.said <> then_and_before.said_before);
