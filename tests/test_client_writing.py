"""Scientists write safely: whole or not at all, audited, taken back on request; nobody gets around it."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pandas as pd
import psycopg
import pytest
from people import login

from reelhouse import Warehouse
from reelhouse.auditing import export_head, verify
from reelhouse.database import connect
from reelhouse.errors import BadQuery, Conflict, NotAllowed, QueryWrong, SettingsWrong, Timeout
from reelhouse.operating import watchdog
from reelhouse.operating.clone import make_clone
from reelhouse.operating.watchdog import end_excess

NOTES = "curated.title_note"


@pytest.fixture(scope="module")
def scientist_dsn(module_dsn):
    with login(module_dsn, "scientist") as dsn:
        yield dsn


@pytest.fixture(scope="module")
def analyst_dsn(module_dsn):
    with login(module_dsn, "analyst") as dsn:
        yield dsn


@pytest.fixture
def scientist(scientist_dsn):
    with Warehouse(scientist_dsn) as warehouse:
        yield warehouse


@pytest.fixture
def analyst(analyst_dsn):
    with Warehouse(analyst_dsn) as warehouse:
        yield warehouse


@pytest.fixture
def owner(module_dsn):
    with connect(module_dsn, "reelhouse test", autocommit=True) as conn:
        yield conn


@pytest.fixture
def sandbox(scientist):
    return f"sandbox_{scientist.login}"


@pytest.fixture
def notes(scientist):
    """Three notes in an otherwise empty table, and its content."""
    scientist.write("delete from curated.title_note")
    frame = pd.DataFrame({"title_key": [1, 2, 3], "topic": "mood", "note": ["dark, cold", None, 'say "x"\n\\N'],
                          "number": [1.5, None, 0.1 + 0.2]})  # fmt: skip
    scientist.send(frame, NOTES)
    return content(scientist, NOTES)


def content(warehouse: Warehouse, table: str) -> tuple:
    found = warehouse.read(f"select count(*) as n, sum(hashtextextended(t::text, 0)) as content from {table} as t")
    return tuple(found.iloc[0])


def test_a_write_says_its_batch_and_what_it_wrote_where(scientist, notes):
    written = scientist.write("update curated.title_note set number = 2 where title_key < %(key)s", {"key": 3})
    assert written.table_counts == {NOTES: 2}
    assert scientist.history(1)["batch"][0] == written.batch
    assert scientist.history(1)["operation"][0] == "UPDATE"


@pytest.mark.parametrize(
    "sql",
    [
        "update curated.title_note set number = coalesce(number, 0) + 1",
        "delete from curated.title_note where title_key >= 2",
        "insert into curated.title_note (title_key, topic) values (9, 'mood'), (10, 'mood')",
        "update curated.title_note set title_key = title_key + 100",
        "merge into curated.title_note using (values (1), (7)) as new (key) on title_key = key"
        " when matched then update set note = 'merged'"
        " when not matched then insert (title_key, topic) values (key, 'mood')",
        "with gone as (delete from curated.title_note where title_key = 1 returning *)"
        " insert into curated.title_note (title_key, topic) select title_key + 50, topic from gone",
    ],
)
def test_undo_brings_the_very_content_back_once(scientist, notes, sql):
    written = scientist.write(sql)
    assert content(scientist, NOTES) != notes
    scientist.undo(written.batch)
    assert content(scientist, NOTES) == notes
    with pytest.raises(Conflict, match="undone already"):
        scientist.undo(written.batch)


def test_undo_is_refused_when_a_row_changed_since(scientist, notes):
    first = scientist.write("update curated.title_note set note = 'first' where title_key = 1")
    scientist.write("update curated.title_note set note = 'second' where title_key = 1")
    before = content(scientist, NOTES)
    with pytest.raises(Conflict, match=r"1 of the 1 rows .* changed or deleted since"):
        scientist.undo(first.batch)
    assert content(scientist, NOTES) == before


def test_a_dry_run_counts_and_leaves_nothing(scientist, notes):
    written = scientist.write("delete from curated.title_note", dry_run=True)
    assert (written.batch, written.table_counts) == (None, {NOTES: 3})
    assert content(scientist, NOTES) == notes


def test_a_failing_write_leaves_nothing_and_is_kept_as_refused(scientist, notes):
    bad = pd.DataFrame({"title_key": ["8", "not a number"], "topic": "mood"})
    with pytest.raises(BadQuery):
        scientist.send(bad, NOTES)
    assert content(scientist, NOTES) == notes
    last = scientist.history(1).iloc[0]
    assert last["operation"] == "REFUSED"
    assert last["reason"].startswith("22P02")


def test_a_wrong_query_is_marked_at_its_place(scientist):
    with pytest.raises(BadQuery) as caught:
        scientist.read("select title\nfrom mart.title")
    assert str(caught.value).endswith("\n    from mart.title\n         ^")


def test_sending_appends_replaces_and_upserts(scientist, notes):
    more = pd.DataFrame({"title_key": [3, 4], "topic": "mood", "written_by": scientist.login, "number": [30.0, 4.0]})
    sent = scientist.send(more, NOTES, "upsert", ["title_key", "topic", "written_by"])
    found = scientist.read("select title_key, number from curated.title_note order by 1")
    assert found["number"].tolist()[2:] == [30.0, 4.0]
    scientist.undo(sent.batch)
    assert content(scientist, NOTES) == notes
    replaced = scientist.send(more, NOTES, "replace")
    assert content(scientist, NOTES)[0] == 2
    scientist.undo(replaced.batch)
    assert content(scientist, NOTES) == notes


def test_a_sandbox_table_is_audited_from_its_making_on(scientist, sandbox):
    table = f"{sandbox}.numbers"
    made = scientist.write(f"create table {table} as select n, n::text as words from generate_series(1, 20) as n")
    assert made.table_counts == {table: 20}
    before = content(scientist, table)
    large = scientist.send(pd.DataFrame({"n": range(12_000), "words": "x"}), table)
    scientist.undo(large.batch)
    assert content(scientist, table) == before
    scientist.undo(made.batch)
    with pytest.raises(BadQuery, match="does not exist"):
        scientist.read(f"select * from {table}")


def test_an_undo_of_many_rows_is_refused_when_one_changed_since(scientist, sandbox):
    table = f"{sandbox}.many"
    scientist.write(f"create table {table} (n integer)")
    large = scientist.send(pd.DataFrame({"n": range(10_001)}), table)
    scientist.write(f"update {table} set n = -1 where n = 5")
    with pytest.raises(Conflict, match="10000 of 10001"):
        scientist.undo(large.batch)


def test_an_upsert_of_many_rows_is_undone_with_what_it_updated(scientist, sandbox):
    table = f"{sandbox}.upserted"
    scientist.write(f"create table {table} as select n, 'old' as words from generate_series(1, 50) as n")
    with pytest.raises(BadQuery, match="no unique or exclusion constraint"):
        scientist.send(pd.DataFrame({"n": [1], "words": ["new"]}), table, "upsert", "n")
    keyed = f"{sandbox}.keyed"
    scientist.write(f"create table {keyed} (n integer primary key, words text)")
    scientist.send(pd.DataFrame({"n": range(50), "words": "old"}), keyed)
    before = content(scientist, keyed)
    sent = scientist.send(pd.DataFrame({"n": range(11_000), "words": "new"}), keyed, "upsert", "n")
    assert sent.table_counts == {keyed: 11_000}
    scientist.undo(sent.batch)
    assert content(scientist, keyed) == before
    replaced = scientist.send(pd.DataFrame({"n": range(11_000), "words": "new"}), keyed, "replace")
    scientist.undo(replaced.batch)
    assert content(scientist, keyed) == before


def test_an_auditor_sees_the_rows_of_an_entry_and_changes_none(module_dsn, scientist, notes):
    scientist.write("update curated.title_note set number = 8 where title_key = 1")
    with login(module_dsn, "auditor") as dsn, Warehouse(dsn) as auditor:
        entry = auditor.read("select max(entry_id) as entry_id from audit.entry")["entry_id"].item()
        before, after = auditor.read("select * from audit.images(%s)", [entry]).iloc[0]
        assert auditor.read("select * from audit.verify()").empty
        with pytest.raises(NotAllowed):
            auditor.write("delete from audit.entry")
    assert (before["number"], after["number"], after["note"]) == (1.5, 8, "dark, cold")


def test_nobody_undoes_what_another_wrote(module_dsn, scientist, notes):
    written = scientist.write("delete from curated.title_note where title_key = 1")
    with login(module_dsn, "scientist") as other_dsn, Warehouse(other_dsn) as other:
        with pytest.raises(QueryWrong, match="not one that you wrote"):
            other.undo(written.batch)
        assert other.history().query("operation != 'REFUSED'").empty
        with pytest.raises(NotAllowed):
            other.read(f"select * from sandbox_{scientist.login}.many")


def test_two_who_write_the_same_row_end_one_after_the_other(scientist_dsn, scientist, notes):
    def add() -> None:
        with Warehouse(scientist_dsn) as each:
            for _ in range(5):
                each.write("update curated.title_note set number = coalesce(number, 0) + 1 where title_key = 2")

    threads = [threading.Thread(target=add) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert scientist.read("select number from curated.title_note where title_key = 2")["number"][0] == 15


EVASIONS = [
    "select * from audit.entry",
    "delete from audit.entry",
    "update audit.head set entry_id = 0",
    "insert into audit.row_image values (1, 1, null, null)",
    "select audit.append(1, 'UNDO', null, 0, null, null, null, null, '')",
    "select audit.next_entry()",
    "alter table curated.title_note disable trigger all",
    "drop trigger audit_update on curated.title_note",
    "truncate curated.title_note",
    "alter table curated.title_note owner to current_user",
    "create trigger mine before insert on curated.title_note execute function suppress_redundant_updates_trigger()",
    "create rule mine as on insert to curated.title_note do instead nothing",
    "set session_replication_role = replica",
    "set role reelhouse_owner",
    "set session authorization postgres",
    "create or replace function audit.log_statement() returns trigger language plpgsql as 'begin return null; end'",
    "drop event trigger reelhouse_sandbox_made",
    "create event trigger mine on ddl_command_end execute function audit.adopt_sandbox_table()",
    "select pg_read_file('/etc/passwd')",
    "copy curated.title_note to program 'id'",
    "copy curated.title_note from '/etc/passwd'",
    "select lo_create(0)",
    "select lo_import('/etc/passwd')",
    "select pg_advisory_lock(1)",
    "select pg_try_advisory_lock(1)",
    "select pg_advisory_xact_lock_shared(1)",
    "create table public.x (i integer)",
    "create schema mine",
    "update warehouse.dim_title set title = 'x'",
    "delete from ops.load",
    "select * from ops.load",
    "select pg_terminate_backend(pid) from pg_stat_activity where usename <> current_user",
    "alter role current_user superuser",
    "alter system set log_statement = 'none'",
    "create extension dblink",
    "set temp_file_limit = -1",
]  # fmt: skip


@pytest.mark.parametrize("sql", EVASIONS)
@pytest.mark.parametrize("who", ["analyst", "scientist"])
def test_every_way_around_the_audit_is_refused(request, who, sql):
    dsn = request.getfixturevalue(f"{who}_dsn")
    with psycopg.connect(dsn, autocommit=True) as conn:
        # What a login's own settings say, it can unset: they are no guard.
        conn.execute("set default_transaction_read_only = off")
        with pytest.raises(psycopg.Error) as caught:
            conn.execute(sql)
    # 3F000: there is no schema in which they could make anything.
    assert caught.value.sqlstate in ("42501", "42704", "0A000", "42P01", "3F000"), caught.value


@pytest.mark.parametrize(
    "sql",
    [
        "alter table {box}.held disable trigger all",
        "drop trigger audit_insert on {box}.held",
        "alter table {box}.held add column other integer",
        "truncate {box}.held",
        "create table {box}.part partition of {box}.held for values in (1)",
        "create table {box}.child () inherits ({box}.held)",
        "create table {box}.parted (n integer) partition by list (n)",
        "alter table {box}.held set schema public",
    ],
)
def test_a_table_of_a_sandbox_cannot_leave_the_audit(scientist, sandbox, sql):
    if scientist.read("select to_regclass(%s) is null as gone", [f"{sandbox}.held"])["gone"][0]:
        scientist.write(f"create table {sandbox}.held (n integer)")
    with pytest.raises(QueryWrong):
        scientist.write(sql.format(box=sandbox))


TRAPS = {
    "check": "n integer check ({box}.evil(n))",
    "check_by_operator": "n integer check (n operator({box}.===) 1)",
    "check_by_cast": "n integer check ((n::{box}.odd).n = 1)",
    "check_of_sql_in_a_text": "n integer check (ts_rewrite('a', 'select to_tsquery(''a''), to_tsquery(''b'')"
    " where {box}.evil(1)') is not null)",
    "check_by_name": "n text check (table_to_xml('{box}.traps'::regclass, true, true, '') is not null)",
    "check_of_a_file": "n integer check (pg_read_file('/etc/passwd') is not null)",
    "default": "n boolean default {box}.evil(1)",
    "generated": "n integer, m boolean generated always as ({box}.evil(n)) stored",
    "index": "n integer, exclude (({box}.evil(n)) with =)",
    "index_in_part": "n integer, exclude (n with =) where ({box}.evil(n))",
    "index_by_operator": "n integer, exclude ((n operator({box}.===) 1) with =)",
    "composite": "n {box}.odd",
    "array": "n {box}.odd[]",
    "domain": "n {box}.checked",
}
# What a function of theirs does to the table while its own rows are asked for.
MEANWHILE = {
    "cast": "create cast ({box}.meanwhile as text) with function {box}.shown({box}.meanwhile)",
    "rule": "create rule mine as on insert to {box}.meanwhile do also select {box}.evil(1)",
    "policy": "create policy mine on {box}.meanwhile using ({box}.evil(1))",
    "trigger": "create trigger mine before delete on {box}.meanwhile execute function {box}.evil_trigger()",
    "statistics": "create statistics {box}.mine on ({box}.evil(n)) from {box}.meanwhile",
}


@pytest.fixture
def traps(scientist_dsn, scientist, owner, sandbox):
    """A scientist's connection, and functions with which to become a superuser."""
    body = (
        "begin execute format('alter role %I superuser', session_user); {0};"
        " exception when insufficient_privilege then {0}; end"
    )
    # A function may say that it changes nothing, and call one that does.
    harmless = f"language plpgsql immutable as $$begin return {sandbox}.mighty(); end$$"
    with psycopg.connect(scientist_dsn, autocommit=True) as conn:
        for statement in (
            f"create function {sandbox}.mighty() returns boolean language plpgsql as $${body.format('return true')}$$",
            f"create function {sandbox}.evil(integer) returns boolean {harmless}",
            f"create function {sandbox}.evil(integer, integer) returns boolean {harmless}",
            f"create function {sandbox}.evil_trigger() returns trigger language plpgsql"
            f" as $${body.format('return old')}$$",
            f"create operator {sandbox}.=== (leftarg = integer, rightarg = integer, function = {sandbox}.evil)",
            f"create type {sandbox}.odd as (n integer)",
            f"create function {sandbox}.made_odd(integer) returns {sandbox}.odd language sql as 'select row($1)'",
            f"create cast (integer as {sandbox}.odd) with function {sandbox}.made_odd(integer)",
            f"create domain {sandbox}.checked as integer check ({sandbox}.evil(value))",
            f"create view {sandbox}.traps as select {sandbox}.evil(1) as n",
        ):
            conn.execute(statement)
        yield conn
    (is_super,) = owner.execute("select rolsuper from pg_roles where rolname = %s", (scientist.login,)).fetchone()
    owner.execute(f"alter role {scientist.login} nosuperuser")
    owner.execute(
        f"drop schema {sandbox} cascade; create schema {sandbox} authorization {scientist.login};"
        f" grant usage, create on schema {sandbox} to reelhouse_owner"
    )
    assert not is_super, f"{scientist.login} has become a superuser"


