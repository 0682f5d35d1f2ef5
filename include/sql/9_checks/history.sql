-- history
-- Grain:  one query a check, for rows that must not exist; its first column names the problem
-- Reads:  build, warehouse (fixed dimensions)
-- Writes: -
-- Rerun:  reads only
-- Notes:  what is said over several days. The checks of warehouse.sql judge one day by itself; these hold for all days
--         together, so an older day that is loaded later is asked them too

-- fail
select
    'score or count out of its range' as problem,
    fact_title_rating.*
from build.fact_title_rating
where
    imdb_rating_of_10 not between 1 and 10
    or imdb_weighted_of_10 not between 1 and 10
    or imdb_vote_count < 0
    or critics_pct not between 0 and 100
    or audience_pct not between 0 and 100
    or critics_count < 0
    or audience_count < 0;

-- fail
select
    'rating of a title that is not there' as problem,
    fact_title_rating.title_key
from build.fact_title_rating
left join build.dim_title on fact_title_rating.title_key = dim_title.title_key
where dim_title.title_key is null;

-- fail
select
    'Rotten Tomatoes score on a series' as problem,
    dim_title.title_key,
    dim_title.title
from build.fact_title_rating
inner join build.dim_title on fact_title_rating.title_key = dim_title.title_key
where
    dim_title.kind = 'series'
    and (
        fact_title_rating.critics_pct is not null or fact_title_rating.critics_count is not null
        or fact_title_rating.audience_pct is not null or fact_title_rating.audience_count is not null
    );

-- fail
select
    'stays on a platform that overlap' as problem,
    earlier.title_key,
    earlier.platform_key,
    earlier.entered_date,
    later.entered_date as next_entered_date
from build.fact_availability as earlier
inner join build.fact_availability as later
    on
        earlier.title_key = later.title_key
        and earlier.platform_key = later.platform_key
        and earlier.entered_date < later.entered_date
where earlier.left_date is null or earlier.left_date > later.entered_date;

-- fail
select
    'stay that ends before it begins, or without its title' as problem,
    fact_availability.title_key,
    fact_availability.entered_date,
    fact_availability.left_date
from build.fact_availability
left join build.dim_title on fact_availability.title_key = dim_title.title_key
where fact_availability.left_date <= fact_availability.entered_date or dim_title.title_key is null;

-- fail
select
    'catalogue title that never entered its platform' as problem,
    bridge_title_source.title_key,
    bridge_title_source.source_title
from build.bridge_title_source
left join build.fact_availability
    on
        bridge_title_source.title_key = fact_availability.title_key
        and bridge_title_source.platform_key = fact_availability.platform_key
where bridge_title_source.platform_key is not null and fact_availability.title_key is null;

-- warn
select
    'catalogue title that says it comes from the future' as problem,
    dim_title.title_key,
    dim_title.title,
    dim_title.release_year
from build.dim_title
cross join
    lateral (
        select max(fact_availability.entered_date) as entered_date
        from build.fact_availability
        where fact_availability.title_key = dim_title.title_key
    ) as stay
where dim_title.is_catalogue_title and dim_title.release_year > extract(year from stay.entered_date) + 1;

-- fail
select
    'periods of a title that overlap' as problem,
    earlier.title_key,
    earlier.valid_from,
    earlier.valid_until,
    later.valid_from as next_valid_from
from build.dim_title_history as earlier
inner join build.dim_title_history as later
    on earlier.title_key = later.title_key and earlier.valid_from < later.valid_from
where earlier.valid_until is null or earlier.valid_until > later.valid_from;

-- fail
select
    'day on which a catalogue had a title that has no history then' as problem,
    said_node.title_key,
    hist_source_row.title,
    hist_source_row.from_date,
    hist_source_row.until_date
from build.hist_source_row
inner join warehouse.dim_platform on hist_source_row.source = dim_platform.platform
inner join build.said_node
    on
        hist_source_row.source = said_node.source
        and hist_source_row.plain_key = said_node.plain_key
        and hist_source_row.fingerprint = said_node.fingerprint
        and hist_source_row.is_base = said_node.is_base
where
    not exists (
        select
        from build.dim_title_history as history
        where
            history.title_key = said_node.title_key
            and history.valid_from <= hist_source_row.from_date
            and coalesce(history.valid_until, 'infinity') > hist_source_row.from_date
    )
    or not exists (
        select
        from build.dim_title_history as history
        where
            history.title_key = said_node.title_key
            and history.valid_from <= hist_source_row.until_date
            and (history.valid_until is null or history.valid_until > hist_source_row.until_date)
    );

-- fail
select
    'history of a title that is not there' as problem,
    history.title_key,
    history.title
from build.dim_title_history as history
left join build.dim_title on history.title_key = dim_title.title_key
where dim_title.title_key is null;

-- fail
select
    'rating that says the same as the one before' as problem,
    compared.title_key,
    compared.next_date
from (
    select
        title_key,
        rating_date,
        lead(rating_date) over titles as next_date,
        concat(
            imdb_rating_of_10, '|', imdb_vote_count, '|', critics_pct, '|', critics_count, '|', audience_pct, '|',
            audience_count
        ) as said,
        lead(concat(
            imdb_rating_of_10, '|', imdb_vote_count, '|', critics_pct, '|', critics_count, '|', audience_pct, '|',
            audience_count
        )) over titles as next_said
    from build.fact_title_rating
    where title_key in (select rerated_title.title_key from build.rerated_title)
    window titles as (partition by title_key order by rating_date)
) as compared
where compared.said = compared.next_said;

-- fail
select
    'row of a list that is neither of a title nor listed without one' as problem,
    said.list,
    said.place,
    said.title,
    said.from_date
from build.hist_source_row as said
where
    said.source = 'justwatch'
    and not exists (
        select
        from build.fact_list_membership as told
        where
            told.list = said.list
            and told.list_rank = said.place
            and told.source_title = said.title
            and told.from_date <= said.from_date
            and coalesce(told.until_date, 'infinity') > said.from_date
    );
