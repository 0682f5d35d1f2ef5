-- ops.row_change
-- Grain:  place on a changed list, as it was and as it becomes
-- Reads:  changed_list, build.fact_recommendation, warehouse.fact_recommendation
-- Writes: ops.row_change
-- Rerun:  run once in a publish, before the lists are rewritten; not at all when readers have none yet
-- Params: publishing_id  the change of what readers see that the rewriting is part of

insert into ops.row_change (publishing_id, table_name, row_key, change, title_key, before, after)
select
    %(publishing_id)s::bigint as publishing_id,
    'fact_recommendation' as table_name,
    coalesce(kept.row_key, built.row_key) as row_key,
    case when kept.row_key is null then 'insert' when built.row_key is null then 'delete' else 'update' end as change,
    coalesce(kept.title_key, built.title_key) as title_key,
    kept.image as before,
    built.image as after
from (
    select
        row(place.method_key, place.subject_key, place.rank)::text as row_key,
        place.source_title_key as title_key,
        to_jsonb(place) as image
    from changed_list
    inner join warehouse.fact_recommendation as place
        on
            changed_list.method_key = place.method_key
            and changed_list.subject_key = place.subject_key
) as kept
full join (
    select
        row(place.method_key, place.subject_key, place.rank)::text as row_key,
        place.source_title_key as title_key,
        to_jsonb(place) as image
    from changed_list
    inner join build.fact_recommendation as place
        on
            changed_list.method_key = place.method_key
            and changed_list.subject_key = place.subject_key
) as built
    on kept.row_key = built.row_key;
