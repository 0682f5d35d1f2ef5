-- 036_audit
-- Grain:  who wrote what into curated tables and sandboxes, with images and a hash chain
-- Reads:  -
-- Writes: schemas audit and curated
-- Rerun:  applied once, in order, by number; ops.migration remembers it
-- Notes:  No foreign keys to the warehouse: what people wrote must never hold up a publish.
--         Functions run as their owner, who alone may touch the tables. session_user is the fact of who writes; what a
--         session says of itself is not asked. Whole rows are written `alias.*`: a column may be called like the alias.

create schema audit;
comment on schema audit is 'Who wrote what: entries in a hash chain, with the rows before and after. Read by auditors only.';
create schema curated;
comment on schema curated is 'What people add to the warehouse by hand or by program. The pipeline never writes here. Audited.';

create table audit.head (
    is_only boolean primary key default true check (is_only),
    entry_id bigint not null,
    hash bytea not null
);
insert into audit.head (entry_id, hash) values (0, sha256('reelhouse'));

comment on table audit.head is 'Grain: one row: the end of the chain. Whoever adds an entry holds it until the transaction ends, so the chain has no forks and no gaps.';
comment on column audit.head.is_only is 'Always true.';
comment on column audit.head.entry_id is 'Number of the last entry; 0 before the first.';
comment on column audit.head.hash is 'Its hash.';

create sequence audit.batch_number;

create table audit.entry (
    entry_id bigint primary key,
    batch bigint not null,
    xid xid8 not null default pg_current_xact_id(),
    logged_at timestamptz not null,
    person name not null,
    operation text not null
    check (operation in ('INSERT', 'UPDATE', 'DELETE', 'CREATE', 'DROP', 'UNDO', 'REFUSED')),
    target text,
    statement_sha256 bytea not null,
    statement text not null,
    row_count bigint not null,
    content numeric,
    rows_sha256 bytea,
    undoes bigint,
    reason text,
    former_hash bytea not null,
    hash bytea not null
);
create index on audit.entry (xid);
create index on audit.entry (batch);
create index on audit.entry (undoes) where undoes is not null;

comment on table audit.entry is 'Grain: one statement x table that was written, or one attempt that was refused.';
comment on column audit.entry.entry_id is 'Place in the chain: 1, 2, 3, without a gap.';
comment on column audit.entry.batch is 'The transaction: what is undone together.';
comment on column audit.entry.xid is 'Its number on this server.';
comment on column audit.entry.logged_at is 'When, in UTC.';
comment on column audit.entry.person is 'The login. One for each person.';
comment on column audit.entry.operation is 'INSERT, UPDATE, DELETE; CREATE, DROP of a sandbox table; UNDO of a batch; REFUSED attempt.';
comment on column audit.entry.target is 'Schema and table.';
comment on column audit.entry.statement_sha256 is 'Digest of the whole statement.';
comment on column audit.entry.statement is 'Its first 1,000 characters; values sent beside it are not in it.';
comment on column audit.entry.row_count is 'Rows written.';
comment on column audit.entry.content is 'Order-free digest of rows inserted or created; rows of more than 10,000 at once are kept as this only, being in the table.';
comment on column audit.entry.rows_sha256 is 'Digest of the images in audit.row_image, in their order.';
comment on column audit.entry.undoes is 'UNDO: the batch that was undone.';
comment on column audit.entry.reason is 'REFUSED: SQLSTATE and message.';
comment on column audit.entry.former_hash is 'Hash of the entry before.';
comment on column audit.entry.hash is 'sha256 over all of the above.';

-- Rows as PostgreSQL writes them, 500 to a row: half the cost of jsonb, one row each. audit.images shows them as jsonb.
create table audit.row_image (
    entry_id bigint not null,
    place bigint not null,
    before_images text[],
    after_images text[],
    primary key (entry_id, place)
);
-- Compressing them would cost more than writing them.
alter table audit.row_image alter column before_images set storage external,
alter column after_images set storage external;

comment on table audit.row_image is 'Grain: entry x up to 500 rows.';
comment on column audit.row_image.entry_id is 'The entry.';
comment on column audit.row_image.place is '0, 1, 2 in the order they were written.';
comment on column audit.row_image.before_images is 'UPDATE, DELETE: the rows as they were, as composite values.';
comment on column audit.row_image.after_images is 'INSERT, UPDATE: the rows as they became, in the same order.';

