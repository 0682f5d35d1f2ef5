-- 038_as_of
-- Grain:  the schema of what was known on a day, and a role that sees nothing else
-- Reads:  -
-- Writes: schema as_of, role reelhouse_as_of
-- Rerun:  applied once, in order, by number; ops.migration remembers it
-- Notes:  its views are in 5_mart/as_of_views.sql. The client reads them as this role, so that a query that names a table
--         of today is refused instead of letting tomorrow leak into a model

create schema as_of;
comment on schema as_of is 'What was known at the end of a day: set reelhouse.as_of to it, or read(…, as_of=day) of the Python client.';

do $$
begin
    if to_regrole('reelhouse_as_of') is null then
        begin
            create role reelhouse_as_of nologin;
        exception
            when duplicate_object or unique_violation then null;
            when insufficient_privilege then
                raise warning 'Role reelhouse_as_of is missing, and this user may not make it: nothing can be read as of a day.';
                return;
        end;
    end if;
    grant usage on schema as_of to reelhouse_as_of;
    alter default privileges in schema as_of grant select on tables to reelhouse_as_of;
    begin
        grant reelhouse_as_of to reelhouse_analyst, reelhouse_scientist;
        if not pg_has_role(current_user, 'reelhouse_as_of', 'member') then
            execute format('grant reelhouse_as_of to %I', current_user);
        end if;
    exception
        when undefined_object or insufficient_privilege then null;
        -- Another warehouse of this server does it at this very moment.
        when unique_violation or internal_error then null;
    end;
    execute format('grant connect on database %I to reelhouse_as_of', current_database());
end
$$;
