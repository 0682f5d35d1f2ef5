-- 051_audit_of_restored
-- Grain:  one function and one question of the audit, for a warehouse that was restored
-- Reads:  audit.entry
-- Writes: audit.append, audit.written_now (functions)
-- Rerun:  applied once, in order, by number; ops.migration remembers it
-- Notes:  A restored warehouse may be on a server that counts transactions from the beginning. One whose number an old
--         entry has must not join that entry's batch: undoing the one would take back the other. So an entry is of this
--         transaction only when it was written since it began (and a minute: clocks are set back).

create or replace function audit.append(
    entry bigint, op text, target text, n bigint, content numeric, images bytea, undoes bigint, reason text, said text
) returns bigint
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
    made audit.entry;
begin
    made.entry_id := entry;
    made.xid := pg_current_xact_id();
    select e.batch into made.batch from audit.entry as e
    where e.xid = made.xid and e.logged_at >= now() - interval '1 minute' limit 1;
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

create or replace function audit.written_now(asked text)
returns table (batch bigint, target text, row_count bigint)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
select e.batch, coalesce(e.target, 'undone'), e.row_count from audit.entry as e
where e.xid = asked::xid8 and e.person = session_user and e.logged_at >= now() - interval '1 minute'
order by e.entry_id
$$;
