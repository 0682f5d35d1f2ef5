-- mart.titles
-- Grain:  work (one wide row each)
-- Reads:  warehouse
-- Writes: mart.titles (view)
-- Rerun:  create or replace; new columns go to the end
-- Notes:  lists and ids are subqueries of their own, so that a query pays only for the columns it names. To find
--         the titles of a genre or person, join warehouse.bridge_title_genre or mart.title_people. The functions of
--         scores are in score_bounds.sql

create or replace view mart.titles as
select
    dim_title.title_key,
    dim_title.title,
    dim_title.original_title,
    dim_title.kind,
    dim_title.release_year,
    dim_title.end_year,
    (
        select bridge_title_source.source_id
        from warehouse.bridge_title_source
        where bridge_title_source.title_key = dim_title.title_key and bridge_title_source.source = 'netflix'
        order by length(bridge_title_source.source_id), bridge_title_source.source_id
        limit 1
    ) as netflix_title_id,
    array(
        select bridge_title_source.source_id
        from warehouse.bridge_title_source
        where bridge_title_source.title_key = dim_title.title_key and bridge_title_source.source = 'netflix'
        order by length(bridge_title_source.source_id), bridge_title_source.source_id
    ) as netflix_title_ids,
    dim_title.imdb_title_id,
    (
        select bridge_title_source.source_id
        from warehouse.bridge_title_source
        where bridge_title_source.title_key = dim_title.title_key and bridge_title_source.source = 'rotten_tomatoes'
        order by
            bridge_title_source.match_probability desc nulls last,
            length(bridge_title_source.source_id),
            bridge_title_source.source_id
        limit 1
    ) as rotten_tomatoes_id,
    dim_certification.certification,
    dim_certification.least_age,
    dim_title.runtime_min,
    dim_title.season_count,
    array(
        select dim_genre.genre
        from warehouse.bridge_title_genre
        inner join warehouse.dim_genre on bridge_title_genre.genre_key = dim_genre.genre_key
        where bridge_title_genre.title_key = dim_title.title_key and dim_genre.genre_kind = 'genre'
        order by dim_genre.genre
    ) as genres,
    array(
        select dim_country.country
        from warehouse.bridge_title_country
        inner join warehouse.dim_country on bridge_title_country.country_key = dim_country.country_key
        where bridge_title_country.title_key = dim_title.title_key
        order by dim_country.country
    ) as countries,
    array(
        select dim_person.person_name
        from warehouse.bridge_title_person_role
        inner join warehouse.dim_role on bridge_title_person_role.role_key = dim_role.role_key
        inner join warehouse.dim_person on bridge_title_person_role.person_key = dim_person.person_key
        where bridge_title_person_role.title_key = dim_title.title_key and dim_role.role = 'director'
        order by bridge_title_person_role.billing_order, dim_person.person_name
    ) as directors,
    array(
        select dim_person.person_name
        from warehouse.bridge_title_person_role
        inner join warehouse.dim_role on bridge_title_person_role.role_key = dim_role.role_key
        inner join warehouse.dim_person on bridge_title_person_role.person_key = dim_person.person_key
        where bridge_title_person_role.title_key = dim_title.title_key and dim_role.role_group = 'cast'
        order by bridge_title_person_role.billing_order, dim_person.person_name
    ) as cast_names,
    rating.imdb_rating_of_10,
    rating.imdb_vote_count,
    rating.imdb_weighted_of_10,
    rating.critics_pct,
    rating.critics_count,
    rating.audience_pct,
    rating.audience_count,
    rating.rating_date,
    exists(
        select
        from warehouse.bridge_title_source
        inner join warehouse.dim_platform on bridge_title_source.platform_key = dim_platform.platform_key
        where bridge_title_source.title_key = dim_title.title_key and dim_platform.platform = 'netflix'
    ) as is_on_netflix,
    dim_title.is_catalogue_title,
    dim_title.is_current,
    dim_title.is_adult,
    dim_title.description,
    dim_title.synopsis,
    dim_title.critics_consensus,
    dim_title.studio,
    dim_title.sources,
    array(
        select dim_genre.genre
        from warehouse.bridge_title_genre
        inner join warehouse.dim_genre on bridge_title_genre.genre_key = dim_genre.genre_key
        where bridge_title_genre.title_key = dim_title.title_key and dim_genre.genre_kind <> 'genre'
        order by dim_genre.genre
    ) as labels,
    mart.score_low(rating.imdb_rating_of_10, rating.imdb_vote_count, 1, 10) as imdb_low_of_10,
    mart.score_high(rating.imdb_rating_of_10, rating.imdb_vote_count, 1, 10) as imdb_high_of_10,
    mart.score_shrunk(rating.critics_pct, rating.critics_count, 60, 3) as critics_weighted_pct,
    mart.score_low(rating.critics_pct, rating.critics_count, 0, 100) as critics_low_pct,
    mart.score_high(rating.critics_pct, rating.critics_count, 0, 100) as critics_high_pct,
    mart.score_shrunk(rating.audience_pct, rating.audience_count, 65, 6) as audience_weighted_pct,
    mart.score_low(rating.audience_pct, rating.audience_count, 0, 100) as audience_low_pct,
    mart.score_high(rating.audience_pct, rating.audience_count, 0, 100) as audience_high_pct,
    dim_title.original_language,
    case
        when cardinality(dim_title.sources) > 1 then dim_title.field_sources
        else jsonb_strip_nulls(jsonb_build_object(
            'title', dim_title.sources[1],
            'kind', dim_title.sources[1],
            'release_year', case when dim_title.release_year is not null then dim_title.sources[1] end,
            'runtime_min', case when dim_title.runtime_min is not null then dim_title.sources[1] end,
            'season_count', case when dim_title.season_count is not null then dim_title.sources[1] end,
            'certification', case when dim_title.certification_key is not null then dim_title.sources[1] end,
            'original_language', case when dim_title.original_language is not null then dim_title.sources[1] end,
            'description', case when dim_title.description is not null then dim_title.sources[1] end
        ))
    end as field_sources,
    array(
        select fact_list_membership.list
        from warehouse.fact_list_membership
        where fact_list_membership.title_key = dim_title.title_key and fact_list_membership.until_date is null
        order by fact_list_membership.list
    ) as lists,
    array(
        select distinct dim_platform.platform
        from warehouse.bridge_title_source
        inner join warehouse.dim_platform on bridge_title_source.platform_key = dim_platform.platform_key
        where bridge_title_source.title_key = dim_title.title_key
        order by dim_platform.platform
    ) as platforms
