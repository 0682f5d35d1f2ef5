-- build.hist_imdb_absence
-- Grain:  IMDb title x run of loaded days on which IMDb did not have it
-- Reads:  staging.imdb_titles, build.loaded_day, warehouse.hist_imdb_absence, warehouse.dim_title
-- Writes: build.hist_imdb_absence (empty before)
-- Rerun:  the table is emptied and filled anew; once published, a second run finds no difference
-- Params: batch_date  day whose titles staging holds
-- Notes:  as hist_source_row, the other way round: nearly all titles are there every day, so the days without are kept.
--         A title that the warehouse did not know was absent on all other days. IMDb absent on no day but this: no row

insert into build.hist_imdb_absence (title_key, absent_from, absent_until)
with

neighbour as materialized (
    select
        max(loaded_date) filter (where loaded_date < %(batch_date)s::date) as date_before,
        min(loaded_date) filter (where loaded_date > %(batch_date)s::date) as date_after
    from build.loaded_day
    where source = 'imdb'
),

known as materialized (
    select
        title_key,
        absent_from,
        absent_until
    from warehouse.hist_imdb_absence
    union all
    select
        imdb_titles.imdb_title_number as title_key,
        '-infinity'::date as absent_from,
        'infinity'::date as absent_until
    from staging.imdb_titles
    left join warehouse.dim_title on imdb_titles.imdb_title_number = dim_title.title_key
    where dim_title.title_key is null
),

-- Runs that have the day or one of its neighbours.
near as materialized (
    select
        known.title_key,
        known.absent_from,
        known.absent_until,
        coalesce(
            neighbour.date_before >= known.absent_from and neighbour.date_before < known.absent_until, false
        ) as has_before,
        coalesce(
            neighbour.date_after >= known.absent_from and neighbour.date_after < known.absent_until, false
        ) as has_after
    from known
    cross join neighbour
    where
        known.absent_until > coalesce(neighbour.date_before, %(batch_date)s::date)
        and known.absent_from <= coalesce(neighbour.date_after, %(batch_date)s::date)
),

-- No titles of IMDb at all is a day without the file, which says nothing of them.
absent_today as materialized (
    select dim_title.title_key
    from warehouse.dim_title
    left join staging.imdb_titles on dim_title.title_key = imdb_titles.imdb_title_number
    where dim_title.imdb_title_id is not null and imdb_titles.imdb_title_number is null
),

met as (
    select
        coalesce(near.title_key, absent_today.title_key) as title_key,
        absent_today.title_key is not null as has_day,
        min(near.absent_from) filter (where near.has_before) as first_before,
        max(near.absent_until) filter (where near.has_after) as last_after
    from near
    full join absent_today on near.title_key = absent_today.title_key
    group by coalesce(near.title_key, absent_today.title_key), absent_today.title_key is not null
),

-- Before the first loaded day a title counts as absent when it is absent on that day.
placed as (
    select
        met.title_key,
        met.has_day,
        case
            when neighbour.date_before is not null then met.first_before
            when met.has_day then '-infinity'::date
        end as first_before,
        met.last_after,
        neighbour.date_after
    from met
    cross join neighbour
)

select
    title_key,
    first_before as absent_from,
    case
        when has_day and last_after is not null then last_after
        when has_day then coalesce(date_after, 'infinity')
        else %(batch_date)s::date
    end as absent_until
from placed
where first_before is not null
union all
select
    title_key,
    case when has_day then %(batch_date)s::date else date_after end as absent_from,
    last_after as absent_until
from placed
where last_after is not null and not (first_before is not null and has_day)
union all
select
    title_key,
    %(batch_date)s::date as absent_from,
    coalesce(date_after, 'infinity') as absent_until
from placed
where has_day and first_before is null and last_after is null
union all
select
    far.title_key,
    far.absent_from,
    far.absent_until
from warehouse.hist_imdb_absence as far
left join near on far.title_key = near.title_key and far.absent_from = near.absent_from
where near.title_key is null;
