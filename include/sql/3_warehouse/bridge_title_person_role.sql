-- build.bridge_title_person_role
-- Grain:  title x person x role
-- Reads:  staging.imdb_principals, staging.imdb_crew, staging.imdb_people, matching.source_person, build.work_of_row,
--         build.unnamed_person, build.dim_person, build.dim_title, warehouse.dim_role, warehouse.bridge_title_person_role
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

-- A credit of a person whom the file of names does not have cannot be shown; a check counts them. Roles are joined and
-- people looked up after the sort, which is of the least that it can be: at IMDb's size it is most of the work.
plain as (
    select distinct on (credits.title_key, credits.category, credits.person_key)
        credits.title_key,
        credits.category,
        credits.person_key,
        credits.billing_order,
        credits.characters
    from (
        select
            imdb_title_number as title_key,
            category,
            imdb_person_number as person_key,
            billing_order,
            characters,
            false as is_crew
        from staging.imdb_principals
        union all
        select
            imdb_title_number as title_key,
            'director' as category,
            unnest(director_numbers) as person_key,
            generate_series(1, cardinality(director_numbers))::smallint as billing_order,
            '{}'::text[] as characters,
            true as is_crew
        from staging.imdb_crew
        union all
        select
            imdb_title_number as title_key,
            'writer' as category,
            unnest(writer_numbers) as person_key,
            generate_series(1, cardinality(writer_numbers))::smallint as billing_order,
            '{}'::text[] as characters,
            true as is_crew
        from staging.imdb_crew
    ) as credits
    -- Titles that no catalogue has are all but all. Not as joins: the rows would have to be sorted again.
    where
        credits.title_key not in (select works.title_key from works)
        and credits.person_key not in (select unnamed_person.person_key from build.unnamed_person)
    order by credits.title_key, credits.category, credits.person_key, credits.is_crew, credits.billing_order
),

weighted as (
    select
        plain.*,
        1.0::double precision / count(*) over (partition by plain.title_key, plain.category) as weight
    from plain
),

imdb as (
    select distinct on (works.title_key, roles.role_key, credits.person_key)
        works.title_key,
        roles.role_key,
        credits.person_key,
        credits.billing_order,
        credits.characters
    from works
    cross join
        lateral (
            select
                imdb_principals.category,
                imdb_principals.imdb_person_number as person_key,
                imdb_principals.billing_order,
                imdb_principals.characters,
                false as is_crew
            from staging.imdb_principals
            where imdb_principals.imdb_title_number = works.title_key
            union all
            select
                'director' as category,
                unnest(imdb_crew.director_numbers) as person_key,
                generate_series(1, cardinality(imdb_crew.director_numbers))::smallint as billing_order,
                '{}'::text[] as characters,
                true as is_crew
            from staging.imdb_crew
            where imdb_crew.imdb_title_number = works.title_key
            union all
            select
                'writer' as category,
                unnest(imdb_crew.writer_numbers) as person_key,
                generate_series(1, cardinality(imdb_crew.writer_numbers))::smallint as billing_order,
                '{}'::text[] as characters,
                true as is_crew
            from staging.imdb_crew
            where imdb_crew.imdb_title_number = works.title_key
        ) as credits
    inner join roles on credits.category = roles.role
    where credits.person_key not in (select unnamed_person.person_key from build.unnamed_person)
    order by works.title_key, roles.role_key, credits.person_key, credits.is_crew, credits.billing_order
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
        case
            when imdb.title_key is null then catalogues.sources
            when catalogues.title_key is null then array['imdb']
            else (
                select array_agg(named.source order by named.source)
                from unnest(array['imdb'] || catalogues.sources) as named (source)
            )
        end as sources
    from imdb
    full join catalogues
        on
            imdb.title_key = catalogues.title_key
            and imdb.role_key = catalogues.role_key
            and imdb.person_key = catalogues.person_key
)

select
    weighted.title_key,
    roles.role_key,
    weighted.person_key,
    weighted.billing_order,
    weighted.characters,
    array['imdb'] as sources,
    weighted.weight
from weighted
inner join roles on weighted.category = roles.role
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
