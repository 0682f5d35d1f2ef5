-- The edition of a catalogue that readers had before a load
-- Grain:  at most one load
-- Reads:  ops.load, ops.file, matching.edition
-- Writes: -
-- Rerun:  only reads
-- Params: source, batch_date, load_id  the catalogue, and the load that is to be compared
-- Notes:  of this or an earlier day, so that a day that is loaded later has the former edition it would have had

select
    load.load_id,
    edition.file_id,
    file.sha256
from ops.load
inner join matching.edition on load.load_id = edition.load_id
inner join ops.file on edition.file_id = file.file_id
where
    load.published_at is not null
    and load.batch_date <= %(batch_date)s::date
    and load.load_id <> %(load_id)s
    and edition.source = %(source)s
order by load.batch_date desc, load.published_at desc
limit 1;