create function audit.hash_of(entry audit.entry) returns bytea
language sql stable set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
select sha256(convert_to(jsonb_build_array(
    entry.former_hash, entry.entry_id, entry.batch, entry.xid, entry.logged_at, entry.person, entry.operation,
    entry.target, entry.statement_sha256, entry.statement, entry.row_count, entry.content, entry.rows_sha256,
    entry.undoes, entry.reason
)::text, 'UTF8'))
$$;

create function audit.digest_of_images(entry bigint) returns bytea
language sql stable set search_path = pg_catalog, pg_temp as $$
select sha256(string_agg(
    sha256(convert_to(concat(before_images::text, '>', after_images::text), 'UTF8')), ''::bytea order by place
))
from audit.row_image
where entry_id = entry
$$;

-- The rows of an entry, for auditors.
create function audit.images(entry bigint) returns table (before_image jsonb, after_image jsonb)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres' set timezone = 'UTC' as $$
declare
    asked audit.entry;
begin
    select * into asked from audit.entry as e where e.entry_id = entry;
    return query execute format(
        'select to_jsonb(pair.former::%1$s), to_jsonb(pair.became::%1$s) from audit.row_image as kept,'
        ' lateral unnest(kept.before_images, kept.after_images) with ordinality as pair (former, became, place)'
        ' where kept.entry_id = $1 order by kept.place, pair.place', asked.target
    ) using entry;
end
$$;

-- The number of the next entry; held until the transaction ends.
create function audit.next_entry() returns bigint
language sql volatile set search_path = pg_catalog, pg_temp as $$
select entry_id + 1 from audit.head for update
$$;

create function audit.append(
    entry bigint, op text, target text, n bigint, content numeric, images bytea, undoes bigint, reason text, said text
) returns bigint
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
    made audit.entry;
begin
    made.entry_id := entry;
    made.xid := pg_current_xact_id();
    select e.batch into made.batch from audit.entry as e where e.xid = made.xid limit 1;
    made.batch := coalesce(made.batch, nextval('audit.batch_number'));
    made.logged_at := clock_timestamp();
    made.person := session_user;
    made.operation := op;
    made.target := target;
    made.statement_sha256 := sha256(convert_to(said, 'UTF8'));
    made.statement := left(said, 1000);
    made.row_count := n;
    made.content := content;
    made.rows_sha256 := images;
    made.undoes := undoes;
    made.reason := reason;
    select head.hash into made.former_hash from audit.head;
    made.hash := audit.hash_of(made);
    insert into audit.entry select made.*;
    update audit.head set entry_id = made.entry_id, hash = made.hash;
    return made.batch;
end
$$;

create function audit.log_statement() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres' set timezone = 'UTC' set extra_float_digits = '1' set bytea_output = 'hex' as $$
declare
    entry bigint;
    n bigint;
    content numeric;
    images bytea;
begin
    if tg_op = 'TRUNCATE' then
        raise insufficient_privilege
            using message = format('%I.%I is audited: truncate would leave no images.', tg_table_schema, tg_table_name),
            hint = 'Use delete.';
    end if;
    if tg_op = 'INSERT' then
        select count(*), sum(hashtextextended((audited.*)::text, 0)) into n, content from new_rows as audited;
    elsif tg_op = 'UPDATE' then
        select count(*) into n from new_rows;
    else
        select count(*) into n from old_rows;
    end if;
    if n = 0 then
        return null;
    end if;
    entry := audit.next_entry();
    if tg_op = 'UPDATE' then
        -- Both tables of a statement hold their rows in the same order.
        insert into audit.row_image
        select entry, former.place, former.images, became.images
        from (
            select (r.n - 1) / 500 as place, array_agg(r.image order by r.n) as images
            from (select row_number() over () as n, (audited.*)::text as image from old_rows as audited) as r
            group by (r.n - 1) / 500
        ) as former
        inner join (
            select (r.n - 1) / 500 as place, array_agg(r.image order by r.n) as images
            from (select row_number() over () as n, (audited.*)::text as image from new_rows as audited) as r
            group by (r.n - 1) / 500
        ) as became on former.place = became.place;
    elsif tg_op = 'DELETE' then
        insert into audit.row_image
        select entry, (r.n - 1) / 500, array_agg(r.image order by r.n), null
        from (select row_number() over () as n, (audited.*)::text as image from old_rows as audited) as r
        group by (r.n - 1) / 500;
    elsif n <= 10000 then
        insert into audit.row_image
        select entry, (r.n - 1) / 500, null, array_agg(r.image order by r.n)
        from (select row_number() over () as n, (audited.*)::text as image from new_rows as audited) as r
        group by (r.n - 1) / 500;
    end if;
    images := audit.digest_of_images(entry);
    perform audit.append(
        entry, tg_op, format('%I.%I', tg_table_schema, tg_table_name), n, content, images, null, null, current_query()
    );
    return null;
