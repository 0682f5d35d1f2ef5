-- mart.match_quality
-- Grain:  load x source x kind
-- Reads:  ops.match_quality, ops.load
-- Writes: mart.match_quality (view)
-- Rerun:  create or replace; new columns go to the end

create or replace view mart.match_quality as
with

measured as (
    select
        load.load_id,
        load.batch_date,
        load.state,
        load.published_at,
        quality.source,
        quality.kind,
        quality.row_count,
        quality.match_count,
        quality.review_count,
        quality.no_match_count,
        quality.manual_count,
        quality.kept_count,
        round(quality.match_count::numeric / quality.row_count, 4) as match_rate,
        round(quality.review_count::numeric / quality.row_count, 4) as review_share
    from ops.match_quality as quality
    inner join ops.load on quality.load_id = load.load_id
    where quality.row_count > 0
)

select
    measured.load_id,
    measured.batch_date,
    measured.state,
    measured.published_at,
    measured.source,
    measured.kind,
    measured.row_count,
    measured.match_count,
    measured.review_count,
    measured.no_match_count,
    measured.manual_count,
    measured.kept_count,
    measured.match_rate,
    measured.review_share,
    former.load_id as former_load_id,
    former.match_rate as former_match_rate,
    former.review_share as former_review_share
from measured
left join
    lateral (
        select
            earlier.load_id,
            earlier.match_rate,
            earlier.review_share
        from measured as earlier
        where
            earlier.source = measured.source
            and earlier.kind = measured.kind
            and earlier.load_id <> measured.load_id
            and earlier.published_at < coalesce(measured.published_at, 'infinity')
        order by earlier.published_at desc
        limit 1
    ) as former
    on true;

comment on view mart.match_quality is 'Grain: load x source x kind: how well it was matched, beside the load that was published before.';
comment on column mart.match_quality.load_id is 'The load.';
comment on column mart.match_quality.batch_date is 'The day it is for.';
comment on column mart.match_quality.state is 'building, checked, held, published, failed, retired.';
comment on column mart.match_quality.published_at is 'When readers first saw it, in UTC; null when they never did.';
comment on column mart.match_quality.source is 'Provider whose rows were matched.';
comment on column mart.match_quality.kind is 'movie or series.';
comment on column mart.match_quality.row_count is 'Rows of the source.';
comment on column mart.match_quality.match_count is 'Of them, those that are linked.';
comment on column mart.match_quality.review_count is 'Of them, those that wait for a person.';
comment on column mart.match_quality.no_match_count is 'Of them, those without a good enough title.';
comment on column mart.match_quality.manual_count is 'Rows that a person decided.';
comment on column mart.match_quality.kept_count is 'Rows whose published link was kept although another title was a little better, or its own probability fell.';
comment on column mart.match_quality.match_rate is 'match_count of row_count.';
comment on column mart.match_quality.review_share is 'review_count of row_count.';
comment on column mart.match_quality.former_load_id is 'The load that was published before; null for the first.';
comment on column mart.match_quality.former_match_rate is 'Its match rate.';
comment on column mart.match_quality.former_review_share is 'Its review share.';
