-- mart.reason_sentence
-- Grain:  the reasons of one recommended title, as one plain sentence
-- Reads:  -
-- Writes: mart.reason_sentence(jsonb) (function)
-- Rerun:  create or replace

create or replace function mart.reason_sentence(reasons jsonb) returns text
language sql immutable parallel safe as $function$
    with

    parts as (
        select
            part.value ->> 'kind' as kind,
            part.value ->> 'value' as named,
            part.value ->> 'rank_without' as rank_without,
            part.value ->> 'because' as because,
            part.number
        from jsonb_array_elements(reasons) with ordinality as part (value, number)
        where (part.value ->> 'share')::double precision > 0
    ),

    said as (
        select
            1 as place,
            'because you watched ' || string_agg(named, ' and ' order by number)
            || coalesce(
                '; without ' || min(named) filter (where rank_without is not null) || ' it would be number '
                || min(rank_without) filter (where rank_without <> '1'), ''
            ) as said
        from parts
        where kind = 'watched'
        having count(*) > 0
        union all
        select
            2 as place,
            case
                when count(*) = 1 and (select count(*) from parts) = 1 and min(because) is not null then min(because)
                else 'similar to ' || string_agg(named, ' and ' order by number)
            end as said
        from parts
        where kind = 'similar to'
        having count(*) > 0
        union all
        select
            3 as place,
            case
                when count(*) = 1 then coalesce(min(because), 'fits ' || min(named))
                else 'fits ' || string_agg(named, ' and ' order by number)
            end as said
        from parts
        where kind = 'for viewer'
        having count(*) > 0
        union all
        select
            4 as place,
            'shares ' || replace(kind, 'cast', 'cast member') || case when count(*) > 1 then 's ' else ' ' end
            || string_agg(named, ', ' order by number) as said
        from parts
        where kind in ('director', 'cast')
        group by kind
        union all
        select
            5 as place,
            'both ' || string_agg(lower(named), ', ' order by number) as said
        from parts
        where kind = 'genre'
        having count(*) > 0
        union all
        select
            6 as place,
            'you like ' || string_agg(named, ', ' order by number) as said
        from parts
        where kind like 'your %' and kind <> 'your description' and kind <> 'your title word'
        having count(*) > 0
        union all
        select
            7 as place,
            named as said
        from parts
        where kind in ('together', 'popular', 'own')
        union all
        select
            case kind when 'title word' then 8 when 'category' then 9 when 'year' then 10 else 11 end as place,
            case kind
                when 'title word' then 'both named "' || string_agg(named, '", "' order by number) || '"'
                when 'category' then 'both listed under ' || string_agg(named, ', ' order by number)
                when 'year' then 'from ' || string_agg(named, ', ' order by number)
                -- Half of any catalogue: told only when there is little else.
                when 'country' then 'both from ' || string_agg(named, ', ' order by number)
            end as said
        from parts
        where kind in ('title word', 'country', 'year', 'category')
        group by kind
    ),

    -- What stands behind the first two is true as well, but nobody reads it.
    first_said as (
        select
            place,
            said
        from said
        order by place, said
        limit 3
    )

    select coalesce(string_agg(said, '; ' order by place, said), 'nothing in common but being well known')
    from first_said
$function$;

comment on function mart.reason_sentence(jsonb) is 'The reasons of a recommended title as one plain sentence.';
