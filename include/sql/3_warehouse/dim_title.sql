-- build.dim_title
-- Grain:  work
-- Reads:  build.work_of_row, build.dim_certification, staging, matching.imdb_title_name, matching.source_title,
--         warehouse.dim_title, warehouse.dim_certification
-- Writes: build.dim_title (empty before)
-- Rerun:  the table is emptied and filled anew from the same rows
-- Notes:  every kept IMDb title, every catalogue title, every Rotten Tomatoes film; and the titles of the
--         warehouse that no source has any more, as they were

insert into build.dim_title (
    title_key, title, original_title, folded_title, kind, release_year, end_year, runtime_min, season_count,
    certification_key, is_adult, imdb_title_id, imdb_title_type, description, synopsis, critics_consensus, studio,
    is_catalogue_title, is_current, sources
)
with

-- A work may have several rows in a catalogue: the first of them speaks for it.
netflix as materialized (
    select
        work_of_row.title_key,
        netflix_titles.*,
        source_title.folded_title
    from build.work_of_row
    inner join staging.netflix_titles on work_of_row.source_id = netflix_titles.source_id
    inner join matching.source_title
        on
            work_of_row.source = source_title.source
            and work_of_row.source_id = source_title.source_id
    where work_of_row.source = 'netflix' and work_of_row.source_rank = 1
),

rotten_tomatoes as materialized (
    select
        work_of_row.title_key,
        rotten_tomatoes_movies.*,
        source_title.folded_title
    from build.work_of_row
    inner join staging.rotten_tomatoes_movies on work_of_row.source_id = rotten_tomatoes_movies.source_id
    inner join matching.source_title
        on
            work_of_row.source = source_title.source
            and work_of_row.source_id = source_title.source_id
    where work_of_row.source = 'rotten_tomatoes' and work_of_row.source_rank = 1
),

reviewed as (
    select
        coalesce(netflix.title_key, rotten_tomatoes.title_key) as title_key,
        netflix.title_key is not null as is_on_netflix,
        rotten_tomatoes.title_key is not null as is_on_rotten_tomatoes,
        netflix.title as netflix_title,
        netflix.folded_title as netflix_folded_title,
        netflix.kind,
        netflix.release_year as netflix_year,
        netflix.runtime_min as netflix_runtime_min,
        netflix.season_count,
        netflix.description,
        rotten_tomatoes.title as rotten_tomatoes_title,
        rotten_tomatoes.folded_title as rotten_tomatoes_folded_title,
        extract(year from rotten_tomatoes.release_date)::smallint as rotten_tomatoes_year,
        rotten_tomatoes.runtime_min as rotten_tomatoes_runtime_min,
        rotten_tomatoes.synopsis,
        rotten_tomatoes.critics_consensus,
        rotten_tomatoes.studio,
        dim_certification.certification_key
    from netflix
    full join rotten_tomatoes on netflix.title_key = rotten_tomatoes.title_key
    left join build.dim_certification
        on coalesce(netflix.certification, rotten_tomatoes.certification) = dim_certification.certification
),

imdb as (
    select
        imdb_titles.imdb_title_number::bigint as title_key,
        imdb_titles.*,
        imdb_title_name.folded_title
    from staging.imdb_titles
    left join matching.imdb_title_name
        on
            imdb_titles.imdb_title_number = imdb_title_name.imdb_title_number
            and imdb_title_name.name_kind = 'primary'
),

current_titles as (
    select
        coalesce(imdb.title_key, reviewed.title_key) as title_key,
        coalesce(reviewed.netflix_title, imdb.primary_title, reviewed.rotten_tomatoes_title) as title,
        imdb.original_title,
        coalesce(
            reviewed.netflix_folded_title, imdb.folded_title, lower(imdb.primary_title),
            reviewed.rotten_tomatoes_folded_title
        ) as folded_title,
        case
            when imdb.title_type in ('movie', 'tvMovie') then 'movie'
            when imdb.title_type in ('short', 'tvShort') then 'short'
            when imdb.title_type in ('tvSeries', 'tvMiniSeries') then 'series'
            when imdb.title_type = 'tvSpecial' then 'special'
            else coalesce(reviewed.kind, 'movie')
        end as kind,
        coalesce(imdb.start_year, reviewed.netflix_year, reviewed.rotten_tomatoes_year) as release_year,
        imdb.end_year,
        coalesce(imdb.runtime_min, reviewed.netflix_runtime_min, reviewed.rotten_tomatoes_runtime_min) as runtime_min,
        reviewed.season_count,
        reviewed.certification_key,
        coalesce(imdb.is_adult, false) as is_adult,
        'tt' || lpad(imdb.title_key::text, greatest(7, length(imdb.title_key::text)), '0') as imdb_title_id,
        imdb.title_type as imdb_title_type,
        reviewed.description,
        reviewed.synopsis,
        reviewed.critics_consensus,
        reviewed.studio,
        coalesce(reviewed.is_on_netflix, false) as is_catalogue_title,
        true as is_current,
        array_remove(
            array[
                case when imdb.title_key is not null then 'imdb' end,
                case when reviewed.is_on_netflix then 'netflix' end,
                case when reviewed.is_on_rotten_tomatoes then 'rotten_tomatoes' end
            ],
            null
        ) as sources
    from imdb
    full join reviewed on imdb.title_key = reviewed.title_key
)

select *
from current_titles
union all
select
    gone.title_key,
    gone.title,
    gone.original_title,
    gone.folded_title,
    gone.kind,
    gone.release_year,
    gone.end_year,
    gone.runtime_min,
    gone.season_count,
    gone.certification_key,
    gone.is_adult,
    gone.imdb_title_id,
    gone.imdb_title_type,
    gone.description,
    gone.synopsis,
    gone.critics_consensus,
    gone.studio,
    false as is_catalogue_title,
    false as is_current,
    gone.sources
from warehouse.dim_title as gone
left join current_titles on gone.title_key = current_titles.title_key
where current_titles.title_key is null;
