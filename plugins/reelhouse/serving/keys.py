"""API keys and sessions. Only digests are kept: who reads the database cannot log in with what it finds."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg

from reelhouse.errors import SettingsWrong
from reelhouse.serving.settings import SCOPES

PREFIX = "rh_"
SESSION_HOURS = 12


@dataclass(frozen=True, slots=True)
class Known:
    """Whom a key or a session is of, and what they may."""

    name: str
    scopes: frozenset[str]


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def create_key(
    conn: psycopg.Connection, name: str, scopes: Sequence[str], created_by: str, expires_at: datetime | None = None
) -> tuple[int, str]:
    """Make a key; gives its number and the key itself, which is shown this once.

    Raises  SettingsWrong when a scope is none, or there is no name
    """
    unknown = set(scopes) - set(SCOPES)
    if unknown or not scopes or not name.strip():
        raise SettingsWrong(
            f"Key: expected a name and scopes of {', '.join(SCOPES)}, found {name!r} and {', '.join(scopes) or 'none'}."
        )
    secret = PREFIX + secrets.token_urlsafe(32)
    row = conn.execute(
        "insert into ops.api_key (key_name, secret_sha256, scopes, created_by, expires_at)"
        " values (%s, %s, %s, %s, %s) returning key_id",
        (name.strip(), digest(secret), sorted(set(scopes)), created_by, expires_at),
    ).fetchone()
    return row[0], secret


def revoke_key(conn: psycopg.Connection, key_id: int, revoked_by: str) -> str:
    """Take a key back, with the sessions it began; gives its name.

    Raises  SettingsWrong when no such key holds
    """
    row = conn.execute(
        "update ops.api_key set revoked_at = clock_timestamp(), revoked_by = %s"
        " where key_id = %s and revoked_at is null returning key_name",
        (revoked_by, key_id),
    ).fetchone()
    if row is None:
        raise SettingsWrong(f"Key {key_id}: expected one that holds, found none. `reelhouse keys list` shows them.")
    return row[0]


def find_key(conn: psycopg.Connection, secret: str) -> Known | None:
    """Whose key it is; None when it is none, or revoked, or expired."""
    row = conn.execute(
        "select key_name, scopes from ops.api_key where secret_sha256 = %s and revoked_at is null"
        " and coalesce(expires_at, 'infinity') > clock_timestamp()",
        (digest(secret),),
    ).fetchone()
    return Known(row[0], frozenset(row[1])) if row else None


def begin_session(conn: psycopg.Connection, secret: str) -> str | None:
    """Begin a session with a key; gives what the cookie is to hold, or None when the key is of no use."""
    token = secrets.token_urlsafe(32)
    row = conn.execute(
        "insert into ops.api_session (session_sha256, person, scopes, key_id, expires_at)"
        " select %s, key_name, scopes, key_id, clock_timestamp() + make_interval(hours => %s) from ops.api_key"
        " where secret_sha256 = %s and revoked_at is null and coalesce(expires_at, 'infinity') > clock_timestamp()"
        " returning 1",
        (digest(token), SESSION_HOURS, digest(secret)),
    ).fetchone()
    _forget_ended(conn)
    return token if row else None


def begin_session_of(conn: psycopg.Connection, person: str, scopes: frozenset[str]) -> str:
    """Begin a session of somebody whom a login server knows; gives what the cookie is to hold."""
    token = secrets.token_urlsafe(32)
    conn.execute(
        "insert into ops.api_session (session_sha256, person, scopes, expires_at)"
        " values (%s, %s, %s, clock_timestamp() + make_interval(hours => %s))",
        (digest(token), person, sorted(scopes), SESSION_HOURS),
    )
    _forget_ended(conn)
    return token


def find_session(conn: psycopg.Connection, token: str) -> Known | None:
    """Whose session it is; None when it is none, or ended, or its key was taken back."""
    row = conn.execute(
        "select session.person, session.scopes from ops.api_session as session"
        " left join ops.api_key as key on session.key_id = key.key_id"
        " where session.session_sha256 = %s and session.expires_at > clock_timestamp() and key.revoked_at is null"
        " and coalesce(key.expires_at, 'infinity') > clock_timestamp()",
        (digest(token),),
    ).fetchone()
    return Known(row[0], frozenset(row[1])) if row else None


def end_session(conn: psycopg.Connection, token: str) -> None:
    conn.execute("delete from ops.api_session where session_sha256 = %s", (digest(token),))


def _forget_ended(conn: psycopg.Connection) -> None:
    conn.execute("delete from ops.api_session where expires_at < clock_timestamp()")
