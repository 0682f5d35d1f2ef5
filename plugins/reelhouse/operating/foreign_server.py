"""Whether a PostgreSQL of somebody else's (a managed one, say) will do: version, rights, what stands before it.

What the first run would do is done, and taken back: all of the schema in one transaction that ends with a rollback.
So what is missing is named by the server itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg

from reelhouse.database import LEAST_VERSION, SESSION, connect
from reelhouse.operating.doctor import Finding

# A day and the API hold about thirty.
LEAST_CONNECTIONS = 40
_PROBE = "reelhouse.probe"


def examine(dsn: str, sql_folder: Path) -> Iterator[Finding]:
    """Look at the server, and at what a first run would be refused there. Nothing of it stays.

    Raises  DatabaseAway, SettingsWrong when it does not answer or is too old
    """
    with connect(dsn, "reelhouse doctor", autocommit=True, prepare_threshold=None) as conn:
        yield from _check_server(conn)
        yield from _check_session(conn, dsn)
        yield from _check_schema(conn, sql_folder)


def _check_server(conn: psycopg.Connection) -> Iterator[Finding]:
    version, encoding, is_replica, connections, others = conn.execute(
        "select current_setting('server_version'), pg_encoding_to_char(encoding), pg_is_in_recovery(),"
        " current_setting('max_connections')::integer, (select count(*) from pg_stat_activity)::integer"
        " from pg_database where datname = current_database()"
    ).fetchone()
    yield Finding("ok", "version", f"{version}; {LEAST_VERSION // 10000} or newer will do")
    if encoding != "UTF8":
        yield Finding("bad", "encoding", encoding, "Make the database with: create database … encoding 'UTF8'.")
    if is_replica:
        yield Finding("bad", "replica", "it takes no writes", "Name the primary, or both: host=a,b.")
    mend = "" if connections >= LEAST_CONNECTIONS else f"Raise max_connections to {LEAST_CONNECTIONS} or more."
    yield Finding("warn" if mend else "ok", "sessions", f"{connections} at most, {others} there now", mend)
    if conn.pgconn.ssl_in_use:
        yield Finding("ok", "network", f"encrypted, sslmode={conn.info.get_parameters().get('sslmode', 'prefer')}")
    elif conn.info.host.startswith("/") or conn.info.hostaddr in ("127.0.0.1", "::1"):
        yield Finding("ok", "network", "this machine")
    else:
        yield Finding("warn", "network", "not encrypted", "Add sslmode=verify-full and sslrootcert=… to the string.")


def _check_session(conn: psycopg.Connection, dsn: str) -> Iterator[Finding]:
    """Settings and prepared statements must stay with us; behind a pooler of transactions they do not."""
    lost = [name for name, value in SESSION.items() if not _keeps(conn, name, value)]
    if lost:
        yield Finding("warn", "settings", f"cannot be set: {', '.join(lost)}", "Ask for the right, or go slower.")
    conn.execute("select set_config(%s, 'kept', false)", (_PROBE,))
    with connect(dsn, "reelhouse doctor", prepare_threshold=None) as other:
        # It begins a transaction: a pooler that has lent ours meanwhile must give us another from here on.
        other.execute("select")
        (probe,) = conn.execute("select current_setting(%s, true)", (_PROBE,)).fetchone()
        other.rollback()
    if probe == "kept":
        yield Finding("ok", "session", "it is ours from one statement to the next")
    else:
        yield Finding(
            "bad",
            "session",
            "a pooler stands before it that lends a connection for one transaction only",
            "Let the pipeline connect to the server itself, or set the pooler to session mode.",
        )


def _keeps(conn: psycopg.Connection, name: str, value: str) -> bool:
    try:
        conn.execute("select set_config(%s, %s, false)", (name, value))
    except psycopg.Error:
        return False
    return True


def _check_schema(conn: psycopg.Connection, sql_folder: Path) -> Iterator[Finding]:
    is_there = conn.execute("select to_regclass('ops.migration') is not null").fetchone()[0]
    if is_there:
        yield Finding("ok", "schema", "made before; a run brings it up to date")
        return
    if not conn.execute("select has_database_privilege(current_database(), 'create')").fetchone()[0]:
        name = f"{conn.info.user} on {conn.info.dbname}"
        yield Finding("bad", "schema", f"no right to make schemas: {name}", "grant create on database … to …")
        return
    refused = _rehearse(conn, sql_folder)
    if refused is None:
        yield Finding("ok", "schema", "all of it was made, and taken back")
    else:
        file, said = refused
        yield Finding("bad", "schema", f"{file}: {said}", "Let an administrator allow it, then look again.")
    if not conn.execute("select rolcreaterole or rolsuper from pg_roles where rolname = current_user").fetchone()[0]:
        mend = "Let an administrator run: select ops.make_roles()"
        yield Finding("warn", "roles", "no right to make roles; everything else works without them", mend)


def _rehearse(conn: psycopg.Connection, sql_folder: Path) -> tuple[str, str] | None:
    """Make all of the schema in one transaction and roll it back; gives the file that was refused, and why."""
    files = [*sorted((sql_folder / "0_schema").glob("*.sql")), *sorted((sql_folder / "5_mart").glob("*.sql"))]
    with conn.transaction(force_rollback=True):
        conn.execute("create schema ops")
        conn.execute("create table ops.migration (file_name text primary key, sha256 text, applied_at timestamptz)")
        for path in files:
            try:
                with conn.transaction():
                    conn.execute(path.read_text())
            except psycopg.Error as error:
                return path.name, str(error).strip().splitlines()[0]
    return None
