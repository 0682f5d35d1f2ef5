-- What linking the sources with one another needs of each row besides source_rows.sql
-- Grain:  one row of a source file
-- Reads:  matching.source_title, matching.source_title_key, matching.source_person, matching.imdb_title_key,
--         matching.title_decision, staging.netflix_titles, staging.amazon_titles,
--         staging.disney_titles, staging.hulu_titles, staging.rotten_tomatoes_movies, staging.justwatch_titles
-- Writes: -
-- Rerun:  only reads
-- Notes:  Looked up row by row, each by its key: of joins on two columns the planner expects one row and loops over
--         whole tables. Not JustWatch's imdb_id, which matching never reads.

with

descriptions as not materialized (
    select
        'netflix' as source,
        source_id,
        description
    from staging.netflix_titles
    union all
    select
        'amazon' as source,
        source_id,
        description
    from staging.amazon_titles
    union all
    select
        'disney' as source,
        source_id,
        description
    from staging.disney_titles
    union all
    select
        'hulu' as source,
        source_id,
        description
    from staging.hulu_titles
    union all
    select
        'rotten_tomatoes' as source,
        source_id,
        synopsis as description
    from staging.rotten_tomatoes_movies
    union all
    select
        'justwatch' as source,
        source_id,
        description
    from staging.justwatch_titles
)

select
    title.source,
    title.source_id,
    case when decision.band = 'match' then decision.imdb_title_number end as imdb_title_number,
    case when decision.probability > .5 then decision.imdb_title_number end as likely_imdb_title_number,
    array(
        select person.person_name
        from matching.source_person as person
        where person.source = title.source and person.source_id = title.source_id and person.role = 'director'
        order by person.billing_order
    ) as directors,
    array(
        select person.person_name
        from matching.source_person as person
        where person.source = title.source and person.source_id = title.source_id and person.role = 'cast'
        order by person.billing_order
    ) as actors,
    (
        select descriptions.description
        from descriptions
        where descriptions.source = title.source and descriptions.source_id = title.source_id
    ) as description,
    array(
        select distinct person.person_key
        from matching.source_person as person
        where person.source = title.source and person.source_id = title.source_id and person.role <> 'writer'
    ) as person_keys,
    array(
        select source_key.title_key
        from matching.source_title_key as source_key
        where source_key.source = title.source and source_key.source_id = title.source_id
        order by source_key.title_key collate "C"
    ) as keys,
    array(
        select source_key.is_part
        from matching.source_title_key as source_key
        where source_key.source = title.source and source_key.source_id = title.source_id
        order by source_key.title_key collate "C"
    ) as are_parts,
    (
        select count(*)
        from matching.imdb_title_key as imdb_key
        where imdb_key.title_key = title.title_key and not imdb_key.is_part
    ) as imdb_names
from matching.source_title as title
inner join matching.title_decision as decision
    on title.source = decision.source and title.source_id = decision.source_id;
