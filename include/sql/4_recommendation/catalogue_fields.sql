-- catalogue_fields
-- Grain:  title x field x token, for titles that stand in a catalogue now; cast is the ten billed first
-- Reads:  warehouse.dim_title, warehouse.bridge_title_source, warehouse.bridge_title_genre, warehouse.dim_genre,
--         warehouse.bridge_title_person_role, warehouse.dim_person, warehouse.dim_role, warehouse.bridge_title_country,
--         warehouse.dim_country
-- Writes: -
-- Rerun:  reads only
-- Params: also  keys of other titles that are wanted too

with

current_title as (
    select title_key
    from warehouse.dim_title
    where (is_catalogue_title and is_current) or title_key = any(%(also)s::bigint[])
),

genre_of as (
    select
        bridge.title_key,
        genre.genre
    from current_title
    inner join warehouse.bridge_title_genre as bridge on current_title.title_key = bridge.title_key
    inner join warehouse.dim_genre as genre on bridge.genre_key = genre.genre_key
    -- Countries are a field of their own, and the sources' own words are in field category.
    where genre.genre_kind in ('genre', 'audience', 'standing')
),

person_of as (
    -- A person who is billed as actor and as cast, or directs and plays, counts once in each field.
    select
        bridge.title_key,
        bridge.person_key,
        case role.role_group when 'cast' then 'cast' else 'director' end as field,
        min(bridge.billing_order) as billing_order
    from current_title
    inner join warehouse.bridge_title_person_role as bridge on current_title.title_key = bridge.title_key
    inner join warehouse.dim_role as role on bridge.role_key = role.role_key
    where role.role_group = 'cast' or role.role = 'director'
    group by bridge.title_key, bridge.person_key, case role.role_group when 'cast' then 'cast' else 'director' end
),

billed as (
    select
        title_key,
        person_key,
        field,
        row_number() over (
            partition by title_key, field
            order by billing_order nulls last, person_key
        ) as place
    from person_of
)

select
    title_key,
    'genre' as field,
    genre as token,
    genre as label,
    0 as place
from genre_of

union all

select distinct
    current_title.title_key,
    'category' as field,
    category.word as token,
    category.word as label,
    0 as place
from current_title
inner join warehouse.bridge_title_source as entry on current_title.title_key = entry.title_key
cross join unnest(entry.source_genres) as category (word)
where entry.platform_key is not null

union all

select
    billed.title_key,
    billed.field,
    lpad(billed.person_key::text, 16, '0') as token,
    person.person_name as label,
    billed.place
from billed
inner join warehouse.dim_person as person on billed.person_key = person.person_key
where billed.field = 'director' or billed.place <= 10

union all

select
    bridge.title_key,
    'country' as field,
    country.country as token,
    country.country as label,
    0 as place
from current_title
inner join warehouse.bridge_title_country as bridge on current_title.title_key = bridge.title_key
inner join warehouse.dim_country as country on bridge.country_key = country.country_key

order by title_key, field, place, token;
