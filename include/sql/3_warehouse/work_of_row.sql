-- build.work_of_row
-- Grain:  row of staging.catalogue_row and staging.rotten_tomatoes_movies
-- Reads:  build.said_row, build.said_node, warehouse.dim_platform
-- Writes: build.work_of_row (empty before)
-- Rerun:  the table is emptied and filled anew; the same rows get the same keys
-- Notes:  a row that is linked is its IMDb title; rows that say the same are the same title, the least one that any of
--         them is linked to. A row that is the work of another source's row is what that one is. Which work the others
--         are is told by everything that was said on any loaded day (plugins/reelhouse/warehousing/identity.py), not by
--         the order of rows, ids or loads.
--         The row that speaks for its work: no version suffix, most critics (Rotten Tomatoes), added first, then by what
--         it says. Its id comes last: Netflix numbers its rows anew in each edition

insert into build.work_of_row (source, source_id, title_key, natural_key, platform_key, source_rank)
with

own as (
    select
        said_row.*,
        said_node.natural_key,
        min(said_row.imdb_title_number) over nodes as node_title_number,
        said_node.identity_key
    from build.said_row
    inner join build.said_node
        on
            said_row.source = said_node.source
            and said_row.plain_key = said_node.plain_key
            and said_row.fingerprint = said_node.fingerprint
            and said_row.is_base = said_node.is_base
    window nodes as (
        partition by said_row.source, said_row.plain_key, said_row.fingerprint, said_row.is_base
    )
),

-- A title and its versions may have the same people: the title is meant.
other as (
    select distinct on (plain_key, fingerprint)
        plain_key,
        fingerprint,
        coalesce(node_title_number, identity_key) as title_key,
        natural_key
    from own
    order by plain_key, fingerprint, is_base desc
),

said as (
    select
        own.*,
        coalesce(own.node_title_number, other.title_key, own.identity_key) as title_key,
        coalesce(other.natural_key, own.natural_key) as work_natural_key
    from own
    left join other on own.through_plain_key = other.plain_key and own.through_fingerprint = other.fingerprint
)

select
    said.source,
    said.source_id,
    said.title_key,
    said.work_natural_key as natural_key,
    dim_platform.platform_key,
    row_number() over (
        partition by said.title_key, said.source
        order by
            said.is_base desc,
            said.critics_count desc nulls last,
            said.added_date asc nulls last,
            said.title collate "C",
            said.fingerprint collate "C",
            length(said.source_id),
            said.source_id collate "C"
    ) as source_rank
from said
left join warehouse.dim_platform on said.source = dim_platform.platform;
