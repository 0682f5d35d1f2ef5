-- matching.explain
-- Grain:  function: what was decided for a row of a source and why, one row a sentence
-- Reads:  matching.source_title, matching.title_decision, matching.match_evidence, matching.ruling
-- Writes: matching.times, matching.explain (functions)
-- Rerun:  create or replace

create or replace function matching.explain(source text, source_id text)
returns table (ordering integer, what text, value text, points real, words text)
language plpgsql
stable
as $$
#variable_conflict use_column
declare
    subject record;
    shown integer;
    rival record;
begin
    select
        title.title, title.kind, title.release_year, title.folded_title, decision.*
    into subject
    from matching.source_title as title
    left join matching.title_decision as decision
        on title.source = decision.source and title.source_id = decision.source_id
    where title.source = explain.source and title.source_id = explain.source_id;
    if not found then
        return query select 1, 'unknown row', explain.source_id, null::real,
            explain.source || ' has no row ' || explain.source_id || ' in the current edition';
        return;
    end if;
    return query select 1, 'row', subject.title, null::real,
        explain.source || ' ' || explain.source_id || ': ' || subject.kind || coalesce(', ' || subject.release_year, '');
    if subject.band is null then
        return query select 2, 'decision', null, null::real, 'not decided yet: the day is being matched';
        return;
    end if;
    return query select
        2, 'decision', subject.band, subject.score,
        case subject.band
            when 'match' then 'linked to ' || matching.imdb_title_words(subject.imdb_title_number)
            when 'review' then 'waits for a person; likeliest is '
                || matching.imdb_title_words(subject.imdb_title_number)
            else 'not linked' || coalesce(
                '; likeliest was ' || matching.imdb_title_words(subject.imdb_title_number),
                '; the best candidate was ' || matching.imdb_title_words(subject.runner_up_number), ''
            )
        end
        || case
            when subject.decided_by = 'manual' then ', as a person decided'
            when subject.probability is null then ''
            when subject.probability > 0.9999 then ', right with a probability of over 99.99 %'
            else ', right with a probability of ' || round((100 * subject.probability)::numeric, 2) || ' %'
        end
        || '; ' || subject.candidate_count || ' candidates weighed, weights ' || subject.model_version;
    return query select
        3, 'person', ruling.verdict, null::real,
        coalesce(nullif(ruling.decided_by, ''), 'somebody') || ' (' || case ruling.origin
            when 'file' then 'manual_matches.csv' else 'override ' || ruling.override_id
        end || '): '
        || coalesce(matching.imdb_title_words(ruling.imdb_title_number), 'IMDb has no such title')
        || coalesce(', because ' || nullif(ruling.why, ''), '')
        || case when ruling.is_target_there then '' else '; not followed: that title is not in the warehouse' end
    from matching.ruling
    where
        ruling.source = explain.source and ruling.kind = subject.kind and ruling.folded_title = subject.folded_title
        and coalesce(ruling.release_year, subject.release_year) is not distinct from subject.release_year
    order by ruling.ruling_number;
    -- Without an assignment the best candidate is explained: why it was not good enough.
    shown := coalesce(subject.imdb_title_number, subject.runner_up_number);
    return query select
        3 + row_number() over ()::integer, said.what, said.value, said.points, said.words
    from matching.match_evidence as evidence
    cross join lateral matching.describe_terms(evidence.terms, evidence.details) as said
    where
        evidence.source = explain.source and evidence.source_id = explain.source_id
        and evidence.imdb_title_number = shown;
    return query select
        40, 'sum', matching.imdb_id(shown), evidence.score,
        case
            when evidence.score > 0 then 'log odds: ' || matching.times(evidence.score)
                || ' times as likely as that IMDb has no such title'
            else 'log odds: ' || matching.times(-evidence.score) || ' times less likely than that IMDb has no such title'
        end || '; found by ' || evidence.found_by
    from matching.match_evidence as evidence
    where
        evidence.source = explain.source and evidence.source_id = explain.source_id
        and evidence.imdb_title_number = shown;
    if not found and shown is not null then
        return query select 40, 'sum', matching.imdb_id(shown), null::real,
            'nothing weighed: no rule found this title for the row';
    end if;
    if subject.is_kept and (subject.kept_over_number is not null or subject.probability < 0.9) then
        return query select 41, 'kept', matching.imdb_id(subject.kept_over_number), null::real,
            coalesce(
                'today ' || matching.imdb_title_words(subject.kept_over_number)
                || ' would be the assignment, but not by the margin that changes a published link',
                'a published link holds as long as it is likelier than none'
            );
    end if;
    if subject.runner_up_number is null or subject.runner_up_number = shown then
        return query select 42, 'runner-up', null, null::real, case
            when subject.runner_up_number is null or subject.candidate_count = 1 then 'no other candidate'
            when subject.candidate_count = 2 then 'the other candidate is less likely still'
            else 'the other ' || subject.candidate_count - 1 || ' candidates are less likely still'
        end;
        return;
    end if;
    select holder.source_id, row_of.title into rival
    from matching.title_decision as holder
    inner join matching.source_title as row_of
        on holder.source = row_of.source and holder.source_id = row_of.source_id
    where
        holder.source = explain.source and holder.source_id <> explain.source_id
        and holder.imdb_title_number = subject.runner_up_number and holder.band <> 'no match'
    order by holder.source_id limit 1;
    return query select
        42, 'runner-up', matching.imdb_id(subject.runner_up_number), subject.score - subject.gap,
        matching.imdb_title_words(subject.runner_up_number)
        || case
            when subject.gap is null then ''
            when subject.gap >= 0 then ' lost by ' || round(subject.gap::numeric, 2) || ': '
                || matching.times(subject.gap) || ' times less likely'
            else ' scores higher by ' || round(-subject.gap::numeric, 2)
        end
        || coalesce('; ' || rival.source_id || ' ' || quote_ident(rival.title) || ' has it', '');
end
$$;

comment on function matching.explain(text, text) is 'What was decided for a row of a source, and why: the decision, each term with the value it was seen in, the runner-up. select * from matching.explain(''netflix'', ''s1'');';

create or replace function matching.times(log_odds real) returns text
language sql
immutable
return case
    -- e^13.8 is a million; more is said by no one.
    when log_odds > 13.8 then 'over a million'
    when log_odds < 2.3 then round(exp(log_odds)::numeric, 1)::text
    else round(exp(log_odds))::text
end;

comment on function matching.times(real) is 'Log odds as a factor, in words.';
