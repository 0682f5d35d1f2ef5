-- 035_search_filled
-- Grain:  as before; the search tables of a warehouse that was published before they were there, and whose names
--         changed since the last publish
-- Reads:  warehouse, matching.imdb_title_name
-- Writes: warehouse.title_search, warehouse.title_name, matching.renamed_title
-- Rerun:  applied once, in order, by number; ops.migration remembers it
-- Notes:  as include/sql/3_warehouse/title_search.sql and title_name.sql do it from the next publish on.
--         Only deleted names are noted, and whole tables that were emptied: a title with new names only is a new row
--         of warehouse.dim_title. So filling the table costs nothing more. Logged, unlike the names: after a crash
--         they are made again, which empties the table first

create table matching.renamed_title (
    title_key bigint
);

comment on table matching.renamed_title is 'Grain: title whose names of other countries are not those that warehouse.title_name has. Emptied by each publish.';
comment on column matching.renamed_title.title_key is 'The title. Null: all names were made anew.';

create function matching.note_renamed_titles() returns trigger
language plpgsql
as $$
begin
    if tg_op = 'TRUNCATE' then
        insert into matching.renamed_title values (null);
    else
        insert into matching.renamed_title select distinct imdb_title_number from former_names;
    end if;
    return null;
end
$$;

comment on function matching.note_renamed_titles() is 'Notes in matching.renamed_title whose names a statement took away.';

create trigger names_gone after delete on matching.imdb_title_name
referencing old table as former_names
for each statement execute function matching.note_renamed_titles();

create trigger names_emptied after truncate on matching.imdb_title_name
for each statement execute function matching.note_renamed_titles();

insert into warehouse.title_search
with

scores as (
    select distinct on (title_key)
        title_key,
        coalesce(imdb_vote_count, 0) as vote_count,
        imdb_rating_of_10 as rating_of_10,
        imdb_weighted_of_10 as weighted_of_10,
        critics_pct,
        audience_pct
    from warehouse.fact_title_rating
    order by title_key, rating_date desc
),

title_genres as (
    select
        bridge_title_genre.title_key,
        array_agg(dim_genre.genre order by dim_genre.genre) as genres
    from warehouse.bridge_title_genre
    inner join warehouse.dim_genre on bridge_title_genre.genre_key = dim_genre.genre_key
    where dim_genre.genre_kind = 'genre'
    group by bridge_title_genre.title_key
),

title_platforms as (
    select
        bridge_title_source.title_key,
        array_agg(distinct dim_platform.platform) as platforms
    from warehouse.bridge_title_source
    inner join warehouse.dim_platform on bridge_title_source.platform_key = dim_platform.platform_key
    group by bridge_title_source.title_key
),

wanted as (
    select
        dim_title.title_key,
        dim_title.kind,
        dim_title.release_year,
        coalesce(scores.vote_count, 0) as vote_count,
        scores.rating_of_10,
        scores.weighted_of_10,
        scores.critics_pct,
        scores.audience_pct,
        dim_certification.least_age,
        coalesce(title_genres.genres, '{}') as genres,
        coalesce(title_platforms.platforms, '{}') as platforms
    from warehouse.dim_title
    left join scores on dim_title.title_key = scores.title_key
    left join title_genres on dim_title.title_key = title_genres.title_key
    left join title_platforms on dim_title.title_key = title_platforms.title_key
    left join warehouse.dim_certification
        on dim_title.certification_key = dim_certification.certification_key
    left join warehouse.title_identity
        on dim_title.title_key = title_identity.title_key and title_identity.merged_into is not null
    where dim_title.is_current and not dim_title.is_adult and title_identity.title_key is null
)

select wanted.*
from wanted
where
    not exists (
        select
        from warehouse.title_search
        where title_search.title_key = wanted.title_key
    );

insert into warehouse.title_name (title_key, search_name, vote_count, is_main)
with

names as (
    select
        title_key,
        folded_title,
        true as is_main
    from warehouse.dim_title
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
),

wanted as (
    select
        names.title_key,
        title_search.vote_count,
        -- An index entry has no more than 2,700 bytes, and nobody types as much.
        left(regexp_replace(names.folded_title, '^(the|an|a) (?=.)', ''), 200) collate "C" as search_name,
        bool_or(names.is_main) as is_main
    from names
    inner join warehouse.title_search on names.title_key = title_search.title_key
    group by 1, 2, 3 -- noqa: AM06
)

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