@pytest.mark.parametrize("trap", TRAPS)
def test_a_table_that_would_call_functions_of_its_maker_is_refused(traps, scientist, sandbox, trap):
    with pytest.raises(QueryWrong, match="expected columns of built-in types without functions"):
        scientist.write(f"create table {sandbox}.trap ({TRAPS[trap].format(box=sandbox)})")


@pytest.mark.parametrize("meanwhile", MEANWHILE)
def test_a_table_that_got_more_than_columns_while_it_was_filled_is_refused(traps, scientist, sandbox, meanwhile):
    statement = MEANWHILE[meanwhile].format(box=sandbox)
    shown = (
        f"create function {sandbox}.shown({sandbox}.meanwhile) returns text language plpgsql as"
        f" 'begin perform {sandbox}.evil(1); return 1; end'; "
    )
    body = (shown if meanwhile == "cast" else "") + statement
    traps.execute(
        f"create function {sandbox}.at_work() returns integer language plpgsql as $$begin {body}; return 1; end$$"
    )
    with pytest.raises(QueryWrong, match="expected columns of built-in types without functions"):
        scientist.write(f"create table {sandbox}.meanwhile as select {sandbox}.at_work() as n")


def test_a_table_may_have_keys_checks_and_defaults_that_postgresql_brings(scientist, sandbox):
    table = f"{sandbox}.plain"
    scientist.write(
        f"create table {table} (n integer generated always as identity primary key,"
        f' part_of integer references {table} on delete cascade, name text collate "C" not null unique,'
        " score numeric(5, 2) check (score between 0 and 10), made_at timestamptz default now(),"
        " made_on date default current_date, by text default session_user, known_on date default now()::date,"
        " id uuid default gen_random_uuid(), words text[], details jsonb,"
        " length integer generated always as (length(name)) stored, check (lower(name) = name and made_on <= now()),"
        " exclude (lower(name) with =) where (score > 5))"
    )
    scientist.write(f"insert into {table} (name, score) values ('one', 9), ('two', 3)")
    scientist.write(f"insert into {table} (name, part_of) values ('three', 1)")
    before = content(scientist, table)
    gone = scientist.write(f"delete from {table} where n = 1")
    # What a foreign key takes with it comes back with it.
    assert content(scientist, table)[0] == 1
    scientist.undo(gone.batch)
    assert content(scientist, table) == before


