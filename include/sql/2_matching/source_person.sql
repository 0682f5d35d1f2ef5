-- matching.source_person.imdb_person_number
-- Grain:  row of a source file x role x folded name
-- Reads:  pg_temp.row_to_resolve, matching.imdb_person_name, staging.imdb_principals, staging.imdb_crew
-- Writes: matching.source_person (imdb_person_number), pg_temp.named
-- Rerun:  a second run changes no row
-- Notes:  a name becomes a person only among the people of its matched title, and only when one bears it. `named` is a
--         table: as a part of the statement the planner takes it for one row, and reads it once for each name

create temporary table named on commit drop as
with

matched as (
    select
        source,
        source_id,
        imdb_title_number
    from row_to_resolve
    where imdb_title_number is not null
),

credits as (
    select
        matched.source,
        matched.source_id,
        principal.imdb_person_number
    from matched
    inner join staging.imdb_principals as principal on matched.imdb_title_number = principal.imdb_title_number
    union
    select
        matched.source,
        matched.source_id,
        unnest(crew.director_numbers || crew.writer_numbers) as imdb_person_number
    from matched
    inner join staging.imdb_crew as crew on matched.imdb_title_number = crew.imdb_title_number
),

-- By its key, not by a join: of unnested lists the planner expects ten times the rows, and reads all of IMDb's names.
keyed as materialized (
    select
        credits.*,
        (
            select person.person_key
            from matching.imdb_person_name as person
            where person.imdb_person_number = credits.imdb_person_number
        ) as person_key
    from credits
)

select
    source,
    source_id,
    person_key,
    case when count(*) = 1 then min(imdb_person_number) end as imdb_person_number
from keyed
where person_key is not null
group by source, source_id, person_key;

analyze named;

with

resolved as (
    select
        source_person.source,
        source_person.source_id,
        source_person.role,
        source_person.folded_name,
        named.imdb_person_number
    from row_to_resolve
    inner join matching.source_person as source_person
        on row_to_resolve.source = source_person.source and row_to_resolve.source_id = source_person.source_id
    left join named
        on
            source_person.source = named.source
            and source_person.source_id = named.source_id
            and source_person.person_key = named.person_key
)

update matching.source_person as kept
set imdb_person_number = resolved.imdb_person_number
from resolved
where
    kept.source = resolved.source
    and kept.source_id = resolved.source_id
    and kept.role = resolved.role
    and kept.folded_name = resolved.folded_name
    and kept.imdb_person_number is distinct from resolved.imdb_person_number;
