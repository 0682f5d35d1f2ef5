-- Published editions that have another one before them than the one they were compared with
-- Grain:  load x catalogue
-- Reads:  ops.load, ops.file, matching.edition, matching.edition_row
-- Writes: -
-- Rerun:  only reads
-- Notes:  An older day was filled in between, or another load of the day before was published since. An edition stays
--         as it was compared where rows that are needed are not kept any more.

with

published as (
    select
        edition.source,
        edition.load_id,
        load.batch_date,
        edition.file_id,
        edition.former_load_id as compared_with,
        file.sha256,
        lag(edition.load_id) over in_order as former_load_id,
        lag(edition.file_id) over in_order as former_file_id,
        lag(file.sha256) over in_order as former_sha256
    from matching.edition
    inner join ops.load on edition.load_id = load.load_id
    inner join ops.file on edition.file_id = file.file_id
    where load.published_at is not null
    window in_order as (
        partition by edition.source order by load.batch_date, load.published_at, load.load_id
    )
)

select
    source,
    load_id,
    batch_date,
    file_id,
    former_load_id,
    former_file_id,
    former_sha256
from published
where
    former_load_id is distinct from compared_with
    and (
        former_load_id is null
        or former_sha256 = sha256
        or (
            exists (
                select from matching.edition_row
                where edition_row.file_id = published.file_id
            )
            and exists (
                select from matching.edition_row
                where edition_row.file_id = published.former_file_id
            )
        )
    )
order by source, batch_date, load_id;