from warehouse.dim_title
left join warehouse.dim_certification on dim_title.certification_key = dim_certification.certification_key
left join lateral (
    select fact_title_rating.*
    from warehouse.fact_title_rating
    where fact_title_rating.title_key = dim_title.title_key
    order by fact_title_rating.rating_date desc
    limit 1
) as rating on true
left join warehouse.title_identity
    on
        dim_title.title_key = title_identity.title_key
        and title_identity.merged_into is not null
where title_identity.title_key is null;

comment on view mart.titles is 'Grain: one work, with everything known of it. Works that turned out to be another one are left out.';
comment on column mart.titles.platforms is 'Platforms whose catalogue has it now: netflix, amazon, disney, hulu.';
comment on column mart.titles.lists is 'Lists of the best titles that it stands on now (mart.list_rows).';
comment on column mart.titles.title_key is 'Key of the work, everywhere in the warehouse.';
comment on column mart.titles.title is 'As Netflix writes it, else IMDb, else Amazon, Disney+, Hulu, Rotten Tomatoes.';
comment on column mart.titles.original_title is 'Title in the original language. IMDb.';
comment on column mart.titles.kind is 'movie, series, short, special.';
comment on column mart.titles.release_year is 'Year of release; for a series of its first season, or (without an IMDb match) its latest.';
comment on column mart.titles.end_year is 'Series: year of the last season.';
comment on column mart.titles.netflix_title_id is 'Lowest show_id of this edition. Netflix renumbers them: never a key across days.';
comment on column mart.titles.netflix_title_ids is 'All show_ids of this edition: duplicates and language versions are one work.';
comment on column mart.titles.imdb_title_id is 'tconst.';
comment on column mart.titles.rotten_tomatoes_id is 'Link without m/.';
comment on column mart.titles.certification is 'TV-MA, PG-13 and so on; null is unknown.';
comment on column mart.titles.least_age is 'Youngest age it is meant for; null is unknown, never "for all".';
comment on column mart.titles.runtime_min is 'Minutes; of a series, of an episode. IMDb, else Netflix, else another catalogue, else Rotten Tomatoes.';
comment on column mart.titles.season_count is 'Series: seasons on Netflix, else in another catalogue.';
comment on column mart.titles.genres is 'Genres of all sources, in alphabetical order.';
comment on column mart.titles.labels is 'What else sources file it under, in alphabetical order: International, Independent, Superhero and so on. See warehouse.dim_genre.genre_kind.';
comment on column mart.titles.original_language is 'Language it was made in, where a source says so: ISO 639-1 code. Null is not known.';
comment on column mart.titles.field_sources is 'Which source each field was taken from where several may know it: {"title": "netflix", "runtime_min": "imdb", ...}. The order of preference stands in include/sql/3_warehouse/dim_title.sql.';
comment on column mart.titles.countries is 'Countries of production, in alphabetical order.';
comment on column mart.titles.directors is 'First billed first.';
comment on column mart.titles.cast_names is 'Actors and actresses, first billed first.';
comment on column mart.titles.imdb_rating_of_10 is 'IMDb average of votes.';
comment on column mart.titles.imdb_vote_count is 'IMDb votes.';
comment on column mart.titles.imdb_weighted_of_10 is 'IMDb average drawn towards 6.5 as by 1,000 extra votes.';
comment on column mart.titles.imdb_low_of_10 is 'Lower bound of the IMDb average, 95 % (see mart.score_low): use it to rank. Few votes cannot win.';
comment on column mart.titles.imdb_high_of_10 is 'Upper bound of the IMDb average, 95 %.';
comment on column mart.titles.critics_pct is 'Rotten Tomatoes: share of critics who liked it. Films only.';
comment on column mart.titles.critics_count is 'Critics counted.';
comment on column mart.titles.critics_weighted_pct is 'critics_pct drawn towards 60 % as by 3 extra critics.';
comment on column mart.titles.critics_low_pct is 'Lower bound of critics_pct, 95 %: use it to rank.';
comment on column mart.titles.critics_high_pct is 'Upper bound of critics_pct, 95 %.';
comment on column mart.titles.audience_pct is 'Rotten Tomatoes: share of the audience who liked it. Films only.';
comment on column mart.titles.audience_count is 'Audience ratings counted.';
comment on column mart.titles.audience_weighted_pct is 'audience_pct drawn towards 65 % as by 6 extra answers.';
comment on column mart.titles.audience_low_pct is 'Lower bound of audience_pct, 95 %: use it to rank.';
comment on column mart.titles.audience_high_pct is 'Upper bound of audience_pct, 95 %.';
comment on column mart.titles.rating_date is 'Day since which these scores hold.';
comment on column mart.titles.is_on_netflix is 'Stands in the Netflix catalogue now.';
comment on column mart.titles.is_catalogue_title is 'Stands in some platform''s catalogue now.';
comment on column mart.titles.is_current is 'Some source still has it.';
comment on column mart.titles.is_adult is 'IMDb says so.';
comment on column mart.titles.description is 'What it is about: by Netflix, else Amazon, Disney+, Hulu.';
comment on column mart.titles.synopsis is 'By Rotten Tomatoes.';
comment on column mart.titles.critics_consensus is 'By Rotten Tomatoes.';
comment on column mart.titles.studio is 'By Rotten Tomatoes.';
comment on column mart.titles.sources is 'Sources that have it, in alphabetical order.';
