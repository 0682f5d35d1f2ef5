"""Each role may do what ops.role_privilege says and nothing else: attempted, not looked up."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo
from small_star import Imdb, Netflix, run_day

from reelhouse.database import connect, migrate
from reelhouse.errors import QueryWrong
from reelhouse.recommending.own import send_scores
from reelhouse.settings import read_settings

ROLES = ("owner", "etl", "app", "analyst", "scientist", "auditor", "watchdog")
SCHEMAS = ("ops", "quarantine", "staging", "matching", "build", "warehouse", "mart", "sandbox")
VERBS = ("select", "insert", "update", "delete", "truncate", "create")
DENIED = psycopg.errors.InsufficientPrivilege


@contextmanager
def login(conn: psycopg.Connection, role: str) -> Iterator[str]:
    """A login of a role for a moment; gives its name."""
    name = f"test_{role}_{uuid.uuid4().hex[:8]}"
    conn.execute(sql.SQL("create role {} login in role {}").format(sql.Identifier(name), group(role)))
    try:
        yield name
    finally:
        conn.execute(sql.SQL("drop owned by {}").format(sql.Identifier(name)))
        conn.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))


def group(role: str) -> sql.Identifier:
    return sql.Identifier(f"reelhouse_{role}")


@contextmanager
def acting_as(conn: psycopg.Connection, name: str) -> Iterator[None]:
    conn.execute(sql.SQL("set session authorization {}").format(sql.Identifier(name)))
    try:
        yield
    finally:
        conn.execute("reset session authorization")


def may(conn: psycopg.Connection, statement: str) -> bool:
    """Attempt a statement and undo it. That it is refused for another reason than rights means it was let in."""
    try:
        with conn.transaction(force_rollback=True):
            conn.execute(statement)
    except DENIED:
        return False
    except psycopg.Error:
        return True
    return True


def attempts(conn: psycopg.Connection, schema: str, table: str) -> dict[str, str]:
    name = f"{schema}.{table}"
    column, kind = conn.execute(
        "select attname, format_type(atttypid, atttypmod) from pg_attribute"
        " where attrelid = %s::regclass and attnum > 0 and not attisdropped"
        " and attgenerated = '' and attidentity = '' order by attnum limit 1",
        (name,),
    ).fetchone()
    return {
        "select": f"select 1 from {name} limit 0",
        "insert": f"insert into {name} ({column}) select null::{kind} where false",
        "update": f"update {name} set {column} = null where false",
        "delete": f"delete from {name} where false",
        "truncate": f"truncate {name}",
    }


def allowed(conn: psycopg.Connection, role: str) -> set[tuple[str, str, str]]:
    """Schema, table and verb that a role may, by the table that says so."""
    rows = conn.execute(
        "select schema_name, table_name, unnest(verbs) from ops.role_privilege where role_name = %s", (role,)
    )
    return set(rows)


def test_the_matrix_of_role_object_and_verb_has_no_deviation(conn):
    conn.execute("create table warehouse.made_tomorrow (a integer primary key)")
    conn.execute("create view mart.made_tomorrow as select * from warehouse.made_tomorrow")
    objects = conn.execute(
        "select nspname, relname, relkind::text from pg_class"
        " inner join pg_namespace on relnamespace = pg_namespace.oid"
        " where nspname = any(%s) and relkind in ('r', 'p', 'v', 'm') order by 1, 2",
        (list(SCHEMAS),),
    ).fetchall()
    tried, deviations = 0, []
    statements = {(schema, table): attempts(conn, schema, table) for schema, table, _ in objects}
    for role in ROLES:
        granted = allowed(conn, role)
        with login(conn, role) as name, acting_as(conn, name):
            for schema, table, kind in objects:
                owned = role == "etl" and schema in ("staging", "matching", "build")
                for verb, statement in statements[schema, table].items():
                    if kind == "v" and verb != "select":
                        continue
                    expected = owned or {(schema, "*", verb), (schema, table, verb)} & granted
                    tried += 1
                    if may(conn, statement) is not bool(expected):
                        deviations.append((role, schema, table, verb))
            for schema in (*SCHEMAS, "public"):
                tried += 1
                if may(conn, f"create table {schema}.mine (a integer)") is not ((schema, "*", "create") in granted):
                    deviations.append((role, schema, "", "create"))
    print(json.dumps({"suite": "role_matrix", "attempted": tried, "deviations": len(deviations)}))
    assert deviations == []
    assert tried > 2000


def test_only_who_publishes_sends_scores_that_everybody_is_recommended_by(conn):
    with login(conn, "scientist") as name, acting_as(conn, name):
        assert may(conn, "select from warehouse.sent_score")
        with pytest.raises(QueryWrong, match=r"role etl.*curated"):
            send_scores(conn, "mine", [(1, 2, 0.5)])
    with (
        login(conn, "etl") as name,
        acting_as(conn, name),
        pytest.raises(QueryWrong, match="two titles of the warehouse"),
    ):
        send_scores(conn, "mine", [(1, 2, 0.5)])


def test_what_everybody_has_by_default_is_taken_away(conn):
    refused = (
        "create temporary table mine (a integer)", "select lo_create(0)", "select lo_from_bytea(0, 'x')",
        "select pg_advisory_lock(1)", "select pg_try_advisory_xact_lock(1)", "select pg_read_file('/etc/passwd')",
        "copy (select 1) to program 'id'", "create schema mine", "select ops.make_roles()",
        "select * from ops.load", "select from staging.imdb_titles", "set session_replication_role = replica",
        "create function mart.mine() returns integer language sql return 1",
    )  # fmt: skip
    conn.execute("select ops.make_roles()")
    with login(conn, "analyst") as name, acting_as(conn, name):
        assert [statement for statement in refused if may(conn, statement)] == []
        # Who may read a view may call what it is made of, and what the mart offers.
        for view in ("titles", "catalogue_entries", "trust", "recommendations", "publishings"):
            conn.execute(f"select * from mart.{view} limit 1")
        assert conn.execute("select mart.score_shrunk(7, 10, 6, 5)").fetchone()[0] > 6


def test_somebody_who_is_no_member_of_any_role_sees_nothing(conn, dsn):
    # A copied database has the rights of the server's default, whatever those of the original.
    conn.execute("select ops.make_roles()")
    name = f"test_nobody_{uuid.uuid4().hex[:8]}"
    conn.execute(sql.SQL("create role {} login password 'x'").format(sql.Identifier(name)))
    try:
        assert conn.execute("select has_database_privilege(%s, current_database(), 'connect')", (name,)).fetchone() == (
            False,
        )
        with acting_as(conn, name):
            assert not may(conn, "select from warehouse.dim_title")
            assert not may(conn, "select from mart.titles")
    finally:
        conn.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))


def test_a_login_of_role_etl_builds_checks_and_publishes_a_day(conn, dsn, make_day):
    rows = [Imdb(1, "Alpha", rating=(7.0, 100)), Netflix("s1", "Alpha", imdb=1, categories=("Dramas",))]
    with login(conn, "etl") as name, connect(dsn, "reelhouse test", autocommit=True) as work, acting_as(work, name):
        assert run_day(work, make_day(date(2021, 9, 25)), rows)["rows_changed"] > 0
    assert conn.execute("select count(*) from mart.titles").fetchone() == (1,)


def test_who_may_not_make_roles_gets_a_warehouse_without_them_and_is_told(server_dsn, caplog):
    name = f"test_plain_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(server_dsn, autocommit=True) as admin:
        admin.execute(sql.SQL("create role {} login").format(sql.Identifier(name)))
        admin.execute(sql.SQL("create database {0} owner {0}").format(sql.Identifier(name)))
    try:
        dsn = make_conninfo(server_dsn, dbname=name, options=f"-c role={name}")
        assert "025_roles.sql" in migrate(dsn, read_settings().sql)
        assert "select ops.make_roles()" in caplog.text
        with psycopg.connect(dsn) as plain:
            assert plain.execute("select count(*) from mart.titles").fetchone() == (0,)
    finally:
        with psycopg.connect(server_dsn, autocommit=True) as admin:
            admin.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))
            admin.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))
