-- ops.row_change
-- Grain:  one kind of change that a publish would make: how many rows, and the first five of them in words
-- Reads:  ops.row_change, warehouse.dim_title, warehouse.fact_title_rating
-- Writes: -
-- Rerun:  reads only
-- Params: publishing_id  the change of what readers see that waits
-- Notes:  a title is added or removed when it begins or ceases to be in some catalogue. A score moved when the title had
--         one before

with

changed as materialized (
    select
        table_name,
        change,
        title_key,
        before,
        after
    from ops.row_change
    where publishing_id = %(publishing_id)s
),

titles as (
    select
        coalesce(after ->> 'title', before ->> 'title') as title,
        coalesce((before ->> 'is_catalogue_title')::boolean, false) as was_in,
        coalesce((after ->> 'is_catalogue_title')::boolean, false) as is_in
    from changed
    where table_name = 'dim_title'
),

links as (
    select
        before,
        after
    from changed
    where
        table_name = 'bridge_title_source' and change = 'update'
        and before ->> 'title_key' is distinct from after ->> 'title_key'
),

scores as (
    select
        dim_title.title,
        (changed.after ->> 'imdb_rating_of_10')::numeric as imdb_rating_of_10,
        (changed.after ->> 'critics_pct')::numeric as critics_pct,
        former.imdb_rating_of_10 as former_rating_of_10,
        former.critics_pct as former_pct
    from changed
    inner join warehouse.dim_title on changed.title_key = dim_title.title_key
    inner join lateral (
        select
            known.imdb_rating_of_10,
            known.critics_pct
        from warehouse.fact_title_rating as known
        where
            known.title_key = changed.title_key
            and known.rating_date <= (changed.after ->> 'rating_date')::date
        order by known.rating_date desc
        limit 1
    ) as former on true
    where changed.table_name = 'fact_title_rating' and changed.change <> 'delete'
),

said as (
    select
        1 as place,
        'titles added to a catalogue' as what,
        title as words,
        0::numeric as weight
    from titles
    where is_in and not was_in
    union all
    select
        2 as place,
        'titles removed from every catalogue' as what,
        title as words,
        0 as weight
    from titles
    where was_in and not is_in
    union all
    select
        3 as place,
        'rows linked to another title' as what,
        (after ->> 'source') || ' ' || (after ->> 'source_title') as words,
        0 as weight
    from links
    union all
    select
        4 as place,
        'scores moved' as what,
        title || ': IMDb ' || coalesce(former_rating_of_10::text, 'none') || ' to '
        || coalesce(imdb_rating_of_10::text, 'none') || ', critics ' || coalesce(former_pct::text, 'none')
        || ' to ' || coalesce(critics_pct::text, 'none') as words,
        greatest(
            10 * abs(imdb_rating_of_10 - former_rating_of_10), abs(critics_pct - former_pct), 0
        ) as weight
    from scores
    where
        (imdb_rating_of_10, critics_pct) is distinct from (former_rating_of_10::numeric, former_pct::numeric)
),

numbered as (
    select
        place,
        what,
        words,
        row_number() over (partition by place order by weight desc, words) as number_in_place
    from said
)

select
    what,
    count(*) as row_count,
    array_agg(words order by number_in_place) filter (where number_in_place <= 5) as examples
from numbered
group by place, what
order by place;
