"""`doctor --dsn` says whether a server of somebody else's will do, and leaves nothing there."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from reelhouse.operating import doctor, foreign_server
from reelhouse.settings import read_settings

SQL = read_settings({}).sql


@pytest.fixture
def empty_dsn(server_dsn: str) -> Iterator[str]:
    """A database with nothing in it."""
    name = sql.Identifier(f"foreign_{uuid.uuid4().hex[:12]}")
    with psycopg.connect(server_dsn, autocommit=True) as conn:
        conn.execute(sql.SQL("create database {}").format(name))
        yield make_conninfo(server_dsn, dbname=name.as_string(conn).strip('"'))
        conn.execute(sql.SQL("drop database {} with (force)").format(name))


@pytest.fixture
def stranger(server_dsn: str) -> Iterator[tuple[str, str]]:
    """Somebody who may log in and nothing else."""
    name, password = f"stranger_{uuid.uuid4().hex[:8]}", secrets.token_hex(8)
    with psycopg.connect(server_dsn, autocommit=True) as conn:
        conn.execute(sql.SQL("create role {} login password {}").format(sql.Identifier(name), password))
        yield name, password
        conn.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))


def states(dsn: str) -> dict[str, str]:
    return {finding.subject: finding.state for finding in foreign_server.examine(dsn, SQL)}


def test_a_server_that_will_do_is_good_and_left_as_it_was(empty_dsn: str) -> None:
    assert set(states(empty_dsn).values()) == {"ok"}
    with psycopg.connect(empty_dsn) as conn:
        assert conn.execute("select count(*) from pg_namespace where nspname in ('ops', 'mart')").fetchone() == (0,)


def test_a_server_with_the_schema_is_told_to_have_it(dsn: str) -> None:
    found = {finding.subject: finding.found for finding in foreign_server.examine(dsn, SQL)}
    assert found["schema"] == "made before; a run brings it up to date"


def test_who_may_make_no_schema_is_told_which_right_is_missing(empty_dsn: str, stranger: tuple[str, str]) -> None:
    name, password = stranger
    found = list(foreign_server.examine(make_conninfo(empty_dsn, user=name, password=password), SQL))
    (schema,) = [finding for finding in found if finding.subject == "schema"]
    assert schema.state == "bad"
    assert name in schema.found
    assert "grant create" in schema.mend


def test_what_the_server_refuses_is_named_by_file_and_in_its_words(empty_dsn: str, tmp_path: Path) -> None:
    (tmp_path / "0_schema").mkdir()
    (tmp_path / "0_schema" / "001_ops.sql").write_text("create extension no_such_extension")
    (schema,) = [finding for finding in foreign_server.examine(empty_dsn, tmp_path) if finding.subject == "schema"]
    assert schema.state == "bad"
    assert schema.found.startswith("001_ops.sql: ")
    assert "no_such_extension" in schema.found


def test_a_server_that_does_not_answer_is_bad(capsys: pytest.CaptureFixture[str]) -> None:
    found = list(doctor._examine_server("host=127.0.0.1 port=1 dbname=x", read_settings({})))
    assert [finding.state for finding in found] == ["bad"]
    assert "expected an answer" in found[0].found
