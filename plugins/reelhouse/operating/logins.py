"""Logins of people: one for each, made with a password that is shown once and never kept."""

from __future__ import annotations

import re
import secrets

import psycopg
from psycopg import sql

from reelhouse.errors import SettingsWrong

ROLES = ("analyst", "scientist", "auditor")
# role -> what its logins start with. They can raise most of it again: the watchdog holds these bounds from outside.
LIMITS = {
    "analyst": {"statement_timeout": "60s", "idle_in_transaction_session_timeout": "30s",
                "default_transaction_read_only": "on"},
    "scientist": {"statement_timeout": "15min", "idle_in_transaction_session_timeout": "5min"},
    "auditor": {"statement_timeout": "15min", "idle_in_transaction_session_timeout": "60s",
                "default_transaction_read_only": "on"},
}  # fmt: skip
CONNECTIONS = {"analyst": 5, "scientist": 5, "auditor": 2}
TEMPORARY_FILES = {"analyst": "1GB", "scientist": "10GB", "auditor": "1GB"}
_NAME = re.compile(r"[a-z][a-z0-9_]{1,30}")


def add_login(conn: psycopg.Connection, name: str, role: str) -> str:
    """Make a login; a scientist gets a sandbox schema, sandbox_<name>, with it.

    Gives   its password
    Raises  SettingsWrong when the name is not one, or taken
    """
    if not _NAME.fullmatch(name) or name.startswith(("pg_", "reelhouse_")):
        raise SettingsWrong(f"Name: expected 2 to 31 of a-z, 0-9 and _, with a letter first, found {name!r}.")
    if conn.execute("select 1 from pg_roles where rolname = %s", (name,)).fetchone():
        raise SettingsWrong(f"Name: expected one that nobody has, found {name!r} taken. See `reelhouse people list`.")
    group = f"reelhouse_{role}"
    if not conn.execute("select 1 from pg_roles where rolname = %s", (group,)).fetchone():
        raise SettingsWrong(f"Role {group}: expected on this server, found none. Its user may not make roles.")
    password = secrets.token_urlsafe(18)
    # Digested here: the server's log never sees it.
    digest = conn.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
    with conn.transaction():
        conn.execute(
            sql.SQL("create role {} login inherit connection limit {} password {} in role {}").format(
                sql.Identifier(name), sql.Literal(CONNECTIONS[role]), sql.Literal(digest), sql.Identifier(group)
            )
        )
        for setting, value in LIMITS[role].items():
            conn.execute(sql.SQL("alter role {} set {} = {}").format(
                sql.Identifier(name), sql.Identifier(setting), sql.Literal(value)))  # fmt: skip
        _let_in(conn, name, role)
    return password


def _let_in(conn: psycopg.Connection, name: str, role: str) -> None:
    (database, is_super) = conn.execute(
        "select current_database(), rolsuper from pg_roles where rolname = current_user"
    ).fetchone()
    conn.execute(sql.SQL("revoke temporary on database {} from public").format(sql.Identifier(database)))
    conn.execute(sql.SQL("grant connect on database {} to {}").format(sql.Identifier(database), sql.Identifier(name)))
    if is_super:
        # Only a superuser sets this one, so nobody can raise it for themselves.
        conn.execute(sql.SQL("alter role {} set temp_file_limit = {}").format(
            sql.Identifier(name), sql.Literal(TEMPORARY_FILES[role])))  # fmt: skip
    if role == "scientist":
        conn.execute(sql.SQL("grant temporary on database {} to {}").format(
            sql.Identifier(database), sql.Identifier(name)))  # fmt: skip
        if is_super:
            conn.execute(sql.SQL("create schema {} authorization {}").format(
                sql.Identifier(f"sandbox_{name}"), sql.Identifier(name)))  # fmt: skip
            conn.execute(sql.SQL("grant usage, create on schema {} to reelhouse_owner").format(
                sql.Identifier(f"sandbox_{name}")))  # fmt: skip


def list_logins(conn: psycopg.Connection) -> list[tuple[str, str, bool, int]]:
    """Name, role, whether they may log in, and sessions open now."""
    return conn.execute(
        "select person.rolname, substr(job.rolname, 11), person.rolcanlogin,"
        " (select count(*) from pg_stat_activity where usename = person.rolname)"
        " from pg_auth_members inner join pg_roles as person on member = person.oid"
        " inner join pg_roles as job on roleid = job.oid where job.rolname = any(%s) order by 1",
        ([f"reelhouse_{role}" for role in ROLES],),
    ).fetchall()


def close_login(conn: psycopg.Connection, name: str) -> int:
    """Let a person in no more, and end their sessions. What they wrote stays, with their name in the audit.

    Gives   sessions ended
    Raises  SettingsWrong when there is none of that name
    """
    if name not in [each[0] for each in list_logins(conn)]:
        raise SettingsWrong(f"Name: expected one of `reelhouse people list`, found {name!r}.")
    conn.execute(sql.SQL("alter role {} nologin").format(sql.Identifier(name)))
    return conn.execute(
        "select count(pg_terminate_backend(pid)) from pg_stat_activity where usename = %s", (name,)
    ).fetchone()[0]
