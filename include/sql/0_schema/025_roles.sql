-- 025_roles
-- Grain:  who may do what: group roles, their privileges as data, and the function that grants them
-- Reads:  ops.role_privilege
-- Writes: ops.role_privilege, schema sandbox, ops.make_roles (function), roles reelhouse_*
-- Rerun:  applied once, in order, by number; ops.migration remembers it. ops.make_roles runs after every migration
-- Notes:  roles are the server's, their privileges this database's: warehouses of one server share the names and nothing
--         else. Nobody logs in as one of them; a person's own login is made a member: grant reelhouse_analyst to ann

create schema sandbox;

comment on schema sandbox is 'Where data scientists make tables of their own. Nothing of ours reads it.';

create table ops.role_privilege (
    role_name text not null check (
        role_name in ('owner', 'etl', 'app', 'analyst', 'scientist', 'auditor', 'watchdog')
    ),
    schema_name text not null,
    table_name text not null default '*',
    verbs text[] not null check (
        verbs <@ array['select', 'insert', 'update', 'delete', 'truncate', 'create']
    ),
    why text not null,
    primary key (role_name, schema_name, table_name)
);

comment on table ops.role_privilege is 'Grain: role x schema x table (or * for all, tables made later too). The whole of what the roles may do; what is not here is refused.';
comment on column ops.role_privilege.role_name is 'Role reelhouse_<name>.';
comment on column ops.role_privilege.schema_name is 'The schema.';
comment on column ops.role_privilege.table_name is 'The table or view, or * for all of the schema.';
comment on column ops.role_privilege.verbs is 'What it may do there; create: make tables in the schema.';
comment on column ops.role_privilege.why is 'What for.';

insert into ops.role_privilege (role_name, schema_name, table_name, verbs, why)
values
('analyst', 'mart', '*', '{select}', 'asks questions'),
('analyst', 'warehouse', '*', '{select}', 'asks questions'),
('scientist', 'mart', '*', '{select}', 'asks questions'),
('scientist', 'warehouse', '*', '{select}', 'trains models'),
('scientist', 'matching', '*', '{select}', 'studies evidence'),
('scientist', 'staging', '*', '{select}', 'studies sources'),
('scientist', 'sandbox', '*', '{create}', 'keeps results of one''s own'),
('app', 'mart', '*', '{select}', 'answers requests'),
('app', 'warehouse', '*', '{select}', 'answers requests'),
('app', 'matching', '*', '{select}', 'shows evidence and the review queue'),
('app', 'ops', '*', '{select}', 'shows what was loaded when'),
('app', 'staging', '*', '{select}', 'shows what the sources say of a row in review'),
('app', 'matching', 'override', '{select,insert,update}', 'a reviewer decides, or takes it back'),
('app', 'ops', 'api_key', '{select,insert,update,delete}', 'knows its callers'),
('app', 'ops', 'api_session', '{select,insert,update,delete}', 'knows its callers'),
('app', 'ops', 'api_request', '{select,insert,update,delete}', 'does a repeated request once'),
('app', 'warehouse', 'dim_user', '{select,insert,update,delete}', 'viewers sign up'),
('app', 'warehouse', 'fact_user_rating', '{select,insert,update,delete}', 'viewers rate'),
('app', 'warehouse', 'fact_viewing', '{select,insert,update,delete}', 'viewers watch'),
('auditor', 'mart', '*', '{select}', 'compares'),
('auditor', 'warehouse', '*', '{select}', 'compares'),
('auditor', 'matching', '*', '{select}', 'reads who decided what'),
('auditor', 'ops', '*', '{select}', 'reads the ledger'),
('auditor', 'quarantine', '*', '{select}', 'reads what was refused'),
('etl', 'staging', '*', '{select,insert,update,delete,truncate,create}', 'stages files; owns the tables'),
('etl', 'matching', '*', '{select,insert,update,delete,truncate,create}', 'matches; owns the tables'),
('etl', 'build', '*', '{select,insert,update,delete,truncate,create}', 'builds aside; owns the tables'),
('etl', 'quarantine', '*', '{select,insert,update,delete,truncate}', 'sets rows aside'),
('etl', 'warehouse', '*', '{select,insert,update,delete}', 'publishes'),
('etl', 'ops', '*', '{select,insert,update,delete}', 'keeps the ledger'),
('etl', 'mart', '*', '{select}', 'summarizes'),
('owner', 'staging', '*', '{select,insert,update,delete,truncate,create}', 'repairs'),
('owner', 'matching', '*', '{select,insert,update,delete,truncate,create}', 'repairs'),
('owner', 'build', '*', '{select,insert,update,delete,truncate,create}', 'repairs'),
('owner', 'quarantine', '*', '{select,insert,update,delete,truncate,create}', 'repairs'),
('owner', 'warehouse', '*', '{select,insert,update,delete,truncate,create}', 'repairs'),
('owner', 'ops', '*', '{select,insert,update,delete,truncate,create}', 'repairs'),
('owner', 'mart', '*', '{select,create}', 'repairs'),
('owner', 'sandbox', '*', '{select,insert,update,delete,truncate,create}', 'repairs');

create function ops.make_roles()
returns text
language plpgsql
set client_min_messages = error
as $$
declare
    name text;
    wish record;
    said text;
    missing text[] := '{}';
    schemas constant text[] := array['ops', 'quarantine', 'staging', 'matching', 'build', 'warehouse', 'mart', 'sandbox'];
