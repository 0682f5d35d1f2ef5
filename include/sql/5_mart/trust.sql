-- mart.trust
-- Grain:  published part x source
-- Reads:  ops, warehouse.publication, warehouse.bridge_title_source
-- Writes: mart.trust (view)
-- Rerun:  create or replace; new columns go to the end

create or replace view mart.trust as
with

match_rates as (
    select
        source,
        count(*) as catalogue_rows,
        avg((match_band = 'match')::integer) as match_rate
    from warehouse.bridge_title_source
    -- Of which only those are there that are some title.
    where source <> 'justwatch'
    group by source
),

newest as (
    select distinct on (part)
        part,
        load_id,
        batch_date,
        state,
        state_reason
    from ops.load
    order by part, opened_at desc, load_id desc
),

found as (
    select
        load_id,
        count(*) as checks,
        count(*) filter (where severity = 'fail' and rows_found > 0) as failing_checks,
        count(*) filter (where severity = 'warn' and rows_found > 0) as warnings
    from ops.check_result
    group by load_id
)

select
    publication.part,
    file_load.source,
    max(file.file_date) as file_date,
    sum(file_load.rows_in)::bigint as rows_in,
    sum(file_load.rows_staged)::bigint as rows_staged,
    sum(file_load.rows_filtered)::bigint as rows_filtered,
    sum(file_load.rows_quarantined)::bigint as rows_quarantined,
    sum(file_load.rows_duplicate)::bigint as rows_duplicate,
    round(match_rates.match_rate, 4) as match_rate,
    publication.load_id as published_load_id,
    publication.batch_date as published_day,
    publication.published_at,
    newest.load_id as newest_load_id,
    newest.batch_date as newest_day,
    newest.state as newest_state,
    newest.state_reason as newest_state_reason,
    coalesce(found.checks, 0) as checks,
    coalesce(found.failing_checks, 0) as failing_checks,
    coalesce(found.warnings, 0) as warnings,
    publication.batch_date - max(file.file_date) as stale_days,
    case
        when publication.batch_date > max(file.file_date) then max(day_file.carried_because)
    end as carried_because,
    max(day_file.allowed_stale_days) as allowed_stale_days
from warehouse.publication
inner join ops.load on publication.load_id = load.load_id
inner join ops.file_load on coalesce(load.built_on_load_id, load.load_id) = file_load.load_id
inner join ops.file on file_load.file_id = file.file_id
left join ops.day_file
    on
        load.batch_date = day_file.batch_date
        and file_load.source = day_file.source
        and file_load.file_name = day_file.file_name
        and file_load.file_id = day_file.file_id
inner join newest on publication.part = newest.part
left join found on newest.load_id = found.load_id
left join match_rates on file_load.source = match_rates.source
group by
    publication.part,
    file_load.source,
    match_rates.match_rate,
    publication.load_id,
    publication.batch_date,
    publication.published_at,
    newest.load_id,
    newest.batch_date,
    newest.state,
    newest.state_reason,
    found.checks,
    found.failing_checks,
    found.warnings;

comment on view mart.trust is 'Grain: one published part x one source: how fresh, how complete, how sure.';
comment on column mart.trust.part is 'warehouse or recommendations.';
comment on column mart.trust.source is 'Provider.';
comment on column mart.trust.file_date is 'Day of the newest file of it that readers see.';
comment on column mart.trust.rows_in is 'Records read from its files. They are the sum of the next four.';
comment on column mart.trust.rows_staged is 'Records kept.';
comment on column mart.trust.rows_filtered is 'Valid records outside the declared filter.';
comment on column mart.trust.rows_quarantined is 'Records that are not valid, kept in quarantine.rejected_row.';
comment on column mart.trust.rows_duplicate is 'Records whose key an earlier record of the file has.';
comment on column mart.trust.match_rate is 'Share of its rows that are linked to an IMDb title; null for IMDb itself, and for JustWatch (mart.match_quality has it).';
comment on column mart.trust.published_load_id is 'The load that readers see.';
comment on column mart.trust.published_day is 'The day it is for.';
comment on column mart.trust.published_at is 'When readers first saw it, in UTC.';
comment on column mart.trust.newest_load_id is 'The load worked on last: another one when it is held or still being built.';
comment on column mart.trust.newest_day is 'The day it is for.';
comment on column mart.trust.newest_state is 'building, checked, held, published, failed, retired.';
comment on column mart.trust.newest_state_reason is 'Why it is held or failed.';
comment on column mart.trust.checks is 'Checks asked of the newest load.';
comment on column mart.trust.failing_checks is 'Of them, those that hold it.';
comment on column mart.trust.warnings is 'Of them, those that found rows but do not hold it.';
comment on column mart.trust.stale_days is 'Days from the newest file of the source to the day that readers see. 0: it is of that day.';
comment on column mart.trust.carried_because is 'Why a file of an earlier day served that day: what the source gave instead. Null: it is of that day.';
comment on column mart.trust.allowed_stale_days is 'Most days old that the source may be by its setting; older ones stop the day. Null: any.';