end
$$;

-- Every statement on a table is an entry from now on.
create function audit.watch(target regclass) returns void
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
begin
    execute format('create trigger audit_insert after insert on %s referencing new table as new_rows'
        ' for each statement execute function audit.log_statement()', target);
    execute format('create trigger audit_update after update on %s referencing old table as old_rows'
        ' new table as new_rows for each statement execute function audit.log_statement()', target);
    execute format('create trigger audit_delete after delete on %s referencing old table as old_rows'
        ' for each statement execute function audit.log_statement()', target);
    execute format('create trigger audit_truncate before truncate on %s'
        ' for each statement execute function audit.log_statement()', target);
    execute format('alter table %s enable always trigger audit_insert, enable always trigger audit_update,'
        ' enable always trigger audit_delete, enable always trigger audit_truncate', target);
end
$$;

-- An attempt that the server refused, told by the client in a transaction of its own.
create function audit.note_refusal(said text, why text) returns bigint
language sql volatile security definer set search_path = pg_catalog, pg_temp as $$
select audit.append(audit.next_entry(), 'REFUSED', null, 0, null, null, null, left(why, 500), said)
$$;

-- What the one who asks has written; of nobody else.
create function audit.my_history(most integer default 50)
returns table (
    batch bigint, logged_at timestamptz, operation text, target text, row_count bigint, statement text, reason text,
    undoes bigint, is_undone boolean
)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
select
    e.batch, e.logged_at, e.operation, e.target, e.row_count, e.statement, e.reason, e.undoes,
    exists (select from audit.entry as u where u.undoes = e.batch)
from audit.entry as e
where e.person = session_user
order by e.entry_id desc
limit least(most, 10000)
$$;

-- What this transaction has written so far, for its writer.
create function audit.written_now(asked text)
returns table (batch bigint, target text, row_count bigint)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
select e.batch, coalesce(e.target, 'undone'), e.row_count from audit.entry as e
where e.xid = asked::xid8 and e.person = session_user order by e.entry_id
$$;

-- Take back all that a batch wrote, newest first, or nothing.
create function audit.undo(asked bigint) returns bigint
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres' set timezone = 'UTC' set extra_float_digits = '1' as $$
declare
    e audit.entry;
    found_rows bigint;
    found_content numeric;
    shape text;
    former_shape text;
    is_any boolean := false;