def as_made_before(owner, scientist, table, columns):
    """A table that was let in once, when less was looked at."""
    for statement in (
        "alter event trigger reelhouse_sandbox_made disable",
        f"create table {table} ({columns})",
        "alter event trigger reelhouse_sandbox_made enable",
        f"select audit.watch('{table}')",
        f"alter table {table} owner to reelhouse_owner",
        f"grant select, insert, update, delete on {table} to {scientist.login}",
    ):
        owner.execute(statement)


@pytest.mark.parametrize("trap", ["check_by_operator", "check_of_sql_in_a_text", "index", "index_in_part"])
def test_an_undo_runs_nothing_with_more_rights_than_its_writer_has(module_dsn, traps, owner, scientist, sandbox, trap):
    as_made_before(owner, scientist, f"{sandbox}.trap", TRAPS[trap].format(box=sandbox))
    scientist.write(f"insert into {sandbox}.trap values (1)")
    deleted = scientist.write(f"delete from {sandbox}.trap")
    with pytest.raises(Conflict, match="trap is not the table that was written"):
        scientist.undo(deleted.batch)
    with pytest.raises(SettingsWrong, match="found trap"):
        make_clone(module_dsn, scientist.login, Path("/nowhere"))
    # Not even if nobody had looked: what runs, runs as the writer.
    signature = "audit.objection(oid)"
    (definition,) = owner.execute("select pg_get_functiondef(%s::regprocedure)", (signature,)).fetchone()
    owner.execute("create or replace function audit.objection(asked oid) returns text language sql as 'select null'")
    try:
        scientist.undo(deleted.batch)
    finally:
        owner.execute(definition)
    assert scientist.read(f"select n from {sandbox}.trap")["n"].tolist() == [1]


