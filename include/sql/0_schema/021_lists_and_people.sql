-- 021_lists_and_people
-- Grain:  lists of the best titles, and people who were known by name only or are known for titles
-- Reads:  -
-- Writes: schemas warehouse and build
-- Rerun:  applied once, in order, by number; ops.migration remembers it

create table warehouse.fact_list_membership (
    list text not null,
    list_rank integer not null check (list_rank > 0),
    from_date date not null references warehouse.dim_date,
    until_date date references warehouse.dim_date,
    title_key bigint references warehouse.dim_title,
    source_title text not null,
    source_kind text not null check (source_kind in ('movie', 'series')),
    source_year smallint,
    unlinked_because text,
    primary key (list, list_rank, from_date),
    check (until_date > from_date),
    check ((title_key is null) = (unlinked_because is not null))
);

comment on table warehouse.fact_list_membership is 'Grain: list x place x period in which one title stood there. A row that is of no title of the warehouse is listed with the reason.';
comment on column warehouse.fact_list_membership.list is 'Best Movies Netflix, Best Shows Netflix, Best Movie by Year Netflix, Best Show by Year Netflix. By JustWatch.';
comment on column warehouse.fact_list_membership.list_rank is 'Place on the list; 1 is the best. Of the lists by year: the order of the file.';
comment on column warehouse.fact_list_membership.from_date is 'First loaded day on which the title stood there.';
comment on column warehouse.fact_list_membership.until_date is 'First loaded day on which it did not any more; null: it still does.';
comment on column warehouse.fact_list_membership.title_key is 'The title; null when it is not known which.';
comment on column warehouse.fact_list_membership.source_title is 'As the list writes it.';
comment on column warehouse.fact_list_membership.source_kind is 'movie or series: what the list is of.';
comment on column warehouse.fact_list_membership.source_year is 'As the list gives it.';
comment on column warehouse.fact_list_membership.unlinked_because is 'Why it is not known which title it is.';

create index on warehouse.fact_list_membership (title_key);

create unlogged table build.fact_list_membership (
    like warehouse.fact_list_membership including defaults, primary key (list, list_rank, from_date)
);

comment on table build.fact_list_membership is 'Grain: as warehouse.fact_list_membership, of which it is the next state.';

create table warehouse.person_identity (
    person_key bigint primary key check (person_key >= 1000000000000),
    natural_key text not null unique,
    first_seen_date date not null,
    last_seen_date date,
    merged_into bigint
);

comment on table warehouse.person_identity is 'Grain: one name that a catalogue had on some day and no IMDb person was found for. Its key resolves for good: warehouse.resolve_person.';
comment on column warehouse.person_identity.person_key is '10^12 plus 52 bits of the sha256 of the natural key: independent of load order, safe in JSON.';
comment on column warehouse.person_identity.natural_key is 'What the key was made from: name| and the folded name.';
comment on column warehouse.person_identity.first_seen_date is 'First loaded day on which the name stood without a person.';
comment on column warehouse.person_identity.last_seen_date is 'Last loaded day on which it did; null: it still does.';
comment on column warehouse.person_identity.merged_into is 'The IMDb person it turned out to be: all its titles name that one now.';

create unlogged table build.person_identity (like warehouse.person_identity including defaults, primary key (person_key));

comment on table build.person_identity is 'Grain: as warehouse.person_identity, of which it is the next state.';

create function warehouse.resolve_person(given bigint) returns bigint
language sql stable strict parallel safe
return coalesce(
    (
        select person_identity.merged_into
        from warehouse.person_identity
        where person_identity.person_key = given
    ),
    given
);

comment on function warehouse.resolve_person(bigint) is 'The key that a person has now, of a key that it had at some time.';

alter table warehouse.dim_person add column known_for_numbers integer[] not null default '{}';
alter table build.dim_person add column known_for_numbers integer[] not null default '{}';

comment on column warehouse.dim_person.known_for_numbers is 'IMDb: numbers of the titles the person is known for, first named first. Also of titles that the warehouse does not keep; see warehouse.bridge_person_known_for.';

create view warehouse.bridge_person_known_for as
select
    dim_person.person_key,
    dim_title.title_key,
    named.place::smallint as place
from warehouse.dim_person
cross join lateral unnest(dim_person.known_for_numbers) with ordinality as named (title_number, place)
inner join warehouse.dim_title on named.title_number = dim_title.title_key;

comment on view warehouse.bridge_person_known_for is 'Grain: person x title of the warehouse that IMDb says the person is known for. A view: the list stands with the person, four bytes a title.';
comment on column warehouse.bridge_person_known_for.person_key is 'The person.';
comment on column warehouse.bridge_person_known_for.title_key is 'The title.';
comment on column warehouse.bridge_person_known_for.place is 'Order in which IMDb names them.';