begin
    if exists (select from audit.entry as u where u.undoes = asked) then
        raise object_not_in_prerequisite_state using message = format('Batch %s is undone already.', asked);
    end if;
    for e in
        select * from audit.entry
        where batch = asked and person = session_user and operation not in ('REFUSED', 'UNDO')
        order by entry_id desc
    loop
        is_any := true;
        if e.operation = 'DROP' or to_regclass(e.target) is null then
            raise object_not_in_prerequisite_state
                using message = format('Batch %s: %s is gone since; it cannot be undone.', asked, e.target);
        end if;
        execute format('lock table %s in share row exclusive mode', e.target);
        if e.rows_sha256 is not null then
            if e.operation <> 'DELETE' then
                execute format(
                    'delete from %1$s where ctid in (select standing.ctid from (select t.ctid, (t.*)::text as image,'
                    ' row_number() over (partition by (t.*)::text) as copy from %1$s as t) as standing inner join'
                    ' (select image, row_number() over (partition by image) as copy'
                    '  from audit.row_image, unnest(after_images) as image where entry_id = $1) as written'
                    ' on standing.image = written.image and standing.copy = written.copy)', e.target
                ) using e.entry_id;
                get diagnostics found_rows = row_count;
                if found_rows <> e.row_count then
                    raise object_not_in_prerequisite_state using message = format(
                        'Batch %s: %s of the %s rows written into %s were changed or deleted since.',
                        asked, e.row_count - found_rows, e.row_count, e.target
                    );
                end if;
            end if;
            if e.operation <> 'INSERT' then
                select
                    string_agg(quote_ident(attname), ', ' order by attnum),
                    string_agg('(kept.former).' || quote_ident(attname), ', ' order by attnum)
                into shape, former_shape
                from pg_attribute
                where attrelid = e.target::regclass and attnum > 0 and not attisdropped and attgenerated = '';
                execute format(
                    'insert into %1$s (%2$s) overriding system value select %3$s from (select image::%1$s as former'
                    ' from audit.row_image, unnest(before_images) with ordinality as kept (image, n)'
                    ' where entry_id = $1 order by place, n) as kept', e.target, shape, former_shape
                ) using e.entry_id;
            end if;
        else
            -- Rows without images are known by their transaction, and checked by what they hold. What an upsert updated
            -- stands in the same transaction, with images.
            execute format(
                'create temporary table reelhouse_undone on commit drop as select t.ctid as place,'
                ' hashtextextended((t.*)::text, 0) as content from %s as t'
                ' where t.xmin::text = $1 and (t.*)::text not in (select image from audit.entry as other'
                ' inner join audit.row_image as kept on other.entry_id = kept.entry_id, unnest(kept.after_images) as image'
                ' where other.xid = $2 and other.target = $3 and other.operation = ''UPDATE'')', e.target
            ) using (e.xid::text::numeric % 4294967296)::text, e.xid, e.target;
            select count(*), sum(u.content) into found_rows, found_content from pg_temp.reelhouse_undone as u;
            if found_rows <> e.row_count or found_content is distinct from e.content then
                raise object_not_in_prerequisite_state using message = format(
                    'Batch %s: rows written into %s were changed, deleted or moved since (%s of %s are as they were).',
                    asked, e.target, found_rows, e.row_count
                );
            end if;
            if e.operation = 'CREATE' then
                execute format('select count(*) from %s', e.target) into found_rows;
                if found_rows <> e.row_count then
                    raise object_not_in_prerequisite_state
                        using message = format('Batch %s: %s has got other rows since.', asked, e.target);
                end if;
                execute format('drop table %s', e.target);
            else
                execute format('delete from %s where ctid in (select place from pg_temp.reelhouse_undone)', e.target);
            end if;
            drop table pg_temp.reelhouse_undone;
        end if;
    end loop;
    if not is_any then
        raise no_data_found using message = format('Batch %s: not one that you wrote.', asked);
    end if;
    return audit.append(
        audit.next_entry(), 'UNDO', null, 0, null, null, asked, null, current_query()
    );
exception
    when unique_violation or exclusion_violation or foreign_key_violation then
        raise object_not_in_prerequisite_state
            using message = format('Batch %s: rows were written since that its former rows exclude: %s.', asked, sqlerrm);
    when invalid_text_representation or datatype_mismatch then
        raise object_not_in_prerequisite_state
            using message = format('Batch %s: its table has got other columns since.', asked);
end
$$;

-- What is not as it was written: nothing, in a chain that nobody has edited.
create function audit.verify() returns table (entry_id bigint, problem text)
language sql stable set search_path = pg_catalog, pg_temp as $$
with chained as (
    select
        e,
        lag(e.hash, 1, sha256('reelhouse')) over (order by e.entry_id) as expected,
        lag(e.entry_id, 1, 0::bigint) over (order by e.entry_id) as former
    from audit.entry as e
)
select (e).entry_id, 'the entry was edited' from chained where (e).hash <> audit.hash_of(e)
union all
select (e).entry_id, 'entries before it are missing' from chained where (e).entry_id <> former + 1
union all
select (e).entry_id, 'it does not follow the entry before it' from chained
where (e).former_hash <> expected and (e).entry_id = former + 1
union all
select (e).entry_id, 'its row images were edited' from chained
where (e).rows_sha256 is distinct from audit.digest_of_images((e).entry_id)
union all
select head.entry_id, 'the end of the chain is not its last entry' from audit.head
where (head.entry_id, head.hash) is distinct from (
    select (max(last.entry_id), (array_agg(last.hash order by last.entry_id desc))[1])::record from audit.entry as last
) and (head.entry_id > 0 or exists (select from audit.entry))
order by 1, 2
$$;

