-- build.bridge_title_source
-- Grain:  row of a source file of the current edition
-- Reads:  staging, matching.title_decision, build.work_of_row, build.work_of_justwatch
-- Writes: build.bridge_title_source (empty before)
-- Rerun:  the table is emptied and filled anew from the same rows
-- Notes:  starts from the staged rows, so that none is lost; a link to a title that staging does not hold is no
--         match. Of JustWatch those rows that say something of a title

insert into build.bridge_title_source (
    source, source_id, title_key, platform_key, source_title, source_kind, source_year, source_certification,
    runtime_min, season_count, added_date, source_genres, match_band, match_probability, decided_by,
    line_number, source_rank, source_directors, source_actors, source_countries,
    said_by_line
)
with

source_rows as (
    select
        source,
        source_id,
        title,
        kind,
        release_year,
        certification,
        runtime_min,
        season_count,
        added_date,
        categories as source_genres,
        line_number,
        directors,
        actors,
        countries,
        null::jsonb as said_by_line
    from staging.catalogue_row
    union all
    select
        'rotten_tomatoes' as source,
        source_id,
        title,
        'movie' as kind,
        extract(year from release_date)::smallint as release_year,
        certification,
        runtime_min,
        null as season_count,
        null as added_date,
        genres as source_genres,
        line_number,
        null as directors,
        null as actors,
        null as countries,
        said_by_line
    from staging.rotten_tomatoes_movies
    union all
    select
        'justwatch' as source,
        justwatch_titles.source_id,
        justwatch_titles.title,
        justwatch_titles.kind,
        justwatch_titles.release_year,
        justwatch_titles.certification,
        justwatch_titles.runtime_min,
        justwatch_titles.season_count,
        null as added_date,
        justwatch_titles.genres as source_genres,
        justwatch_titles.line_number,
        null as directors,
        null as actors,
        null as countries,
        null as said_by_line
    from build.work_of_justwatch
    inner join staging.justwatch_titles on work_of_justwatch.source_id = justwatch_titles.source_id
),

works as (
    select
        source,
        source_id,
        title_key,
        platform_key,
        source_rank
    from build.work_of_row
    union all
    select
        'justwatch' as source,
        source_id,
        title_key,
        null as platform_key,
        source_rank
    from build.work_of_justwatch
)

select
    source_rows.source,
    source_rows.source_id,
    works.title_key,
    works.platform_key,
    source_rows.title as source_title,
    source_rows.kind as source_kind,
    source_rows.release_year as source_year,
    source_rows.certification as source_certification,
    source_rows.runtime_min,
    source_rows.season_count,
    source_rows.added_date,
    source_rows.source_genres,
    case
        when works.title_key < 1000000000000 then 'match'
        when title_decision.band = 'review' then 'review'
        else 'no match'
    end as match_band,
    title_decision.probability as match_probability,
    coalesce(title_decision.decided_by, 'model') as decided_by,
    source_rows.line_number,
    works.source_rank,
    source_rows.directors as source_directors,
    source_rows.actors as source_actors,
    source_rows.countries as source_countries,
    source_rows.said_by_line
from source_rows
left join works
    on
        source_rows.source = works.source
        and source_rows.source_id = works.source_id
left join matching.title_decision
    on
        source_rows.source = title_decision.source
        and source_rows.source_id = title_decision.source_id;
