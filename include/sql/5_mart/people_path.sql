-- mart.people_path
-- Grain:  function: step on a shortest way from one person to another, over titles they made together
-- Reads:  warehouse
-- Writes: mart.people_path (function)
-- Rerun:  dropped and made again
-- Notes:  from both ends at once, the smaller side first, until the sides meet: two circles of the square root of the
--         people instead of one of all. No row: there is no way of at most so many titles, or it would lead past more
--         people than max_people on a side. Of ways of equal length the one by the smallest keys, so that the
--         answer is always the same. A work that turned out to be another one is no way. Keeps what it has seen in
--         arrays: readers may not make tables

drop function if exists mart.people_path;

create function mart.people_path(
    from_person_key bigint, to_person_key bigint, max_titles integer default 6, max_people integer default 200000
)
returns table (
    step integer,
    person_key bigint,
    person_name text,
    by_title_key bigint,
    by_title text,
    by_release_year smallint
)
language plpgsql
stable
as $$
declare
    -- Of both sides: all people seen, by which title and from which person each was come to; and the newest ring.
    seen_a bigint[] := array[from_person_key];
    title_a bigint[] := array[null::bigint];
    from_a bigint[] := array[null::bigint];
    ring_a bigint[] := array[from_person_key];
    seen_b bigint[] := array[to_person_key];
    title_b bigint[] := array[null::bigint];
    from_b bigint[] := array[null::bigint];
    ring_b bigint[] := array[to_person_key];
    next_people bigint[];
    next_titles bigint[];
    next_from bigint[];
    is_a boolean;
    met bigint;
    person bigint;
    place integer;
    people bigint[] := '{}';
    titles bigint[] := '{}';
begin
    if from_person_key is null or to_person_key is null
        or (select count(*) from warehouse.dim_person as known
            where known.person_key in (from_person_key, to_person_key))
        < (case when from_person_key = to_person_key then 1 else 2 end)
    then
        return;
    end if;
    if from_person_key = to_person_key then
        met := from_person_key;
    end if;
    for round in 1..max_titles loop
        exit when met is not null;
        is_a := cardinality(ring_a) <= cardinality(ring_b);
        select
            array_agg(reached.person_key),
            array_agg(reached.title_key),
            array_agg(reached.from_key)
        into next_people, next_titles, next_from
        from (
            select distinct on (other.person_key)
                other.person_key,
                other.title_key,
                one.person_key as from_key
            from unnest(case when is_a then ring_a else ring_b end) as ring (person_key)
            inner join warehouse.bridge_title_person_role as one on ring.person_key = one.person_key
            inner join warehouse.bridge_title_person_role as other on one.title_key = other.title_key
            left join unnest(case when is_a then seen_a else seen_b end) as seen (person_key)
                on other.person_key = seen.person_key
            left join warehouse.title_identity as merged
                on one.title_key = merged.title_key and merged.merged_into is not null
            where seen.person_key is null and merged.title_key is null
            order by other.person_key, other.title_key, one.person_key
        ) as reached;
        exit when next_people is null;
        if is_a then
            seen_a := seen_a || next_people;
            title_a := title_a || next_titles;
            from_a := from_a || next_from;
            ring_a := next_people;
        else
            seen_b := seen_b || next_people;
            title_b := title_b || next_titles;
            from_b := from_b || next_from;
            ring_b := next_people;
        end if;
        select min(ring.person_key) into met
        from unnest(next_people) as ring (person_key)
        inner join unnest(case when is_a then seen_b else seen_a end) as other (person_key)
            on ring.person_key = other.person_key;
        exit when least(cardinality(seen_a), cardinality(seen_b)) > max_people;
    end loop;
    if met is null then
        return;
    end if;
    -- Back to the one end, then on to the other.
    person := met;
    while person is not null loop
        place := array_position(seen_a, person);
        people := person || people;
        titles := title_a[place] || titles;
        person := from_a[place];
    end loop;
    person := met;
    loop
        place := array_position(seen_b, person);
        exit when from_b[place] is null;
        people := people || from_b[place];
        titles := titles || title_b[place];
        person := from_b[place];
    end loop;
    return query
    select
        (way.place - 1)::integer,
        way.person_key,
        dim_person.person_name,
        way.title_key,
        dim_title.title,
        dim_title.release_year
    from unnest(people, titles) with ordinality as way (person_key, title_key, place)
    inner join warehouse.dim_person on way.person_key = dim_person.person_key
    left join warehouse.dim_title on way.title_key = dim_title.title_key
    order by way.place;
end
$$;

comment on function mart.people_path is 'A shortest way from one person to another: at each step the next person and the title made together with the one before. Step 0 is the first person. No row: no way of at most max_titles titles. Example: select * from mart.people_path(138, 206).';
