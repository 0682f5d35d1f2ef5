"""Databases for tests, gone afterwards."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo


@contextmanager
def copy_of(server_dsn: str, database: str) -> Iterator[str]:
    """A database with all that another one holds, to which nobody is connected; gone afterwards."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server_dsn, autocommit=True) as conn:
        # Files are copied for a third of the work of pages that pass through the log, where no disk is waited for.
        statement = sql.SQL("create database {} template {} strategy file_copy")
        conn.execute(statement.format(sql.Identifier(name), sql.Identifier(database)))
    yield make_conninfo(server_dsn, dbname=name)
    with psycopg.connect(server_dsn, autocommit=True) as conn:
        conn.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))
