-- matching.why_not
-- Grain:  function: why an IMDb title was not linked to a row of a source, one row a sentence
-- Reads:  matching, staging.imdb_titles, quarantine.rejected_row, ops.layer, ops.load
-- Writes: matching.why_not, matching.why_no_candidate (functions)
-- Rerun:  create or replace
-- Notes:  the bounds of the three joins are those that the load in hand was matched with

create or replace function matching.why_not(source text, source_id text, imdb_title_id text)
returns table (ordering integer, what text, value text, points real, words text)
language plpgsql
stable
as $$
#variable_conflict use_column
declare
    asked integer;
    subject record;
    title record;
    found_by text;
    own record;
    winner record;
begin
    if imdb_title_id !~ '^tt[0-9]{1,10}$' or substr(imdb_title_id, 3)::bigint > 2147483647 then
        return query select 1, 'unknown title', imdb_title_id, null::real,
            'expected an IMDb id like tt0133093';
        return;
    end if;
    asked := substr(imdb_title_id, 3)::integer;
    select row_of.title, row_of.kind, row_of.release_year, row_of.folded_title, decision.imdb_title_number,
        decision.band, decision.decided_by, decision.score
    into subject
    from matching.source_title as row_of
    left join matching.title_decision as decision
        on row_of.source = decision.source and row_of.source_id = decision.source_id
    where row_of.source = why_not.source and row_of.source_id = why_not.source_id;
    if not found then
        return query select 1, 'unknown row', why_not.source_id, null::real,
            why_not.source || ' has no row ' || why_not.source_id || ' in the current edition';
        return;
    end if;
    return query select 1, 'row', subject.title, null::real,
        why_not.source || ' ' || why_not.source_id || ': ' || subject.kind || coalesce(', ' || subject.release_year, '');
    select imdb.* into title from staging.imdb_titles as imdb where imdb.imdb_title_number = asked;
    if not found then
        return query select 2, 'title', imdb_title_id, null::real, case
            when exists (
                select from quarantine.rejected_row where raw_text like imdb_title_id || chr(9) || '%'
            ) then 'its line of IMDb''s file was not valid: see quarantine.rejected_row'
            else 'not in the warehouse: unknown to IMDb''s file, or of a type that is not kept (episodes, games, videos)'
        end;
        return;
    end if;
    return query select 2, 'title', matching.imdb_id(asked), null::real, matching.imdb_title_words(asked);
    return query select
        3, 'person', ruling.verdict, null::real,
        coalesce(nullif(ruling.decided_by, ''), 'somebody') || ' decided so'
        || coalesce(', because ' || nullif(ruling.why, ''), '')
    from matching.ruling
    where
        ruling.source = why_not.source and ruling.kind = subject.kind and ruling.folded_title = subject.folded_title
        and coalesce(ruling.release_year, subject.release_year) is not distinct from subject.release_year
        and (ruling.imdb_title_number = asked or ruling.verdict <> 'not this pair')
    order by ruling.ruling_number;
    select pair.found_by into found_by
    from matching.candidate_pair as pair
    where
        pair.source = why_not.source and pair.source_id = why_not.source_id and pair.imdb_title_number = asked;
    if found_by is null then
        return query select 10, 'candidate', 'no', null::real, 'none of the three joins found it';
        return query select 10 + join_of.ordering, join_of.what, join_of.value, null::real, join_of.words
        from matching.why_no_candidate(why_not.source, why_not.source_id, asked) as join_of;
        return;
    end if;
    return query select 10, 'candidate', 'yes', null::real, 'found by ' || found_by;
    select evidence.* into own
    from matching.match_evidence as evidence
    where
        evidence.source = why_not.source and evidence.source_id = why_not.source_id
        and evidence.imdb_title_number = asked;
    if subject.imdb_title_number = asked then
        return query select 11, 'decision', subject.band, subject.score,
            case subject.band when 'match' then 'but it is: the row is linked to this title'
                when 'review' then 'it is the likeliest title; the row waits for a person'
                else 'it is the likeliest title, but not likely enough' end;
    end if;
    if own is null then
        return query select 12, 'evidence', null, null::real,
            'weighed and found less likely than those that are kept in matching.match_evidence';
        return;
    end if;
    select evidence.* into winner
    from matching.match_evidence as evidence
    where
        evidence.source = why_not.source and evidence.source_id = why_not.source_id
        and evidence.imdb_title_number = subject.imdb_title_number and subject.imdb_title_number <> asked;
    return query select
        12 + row_number() over ()::integer, said.what, said.value, said.points,
        said.words || coalesce(
            '; ' || matching.imdb_id(subject.imdb_title_number) || ' has ' || rival.points
            || coalesce(' (' || rival.value || ')', ''), ''
        )
    from matching.describe_terms(own.terms, own.details) as said
    left join matching.describe_terms(winner.terms, winner.details) as rival on said.what = rival.what;
    return query select
        40, 'sum', matching.imdb_id(asked), own.score,
        'candidate ' || own.candidate_rank || ' of the row; '
        || case
            when winner.score is null then 'log odds against "IMDb has no such title"'
            when winner.score > own.score then 'loses to ' || matching.imdb_title_words(subject.imdb_title_number)
                || ' by ' || round((winner.score - own.score)::numeric, 2) || ': '
                || matching.times(winner.score - own.score) || ' times less likely'
            when subject.decided_by = 'manual' then 'a person decided otherwise'
            else 'is as likely as ' || matching.imdb_title_words(subject.imdb_title_number)
                || ' or more, but goes to another row, or is not better by the margin that changes a published link'
        end;
