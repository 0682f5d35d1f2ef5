-- warehouse.title_name
-- Grain:  work of warehouse.title_search x name it is found by
-- Reads:  warehouse.title_search, warehouse.dim_title, warehouse.bridge_title_source, matching.imdb_title_name,
--         matching.source_title
-- Writes: warehouse.title_name (only rows that differ)
-- Rerun:  a second run changes no row
-- Params: keys  titles to look at; null: all

with

names as (
    select
        title_key,
        folded_title,
        true as is_main
    from warehouse.dim_title
    where %(keys)s::bigint[] is null or title_key = any(%(keys)s)
    union all
    select
        imdb_title_name.imdb_title_number as title_key,
        imdb_title_name.folded_title,
        false as is_main
    from matching.imdb_title_name
    inner join warehouse.dim_title on imdb_title_name.imdb_title_number = dim_title.title_key
    where
        imdb_title_name.folded_title <> dim_title.folded_title
        -- Names of other countries are many, and are asked for where a title is.
        and (imdb_title_name.name_kind <> 'aka' or dim_title.is_catalogue_title)
        and (%(keys)s::bigint[] is null or imdb_title_name.imdb_title_number = any(%(keys)s))
    union all
    -- What a platform shows: its viewers ask for "Grasshopper and the Ants".
    select
        bridge_title_source.title_key,
        source_title.folded_title,
        false as is_main
    from warehouse.bridge_title_source
    inner join matching.source_title
        on
            bridge_title_source.source = source_title.source
            -- Not by id: the edition matched last may be another one than readers see.
            and bridge_title_source.source_title = source_title.title
    where
        bridge_title_source.platform_key is not null
        and (%(keys)s::bigint[] is null or bridge_title_source.title_key = any(%(keys)s))
),

wanted as materialized (
    select
        names.title_key,
        title_search.vote_count,
        -- An index entry has no more than 2,700 bytes, and nobody types as much.
        left(regexp_replace(names.folded_title, '^(the|an|a) (?=.)', ''), 200) collate "C" as search_name,
        bool_or(names.is_main) as is_main
    from names
    inner join warehouse.title_search on names.title_key = title_search.title_key
    group by 1, 2, 3 -- noqa: AM06
),

gone as (
    delete from warehouse.title_name
    where
        (%(keys)s::bigint[] is null or title_name.title_key = any(%(keys)s))
        and not exists (
            select
            from wanted
            where wanted.title_key = title_name.title_key and wanted.search_name = title_name.search_name
        )
),

changed as (
    update warehouse.title_name
    set
        vote_count = wanted.vote_count,
        is_main = wanted.is_main
    from wanted
    where
        title_name.title_key = wanted.title_key
        and title_name.search_name = wanted.search_name
        and (title_name.vote_count, title_name.is_main) is distinct from (wanted.vote_count, wanted.is_main)
)

insert into warehouse.title_name (title_key, search_name, vote_count, is_main)
select
    wanted.title_key,
    wanted.search_name,
    wanted.vote_count,
    wanted.is_main
from wanted
where
    not exists (
        select
        from warehouse.title_name
        where title_name.title_key = wanted.title_key and title_name.search_name = wanted.search_name
    );
