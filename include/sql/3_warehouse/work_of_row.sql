-- build.work_of_row
-- Grain:  row of staging.netflix_titles and staging.rotten_tomatoes_movies
-- Reads:  staging, matching.title_decision, matching.source_title, matching.source_person,
--         warehouse.title_identity, warehouse.dim_title, warehouse.bridge_title_person_role
-- Writes: build.work_of_row (empty before)
-- Rerun:  the table is emptied and filled anew; the same rows get the same keys
-- Notes:  A row in band match is its IMDb title. The identity rule for the others does not depend on the order
--         of rows or on source ids:
--         1. Netflix rows of one natural key (source, kind, base title, year of a film) are one work when they
--            share a person or the description, directly or through others, or when one is a version ("(Hindi)")
--            and one names nobody; else they are homonyms.
--         2. A work keeps the key that the warehouse knows it by: the one whose title shares a person or the
--            description with it.
--         3. Of the works without a known key, the first (by least fingerprint of people and description) takes
--            the plain natural key if nobody has it; each other one adds "|" and 12 hex digits of its fingerprint.
--         4. A Rotten Tomatoes film has its own id as natural key.

insert into build.work_of_row (source, source_id, title_key, natural_key, platform_key, source_rank)
with recursive

-- Rows with their assignment; a link to a title that staging does not hold is none.
assigned as materialized (
    select
        source_title.source,
        source_title.source_id,
        source_title.kind,
        imdb_titles.imdb_title_number as imdb_key,
        case source_title.source
            when 'netflix'
                then concat_ws(
                    '|', 'netflix', source_title.kind, source_title.base_title,
                    case when source_title.kind = 'movie' then coalesce(source_title.release_year::text, '') else '' end
                )
            else 'rotten_tomatoes|' || source_title.source_id
        end as plain_key,
        source_title.description_sha256,
        source_title.folded_title = source_title.base_title as is_base
    from matching.source_title
    left join matching.title_decision
        on
            source_title.source = title_decision.source
            and source_title.source_id = title_decision.source_id
            and title_decision.band = 'match'
    left join staging.imdb_titles on title_decision.imdb_title_number = imdb_titles.imdb_title_number
    where source_title.source in ('netflix', 'rotten_tomatoes')
),

unlinked as materialized (
    select
        source_id,
        plain_key,
        description_sha256,
        is_base
    from assigned
    where source = 'netflix' and imdb_key is null
),

names as materialized (
    select
        source_person.source_id,
        array_agg(distinct source_person.folded_name order by source_person.folded_name) as folded_names
    from matching.source_person
    inner join unlinked on source_person.source_id = unlinked.source_id
    where source_person.source = 'netflix'
    group by source_person.source_id
),

marked as materialized (
    select
        unlinked.source_id,
        unlinked.plain_key,
        unlinked.description_sha256,
        unlinked.is_base,
        coalesce(names.folded_names, '{}') as folded_names,
        encode(
            sha256(
                convert_to(
                    coalesce(array_to_string(names.folded_names, '|'), '')
                    || '#' || coalesce(unlinked.description_sha256, ''),
                    'UTF8'
                )
            ),
            'hex'
        ) as fingerprint
    from unlinked
    left join names on unlinked.source_id = names.source_id
),

-- Least fingerprint among all rows that a row is joined with, however long the chain.
reached (plain_key, source_id, other_fingerprint, other_names, other_description, other_is_base) as (
    select
        plain_key,
        source_id,
        fingerprint,
        folded_names,
        description_sha256,
        is_base
    from marked
    union
    select
        reached.plain_key,
        reached.source_id,
        marked.fingerprint,
        marked.folded_names,
        marked.description_sha256,
        marked.is_base
    from reached
    inner join marked
        on
            reached.plain_key = marked.plain_key
            and (
                reached.other_fingerprint = marked.fingerprint
                or reached.other_names && marked.folded_names
                or reached.other_description = marked.description_sha256
                or (
                    not (reached.other_is_base and marked.is_base)
                    and (cardinality(reached.other_names) = 0 or cardinality(marked.folded_names) = 0)
                )
            )
),

work_rows as materialized (
    select
        plain_key,
        source_id,
        min(other_fingerprint) as work_fingerprint
    from reached
    group by plain_key, source_id
),

