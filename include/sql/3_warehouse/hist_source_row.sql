-- build.hist_source_row
-- Grain:  source x what one of its rows said x run of loaded days on which it said so
-- Reads:  build.said_row, build.loaded_day, warehouse.hist_source_row, warehouse.loaded_day
-- Writes: build.hist_source_row (empty before)
-- Rerun:  the table is emptied and filled anew; once published, a second run finds no difference
-- Params: batch_date  day whose rows build.said_row has
-- Notes:  the day is put between the loaded days before and after it: a run that has both neighbours and the day goes on,
--         one that lacks the day is cut, and so on; whatever order the days come in, the runs are the same

insert into build.hist_source_row (
    source, row_sha256, from_date, until_date,
    plain_key,
    fingerprint,
    is_base,
    imdb_title_number,
    place,
    folded_names,
    description_sha256,
    kind,
    title,
    release_year,
    certification,
    runtime_min,
    season_count,
    added_date,
    categories,
    description,
    cast_sha256,
    critics_pct,
    critics_count,
    audience_pct,
    audience_count,
    list,
    through_plain_key,
    through_fingerprint,
    unlinked_because
)
with

neighbour as materialized (
    select
        source,
        max(loaded_date) filter (where loaded_date < %(batch_date)s::date) as date_before,
        min(loaded_date) filter (where loaded_date > %(batch_date)s::date) as date_after,
        max(loaded_date) as newest_date
    from build.loaded_day
    where
        source in (
            select today.source
            from build.loaded_day as today
            where today.loaded_date = %(batch_date)s::date
        )
    group by source
),

-- What goes on goes on up to the newest loaded day that the warehouse knows.
former as materialized (
    select
        hist_source_row.source,
        hist_source_row.row_sha256,
        hist_source_row.from_date,
        least(hist_source_row.until_date, newest.loaded_date) as until_date
    from warehouse.hist_source_row
    inner join (
        select
            source,
            max(loaded_date) as loaded_date
        from warehouse.loaded_day
        group by source
    ) as newest on hist_source_row.source = newest.source
),

-- Runs that have the day or one of its neighbours.
near as materialized (
    select
        former.source,
        former.row_sha256,
        former.from_date,
        former.until_date,
        coalesce(neighbour.date_before between from_date and until_date, false) as has_before,
        coalesce(neighbour.date_after between from_date and until_date, false) as has_after
    from former
    inner join neighbour on former.source = neighbour.source
    where
        neighbour.date_before between from_date and until_date
        or neighbour.date_after between from_date and until_date
        or %(batch_date)s::date between from_date and until_date
),

today as materialized (
    select distinct
        source,
        row_sha256
    from build.said_row
),

met as (
    select
        coalesce(near.source, today.source) as source,
        coalesce(near.row_sha256, today.row_sha256) as row_sha256,
        today.source is not null as has_day,
        min(near.from_date) filter (where near.has_before) as first_before,
        max(near.until_date) filter (where near.has_after) as last_after
    from near
    full join today on near.source = today.source and near.row_sha256 = today.row_sha256
    group by
        coalesce(near.source, today.source), coalesce(near.row_sha256, today.row_sha256), today.source is not null
),

runs as (
    select
        met.source,
        met.row_sha256,
        met.first_before as from_date,
        case
            when met.has_day and met.last_after is not null then met.last_after
            when met.has_day then %(batch_date)s::date
            else neighbour.date_before
        end as until_date
    from met
    inner join neighbour on met.source = neighbour.source
    where met.first_before is not null
    union all
    select
        met.source,
        met.row_sha256,
        case when met.has_day then %(batch_date)s::date else neighbour.date_after end as from_date,
        met.last_after as until_date
    from met
    inner join neighbour on met.source = neighbour.source
    where met.last_after is not null and not (met.first_before is not null and met.has_day)
    union all
    select
        met.source,
        met.row_sha256,
        %(batch_date)s::date as from_date,
        %(batch_date)s::date as until_date
    from met
    where met.has_day and met.first_before is null and met.last_after is null
),

