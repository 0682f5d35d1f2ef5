-- 034_viewings
-- Grain:  requests that were told to be done once only
-- Reads:  -
-- Writes: ops.api_request
-- Rerun:  applied once, in order, by number; ops.migration remembers it

create table ops.api_request (
    person text not null,
    idempotency_key text not null,
    request_sha256 text not null,
    status smallint not null,
    body jsonb not null,
    answered_at timestamptz not null default clock_timestamp(),
    primary key (person, idempotency_key)
);

comment on table ops.api_request is 'Grain: person x key of a request that is to be done once, however often it is sent. Kept for a week.';
comment on column ops.api_request.person is 'Who sent it.';
comment on column ops.api_request.idempotency_key is 'What the sender calls it.';
comment on column ops.api_request.request_sha256 is 'Digest of what was asked: the same key with something else in it is refused.';
comment on column ops.api_request.status is 'Status of the answer.';
comment on column ops.api_request.body is 'The answer, given again.';
comment on column ops.api_request.answered_at is 'When, in UTC.';

create index api_request_answered_at on ops.api_request (answered_at);
