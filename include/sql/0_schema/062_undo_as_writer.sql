-- 062_undo_as_writer
-- Grain:  the functions of the audit that touch tables of a sandbox
-- Reads:  audit.entry, audit.row_image, the catalogue
-- Writes: audit.undo, audit.images, audit.adopt_sandbox_table and those they call (functions)
-- Rerun:  applied once, in order, by number; ops.migration remembers it
-- Notes:  The functions of the audit belong to a superuser, and what a table of somebody's calls runs as whoever touches
--         it. So an undo writes as its writer, who could write the same without it. What it may not see for itself, the
--         images of its own entries, it is handed; that the batch is undone is written when the images say so.
--         As somebody mightier a table is touched only when nothing in it can be its maker's.

-- What a table has that its maker could have written; null is nothing. pg_depend says what is not PostgreSQL's own. Of
-- PostgreSQL's some run the SQL of a text or name (query_to_xml, pg_input_is_valid), or read files: of those that are not
-- immutable, only casts and a few that are known.
create function audit.objection(asked oid) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
with parts (classid, objid) as (
    select 'pg_class'::regclass, asked
    union all
    select 'pg_class'::regclass, indexrelid from pg_index where indrelid = asked
    union all
    select 'pg_constraint'::regclass, oid from pg_constraint where conrelid = asked
    union all
    select 'pg_attrdef'::regclass, oid from pg_attrdef where adrelid = asked
    union all
    select 'pg_trigger'::regclass, oid from pg_trigger where tgrelid = asked and tgisinternal
),

expressions (tree) as (
    select conbin::text from pg_constraint where conrelid = asked
    union all
    select adbin::text from pg_attrdef where adrelid = asked
    union all
    select concat(indexprs::text, indpred::text) from pg_index where indrelid = asked
),

calls (called) as (
    select found[1]::oid from expressions, regexp_matches(tree, ':funcid (\d+)', 'g') as found
)

select
    case
        when
            relkind <> 'r' or relispartition
            or exists (select from pg_inherits where asked in (inhrelid, inhparent))
            then 'sandboxes hold plain tables; partitions, children and foreign tables could not be audited.'
        when
            relrowsecurity
            or exists (select from pg_rewrite where ev_class = asked)
            or exists (select from pg_policy where polrelid = asked)
            or exists (select from pg_statistic_ext where stxrelid = asked)
            or exists (
                select from pg_trigger
                where tgrelid = asked and not tgisinternal and tgfoid <> 'audit.log_statement()'::regprocedure
            )
            or exists (
                select from pg_cast inner join pg_type as own on own.oid in (castsource, casttarget)
                where own.typrelid = asked
            )
            or exists (
                select from pg_depend as d inner join parts using (classid, objid)
                where
                    d.refclassid not in (
                        'pg_class'::regclass, 'pg_constraint'::regclass, 'pg_namespace'::regclass, 'pg_collation'::regclass
                    )
                    and not (d.refclassid = 'pg_proc'::regclass and d.refobjid = 'audit.log_statement()'::regprocedure)
            )
            or exists (
                select from calls left join pg_proc on pg_proc.oid = called
                where
                    provolatile is distinct from 'i'
                    and not exists (select from pg_cast where castfunc = called and pg_cast.oid < 16384)
                    and not coalesce(proname in (
                        'age', 'clock_timestamp', 'concat', 'concat_ws', 'current_database', 'date_part', 'date_trunc',
                        'extract', 'format', 'gen_random_uuid', 'nextval', 'now', 'random', 'statement_timestamp',
                        'to_char', 'transaction_timestamp'
                    ), false)
            )
            then 'expected columns of built-in types without functions of your own.'
    end
from pg_class
where pg_class.oid = asked
$$;

-- The table that an entry speaks of; null when another stands in its place, or none. Lock what is there before asking.
create function audit.table_of(entry bigint) returns regclass
language sql volatile set search_path = pg_catalog, pg_temp as $$
select k.oid::regclass
from audit.entry as e
inner join pg_class as k on k.oid = to_regclass(e.target)
where
    e.entry_id = entry
    -- No writer owns it, so none has changed what it is made of.
    and (
        k.relnamespace = 'curated'::regnamespace
        or (k.relnamespace::regnamespace::text ~ '^sandbox(_|$)' and k.relowner = to_regrole('reelhouse_owner'))
    )
    and audit.objection(k.oid) is null
    and not exists (
        select from audit.entry as since
        where since.target = e.target and since.entry_id > e.entry_id and since.operation in ('CREATE', 'DROP')
    )
$$;

-- The rows of an entry, for auditors; as they were kept when their table is not there any more.
create or replace function audit.images(entry bigint) returns table (before_image jsonb, after_image jsonb)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres' set timezone = 'UTC' as $$
declare
    asked audit.entry;
    shape text := 'text';
