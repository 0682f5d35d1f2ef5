-- build.bridge_title_person_role
-- Grain:  title x person x role
-- Reads:  staging.imdb_principals, staging.imdb_crew, staging.imdb_people, matching.source_person, build.work_of_row,
--         build.dim_person, build.dim_title, warehouse.dim_role, warehouse.bridge_title_person_role
-- Writes: build.bridge_title_person_role (empty before)
-- Rerun:  the table is emptied and filled anew from the same rows
-- Notes:  IMDb's principals and crew, and every name of the catalogues. A name in a catalogue's cast is IMDb's
--         actor or actress of that title where the person is one, else has the role cast. Of two credits of a
--         person in one role the first billed gives the characters. Titles that no source has any more keep theirs

insert into build.bridge_title_person_role (
    title_key, role_key, person_key, billing_order, characters, sources, weight
)
with

roles as materialized (
    select
        role,
        role_key
    from warehouse.dim_role
),

works as materialized (
    select distinct title_key
    from build.work_of_row
),

-- A credit of a person whom the file of names does not have cannot be shown; a check counts them.
credits as not materialized (
    select
        imdb_principals.imdb_title_number as title_key,
        roles.role_key,
        imdb_principals.imdb_person_number as person_key,
        imdb_principals.billing_order,
        imdb_principals.characters,
        false as is_crew
    from staging.imdb_principals
    inner join roles on imdb_principals.category = roles.role
    inner join staging.imdb_people on imdb_principals.imdb_person_number = imdb_people.imdb_person_number
    union all
    select
        crew.imdb_title_number as title_key,
        roles.role_key,
        crew.imdb_person_number as person_key,
        crew.billing_order::smallint as billing_order,
        '{}'::text[] as characters,
        true as is_crew
    from (
        select
            imdb_crew.imdb_title_number,
            'director' as role,
            people.imdb_person_number,
            people.billing_order
        from staging.imdb_crew
        cross join
            lateral unnest(imdb_crew.director_numbers) with ordinality
                as people (imdb_person_number, billing_order)
        union all
        select
            imdb_crew.imdb_title_number,
            'writer' as role,
            people.imdb_person_number,
            people.billing_order
        from staging.imdb_crew
        cross join
            lateral unnest(imdb_crew.writer_numbers) with ordinality
                as people (imdb_person_number, billing_order)
    ) as crew
    inner join roles on crew.role = roles.role
    inner join staging.imdb_people on crew.imdb_person_number = imdb_people.imdb_person_number
),

-- Titles that no catalogue has are all but all: sorted once, and nothing is joined afterwards.
plain as (
    select distinct on (credits.title_key, credits.role_key, credits.person_key)
        credits.title_key,
        credits.role_key,
        credits.person_key,
        credits.billing_order,
        credits.characters
    from credits
    left join works on credits.title_key = works.title_key
    where works.title_key is null
    order by credits.title_key, credits.role_key, credits.person_key, credits.is_crew, credits.billing_order
),

imdb as (
    select distinct on (credits.title_key, credits.role_key, credits.person_key)
        credits.title_key,
        credits.role_key,
        credits.person_key,
        credits.billing_order,
        credits.characters
    from credits
    inner join works on credits.title_key = works.title_key
    order by credits.title_key, credits.role_key, credits.person_key, credits.is_crew, credits.billing_order
),

-- Whom IMDb has as actor or actress of the titles that a catalogue has.
actors as (
    select
        imdb_principals.imdb_title_number as title_key,
        imdb_principals.imdb_person_number as person_key,
        min(roles.role_key) as role_key
    from staging.imdb_principals
    inner join roles on imdb_principals.category = roles.role and roles.role in ('actor', 'actress')
    inner join works on imdb_principals.imdb_title_number = works.title_key
    group by imdb_principals.imdb_title_number, imdb_principals.imdb_person_number
),

name_only as (
    select
        folded_name,
        person_key
    from build.dim_person
    where is_name_only
),

catalogues as (
    select
        work_of_row.title_key,
        coalesce(actors.role_key, roles.role_key) as role_key,
        coalesce(imdb_people.imdb_person_number, name_only.person_key) as person_key,
        min(source_person.billing_order) as billing_order,
        array_agg(distinct source_person.source order by source_person.source) as sources
    from matching.source_person
    inner join build.work_of_row
        on
            source_person.source = work_of_row.source
            and source_person.source_id = work_of_row.source_id
    inner join roles on source_person.role = roles.role
    left join staging.imdb_people on source_person.imdb_person_number = imdb_people.imdb_person_number
    left join name_only
        on
            source_person.imdb_person_number is null
            and source_person.folded_name = name_only.folded_name
    left join actors
        on
            work_of_row.title_key = actors.title_key
            and source_person.imdb_person_number = actors.person_key
            and source_person.role = 'cast'
    where coalesce(imdb_people.imdb_person_number, name_only.person_key) is not null
    group by
        work_of_row.title_key,
        coalesce(actors.role_key, roles.role_key),
        coalesce(imdb_people.imdb_person_number, name_only.person_key)
),

united as (
    select
        coalesce(imdb.title_key, catalogues.title_key) as title_key,
        coalesce(imdb.role_key, catalogues.role_key) as role_key,
        coalesce(imdb.person_key, catalogues.person_key) as person_key,
        coalesce(imdb.billing_order, catalogues.billing_order) as billing_order,
        coalesce(imdb.characters, '{}') as characters,
        -- imdb stands first in the alphabet.
        case
            when imdb.title_key is null then catalogues.sources
            when catalogues.title_key is null then array['imdb']
            else array['imdb'] || catalogues.sources
        end as sources
    from imdb
    full join catalogues
        on
            imdb.title_key = catalogues.title_key
            and imdb.role_key = catalogues.role_key
            and imdb.person_key = catalogues.person_key
)

select
    title_key,
    role_key,
    person_key,
    billing_order,
    characters,
    array['imdb'] as sources,
    1.0::double precision / count(*) over (partition by title_key, role_key) as weight
from plain
union all
select
    title_key,
    role_key,
    person_key,
    billing_order,
    characters,
    sources,
    1.0::double precision / count(*) over (partition by title_key, role_key) as weight
from united
union all
select gone.*
from warehouse.bridge_title_person_role as gone
inner join build.dim_title on gone.title_key = dim_title.title_key and not dim_title.is_current;