begin
    foreach name in array array['owner', 'etl', 'app', 'analyst', 'scientist', 'auditor', 'watchdog'] loop
        if to_regrole('reelhouse_' || name) is null then
            begin
                execute format('create role %I nologin', 'reelhouse_' || name);
            exception
                -- Another warehouse of this server makes them at this very moment.
                when duplicate_object or unique_violation then null;
                when insufficient_privilege then missing := missing || ('reelhouse_' || name);
            end;
        end if;
    end loop;
    if cardinality(missing) > 0 then
        return 'roles: expected the right to make roles (createrole), found none; missing: '
            || array_to_string(missing, ', ')
            || '. Everything else works; let an administrator run: select ops.make_roles()';
    end if;

    -- What everybody has from PostgreSQL and nobody needs: connecting, temporary tables, schema public, large objects,
    -- advisory locks. Only who owns these can revoke them.
    begin
        execute format('revoke all on database %I from public', current_database());
        execute format(
            'grant connect on database %I to reelhouse_owner, reelhouse_etl, reelhouse_app, reelhouse_analyst,'
            ' reelhouse_scientist, reelhouse_auditor, reelhouse_watchdog', current_database()
        );
        execute format('grant temporary on database %I to reelhouse_owner, reelhouse_etl, reelhouse_scientist',
            current_database());
        revoke all on schema public from public;
        for wish in
            select oid::regprocedure as signature, proname ~ '^pg_.*advisory' as is_lock
            from pg_catalog.pg_proc
            where pronamespace = 'pg_catalog'::regnamespace
                and (proname ~ '^(lo_|loread$|lowrite$)' or proname ~ '^pg_.*advisory')
                and has_function_privilege('public', oid, 'execute')
        loop
            execute format('revoke execute on function %s from public', wish.signature);
            if wish.is_lock then
                execute format('grant execute on function %s to reelhouse_owner, reelhouse_etl', wish.signature);
            end if;
        end loop;
    exception
        when insufficient_privilege then null;
    end;
    if
        has_database_privilege('public', current_database(), 'connect')
        or has_function_privilege('public', 'pg_catalog.lo_create(oid)', 'execute')
    then
        said := 'roles: made, but what everybody may do by default was not revoked: only a superuser can.'
            ' Let one run: select ops.make_roles()';
    end if;

    for name in select unnest(schemas) loop
        execute format('revoke all on schema %I from public', name);
        for wish in select 'reelhouse_' || role_name as grantee, schema_name, table_name, verbs
            from ops.role_privilege where schema_name = name order by table_name
        loop
            execute format('grant usage%s on schema %I to %I',
                case when 'create' = any(wish.verbs) then ', create' else '' end, name, wish.grantee);
            if cardinality(array_remove(wish.verbs, 'create')) = 0 then
                continue;
            end if;
            if wish.table_name = '*' then
                execute format('grant %s on all tables in schema %I to %I',
                    array_to_string(array_remove(wish.verbs, 'create'), ', '), name, wish.grantee);
                -- Tables made tomorrow, by whoever makes them today.
                execute format('alter default privileges in schema %I grant %s on tables to %I',
                    name, array_to_string(array_remove(wish.verbs, 'create'), ', '), wish.grantee);
            elsif to_regclass(format('%I.%I', name, wish.table_name)) is not null then
                execute format('grant %s on %I.%I to %I',
                    array_to_string(wish.verbs, ', '), name, wish.table_name, wish.grantee);
            end if;
        end loop;
    end loop;

    -- Staging drops indexes and sets triggers aside while it fills a table: only an owner may.
    begin
        if not pg_has_role(current_user, 'reelhouse_etl', 'usage') then
            execute format('grant reelhouse_etl to %I', current_user);
        end if;
    exception
        when insufficient_privilege then
            return coalesce(said || ' ', '') || 'reelhouse_etl does not own the tables it fills: let an administrator run:'
                || format(' grant reelhouse_etl to %I; then again: select ops.make_roles()', current_user);
    end;
    for wish in
        select pg_class.oid::regclass as relation
        from pg_catalog.pg_class
        where relnamespace in ('staging'::regnamespace, 'matching'::regnamespace, 'build'::regnamespace)
            and relkind in ('r', 'p') and relowner <> 'reelhouse_etl'::regrole
    loop
        execute format('alter table %s owner to reelhouse_etl', wish.relation);
    end loop;

    begin
        if not pg_has_role('reelhouse_watchdog', 'pg_signal_backend', 'usage') then
            grant pg_signal_backend, pg_read_all_stats to reelhouse_watchdog;
        end if;
    exception
        when insufficient_privilege then
            said := coalesce(said || ' ', '') || 'reelhouse_watchdog cannot end sessions: let a superuser run:'
                ' grant pg_signal_backend, pg_read_all_stats to reelhouse_watchdog';
        -- Another warehouse of this server does it at this very moment.
        when unique_violation or internal_error then null;
    end;
    return said;
end
$$;

comment on function ops.make_roles() is 'Make the roles and grant them what ops.role_privilege says, and no more. May be run at any time. Gives what could not be done and who can do it, or null.';

revoke all on function ops.make_roles() from public;
