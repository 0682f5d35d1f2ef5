-- build.dim_title
-- Grain:  work
-- Reads:  build.work_of_row, build.work_of_justwatch, build.dim_certification, build.reference_genre,
--         build.said_node, build.hist_source_row, staging, matching.imdb_title_name, matching.source_title, warehouse.dim_title
-- Writes: build.dim_title (empty before)
-- Rerun:  the table is emptied and filled anew from the same rows
-- Notes:  every kept IMDb title, every catalogue title, every Rotten Tomatoes film; and the titles of the
--         warehouse that no source has any more, as they were. What a new day shows to be two works was one on former
--         days: the one that has no row yet gets what its catalogue said last.
--         Where several sources know a field, the first of these is taken, and field_sources says which it was:
--           title               netflix, imdb, amazon, disney, hulu, rotten_tomatoes
--           kind, release_year  imdb, netflix, amazon, disney, hulu, rotten_tomatoes
--           description         netflix, amazon, disney, hulu
--           runtime_min         imdb, netflix, amazon, disney, hulu, justwatch, rotten_tomatoes
--           season_count        netflix, amazon, disney, hulu, justwatch
--           certification       netflix, amazon, disney, hulu, justwatch, rotten_tomatoes; one that says an age
--                               before one that does not ("NR")
--           original_language   imdb (its original title has a language), a catalogue (a word that names it)
--         Of several rows of one source the one that speaks for the work

insert into build.dim_title (
    title_key, title, original_title, folded_title, kind, release_year, end_year, runtime_min, season_count,
    certification_key, is_adult, imdb_title_id, imdb_title_type, description, synopsis, critics_consensus, studio,
    is_catalogue_title, is_current, sources, original_language, field_sources
)
with