@pytest.mark.parametrize("kind", ["view", "table", "type"])
def test_what_stands_in_the_place_of_a_table_since_is_neither_asked_nor_written(
    module_dsn, traps, owner, scientist, sandbox, kind
):
    table = f"{sandbox}.swapped"
    scientist.write(f"create table {table} (n integer)")
    inserted = scientist.write(f"insert into {table} values (1)")
    traps.execute(f"drop table {table}")
    if kind == "view":
        traps.execute(
            f"create view {table} as select 1 as n, '(0,1)'::tid as ctid, 1 as xmin, {sandbox}.evil(1) as is_evil"
        )
        traps.execute(f"create rule mine as on delete to {table} do instead select {sandbox}.evil(1)")
    elif kind == "table":
        traps.execute(f"create table {table} (n integer)")
        traps.execute(f"insert into {table} values (1)")
    else:
        traps.execute(f"create domain {table} as text check ({sandbox}.evil(length(value)))")
    with pytest.raises(Conflict, match=r"gone since|not the table that was written"):
        scientist.undo(inserted.batch)
    with login(module_dsn, "auditor") as dsn, Warehouse(dsn) as auditor:
        (entry,) = owner.execute(
            "select entry_id from audit.entry where batch = %s and operation = 'INSERT'", (inserted.batch,)
        ).fetchone()
        # As it was kept: nothing says any more which columns it had.
        assert auditor.read("select after_image from audit.images(%s)", [entry])["after_image"].tolist() == ["(1)"]


