-- 037_people
-- Grain:  what analysts, scientists and auditors may do; one login for each person comes by `reelhouse people add`
-- Reads:  -
-- Writes: roles, privileges of the schemas people see, event triggers
-- Rerun:  applied once, in order, by number; ops.migration remembers it
-- Notes:  Roles belong to the whole server: another database may have made them. Without the right to make roles the
--         warehouse works all the same, for its owner alone.

do $$
declare
    wanted text;
begin
    foreach wanted in array array['reelhouse_owner', 'reelhouse_analyst', 'reelhouse_scientist', 'reelhouse_auditor']
    loop
        if not exists (select from pg_roles where rolname = wanted) then
            begin
                execute format('create role %I nologin', wanted);
            exception
                when duplicate_object or unique_violation then null;
                when insufficient_privilege then
                    raise warning 'Role % is missing, and this user may not make it: nobody else can be let in.', wanted;
            end;
        end if;
    end loop;
end
$$;

do $$
declare
    reader text;
    layer text;
begin
    if (select count(*) from pg_roles where rolname in
        ('reelhouse_owner', 'reelhouse_analyst', 'reelhouse_scientist', 'reelhouse_auditor')) < 4 then
        return;
    end if;
    foreach reader in array array['reelhouse_analyst', 'reelhouse_scientist'] loop
        foreach layer in array array['mart', 'warehouse', 'curated'] loop
            execute format('grant usage on schema %I to %I', layer, reader);
            execute format('grant select on all tables in schema %I to %I', layer, reader);
            -- What a later migration makes can be read too.
            execute format('alter default privileges in schema %I grant select on tables to %I', layer, reader);
        end loop;
    end loop;
    grant insert, update, delete on curated.recommendation, curated.title_note to reelhouse_scientist;
    grant usage on schema audit to reelhouse_scientist, reelhouse_auditor;
    grant execute on function
        audit.note_refusal(text, text), audit.my_history(integer), audit.written_now(text), audit.undo(bigint)
    to reelhouse_scientist;
    grant select on all tables in schema audit to reelhouse_auditor;
    grant execute on function
        audit.verify(), audit.hash_of(audit.entry), audit.digest_of_images(bigint), audit.images(bigint) to reelhouse_auditor;
    if not (select rolsuper from pg_roles where rolname = current_user) then
        raise warning 'Not a superuser: sandboxes cannot be audited here, so scientists get none.';
        return;
    end if;
    create event trigger reelhouse_sandbox_made on ddl_command_end
    when tag in ('CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO', 'CREATE FOREIGN TABLE')
    execute function audit.adopt_sandbox_table();
    create event trigger reelhouse_sandbox_dropped on sql_drop
    when tag in ('DROP TABLE', 'DROP SCHEMA', 'DROP OWNED')
    execute function audit.note_dropped_table();
    -- A reader could fill the disk or stop a run with these.
    for reader in
        select format('revoke execute on function %s from public', oid::regprocedure) from pg_proc
        where
            pronamespace = 'pg_catalog'::regnamespace
            and (proname like 'lo\_%' or proname like 'pg\_advisory%' or proname like 'pg\_try\_advisory%'
                or proname in ('loread', 'lowrite'))
    loop
        execute reader;
    end loop;
end
$$;
