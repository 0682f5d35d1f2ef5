-- Whose rows changed in staging since the keys were stored
-- Grain:  changed_title: IMDb title; changed_person: IMDb person; changed_source_row: row of another source
-- Reads:  staging.row_change, matching.source_title
-- Writes: pg_temp.changed_title, pg_temp.changed_person, pg_temp.changed_source_row
-- Rerun:  the tables live as long as the transaction
-- Notes:  of a source that was filled anew all former rows are named; votes are looked at for themselves

create temporary table changed_title on commit drop as
select
    row_number as imdb_title_number,
    bool_or(table_name in ('imdb_titles', 'imdb_akas')) as has_names,
    bool_or(table_name in ('imdb_principals', 'imdb_crew')) as has_credits
from staging.row_change
where table_name in ('imdb_titles', 'imdb_akas', 'imdb_principals', 'imdb_crew')
group by row_number;

create temporary table changed_person on commit drop as
select distinct row_number as imdb_person_number
from staging.row_change
where table_name = 'imdb_people';

create temporary table changed_source_row on commit drop as
with

of_source as (
    select
        regexp_replace(table_name, '_(titles|movies|credits)$', '') as source,
        row_id as source_id
    from staging.row_change
    where table_name not like 'imdb%'
)

select
    source,
    source_id
from of_source
where source_id is not null
union
select
    title.source,
    title.source_id
from matching.source_title as title
where title.source in (
    select of_source.source from of_source
    where of_source.source_id is null
);

analyze changed_title, changed_person, changed_source_row;
