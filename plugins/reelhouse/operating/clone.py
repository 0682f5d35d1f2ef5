"""`reelhouse clone NAME`: a full copy of the warehouse for one person, to play in.

It is the state of one moment, taken while others read and write. NAME owns it and may do anything in it; nobody else
gets in. The audit, keys of the API and sandboxes of others are not in it. A second copy of NAME is refused unless
--replace is given.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from reelhouse.database import connect, translated_errors
from reelhouse.errors import ReelhouseError, SettingsWrong
from reelhouse.operating import embedded, logins, postgres
from reelhouse.operating.psql import environment
from reelhouse.settings import read_settings

# Tables whose rows are nobody's to play with.
WITHOUT_ROWS = ("audit.*", "ops.api_*", "sandbox.*")
WORKERS = "2"


class CloneFailed(ReelhouseError):
    """One of PostgreSQL's programs did not copy the warehouse; the message is what it said."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="a scientist of `reelhouse people list`")
    parser.add_argument("--replace", action="store_true", help="in place of the copy that NAME has")
    parser.add_argument("--drop", action="store_true", help="only remove the copy that NAME has")


def run(arguments: argparse.Namespace) -> int:
    settings = read_settings()
    with embedded.warehouse_dsn(settings) as dsn, translated_errors():
        if arguments.drop:
            drop_clone(dsn, arguments.name)
            print(f"{clone_name(arguments.name)} is gone")
            return 0
        began = time.perf_counter()
        copy = make_clone(dsn, arguments.name, postgres.client_programs(settings.postgres_bin), arguments.replace)
        with connect(copy, autocommit=True) as conn:
            (size,) = conn.execute("select pg_size_pretty(pg_database_size(current_database()))").fetchone()
        print(f"{clone_name(arguments.name)}: {size} in {time.perf_counter() - began:.0f} s.")
        print(f"{arguments.name} reaches it with their own password: dbname={clone_name(arguments.name)}")
    return 0


def clone_name(person: str) -> str:
    """The database of a person's copy."""
    return f"clone_{person}"


def make_clone(dsn: str, person: str, programs: Path, replace: bool = False) -> str:
    """Copy the warehouse for one person.

    Takes   programs  folder of pg_dump and pg_restore, not older than the server
    Gives   connection string of the copy, as its maker
    Raises  SettingsWrong when NAME is no scientist or has a copy already; CloneFailed
    Reruns  with `replace` only; a copy that did not get done is removed
    """
    with connect(dsn, "reelhouse clone", autocommit=True) as conn:
        _check_person(conn, person, replace)
        _check_sandbox(conn, person)
        if replace:
            _drop(conn, person)
        name = sql.Identifier(clone_name(person))
        conn.execute(sql.SQL("create database {} template template0 owner {}").format(name, sql.Identifier(person)))
        try:
            conn.execute(sql.SQL("revoke all on database {} from public").format(name))
            copy = make_conninfo(dsn, dbname=clone_name(person))
            others = conn.execute(
                "select nspname from pg_namespace where nspname like 'sandbox\\_%%' and nspname <> %s",
                (f"sandbox_{person}",),
            ).fetchall()
            _copy(dsn, copy, person, programs, [schema for (schema,) in others])
        except BaseException:
            _drop(conn, person)
            raise
    return copy


def drop_clone(dsn: str, person: str) -> None:
    """Remove a person's copy.

    Raises  SettingsWrong when there is none
    """
    with connect(dsn, "reelhouse clone", autocommit=True) as conn:
        if not _has_clone(conn, person):
            raise SettingsWrong(f"Copy: expected one of {person}, found none.")
        _drop(conn, person)


def _check_person(conn: psycopg.Connection, person: str, replace: bool) -> None:
    scientists = [name for name, role, can_login, _ in logins.list_logins(conn) if role == "scientist" and can_login]
    if person not in scientists:
        known = ", ".join(scientists) or "none"
        raise SettingsWrong(f"NAME: expected a scientist ({known}), found {person!r}. See `reelhouse people add`.")
    if _has_clone(conn, person) and not replace:
        raise SettingsWrong(
            f"Copy: expected none of {person}, found {clone_name(person)}. Give --replace or --drop; both remove it."
        )


def _check_sandbox(conn: psycopg.Connection, person: str) -> None:
    """Rows are checked as they are copied: by functions of PostgreSQL's only, for these could reset the role."""
    found = conn.execute(
        "select relname from pg_class inner join pg_namespace on relnamespace = pg_namespace.oid"
        " where nspname = %s and relkind in ('r', 'p', 'f') and audit.objection(pg_class.oid) is not null order by 1",
        (f"sandbox_{person}",),
    ).fetchall()
    if found:
        raise SettingsWrong(
            f"sandbox_{person}: expected tables that call no functions of their maker, found "
            f"{', '.join(name for (name,) in found)}. Drop them first."
        )


def _has_clone(conn: psycopg.Connection, person: str) -> bool:
    return conn.execute("select 1 from pg_database where datname = %s", (clone_name(person),)).fetchone() is not None


def _drop(conn: psycopg.Connection, person: str) -> None:
    conn.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(clone_name(person))))


def _copy(dsn: str, copy: str, person: str, programs: Path, without_schemas: list[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="reelhouse-clone-") as folder:
        dumped, contents = Path(folder) / "dumped", Path(folder) / "contents"
        without = [f"--exclude-table-data={pattern}" for pattern in WITHOUT_ROWS]
        without += [f"--exclude-schema={schema}" for schema in without_schemas]
        _run([programs / "pg_dump", "--format=directory", "--jobs", WORKERS, "--compress=0", "--no-owner",
              "--no-privileges", *without, "--file", dumped], dsn)  # fmt: skip
        listed = _run([programs / "pg_restore", "--list", dumped], dsn)
        # Only a superuser may own event triggers; in a copy of one's own nothing is audited.
        contents.write_text("".join(line for line in listed.splitlines(True) if "EVENT TRIGGER" not in line))
        # Whatever it makes is made as the person: nothing in the copy has more rights than they.
        _run([programs / "pg_restore", "--no-owner", "--no-privileges", "--role", person, "--jobs", WORKERS,
              "--exit-on-error", "--use-list", contents, "--dbname", clone_name(person), dumped], copy)  # fmt: skip


def _run(words: list[str | Path], dsn: str) -> str:
    # The password goes by the environment: everybody can see a command line.
    done = subprocess.run(
        words, env=os.environ | environment(dsn), capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise CloneFailed(f"{Path(words[0]).name}: expected a copy, found: {last}.")
    return done.stdout