begin
    select * into asked from audit.entry as e where e.entry_id = entry;
    if to_regclass(asked.target) is not null then
        execute format('lock table %s in access share mode', asked.target);
        shape := coalesce(audit.table_of(entry)::text, shape);
    end if;
    return query execute format(
        'select to_jsonb(pair.former::%1$s), to_jsonb(pair.became::%1$s) from audit.row_image as kept,'
        ' lateral unnest(kept.before_images, kept.after_images) with ordinality as pair (former, became, place)'
        ' where kept.entry_id = $1 order by kept.place, pair.place', shape
    ) using entry;
end
$$;

-- The entries of a batch for the undo of its writer, newest first, their tables locked; `head` is where the chain ends.
create function audit.begin_undo(asked bigint)
returns table (
    entry_id bigint, operation text, target text, row_count bigint, content numeric, has_images boolean, xid xid8,
    head bigint
)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    e audit.entry;
begin
    if exists (select from audit.entry as u where u.undoes = asked) then
        raise object_not_in_prerequisite_state using message = format('Batch %s is undone already.', asked);
    end if;
    select h.entry_id into head from audit.head as h;
    for e in
        select * from audit.entry as own
        where own.batch = asked and own.person = session_user and own.operation not in ('REFUSED', 'UNDO')
        order by own.entry_id desc
    loop
        if e.operation = 'DROP' or to_regclass(e.target) is null then
            raise object_not_in_prerequisite_state
                using message = format('Batch %s: %s is gone since; it cannot be undone.', asked, e.target);
        end if;
        execute format('lock table %s in share row exclusive mode', e.target);
        if audit.table_of(e.entry_id) is null then
            raise object_not_in_prerequisite_state using message = format(
                'Batch %s: %s is not the table that was written, or calls functions of its maker.', asked, e.target
            );
        end if;
        entry_id := e.entry_id;
        operation := e.operation;
        target := e.target;
        row_count := e.row_count;
        content := e.content;
        has_images := e.rows_sha256 is not null;
        xid := e.xid;
        return next;
    end loop;
    if entry_id is null then
        raise no_data_found using message = format('Batch %s: not one that you wrote.', asked);
    end if;
end
$$;

-- The images of entries that the one who asks has written.
create function audit.own_images(asked bigint) returns table (former text, became text)
language sql stable security definer set search_path = pg_catalog, pg_temp rows 10000 as $$
select pair.former, pair.became
from audit.entry as e
inner join audit.row_image as kept on e.entry_id = kept.entry_id,
    lateral unnest(kept.before_images, kept.after_images) with ordinality as pair (former, became, place)
where e.entry_id = asked and e.person = session_user
order by kept.place, pair.place
$$;

-- What an upsert updated of the rows that its own transaction wrote into a table.
create function audit.own_updates(asked bigint) returns table (became text)
language sql stable security definer set search_path = pg_catalog, pg_temp rows 10000 as $$
select image
from audit.entry as e
inner join audit.entry as other on e.xid = other.xid and e.target = other.target
inner join audit.row_image as kept on other.entry_id = kept.entry_id,
    unnest(kept.after_images) as image
where e.entry_id = asked and e.person = session_user and other.person = session_user and other.operation = 'UPDATE'
$$;

-- Tables that a batch made go, and it is undone: when all that was written since the entry `head` by this transaction
-- has taken back, row by row, what the batch wrote. Asked without an undo, it refuses.
create function audit.end_undo(asked bigint, head bigint) returns bigint
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    -- Held from now on: of two who undo the same, the second finds it undone.
    last_entry bigint := audit.next_entry() - 1;
    made record;
    wrong text;
begin
    if exists (select from audit.entry as u where u.undoes = asked) then
        raise object_not_in_prerequisite_state using message = format('Batch %s is undone already.', asked);
    end if;
    with counted as (
        select e.entry_id, e.target, e.row_count, e.operation, e.content, e.rows_sha256
        from audit.entry as e
        where
            e.person = session_user
            and e.operation in ('INSERT', 'UPDATE', 'DELETE')
            and (
                (e.batch = asked and e.entry_id <= head)
                or (e.xid = pg_current_xact_id() and e.entry_id > head and e.logged_at >= now() - interval '1 minute')
            )
    ),

    changes as (
        select
            target,
            case operation when 'INSERT' then row_count when 'DELETE' then -row_count else 0 end as row_count,
            case when rows_sha256 is null then content else (
                select
                    coalesce(sum(hashtextextended(pair.became, 0)), 0) - coalesce(sum(hashtextextended(pair.former, 0)), 0)
                from audit.row_image as kept,
                    lateral unnest(kept.before_images, kept.after_images) as pair (former, became)
                where kept.entry_id = counted.entry_id
            ) end as content
        from counted
    )

    select min(changed.target) into wrong
    from (select target from changes group by target having sum(row_count) <> 0 or sum(content) <> 0) as changed;
    if wrong is not null or not exists (
        select from audit.entry as e where e.batch = asked and e.person = session_user and e.entry_id <= head
    ) then
        raise object_not_in_prerequisite_state using message = format(
            'Batch %s: rows of %s are not as they were before it; nothing was undone.', asked, coalesce(wrong, 'none')
        );
    end if;
    for made in
        select e.entry_id, e.target from audit.entry as e
        where e.batch = asked and e.person = session_user and e.operation = 'CREATE' and e.entry_id <= last_entry
        order by e.entry_id desc
    loop
        if to_regclass(made.target) is not null then
            execute format('lock table %s in access exclusive mode', made.target);
        end if;
        if audit.table_of(made.entry_id) is null then
            raise object_not_in_prerequisite_state
                using message = format('Batch %s: %s is gone since; it cannot be undone.', asked, made.target);
        end if;
        execute format('drop table %s', made.target);
    end loop;
    return audit.append(
        audit.next_entry(), 'UNDO', null, 0, null, null, asked, null, current_query()
    );