end
$$;

comment on function matching.why_not(text, text, text) is 'Why an IMDb title was not linked to a row of a source: its terms beside those of the winner; when it was no candidate, which keys did not meet. select * from matching.why_not(''netflix'', ''s1'', ''tt0133093'');';

create or replace function matching.why_no_candidate(source text, source_id text, asked integer)
returns table (ordering integer, what text, value text, words text)
language plpgsql
stable
as $$
#variable_conflict use_column
declare
    subject record;
    title record;
    rules jsonb;
    apart text;
    equal_key record;
    shared record;
    begins record;
begin
    select row_of.* into subject from matching.source_title as row_of
    where row_of.source = why_no_candidate.source and row_of.source_id = why_no_candidate.source_id;
    select imdb.* into title from staging.imdb_titles as imdb where imdb.imdb_title_number = asked;
    select load.figures -> 'candidate_rules' into rules
    from ops.layer inner join ops.load on layer.load_id = load.load_id where layer.layer = 'matching';
    apart := coalesce(
        'the years ' || subject.release_year || ' and ' || title.start_year || ' are '
        || abs(subject.release_year - title.start_year) || ' apart', 'a year is unknown'
    );
    if title.is_adult then
        return query select 1, 'excluded', 'adult', 'adult titles are never candidates';
    end if;
    if subject.source = 'rotten_tomatoes' and title.title_type in ('tvSeries', 'tvMiniSeries') then
        return query select 2, 'excluded', title.title_type, 'Rotten Tomatoes has films only, so series are no candidates';
    end if;

    -- The first join: equal title keys.
    select
        string_agg(distinct ours.title_key, ', ') as our_keys,
        (select string_agg(theirs.title_key, ', ' order by theirs.is_part, theirs.title_key)
         from matching.imdb_title_key as theirs where theirs.imdb_title_number = asked) as imdb_keys,
        (select both_have.title_key from matching.imdb_title_key as both_have
         where both_have.imdb_title_number = asked and both_have.title_key = any (array_agg(ours.title_key))
         order by both_have.is_part limit 1) as shared_key
    into equal_key
    from matching.source_title_key as ours
    where ours.source = why_no_candidate.source and ours.source_id = why_no_candidate.source_id;
    return query select
        3, 'title key', coalesce(equal_key.shared_key, 'none equal'),
        case
            when equal_key.shared_key is null
                then 'the row has ' || coalesce(equal_key.our_keys, 'none') || '; the title has '
                    || coalesce(equal_key.imdb_keys, 'none')
            when (select bool_and(ours.is_part and theirs.is_part)
                  from matching.source_title_key as ours
                  inner join matching.imdb_title_key as theirs on ours.title_key = theirs.title_key
                  where ours.source = why_no_candidate.source and ours.source_id = why_no_candidate.source_id
                      and theirs.imdb_title_number = asked)
                then 'equal, but only a part of the name on both sides, which says little'
            else 'equal, but ' || (
                select count(*) from matching.imdb_title_key as crowd where crowd.title_key = equal_key.shared_key
            ) || ' titles have it; above ' || coalesce(rules ->> 'hot_key', '?') || ' the year must be near too, and '
                || apart
        end;

    -- The second join: shared people.
    with names as (
        select person.person_key, min(person.person_name) as person_name
        from matching.source_person as person
        inner join matching.imdb_title_person as credit
            on person.person_key = credit.person_key and credit.imdb_title_number = asked
        where person.source = why_no_candidate.source and person.source_id = why_no_candidate.source_id
        group by person.person_key
    ),

    sized as (
        select names.person_name, count(distinct credit.imdb_title_number) as title_count
        from names inner join matching.imdb_title_person as credit on names.person_key = credit.person_key
        group by names.person_key, names.person_name
    )

    select
        count(*) as person_count,
        count(*) filter (where title_count <= (rules ->> 'common_person')::integer) as rare_count,
        string_agg(person_name || ' (on ' || title_count || ' titles)', ', ' order by title_count, person_name) as names
    into shared from sized;
    return query select
        4, 'shared people', shared.person_count::text,
        case
            when shared.person_count = 0
                then 'the row names ' || (
                    select count(distinct ours.person_key) from matching.source_person as ours
                    where ours.source = why_no_candidate.source and ours.source_id = why_no_candidate.source_id
                ) || ' people, none of them is among those of the title'
            when shared.rare_count = 0
                then shared.names || ': names on more than ' || (rules ->> 'common_person') || ' titles say too little'
            else shared.names || ', but ' || apart
                || '; one shared person needs a year next to it, two at most three years, unless it is a running series'
        end;

    -- The third join: keys that begin alike.
    select
        bool_or(left(ours.title_key, length_asked) = left(theirs.title_key, length_asked)) as is_alike,
        bool_or(
            left(ours.title_key, length_asked) = left(theirs.title_key, length_asked)
            and length(ours.title_key) * 2 <= length(theirs.title_key) * 3
            and length(theirs.title_key) * 2 <= length(ours.title_key) * 3
        ) as is_as_long,
        min(left(ours.title_key, length_asked)) as ours,
        string_agg(distinct left(theirs.title_key, length_asked), ', ') as theirs
    into begins
    from matching.source_title_key as ours
    inner join matching.imdb_title_key as theirs on theirs.imdb_title_number = asked and not theirs.is_part
    cross join (select coalesce((rules ->> 'prefix_length')::integer, 4) as length_asked) as rule_of
    where
        ours.source = why_no_candidate.source and ours.source_id = why_no_candidate.source_id and not ours.is_part;
    return query select
        5, 'title prefix', coalesce(begins.ours || ' ~ ' || begins.theirs, 'no key'),
        case
            when begins.is_alike is not true then 'the keys begin differently'
            when not begins.is_as_long then 'they begin alike, but one is over half as long again as the other'
            when abs(subject.release_year - title.start_year) > 1 or title.start_year is null
                then 'they begin alike, but ' || apart || '; one is allowed, and fifteen for a running series'
            else 'they begin alike, but less than '
                || coalesce(round(100 * (rules ->> 'prefix_similarity')::numeric)::text, '?')
                || ' % of their letters agree'
        end;
end
$$;

comment on function matching.why_no_candidate(text, text, integer) is 'For each of the three joins that find candidates: why it did not find this title for this row, in words and numbers.';
