-- build.said_row
-- Grain:  row of a source file of the day: the catalogues, Rotten Tomatoes, JustWatch's lists
-- Reads:  staging, matching.title_decision, matching.source_title, matching.source_person, matching.work_member
-- Writes: build.said_row (empty before)
-- Rerun:  the table is emptied and filled anew; the same rows give the same digests, whatever their ids are
-- Notes:  a link to a title that staging does not hold is none. A row without one that is the same work as a row of
--         another source is that one's work. A list names titles and years only: its row is the
--         title of JustWatch's own list of that name, kind and year (or, where only one has the name, of any year), and
--         with that one linked to IMDb, or else the same work as a row of another source

insert into build.said_row (
    source, source_id, row_sha256,
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

linked as materialized (
    select
        title_decision.source,
        title_decision.source_id,
        title_decision.imdb_title_number
    from matching.title_decision
    inner join staging.imdb_titles on title_decision.imdb_title_number = imdb_titles.imdb_title_number
    where title_decision.band = 'match'
),

people as materialized (
    select
        source,
        source_id,
        array_agg(distinct folded_name collate "C") as folded_names,
        encode(
            sha256(convert_to(
                string_agg(distinct folded_name collate "C", '|') filter (where role = 'cast'), 'UTF8'
            )),
            'hex'
        ) as cast_sha256
    from matching.source_person
    group by source, source_id
),

catalogue as materialized (
    select
        catalogue_row.source,
        catalogue_row.source_id,
        concat_ws(
            '|', catalogue_row.source, source_title.kind, source_title.base_title,
            case when source_title.kind = 'movie' then coalesce(source_title.release_year::text, '') else '' end
        ) as plain_key,
        encode(
            sha256(convert_to(
                coalesce(array_to_string(people.folded_names, '|'), '')
                || '#' || coalesce(source_title.description_sha256, ''),
                'UTF8'
            )),
            'hex'
        ) as fingerprint,
        source_title.folded_title = source_title.base_title as is_base,
        linked.imdb_title_number,
        coalesce(people.folded_names, '{}') as folded_names,
        source_title.description_sha256,
        catalogue_row.kind,
        catalogue_row.title,
        catalogue_row.release_year,
        catalogue_row.certification,
        catalogue_row.runtime_min,
        catalogue_row.season_count,
        catalogue_row.added_date,
        catalogue_row.categories,
        catalogue_row.description,
        people.cast_sha256
    from staging.catalogue_row
    inner join matching.source_title
        on catalogue_row.source = source_title.source and catalogue_row.source_id = source_title.source_id
    left join people on catalogue_row.source = people.source and catalogue_row.source_id = people.source_id
    left join linked on catalogue_row.source = linked.source and catalogue_row.source_id = linked.source_id
),

rotten_tomatoes as materialized (
    select
        'rotten_tomatoes' as source,
        movies.source_id,
        'rotten_tomatoes|' || movies.source_id as plain_key,
        source_title.folded_title = source_title.base_title as is_base,
        linked.imdb_title_number,
        movies.title,
        extract(year from movies.release_date)::smallint as release_year,
        case when movies.tomatometer_count = 0 then null else movies.tomatometer_pct end as critics_pct,
        movies.tomatometer_count as critics_count,
        case when movies.audience_count = 0 then null else movies.audience_pct end as audience_pct,
        movies.audience_count
    from staging.rotten_tomatoes_movies as movies
    inner join matching.source_title
        on source_title.source = 'rotten_tomatoes' and movies.source_id = source_title.source_id
    left join linked on linked.source = 'rotten_tomatoes' and movies.source_id = linked.source_id
),

staged_list as (
    select
        'Best Movies Netflix' as list,
        'movie' as kind,
        *
    from staging.justwatch_best_movies
    union all
    select
        'Best Shows Netflix' as list,
        'series' as kind,
        *
    from staging.justwatch_best_shows
    union all
    select
        'Best Movie by Year Netflix' as list,
        'movie' as kind,
        *
    from staging.justwatch_best_movies_by_year
    union all
    select
        'Best Show by Year Netflix' as list,
        'series' as kind,
        *
    from staging.justwatch_best_shows_by_year
),

-- The files count from 0.
list_rows as (
    select
        list,
        kind,
        title,
        release_year,
        list_rank + case when min(list_rank) over (partition by list) = 0 then 1 else 0 end as list_rank
    from staged_list
),

-- The titles of JustWatch that a list row may mean; of its own year first.
meant as (
    select
        list_rows.list,
        list_rows.list_rank,
        justwatch_titles.source_id,
        rank() over (
            partition by list_rows.list, list_rows.list_rank
            order by (justwatch_titles.release_year is distinct from list_rows.release_year)
        ) as nearness
    from list_rows
    inner join staging.justwatch_titles
        on
            list_rows.kind = justwatch_titles.kind
            and lower(list_rows.title) = lower(justwatch_titles.title)
),

found as (
    select
        list,
        list_rank,
        count(*) as titles,
        min(source_id) as source_id
    from meant
    where nearness = 1
    group by list, list_rank
),

-- As linking has them (plugins/reelhouse/matching/linking.py).
preference (source, place) as (
    values
    ('netflix', 1),
    ('rotten_tomatoes', 2),
    ('amazon', 3),
    ('disney', 4),
    ('hulu', 5)
),

-- Of each work without an IMDb title the row that the rows of other sources are taken for: of the first source that has
-- one, and the least, whatever ids this edition has.
speaker as materialized (
    select distinct on (work_member.work_key)
        work_member.work_key,
        row_of_work.source,
        row_of_work.plain_key,
        row_of_work.fingerprint
    from matching.work_member
    inner join (
        select
            source,
            source_id,
            plain_key,
            fingerprint
        from catalogue
        union all
        select
            source,
            source_id,
            plain_key,
            '' as fingerprint
        from rotten_tomatoes
    ) as row_of_work
        on work_member.source = row_of_work.source and work_member.source_id = row_of_work.source_id
    inner join preference on row_of_work.source = preference.source
    where work_member.imdb_title_number is null
    order by
        work_member.work_key, preference.place, row_of_work.plain_key collate "C", row_of_work.fingerprint collate "C"
),

through as materialized (
    select
        work_member.source,
        work_member.source_id,
        speaker.plain_key,
        speaker.fingerprint
    from matching.work_member
    inner join speaker on work_member.work_key = speaker.work_key and work_member.source <> speaker.source
    where work_member.imdb_title_number is null
),

lists as (
    select
        'justwatch' as source,
        list_rows.list || '|' || list_rows.list_rank as source_id,
        linked.imdb_title_number,
        list_rows.list_rank as place,
        list_rows.kind,
        list_rows.title,
        list_rows.release_year,
        list_rows.list,
        through.plain_key as through_plain_key,
        through.fingerprint as through_fingerprint,
        case
            when found.titles is null then 'JustWatch''s own file has no title of this name and kind'
            when found.titles > 1 then 'JustWatch''s own file has several titles of this name and kind'
            when linked.imdb_title_number is null and through.plain_key is null
                then 'JustWatch''s title ' || found.source_id || ' is linked to no title of the warehouse'
        end as unlinked_because
    from list_rows
    left join found on list_rows.list = found.list and list_rows.list_rank = found.list_rank
    left join linked on linked.source = 'justwatch' and found.titles = 1 and found.source_id = linked.source_id
    left join through
        on
            found.titles = 1
            and through.source = 'justwatch'
            and found.source_id = through.source_id
            and linked.imdb_title_number is null
),

said as (
    select
        catalogue.source,
        catalogue.source_id,
        catalogue.plain_key,
        catalogue.fingerprint,
        is_base,
        imdb_title_number,
        row_number() over (
            partition by catalogue.source, coalesce(imdb_title_number::text, catalogue.plain_key)
            order by
                is_base desc,
                added_date asc nulls last,
                title collate "C",
                catalogue.fingerprint collate "C",
                length(catalogue.source_id),
                catalogue.source_id collate "C"
        )::smallint as place,
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
        null::smallint as critics_pct,
        null::integer as critics_count,
        null::smallint as audience_pct,
        null::bigint as audience_count,
        null as list,
        through.plain_key as through_plain_key,
        through.fingerprint as through_fingerprint,
        null as unlinked_because
    from catalogue
    left join through on catalogue.source = through.source and catalogue.source_id = through.source_id
    union all
    select
        rotten_tomatoes.source,
        rotten_tomatoes.source_id,
        rotten_tomatoes.plain_key,
        '' as fingerprint,
        is_base,
        imdb_title_number,
        row_number() over (
            partition by coalesce(imdb_title_number::text, rotten_tomatoes.plain_key)
            order by
                is_base desc,
                critics_count desc nulls last,
                title collate "C",
                length(rotten_tomatoes.source_id),
                rotten_tomatoes.source_id collate "C"
        )::smallint as place,
        '{}' as folded_names,
        null as description_sha256,
        'movie' as kind,
        title,
        release_year,
        null as certification,
        null as runtime_min,
        null as season_count,
        null as added_date,
        '{}' as categories,
        null as description,
        null as cast_sha256,
        critics_pct,
        critics_count,
        audience_pct,
        audience_count,
        null as list,
        through.plain_key as through_plain_key,
        through.fingerprint as through_fingerprint,
        null as unlinked_because
    from rotten_tomatoes
    left join through on rotten_tomatoes.source = through.source and rotten_tomatoes.source_id = through.source_id
    union all
    select
        source,
        source_id,
        source_id as plain_key,
        '' as fingerprint,
        true as is_base,
        imdb_title_number,
        place,
        '{}' as folded_names,
        null as description_sha256,
        kind,
        title,
        release_year,
        null as certification,
        null as runtime_min,
        null as season_count,
        null as added_date,
        '{}' as categories,
        null as description,
        null as cast_sha256,
        null as critics_pct,
        null as critics_count,
        null as audience_pct,
        null as audience_count,
        list,
        through_plain_key,
        through_fingerprint,
        unlinked_because
    from lists
)

select
    source,
    source_id,
    sha256(convert_to(
        row(
            plain_key, fingerprint, is_base, imdb_title_number, place, folded_names, kind, title, release_year,
            certification, runtime_min, season_count, added_date, categories, description, cast_sha256, critics_pct,
            critics_count, audience_pct, audience_count, list, through_plain_key, through_fingerprint, unlinked_because
        )::text,
        'UTF8'
    )) as row_sha256,
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
from said;