def test_nobody_says_that_a_batch_is_undone_without_undoing_it(scientist, scientist_dsn, notes):
    written = scientist.write("delete from curated.title_note where title_key = 1")
    others = "insert into curated.title_note (title_key, topic) values (1, 'mood')"
    for meanwhile in ("select 1", others):
        with psycopg.connect(scientist_dsn) as conn:
            conn.execute(meanwhile)
            with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="as they were"):
                conn.execute("select audit.end_undo(%s, 0)", (written.batch,))
    scientist.undo(written.batch)
    assert content(scientist, NOTES) == notes


def test_two_who_undo_the_same_do_it_once(scientist, scientist_dsn, sandbox):
    scientist.write(f"create table {sandbox}.twice as select 1 as n")
    deleted = scientist.write(f"delete from {sandbox}.twice")
    with psycopg.connect(scientist_dsn) as first, psycopg.connect(scientist_dsn) as second:
        first.execute("select audit.undo(%s)", (deleted.batch,))
        refused: list[BaseException] = []

        def undo_too() -> None:
            try:
                second.execute("select audit.undo(%s)", (deleted.batch,))
            except psycopg.Error as error:
                refused.append(error)

        waiting = threading.Thread(target=undo_too)
        waiting.start()
        threading.Event().wait(0.3)
        first.commit()
        waiting.join()
    assert [error.diag.message_primary for error in refused] == [f"Batch {deleted.batch} is undone already."]
    assert scientist.read(f"select count(*) as n from {sandbox}.twice")["n"][0] == 1