-- A work may have several rows in a catalogue, and several catalogues: the first row of the first speaks for it.
catalogue as materialized (
    select distinct on (work_of_row.title_key)
        work_of_row.title_key,
        work_of_row.source,
        catalogue_row.title,
        catalogue_row.kind,
        -- Of the first that has one.
        first_value(catalogue_row.release_year) over dated as release_year,
        first_value(work_of_row.source) over dated as year_source,
        first_value(catalogue_row.description) over described as description,
        first_value(work_of_row.source) over described as description_source,
        source_title.folded_title
    from build.work_of_row
    inner join staging.catalogue_row
        on
            work_of_row.source = catalogue_row.source
            and work_of_row.source_id = catalogue_row.source_id
    inner join matching.source_title
        on
            work_of_row.source = source_title.source
            and work_of_row.source_id = source_title.source_id
    where work_of_row.source_rank = 1
    window
        dated as (
            partition by work_of_row.title_key
            order by (catalogue_row.release_year is null), work_of_row.platform_key
        ),
        described as (
            partition by work_of_row.title_key
            order by (catalogue_row.description is null), work_of_row.platform_key
        )
    order by work_of_row.title_key, work_of_row.platform_key
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

-- Fields that every source but IMDb may know, in the order of preference.
preference (source, place) as (
    values
    ('netflix', 1),
    ('amazon', 2),
    ('disney', 3),
    ('hulu', 4),
    ('justwatch', 5),
    ('rotten_tomatoes', 6)
),

-- JustWatch makes no work of its own: it says fields of what IMDb or another source has.
telling as (
    select
        title_key,
        source,
        source_id,
        source_rank
    from build.work_of_row
    union all
    select
        title_key,
        'justwatch' as source,
        source_id,
        source_rank
    from build.work_of_justwatch
),

row_of_work as materialized (
    select
        telling.title_key,
        telling.source,
        source_row.runtime_min,
        source_row.season_count,
        dim_certification.certification_key,
        source_row.genres,
        row_number() over works as place,
        row_number() over works_and_age as certification_place
    from telling
    inner join staging.source_row
        on
            telling.source = source_row.source
            and telling.source_id = source_row.source_id
    inner join preference on telling.source = preference.source
    left join build.dim_certification on source_row.certification = dim_certification.certification
    window
        works as (
            partition by telling.title_key
            order by preference.place, telling.source_rank, telling.source_id
        ),
        works_and_age as (
            partition by telling.title_key
            order by
                (dim_certification.certification_key is null),
                (dim_certification.least_age is null),
                preference.place,
                telling.source_rank,
                telling.source_id
        )
),

told as (
    select
        title_key,
        (array_agg(runtime_min order by place) filter (where runtime_min is not null))[1] as runtime_min,
        (array_agg(source order by place) filter (where runtime_min is not null))[1] as runtime_source,
        (array_agg(season_count order by place) filter (where season_count is not null))[1] as season_count,
        (array_agg(source order by place) filter (where season_count is not null))[1] as season_source,
        (array_agg(certification_key order by certification_place))[1] as certification_key,
        (array_agg(source order by certification_place) filter (where certification_key is not null))[1]
            as certification_source
    from row_of_work
    group by title_key
),

-- A language that is said of a title; two of them are none.
original_language as (
    select
        imdb_akas.imdb_title_number as title_key,
        min(imdb_akas.language) as original_language,
        'imdb' as source
    from staging.imdb_akas
    where imdb_akas.is_original and imdb_akas.language is not null
    group by imdb_akas.imdb_title_number
    having count(distinct imdb_akas.language) = 1
),

named_language as (
    select
        row_of_work.title_key,
        min(reference_genre.language_code) as original_language,
        min(row_of_work.source) as source
    from row_of_work
    cross join lateral unnest(row_of_work.genres) as named (word)
    inner join build.reference_genre
        on
            row_of_work.source = reference_genre.source
            and named.word = reference_genre.source_genre
            and reference_genre.language_code is not null
    group by row_of_work.title_key
    having count(distinct reference_genre.language_code) = 1
),

every_source as (
    select
        title_key,
        array_agg(distinct source order by source) as sources
    from (
        select
            title_key,
            source
        from telling
        union all
        select
            title_key,
            'imdb' as source
        from telling
        where title_key < 1000000000000
    ) as named
    group by title_key
),

reviewed as (
    select
        coalesce(catalogue.title_key, rotten_tomatoes.title_key) as title_key,
        catalogue.source as catalogue,
        catalogue.title as catalogue_title,
        catalogue.folded_title as catalogue_folded_title,
        catalogue.kind,
        catalogue.release_year as catalogue_year,
        catalogue.year_source,
        catalogue.description,
        catalogue.description_source,
        rotten_tomatoes.title as rotten_tomatoes_title,
        rotten_tomatoes.folded_title as rotten_tomatoes_folded_title,
        extract(year from rotten_tomatoes.release_date)::smallint as rotten_tomatoes_year,
        rotten_tomatoes.synopsis,
        rotten_tomatoes.critics_consensus,
        rotten_tomatoes.studio
    from catalogue
    full join rotten_tomatoes on catalogue.title_key = rotten_tomatoes.title_key
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
        coalesce(
            case when reviewed.catalogue = 'netflix' then reviewed.catalogue_title end,
            imdb.primary_title,
            reviewed.catalogue_title,
            reviewed.rotten_tomatoes_title
        ) as title,
        imdb.original_title,
        coalesce(
            case when reviewed.catalogue = 'netflix' then reviewed.catalogue_folded_title end,
            imdb.folded_title,
            lower(imdb.primary_title),
            reviewed.catalogue_folded_title,
            reviewed.rotten_tomatoes_folded_title
        ) as folded_title,
        case
            when imdb.title_type in ('movie', 'tvMovie') then 'movie'
            when imdb.title_type in ('short', 'tvShort') then 'short'
            when imdb.title_type in ('tvSeries', 'tvMiniSeries') then 'series'
            when imdb.title_type = 'tvSpecial' then 'special'
            else coalesce(reviewed.kind, 'movie')
        end as kind,
        coalesce(imdb.start_year, reviewed.catalogue_year, reviewed.rotten_tomatoes_year) as release_year,
        imdb.end_year,
        coalesce(imdb.runtime_min, told.runtime_min) as runtime_min,
        told.season_count,
        told.certification_key,
        coalesce(imdb.is_adult, false) as is_adult,
        'tt' || lpad(imdb.title_key::text, greatest(7, length(imdb.title_key::text)), '0') as imdb_title_id,
        imdb.title_type as imdb_title_type,
        reviewed.description,
        reviewed.synopsis,
        reviewed.critics_consensus,
        reviewed.studio,
        reviewed.catalogue is not null as is_catalogue_title,
        true as is_current,
        coalesce(every_source.sources, array['imdb']) as sources,
        coalesce(original_language.original_language, named_language.original_language) as original_language,
        case
            when cardinality(every_source.sources) > 1
                then jsonb_strip_nulls(jsonb_build_object(
                    'title',
                    case
                        when reviewed.catalogue = 'netflix' then 'netflix'
                        when imdb.title_key is not null then 'imdb'
                        else coalesce(reviewed.catalogue, 'rotten_tomatoes')
                    end,
                    'kind',
                    case
                        when imdb.title_key is not null then 'imdb'
                        else coalesce(reviewed.catalogue, 'rotten_tomatoes')
                    end,
                    'release_year',
                    case
                        when imdb.start_year is not null then 'imdb'
                        when reviewed.catalogue_year is not null then reviewed.year_source
                        when reviewed.rotten_tomatoes_year is not null then 'rotten_tomatoes'
                    end,
                    'runtime_min',
                    case when imdb.runtime_min is not null then 'imdb' else told.runtime_source end,
                    'season_count', told.season_source,
                    'certification', told.certification_source,
                    'original_language', coalesce(original_language.source, named_language.source),
                    'description', case when reviewed.description is not null then reviewed.description_source end
                ))
        end as field_sources
    from imdb
    full join reviewed on imdb.title_key = reviewed.title_key
    left join every_source on coalesce(imdb.title_key, reviewed.title_key) = every_source.title_key
    left join told on coalesce(imdb.title_key, reviewed.title_key) = told.title_key
    left join original_language on imdb.title_key = original_language.title_key
    left join named_language on reviewed.title_key = named_language.title_key
),

told_apart as (
    select distinct on (said_node.title_key)
        said_node.title_key,
        hist_source_row.title,
        -- Rotten Tomatoes' plain keys are ids.
        coalesce(nullif(split_part(hist_source_row.plain_key, '|', 3), ''), lower(hist_source_row.title)) as folded_title,
        hist_source_row.kind,
        hist_source_row.release_year,
        hist_source_row.runtime_min,
        hist_source_row.season_count,
        dim_certification.certification_key,
        hist_source_row.description,
        hist_source_row.source
    from build.said_node
    inner join build.hist_source_row
        on
            said_node.source = hist_source_row.source
            and said_node.plain_key = hist_source_row.plain_key
            and said_node.fingerprint = hist_source_row.fingerprint
            and said_node.is_base = hist_source_row.is_base
    left join build.dim_certification on hist_source_row.certification = dim_certification.certification
    where
        said_node.title_key >= 1000000000000
        and said_node.title_key not in (select work_of_row.title_key from build.work_of_row)
        and not exists (
            select from warehouse.dim_title
            where dim_title.title_key = said_node.title_key
        )
    order by
        said_node.title_key, hist_source_row.until_date desc, hist_source_row.is_base desc,
        hist_source_row.added_date asc nulls last, hist_source_row.title collate "C",
        hist_source_row.fingerprint collate "C", hist_source_row.row_sha256
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
    gone.sources,
    gone.original_language,
    gone.field_sources
from warehouse.dim_title as gone
left join current_titles on gone.title_key = current_titles.title_key
where current_titles.title_key is null
union all
select
    title_key,
    title,
    null as original_title,
    folded_title,
    kind,
    release_year,
    null as end_year,
    runtime_min,
    season_count,
    certification_key,
    false as is_adult,
    null as imdb_title_id,
    null as imdb_title_type,
    description,
    null as synopsis,
    null as critics_consensus,
    null as studio,
    false as is_catalogue_title,
    false as is_current,
    array[source] as sources,
    null as original_language,
    null as field_sources
from told_apart;
