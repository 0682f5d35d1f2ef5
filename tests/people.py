"""Logins for tests: real ones, gone afterwards."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import sql
from psycopg.conninfo import make_conninfo

from reelhouse.database import connect
from reelhouse.operating.logins import add_login


@contextmanager
def login(dsn: str, role: str) -> Iterator[str]:
    """Connection string of a new person."""
    name = f"{role[:3]}_{uuid.uuid4().hex[:10]}"
    with connect(dsn, "reelhouse test", autocommit=True) as conn:
        password = add_login(conn, name, role)
        yield make_conninfo(dsn, user=name, password=password)
        conn.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = %s", (name,))
        conn.execute(sql.SQL("drop owned by {} cascade").format(sql.Identifier(name)))
        conn.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))
