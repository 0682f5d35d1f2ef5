-- 024_holds
-- Grain:  what speaks against a load, and what a person decided about it
-- Reads:  -
-- Writes: schema ops
-- Rerun:  applied once, in order, by number; ops.migration remembers it

create table ops.objection (
    load_id bigint not null references ops.load,
    gate text not null check (gate in ('volume', 'match rate', 'rollback')),
    reason text not null,
    raised_at timestamptz not null default clock_timestamp(),
    primary key (load_id, gate, reason)
);

comment on table ops.objection is 'Grain: load x gate x what it found before the load was built. The load is built aside all the same, so that a person can see what it would publish, and then held.';
comment on column ops.objection.load_id is 'The load.';
comment on column ops.objection.gate is 'volume: rows of its files. match rate: rows linked. rollback: a person has taken this very load back.';
comment on column ops.objection.reason is 'What was expected and what was found, in words.';
comment on column ops.objection.raised_at is 'When, in UTC.';

create table ops.hold_decision (
    decision_id bigint generated always as identity primary key,
    load_id bigint not null references ops.load,
    verdict text not null check (verdict in ('approve', 'reject')),
    objections text[] not null,
    digest text,
    reason text not null check (btrim(reason) <> ''),
    decided_by text not null check (btrim(decided_by) <> ''),
    decided_in text not null check (decided_in in ('airflow', 'shell', 'timeout')),
    decided_at timestamptz not null default clock_timestamp()
);

create index on ops.hold_decision (load_id);

comment on table ops.hold_decision is 'Grain: one answer to a held load.';
comment on column ops.hold_decision.decision_id is 'Number of the answer.';
comment on column ops.hold_decision.load_id is 'The load that was held.';
comment on column ops.hold_decision.verdict is 'approve: publish all the same. reject: readers keep what they have.';
comment on column ops.hold_decision.objections is 'What spoke against the load when it was answered, in words.';
comment on column ops.hold_decision.digest is 'Digest of the differences that were shown: an approval is good for exactly these.';
comment on column ops.hold_decision.reason is 'Why, in the words of who decided.';
comment on column ops.hold_decision.decided_by is 'Who: the user of Airflow or of the shell.';
comment on column ops.hold_decision.decided_in is 'airflow, shell, or timeout: nobody answered in time, which is a reject.';
comment on column ops.hold_decision.decided_at is 'When, in UTC.';

comment on table ops.override is 'Grain: one decision of a person, made before the load was built, to go on although the volume gate or the match gate speaks against it. Answers to a held load are in ops.hold_decision.';