end
$$;

-- Take back all that a batch wrote, newest first, or nothing: as its writer, with no more rights than they have.
create or replace function audit.undo(asked bigint) returns bigint
language plpgsql volatile security invoker set search_path = pg_catalog, pg_temp set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres' set timezone = 'UTC' set extra_float_digits = '1' set bytea_output = 'hex' as $$
declare
    e record;
    found_rows bigint;
    found_content numeric;
    shape text;
    former_shape text;
begin
    for e in select * from audit.begin_undo(asked) loop
        if e.has_images then
            if e.operation <> 'DELETE' then
                execute format(
                    'delete from %1$s where ctid in (select standing.ctid from (select t.ctid, (t.*)::text as image,'
                    ' row_number() over (partition by (t.*)::text) as copy from %1$s as t) as standing inner join'
                    ' (select became as image, row_number() over (partition by became) as copy'
                    '  from audit.own_images($1)) as written'
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
                    'insert into %1$s (%2$s) overriding system value select %3$s'
                    ' from (select former::%1$s as former from audit.own_images($1)) as kept',
                    e.target, shape, former_shape
                ) using e.entry_id;
            end if;
        else
            -- Rows without images are known by their transaction, and checked by what they hold. What an upsert updated
            -- stands in the same transaction, with images.
            execute format(
                'create temporary table reelhouse_undone on commit drop as select t.ctid as place,'
                ' hashtextextended((t.*)::text, 0) as content from %s as t'
                ' where t.xmin::text = $1 and (t.*)::text not in (select became from audit.own_updates($2))', e.target
            ) using (e.xid::text::numeric % 4294967296)::text, e.entry_id;
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
            else
                execute format('delete from %s where ctid in (select place from pg_temp.reelhouse_undone)', e.target);
            end if;
            drop table pg_temp.reelhouse_undone;
        end if;
    end loop;
    return audit.end_undo(asked, e.head);
exception
    when unique_violation or exclusion_violation or foreign_key_violation then
        raise object_not_in_prerequisite_state
            using message = format('Batch %s: rows were written since that its former rows exclude: %s.', asked, sqlerrm);
    when invalid_text_representation or datatype_mismatch then
        raise object_not_in_prerequisite_state
            using message = format('Batch %s: its table has got other columns since.', asked);
end
$$;

-- Tables of a sandbox: audited from their making on, and owned by nobody who could switch that off.
create or replace function audit.adopt_sandbox_table() returns event_trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp set datestyle = 'ISO, YMD'
set intervalstyle = 'postgres' set timezone = 'UTC' set extra_float_digits = '1' set bytea_output = 'hex' as $$
declare
    made record;
    n bigint;
    content numeric;
begin
    for made in
        -- A foreign key to itself is told of once more.
        select distinct c.objid, c.object_identity, audit.objection(c.objid) as objection
        from pg_event_trigger_ddl_commands() as c
        inner join pg_class as k on k.oid = c.objid and c.classid = 'pg_class'::regclass
        where (c.schema_name = 'sandbox' or c.schema_name like 'sandbox\_%') and k.relkind in ('r', 'p', 'f')
    loop
        -- First of all: what follows looks into the table as the owner of the audit.
        if made.objection is not null then
            raise feature_not_supported using message = format('%s: %s', made.object_identity, made.objection);
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

revoke all on all functions in schema audit from public;

do $$
declare
    found record;
begin
    if to_regrole('reelhouse_scientist') is not null then
        grant execute on function
            audit.begin_undo(bigint), audit.own_images(bigint), audit.own_updates(bigint), audit.end_undo(bigint, bigint)
        to reelhouse_scientist;
    end if;
    for found in
        select k.oid::regclass as relation, audit.objection(k.oid) as objection from pg_class as k
        where
            k.relnamespace::regnamespace::text ~ '^sandbox(_|$)' and k.relowner = to_regrole('reelhouse_owner')
            and k.relkind = 'r' and audit.objection(k.oid) is not null
    loop
        raise warning '% would call functions of its maker (%): look at it, and drop it before the next restore or clone.',
            found.relation, found.objection;
    end loop;
end
$$;
