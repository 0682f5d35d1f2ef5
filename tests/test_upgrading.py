"""A filled warehouse of an earlier version becomes one of this version while people read it."""

from __future__ import annotations

import json
import shutil
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo
from small_star import Imdb, Netflix, RottenTomatoes, run_day

from reelhouse.backups.everything import read_sequences
from reelhouse.database import FORMER_DIGESTS, connect, identifiers, migrate, table_columns
from reelhouse.errors import SettingsWrong

# The last file of the schema that version 0.1 had.
LAST_FILE = "026"
READERS = 3
TABLES = "select schemaname, tablename from pg_tables where schemaname in ('warehouse', 'ops', 'staging', 'matching')"


@pytest.fixture
def former(server_dsn: str, settings, tmp_path: Path) -> Iterator[str]:
    """A database with the schema of an earlier version."""
    folder = tmp_path / "sql" / "0_schema"
    folder.mkdir(parents=True)
    for path in sorted((settings.sql / "0_schema").glob("*.sql")):
        if path.name[:3] <= LAST_FILE:
            shutil.copy(path, folder)
    name = f"former_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server_dsn, autocommit=True) as conn:
        conn.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    dsn = make_conninfo(server_dsn, dbname=name)
    migrate(dsn, folder.parent)
    yield dsn
    with psycopg.connect(server_dsn, autocommit=True) as conn:
        conn.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def fill(present: psycopg.Connection, former: psycopg.Connection) -> None:
    """Carry over what the earlier version had columns for."""
    known = set(present.execute(TABLES).fetchall())
    former.execute("set session_replication_role = replica")
    for schema, table in former.execute(TABLES).fetchall():
        if (schema, table) not in known or (schema, table) == ("ops", "migration"):
            continue
        there = set(table_columns(present, schema, table))
        columns = identifiers([name for name in table_columns(former, schema, table) if name in there])
        name = sql.Identifier(schema, table)
        # What a version ships with is its own.
        if former.execute(sql.SQL("select exists (select from {})").format(name)).fetchone()[0]:
            continue
        with (
            present.cursor().copy(sql.SQL("copy {} ({}) to stdout").format(name, columns)) as rows,
            former.cursor().copy(sql.SQL("copy {} ({}) from stdin").format(name, columns)) as into,
        ):
            for row in rows:
                into.write(row)
    former.execute("set session_replication_role = origin")
    there = read_sequences(former)
    for name, last in read_sequences(present).items():
        if name in there and last > 0:
            former.execute("select setval(%s::regclass, %s)", (name, last))


def read_on(dsn: str, stop: threading.Event, seen: list[float], wrong: list[str]) -> None:
    """Ask in transactions of several statements, as an analyst's tool does, until told to stop."""
    questions = (
        "select count(*) from warehouse.dim_title",
        "select title, imdb_rating_of_10 from warehouse.dim_title"
        " left join warehouse.fact_title_rating using (title_key)",
        "select count(*) from warehouse.bridge_title_person_role inner join warehouse.dim_person using (person_key)",
    )
    try:
        with psycopg.connect(dsn) as conn:
            while not stop.is_set():
                with conn.transaction():
                    conn.execute("set transaction isolation level repeatable read, read only")
                    for question in questions:
                        began = time.monotonic()
                        if not conn.execute(question).fetchall():
                            wrong.append(f"nothing: {question}")
                        seen.append(time.monotonic() - began)
                    time.sleep(0.05)
    except psycopg.Error as error:
        wrong.append(f"{type(error).__name__}: {error}")


def test_a_warehouse_of_an_earlier_version_is_migrated_under_readers_who_notice_nothing(
    conn, settings, make_day, former
) -> None:
    credits = ((11, "Ann Lee", "actress"), (12, "Bo Day", "director"))
    run_day(conn, make_day(date(2026, 1, 5)), [
        Imdb(1, "One", rating=(7, 100), genres=("Drama",), credits=credits), Netflix("s1", "One", imdb=1),
        Imdb(2, "Two", rating=(6, 900), credits=credits), Netflix("s2", "Somewhere Else", actors=("Cy Oak",)),
        RottenTomatoes("two", "Two", imdb=2, critics=(80, 40), audience=(60, 900)),
    ])  # fmt: skip
    ratings = "select title_key, imdb_rating_of_10, critics_pct from warehouse.fact_title_rating order by 1"
    with connect(former, autocommit=True) as old:
        fill(conn, old)
        titles = old.execute("select title_key, title from warehouse.dim_title order by 1").fetchall()
        scores = old.execute(ratings).fetchall()
    assert len(titles) == 3
    stop, seen, wrong = threading.Event(), [], []
    readers = [threading.Thread(target=read_on, args=(former, stop, seen, wrong)) for _ in range(READERS)]
    for reader in readers:
        reader.start()
    try:
        applied = migrate(former, settings.sql)
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    with connect(former, autocommit=True) as new:
        assert new.execute("select title_key, title from warehouse.dim_title order by 1").fetchall() == titles
        assert new.execute(ratings).fetchall() == scores
        assert new.execute("select count(*) from mart.titles").fetchone() == (3,)
        # New columns have at once what staging knows.
        named = new.execute("select source_id, actors from mart.platform_entries order by 1").fetchall()
        assert named == [("s1", []), ("s2", ["Cy Oak"])]
        # What the earlier version knew, this one goes on from.
        run_day(new, make_day(date(2026, 1, 6)), [Imdb(1, "One", rating=(7.5, 120)), Netflix("s1", "One", imdb=1)])
    print(json.dumps({"suite": "upgrade", "files": len(applied), "reads": len(seen), "errors": len(wrong),
                      "worst_read_s": round(max(seen), 3)}))  # fmt: skip
    assert wrong == []
    assert len(seen) > 30
    assert migrate(former, settings.sql) == []


@pytest.mark.parametrize(("name", "digest"), list(FORMER_DIGESTS.items()), ids=str)
def test_an_edited_migration_is_refused_but_for_a_former_form_that_comes_to_the_same(
    conn, dsn, settings, name: str, digest: str
) -> None:
    applied_as = "update ops.migration set sha256 = %s where file_name = %s"
    assert conn.execute(applied_as, (digest, name)).rowcount == 1
    assert migrate(dsn, settings.sql) == []
    conn.execute(applied_as, ("0" * 64, name))
    with pytest.raises(SettingsWrong, match=f"{name}: expected the text that was applied"):
        migrate(dsn, settings.sql)


def test_a_warehouse_of_a_newer_version_is_refused_by_an_older_one(conn, dsn, settings, tmp_path: Path) -> None:
    older = shutil.copytree(settings.sql, tmp_path / "sql")
    newest = max(path.name for path in (older / "0_schema").glob("*.sql"))
    (older / "0_schema" / newest).unlink()
    views = (
        "select md5(string_agg(viewname || definition, '' order by viewname)) from pg_views where schemaname = 'mart'"
    )
    before = conn.execute(views).fetchone()
    with pytest.raises(SettingsWrong, match=f"found one of a newer version \\({newest}\\)"):
        migrate(dsn, older)
    assert conn.execute(views).fetchone() == before