-- What a digest stands for, from the day's rows or from any run of it.
told as materialized (
    select distinct on (source, row_sha256)
        source,
        row_sha256,
        plain_key,
        fingerprint,
        is_base,
        imdb_title_number,
        place,
        folded_names,
        description_sha256,
        kind,
        title,
        release_year,
        certification,
        runtime_min,
        season_count,
        added_date,
        categories,
        description,
        cast_sha256,
        critics_pct,
        critics_count,
        audience_pct,
        audience_count,
        list,
        through_plain_key,
        through_fingerprint,
        unlinked_because
    from (
        select
            source,
            row_sha256,
            plain_key,
            fingerprint,
            is_base,
            imdb_title_number,
            place,
            folded_names,
            description_sha256,
            kind,
            title,
            release_year,
            certification,
            runtime_min,
            season_count,
            added_date,
            categories,
            description,
            cast_sha256,
            critics_pct,
            critics_count,
            audience_pct,
            audience_count,
            list,
            through_plain_key,
            through_fingerprint,
            unlinked_because
        from build.said_row
        union all
        select
            hist_source_row.source,
            hist_source_row.row_sha256,
            hist_source_row.plain_key,
            hist_source_row.fingerprint,
            hist_source_row.is_base,
            hist_source_row.imdb_title_number,
            hist_source_row.place,
            hist_source_row.folded_names,
            hist_source_row.description_sha256,
            hist_source_row.kind,
            hist_source_row.title,
            hist_source_row.release_year,
            hist_source_row.certification,
            hist_source_row.runtime_min,
            hist_source_row.season_count,
            hist_source_row.added_date,
            hist_source_row.categories,
            hist_source_row.description,
            hist_source_row.cast_sha256,
            hist_source_row.critics_pct,
            hist_source_row.critics_count,
            hist_source_row.audience_pct,
            hist_source_row.audience_count,
            hist_source_row.list,
            hist_source_row.through_plain_key,
            hist_source_row.through_fingerprint,
            hist_source_row.unlinked_because
        from warehouse.hist_source_row
        inner join near
            on
                hist_source_row.source = near.source
                and hist_source_row.row_sha256 = near.row_sha256
                and hist_source_row.from_date = near.from_date
    ) as every_telling
    order by source, row_sha256
)

select
    runs.source,
    runs.row_sha256,
    runs.from_date,
    case when runs.until_date = neighbour.newest_date then 'infinity' else runs.until_date end as until_date,
    told.plain_key,
    told.fingerprint,
    told.is_base,
    told.imdb_title_number,
    told.place,
    told.folded_names,
    told.description_sha256,
    told.kind,
    told.title,
    told.release_year,
    told.certification,
    told.runtime_min,
    told.season_count,
    told.added_date,
    told.categories,
    told.description,
    told.cast_sha256,
    told.critics_pct,
    told.critics_count,
    told.audience_pct,
    told.audience_count,
    told.list,
    told.through_plain_key,
    told.through_fingerprint,
    told.unlinked_because
from runs
inner join neighbour on runs.source = neighbour.source
inner join told on runs.source = told.source and runs.row_sha256 = told.row_sha256
union all
select
    far.source,
    far.row_sha256,
    far.from_date,
    far.until_date,
    far.plain_key,
    far.fingerprint,
    far.is_base,
    far.imdb_title_number,
    far.place,
    far.folded_names,
    far.description_sha256,
    far.kind,
    far.title,
    far.release_year,
    far.certification,
    far.runtime_min,
    far.season_count,
    far.added_date,
    far.categories,
    far.description,
    far.cast_sha256,
    far.critics_pct,
    far.critics_count,
    far.audience_pct,
    far.audience_count,
    far.list,
    far.through_plain_key,
    far.through_fingerprint,
    far.unlinked_because
from warehouse.hist_source_row as far
left join near
    on far.source = near.source and far.row_sha256 = near.row_sha256 and far.from_date = near.from_date
where near.source is null;