def test_an_analyst_reads_and_writes_nothing(analyst):
    assert len(analyst.read("select * from mart.titles limit 1")) <= 1
    for sql in ("delete from curated.title_note", "create table curated.x (n integer)", "create temp table x (n int)"):
        with pytest.raises(NotAllowed):
            analyst.write(sql)


def test_a_table_made_tomorrow_can_be_read(owner, analyst):
    owner.execute("create table warehouse.made_tomorrow (n integer)")
    assert analyst.read("select * from warehouse.made_tomorrow").empty
    owner.execute("drop table warehouse.made_tomorrow")


def test_a_statement_that_takes_too_long_is_ended_though_its_timeout_was_unset(owner, analyst_dsn):
    with psycopg.connect(analyst_dsn, autocommit=True) as conn:
        conn.execute("set statement_timeout = 0")
        ended = threading.Timer(0.5, lambda: end_excess(owner, {"reelhouse_analyst": (0.1, 60)}))
        ended.start()
        with pytest.raises(psycopg.errors.AdminShutdown):
            conn.execute("select pg_sleep(30)")


def test_a_frozen_copy_and_an_idle_transaction_are_ended(owner, analyst_dsn):
    frozen = psycopg.connect(analyst_dsn)
    question = "copy (select repeat('x', 1000) from generate_series(1, 200000)) to stdout"
    with pytest.raises(psycopg.OperationalError), frozen.cursor() as cursor, cursor.copy(question) as copy:  # noqa: PT012
        copy.read()
        threading.Event().wait(0.4)
        assert end_excess(owner, {"reelhouse_analyst": (0.1, 60)})
        while copy.read():
            pass
    idle = psycopg.connect(analyst_dsn)
    idle.execute("select 1")
    threading.Event().wait(0.2)
    # Nobody within the bounds, and nobody of another role, is touched.
    assert end_excess(owner, {"reelhouse_analyst": (60, 60), "reelhouse_scientist": (0, 0)}) == []
    assert [person for person, _ in end_excess(owner, {"reelhouse_analyst": (60, 0.1)})] == [idle.info.user]
    owner.execute("select 1")