-- Tables of a sandbox: audited from their making on, and owned by nobody who could switch that off.
create function audit.adopt_sandbox_table() returns event_trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres' set timezone = 'UTC' set extra_float_digits = '1' as $$
declare
    made record;
    n bigint;
    content numeric;
begin
    for made in
        select c.objid, c.object_identity, k.relkind, k.relispartition
        from pg_event_trigger_ddl_commands() as c
        inner join pg_class as k on k.oid = c.objid and c.classid = 'pg_class'::regclass
        where (c.schema_name = 'sandbox' or c.schema_name like 'sandbox\_%') and k.relkind in ('r', 'p', 'f')
    loop
        if made.relkind <> 'r' or exists (select from pg_inherits where inhrelid = made.objid) then
            raise feature_not_supported using message = format(
                '%s: sandboxes hold plain tables; partitions, children and foreign tables could not be audited.',
                made.object_identity
            );
        end if;
        -- Whatever a column calls would run as the owner of the audit when a batch is undone.
        if exists (
            select from pg_depend as d
            where
                d.refclassid in ('pg_proc'::regclass, 'pg_type'::regclass)
                and (
                    (d.classid = 'pg_class'::regclass and d.objid = made.objid)
                    or (d.classid = 'pg_constraint'::regclass
                        and d.objid in (select oid from pg_constraint where conrelid = made.objid))
                    or (d.classid = 'pg_attrdef'::regclass
                        and d.objid in (select oid from pg_attrdef where adrelid = made.objid))
                )
        ) then
            raise feature_not_supported using message = format(
                '%s: expected columns of built-in types without functions of your own.', made.object_identity
            );
        end if;
        execute format('select count(*), sum(hashtextextended((t.*)::text, 0)) from %s as t', made.object_identity)
            into n, content;
        perform audit.watch(made.objid::regclass);
        execute format('grant select, insert, update, delete, references on %s to %I',
            made.object_identity, session_user);
        execute format('alter table %s owner to %I', made.object_identity, 'reelhouse_owner');
        execute format('grant select, insert, update, delete on %s to %I', made.object_identity, session_user);
        perform audit.append(
            audit.next_entry(), 'CREATE', made.object_identity, n, content, null, null, null, current_query()
        );
    end loop;
end
$$;

create function audit.note_dropped_table() returns event_trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    gone record;
begin
    for gone in
        select object_identity from pg_event_trigger_dropped_objects()
        where object_type = 'table' and (schema_name = 'sandbox' or schema_name like 'sandbox\_%')
    loop
        perform audit.append(
            audit.next_entry(), 'DROP', gone.object_identity, 0, null, null, null, null, current_query()
        );
    end loop;
end
$$;

create table curated.recommendation (
    title_key bigint not null,
    rank smallint not null check (rank between 1 and 100),
    recommended_title_key bigint not null,
    score double precision,
    method text not null,
    sent_by text not null default session_user,
    sent_at timestamptz not null default now(),
    primary key (sent_by, method, title_key, rank),
    check (title_key <> recommended_title_key)
);

comment on table curated.recommendation is 'Grain: person x method x title x rank: recommendations that people sent. Those of the pipeline are in warehouse.fact_recommendation.';
comment on column curated.recommendation.title_key is 'For whom likes this title.';
comment on column curated.recommendation.rank is '1 is best.';
comment on column curated.recommendation.recommended_title_key is 'The title recommended.';
comment on column curated.recommendation.score is 'As the method has it; null is none.';
comment on column curated.recommendation.method is 'How it was found, in one word.';
comment on column curated.recommendation.sent_by is 'Login of who sent it.';
comment on column curated.recommendation.sent_at is 'When, in UTC.';

create table curated.title_note (
    title_key bigint not null,
    topic text not null,
    note text,
    number double precision,
    written_by text not null default session_user,
    written_at timestamptz not null default now(),
    primary key (title_key, topic, written_by)
);

comment on table curated.title_note is 'Grain: title x topic x person: what somebody knows of a title that no source says.';
comment on column curated.title_note.title_key is 'The title.';
comment on column curated.title_note.topic is 'What it is about, such as mood or festival.';
comment on column curated.title_note.note is 'In words.';
comment on column curated.title_note.number is 'In a number.';
comment on column curated.title_note.written_by is 'Login of who wrote it.';
comment on column curated.title_note.written_at is 'When, in UTC.';

select audit.watch('curated.recommendation');
select audit.watch('curated.title_note');

revoke all on all functions in schema audit from public;
