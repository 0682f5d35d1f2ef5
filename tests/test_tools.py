"""What docs/tools.md promises of an analyst's login, by the questions that tools ask of PostgreSQL."""

from __future__ import annotations

import os
import subprocess

import pandas as pd
import psycopg
import pytest
from people import login

from reelhouse import Warehouse
from reelhouse.operating import postgres
from reelhouse.operating.psql import environment

READABLE = {"mart", "warehouse", "curated", "as_of"}


@pytest.fixture(scope="module")
def analyst_dsn(module_dsn):
    with login(module_dsn, "analyst") as dsn:
        yield dsn


def test_tools_see_what_each_view_and_column_of_the_mart_is(analyst_dsn) -> None:
    """As the JDBC driver asks for the remarks of tables and columns."""
    with psycopg.connect(analyst_dsn) as conn:
        tables = conn.execute(
            "select c.relname, d.description from pg_catalog.pg_namespace n, pg_catalog.pg_class c left join"
            " pg_catalog.pg_description d"
            " on (c.oid = d.objoid and d.objsubid = 0 and d.classoid = 'pg_class'::regclass)"
            " where c.relnamespace = n.oid and n.nspname = 'mart' and c.relkind = 'v'"
        ).fetchall()
        columns = conn.execute(
            "select c.relname, a.attname, d.description from pg_catalog.pg_attribute a"
            " join pg_catalog.pg_class c on a.attrelid = c.oid join pg_catalog.pg_namespace n on c.relnamespace = n.oid"
            " left join pg_catalog.pg_description d on (c.oid = d.objoid and a.attnum = d.objsubid)"
            " where n.nspname = 'mart' and c.relkind = 'v' and a.attnum > 0 and not a.attisdropped"
        ).fetchall()
    assert len(tables) > 10
    assert len(columns) > 100
    assert [row for row in [*tables, *columns] if not row[-1]] == []


def test_an_analysts_login_lists_what_it_may_read_and_no_more(analyst_dsn) -> None:
    with psycopg.connect(analyst_dsn) as conn:
        found = conn.execute(
            "select distinct table_schema from information_schema.tables"
            " where table_schema not in ('pg_catalog', 'information_schema')"
        ).fetchall()
        assert {schema for (schema,) in found} <= READABLE
        writable = conn.execute(
            "select count(*) from information_schema.table_privileges where grantee = current_user"
            " or (privilege_type <> 'SELECT' and grantee = 'reelhouse_analyst')"
        ).fetchone()
    assert writable == (0,)


def test_psql_and_pandas_ask_with_it(analyst_dsn) -> None:
    program = postgres.client_programs(None) / "psql"
    done = subprocess.run(
        [program, "-At", "-c", "select count(*) from mart.titles"], env=os.environ | environment(analyst_dsn),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.stdout, done.returncode) == ("0\n", 0), done.stderr
    with Warehouse(analyst_dsn) as warehouse:
        assert pd.read_sql("select count(*) as titles from mart.titles", warehouse.engine)["titles"][0] == 0