def test_the_night_looks_for_excess_too(owner, analyst_dsn, make_day, monkeypatch):
    monkeypatch.setitem(watchdog.BOUNDS, "reelhouse_analyst", (60, 0.1))
    with psycopg.connect(analyst_dsn) as idle:
        idle.execute("select 1")
        threading.Event().wait(0.2)
        told = watchdog.end_excess_of_people(owner, make_day())["sessions_ended"]
        assert [line.split(":")[0] for line in told] == [idle.info.user]
        with pytest.raises(psycopg.OperationalError):
            idle.execute("select 1")


def test_a_timeout_is_told_as_one(analyst):
    analyst._conn.execute("set statement_timeout = '50ms'")
    with pytest.raises(Timeout):
        analyst.read("select pg_sleep(5)")


def test_the_chain_is_whole_and_an_edit_by_its_owner_is_found(owner, scientist, notes, tmp_path):
    assert verify(owner) == []
    heads = tmp_path / "heads.csv"
    export_head(owner, heads)
    entry, *_ = owner.execute("select max(entry_id) from audit.entry where operation = 'INSERT'").fetchone()
    for edit, problem in (
        ("update audit.entry set person = 'nobody' where entry_id = %s", "the entry was edited"),
        ("update audit.row_image set after_images[1] = '(9)' where entry_id = %s", "row images were edited"),
        ("delete from audit.entry where entry_id = %s", "missing|end of the chain"),
    ):
        with owner.transaction(force_rollback=True):
            owner.execute(edit, (entry,))
            assert any(re.search(problem, found) for _, found in verify(owner))
    with owner.transaction(force_rollback=True):
        # Whoever writes the whole chain anew is found by the end that left the database.
        owner.execute("delete from audit.row_image")
        owner.execute("delete from audit.entry")
        owner.execute("update audit.head set entry_id = 0, hash = sha256('reelhouse')")
        assert verify(owner) == []
        assert verify(owner, heads)[0][1].startswith("is not the one that was exported")


def test_chunks_come_one_by_one_and_nothing_is_lost(analyst):
    frames = list(analyst.read("select n from generate_series(1, 25) as n", chunks=10))
    assert [len(frame) for frame in frames] == [10, 10, 5]
    assert pd.concat(frames)["n"].tolist() == list(range(1, 26))


def test_sqlalchemy_has_the_same_login_and_rights(analyst):
    with analyst.engine.connect() as conn:
        assert pd.read_sql("select current_user as me", conn)["me"][0] == analyst.login
