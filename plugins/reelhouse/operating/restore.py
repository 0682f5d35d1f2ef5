"""`reelhouse restore FROM`: the warehouse of a backup, made anew beside everything else, verified, and only then named.

Every file of the backup is checked before anything is made. The tables' digests, every privilege and the chain of the
audit must come out as they were; else what was made is removed again and nothing has changed. A warehouse that holds
anything is never overwritten: --into gives another name, --replace sets the present one aside as
<name>_before_<UTC time>. Needs the right to make databases, and roles where some are missing; a superuser keeps all,
somebody else is told what not.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from reelhouse.auditing import HEADS, verify
from reelhouse.backups import everything, rights
from reelhouse.backups.folder import DUMP, BackupBroken, Manifest, open_backup
from reelhouse.backups.programs import run_program
from reelhouse.database import connect, migrate, translated_errors
from reelhouse.errors import Locked, SettingsWrong
from reelhouse.operating import embedded, postgres
from reelhouse.operating.showing import Screen
from reelhouse.settings import Settings, read_settings

JOBS = "2"
# What a warehouse holds that nobody has used yet: its schema, and what the schema ships with.
USED = ("ops.load", "audit.entry", "ops.api_key", "curated.title_note", "curated.recommendation", "ops.file")

Tell = Callable[[str, float | None], None]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", type=Path, metavar="FROM", help="folder that `reelhouse backup` made")
    parser.add_argument("--into", metavar="DATABASE", help="name of the database to make (the warehouse's)")
    parser.add_argument("--replace", action="store_true", help="set the present one aside under another name")
    parser.add_argument("--check", action="store_true", help="only check the backup's files; restores nothing")


def run(arguments: argparse.Namespace) -> int:
    settings, screen = read_settings(), Screen()
    began = time.perf_counter()
    if arguments.check:
        manifest, _ = open_backup(arguments.source)
        screen.say(f"{arguments.source} is whole: {len(manifest.files)} files, of {manifest.made_at}")
        return 0
    with _server_dsn(settings, arguments.into) as (admin, name), translated_errors(), screen.running("restore"):
        notes = restore_backup(admin, name, arguments.source, settings, arguments.replace, screen.tell)
    for note in notes:
        screen.say(note)
    screen.say(
        f"{name} is restored and verified: contents, roles, grants and audit, {time.perf_counter() - began:.0f} s"
    )
    return 0


def restore_backup(
    admin: str, name: str, source: Path, settings: Settings, replace: bool = False, tell: Tell | None = None
) -> list[str]:
    """Make the database `name` from a backup.

    Takes   admin    another database of the server, from where databases are made
            replace  set a database of that name aside
    Gives   what a person should know of it
    Raises  BackupBroken, SettingsWrong when there is such a database that was used, ProgramFailed; nothing has changed
    """
    tell = tell or (lambda message, share=None: None)
    tell("checking the backup", None)
    manifest, kept = open_backup(source)
    with connect(admin, "reelhouse restore", autocommit=True) as conn:
        there = _what_is_there(conn, admin, name)
        if there == "used" and not replace:
            raise SettingsWrong(
                f"{name}: expected no such database or an unused one, found one that was used. "
                "Give --into ANOTHER_NAME, or --replace, which sets it aside."
            )
        if there != "none":
            _expect_nobody(conn, name)
        made_roles, refused = rights.make_roles(conn, kept["roles"])
        rights.make_ours(conn, kept["roles"])
        fresh = f"{name[:40]}_restoring_{time.time_ns() % 10**9}"
        conn.execute(sql.SQL("create database {} template template0").format(sql.Identifier(fresh)))
        try:
            copy = make_conninfo(admin, dbname=fresh)
            left_out = _fill(copy, source, settings, manifest, tell)
            with connect(copy, "reelhouse restore", autocommit=True) as there_conn:
                refused += rights.grant_database(there_conn, kept["privileges"], kept["roles"])
            tell("verifying", None)
            problems = _verify(copy, source, manifest, kept["privileges"], not (left_out or refused), tell)
            aside = _make_way(conn, name, there)
            _rename(conn, fresh, name)
        except BaseException:
            conn.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(fresh)))
            raise
    applied = migrate(make_conninfo(admin, dbname=name), settings.sql)
    _put_heads(source, settings)
    notes = [f"the warehouse that was there is {aside} now"] if aside else []
    notes += [f"audit, as it was in the backup already: entry {entry}: {problem}" for entry, problem in problems]
    notes += [f"roles made: {', '.join(made_roles)}"] if made_roles else []
    notes += [f"not kept: {what}" for what in (*manifest.not_kept, *left_out, *sorted(set(refused)))]
    return notes + ([f"{len(applied)} newer files of the schema applied"] if applied else [])


@contextmanager
def _server_dsn(settings: Settings, into: str | None) -> Iterator[tuple[str, str]]:
    """A database to work from, and the name of the one to make."""
    if settings.warehouse_dsn:
        name = into or str(conninfo_to_dict(settings.warehouse_dsn).get("dbname") or embedded.WAREHOUSE)
        yield make_conninfo(settings.warehouse_dsn, dbname="postgres"), name
        return
    with embedded.using_server(settings) as server:
        yield server.dsn("postgres"), into or embedded.WAREHOUSE


def _what_is_there(conn: psycopg.Connection, admin: str, name: str) -> str:
    """none, unused or used."""
    if conn.execute("select 1 from pg_database where datname = %s", (name,)).fetchone() is None:
        return "none"
    with connect(make_conninfo(admin, dbname=name), "reelhouse restore", autocommit=True) as present:
        tables = present.execute(everything.TABLES).fetchall()
        known = {f"{schema}.{table}" for schema, table, _ in tables}
        if not known:
            return "unused"
        if not set(USED) <= known:
            return "used"
        any_row = " or ".join(f"exists (select from {table})" for table in USED)
        (is_used,) = present.execute(f"select {any_row}").fetchone()
    return "used" if is_used else "unused"


def _fill(copy: str, source: Path, settings: Settings, manifest: Manifest, tell: Tell) -> list[str]:
    """Restore the dump; gives what had to be left out."""
    programs = postgres.client_programs(settings.postgres_bin)
    with connect(copy, "reelhouse restore", autocommit=True) as conn:
        (is_super,) = conn.execute("select rolsuper from pg_roles where rolname = current_user").fetchone()
    listed = subprocess.run(
        [programs / "pg_restore", "--list", source / DUMP], capture_output=True, text=True, check=False
    )
    if listed.returncode:
        raise BackupBroken(f"{source / DUMP}: {listed.stderr.strip()}")
    left_out = []
    with tempfile.NamedTemporaryFile("w", prefix="reelhouse-restore-", suffix=".list") as contents:
        for line in listed.stdout.splitlines(keepends=True):
            # Only a superuser may own event triggers.
            if " EVENT TRIGGER " in line and not is_super:
                left_out.append(line.split(" EVENT TRIGGER ")[1].strip() + ": sandboxes are not audited")
                continue
            contents.write(line)
        contents.flush()
        count = len(manifest.tables)
        run_program(
            [programs / "pg_restore", "--exit-on-error", "--jobs", JOBS, "--verbose", "--use-list", contents.name,
             "--dbname", conninfo_to_dict(copy)["dbname"], source / DUMP], copy, "processing data for table",
            lambda done: tell("filling tables", min(done / count, 1)),
        )  # fmt: skip
    with connect(copy, "reelhouse restore", autocommit=True) as conn:
        tell("counting for the planner", None)
        conn.execute("analyze")
    return left_out


def _verify(
    copy: str, source: Path, manifest: Manifest, privileges: list[str], is_whole: bool, tell: Tell
) -> list[tuple[int, str]]:
    """Compare what was made with what was kept.

    Gives   what is not right in the audit: it was so before, contents being equal, and no reason not to restore
    Raises  BackupBroken
    """
    hashes = everything.hash_tables(copy, tell=lambda share: tell("verifying", share))
    for table in sorted(manifest.tables.keys() | hashes.keys()):
        expected, found = manifest.tables.get(table, "no such table"), hashes.get(table, "no such table")
        if found != expected:
            raise BackupBroken(f"{table}: expected {expected} (rows:digest), found {found}. Nothing was restored.")
    with connect(copy, "reelhouse restore", autocommit=True) as conn:
        for name, found in everything.read_sequences(conn).items():
            if found < manifest.sequences.get(name, 0):
                raise BackupBroken(f"{name}: expected {manifest.sequences[name]} or more, found {found}.")
        problems = verify(conn, source / HEADS)
        is_same_major = conn.info.server_version // 10000 == manifest.server_version // 10000
        expected, found = (
            {line for line in lines if is_same_major or not line.startswith("taken from everybody")}
            for lines in (privileges, rights.read_privileges(conn))
        )
    # What could not be kept is told of, and differs.
    more, less = sorted(found - expected), sorted(expected - found)
    if is_whole and (more or less):
        shown = (more or less)[0]
        raise BackupBroken(
            f"grants: expected as in the backup, found {len(more)} more and {len(less)} fewer, such as {shown}."
        )
    return problems


def _expect_nobody(conn: psycopg.Connection, name: str) -> None:
    """Ask before hours of work what would stop it at the end."""
    rows = conn.execute(
        "select usename, application_name from pg_stat_activity where datname = %s and backend_type = 'client backend'",
        (name,),
    ).fetchall()
    if rows:
        shown = ", ".join(f"{user} ({application or 'no name'})" for user, application in rows[:3])
        raise Locked(
            f"{name}: expected nobody connected, found {len(rows)}: {shown}. "
            "Stop what uses it (`reelhouse down`) and try again. Nothing has changed."
        )


def _make_way(conn: psycopg.Connection, name: str, there: str) -> str | None:
    """Set the database of that name aside, or drop it when nobody ever used it; gives its new name."""
    if there == "none":
        return None
    try:
        if there == "unused":
            conn.execute(sql.SQL("drop database {}").format(sql.Identifier(name)))
            return None
        aside = f"{name}_before_{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        _rename(conn, name, aside)
    except psycopg.errors.ObjectInUse as error:
        raise Locked(
            f"{name}: expected nobody connected, found {error.diag.message_detail or 'sessions'} "
            "Stop what uses it (`reelhouse down`) and try again. Nothing has changed."
        ) from error
    return aside


def _rename(conn: psycopg.Connection, name: str, becomes: str) -> None:
    conn.execute(sql.SQL("alter database {} rename to {}").format(sql.Identifier(name), sql.Identifier(becomes)))


def _put_heads(source: Path, settings: Settings) -> None:
    heads = settings.home / HEADS
    if (source / HEADS).is_file() and not heads.exists():
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        heads.write_bytes((source / HEADS).read_bytes())