-- What the warehouse knows under the same plain key: who is in it and how it is described.
identities as (
    select
        title_key,
        natural_key,
        case
            when right(natural_key, 13) ~ '^[|][0-9a-f]{12}$' then left(natural_key, -13)
            else natural_key
        end as plain_key
    from warehouse.title_identity
    where starts_with(natural_key, 'netflix|')
),

known as materialized (
    select
        identities.natural_key,
        identities.plain_key,
        array(
            select dim_person.folded_name
            from warehouse.bridge_title_person_role
            inner join warehouse.dim_person on bridge_title_person_role.person_key = dim_person.person_key
            where bridge_title_person_role.title_key = identities.title_key
        ) as folded_names,
        dim_title.description
    from identities
    inner join (
        select distinct plain_key
        from marked
    ) as keys
        on identities.plain_key = keys.plain_key
    left join warehouse.dim_title on identities.title_key = dim_title.title_key
),

-- A known key goes to the work that shares most with it; a title the catalogue tells nothing about but its
-- name is taken for the one known.
claims as (
    select
        known.natural_key,
        work_rows.plain_key,
        work_rows.work_fingerprint,
        max(
            case
                when known.folded_names && marked.folded_names then 3
                when known.description = netflix_titles.description then 2
                when
                    known.natural_key = known.plain_key
                    and (cardinality(known.folded_names) = 0 or cardinality(marked.folded_names) = 0)
                    then 1
                else 0
            end
        ) as strength
    from known
    inner join work_rows on known.plain_key = work_rows.plain_key
    inner join marked on work_rows.source_id = marked.source_id
    inner join staging.netflix_titles on work_rows.source_id = netflix_titles.source_id
    group by known.natural_key, work_rows.plain_key, work_rows.work_fingerprint
),

best_of_key as (
    select distinct on (natural_key)
        natural_key,
        plain_key,
        work_fingerprint,
        strength
    from claims
    where strength > 0
    order by natural_key, strength desc, work_fingerprint
),

kept_keys as (
    select distinct on (plain_key, work_fingerprint)
        plain_key,
        work_fingerprint,
        natural_key
    from best_of_key
    order by plain_key, work_fingerprint, strength desc, length(natural_key), natural_key
),

works as (
    select
        work.plain_key,
        work.work_fingerprint,
        coalesce(
            kept_keys.natural_key,
            case
                when
                    row_number() over (
                        partition by work.plain_key, kept_keys.natural_key is null
                        order by work.work_fingerprint
                    ) = 1
                    and not exists (
                        select
                        from known
                        where known.natural_key = work.plain_key
                    )
                    then work.plain_key
                else work.plain_key || '|' || left(work.work_fingerprint, 12)
            end
        ) as natural_key
    from (
        select distinct
            plain_key,
            work_fingerprint
        from work_rows
    ) as work
    left join kept_keys
        on
            work.plain_key = kept_keys.plain_key
            and work.work_fingerprint = kept_keys.work_fingerprint
),

keyed as (
    select
        assigned.source,
        assigned.source_id,
        assigned.imdb_key,
        assigned.is_base,
        coalesce(works.natural_key, assigned.plain_key) as natural_key
    from assigned
    left join work_rows
        on
            assigned.source = 'netflix' and assigned.imdb_key is null
            and assigned.source_id = work_rows.source_id
    left join works
        on
            work_rows.plain_key = works.plain_key
            and work_rows.work_fingerprint = works.work_fingerprint
),

numbered as (
    select
        source,
        source_id,
        is_base,
        natural_key,
        coalesce(
            imdb_key,
            1000000000000
            + ('x' || left(encode(sha256(convert_to(natural_key, 'UTF8')), 'hex'), 13))::bit(52)::bigint
        ) as title_key
    from keyed
)

-- The row that speaks for its work: no version suffix, most critics (Rotten Tomatoes), least id.
select
    numbered.source,
    numbered.source_id,
    numbered.title_key,
    numbered.natural_key,
    dim_platform.platform_key,
    row_number() over (
        partition by numbered.title_key, numbered.source
        order by
            numbered.is_base desc,
            rotten_tomatoes_movies.tomatometer_count desc nulls last,
            length(numbered.source_id),
            numbered.source_id
    ) as source_rank
from numbered
left join warehouse.dim_platform on numbered.source = dim_platform.platform
left join staging.rotten_tomatoes_movies
    on
        numbered.source = 'rotten_tomatoes'
        and numbered.source_id = rotten_tomatoes_movies.source_id;
