"""The first load of all: tables that nobody has read yet are filled without their keys, which are made at the end.

Each is made and tested then as a whole: sorting all keys, and joining a table once with the one it refers to, takes a
fraction of the time of finding the place of every row and looking up every key of it. Their rows need not stand in the
server's log either, where `wal_level` is minimal: they are on the disk when the transaction ends, or nowhere. Later
publishes never do this: it holds up whoever reads these tables, and before the first one there is nothing to read.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql


@contextmanager
def keys_made_afterwards(conn: psycopg.Connection, tables: list[str], part: str = "warehouse") -> Iterator[bool]:
    """Leave tables of schema warehouse without keys and indexes meanwhile, if nothing has ever been published.

    Only who owns them may; role etl does not, and fills them as they are.

    Takes   tables  names
            part    warehouse or recommendations: of which nothing has been published
    Gives   whether they are without keys now, and empty
    """
    (is_first, is_owner) = conn.execute(
        "select not exists (select from warehouse.publication where part = %s),"
        " (select bool_and(pg_has_role(relowner, 'usage')) from pg_class"
        "  where relnamespace = 'warehouse'::regnamespace and relkind = 'r')",
        (part,),
    ).fetchone()
    if not (is_first and is_owner) or any(_has_rows(conn, table) for table in tables):
        yield False
        return
    foreign, keys, indexes = _foreign_keys(conn, tables), _keys(conn, tables), _indexes(conn, tables)
    for table, name, _ in [*foreign, *keys]:
        conn.execute(sql.SQL("alter table {} drop constraint {}").format(_table(table), sql.Identifier(name)))
    for name, _ in indexes:
        conn.execute(sql.SQL("drop index warehouse.{}").format(sql.Identifier(name)))
    # Empty as they are: what a transaction has emptied it fills without the log.
    if tables:
        conn.execute(sql.SQL("truncate {}").format(sql.SQL(", ").join(map(_table, tables))))
    yield True
    for table in tables:
        conn.execute(sql.SQL("analyze {}").format(_table(table)))
    for table, name, definition in [*keys, *foreign]:
        conn.execute(
            sql.SQL("alter table {} add constraint {} {}").format(
                _table(table), sql.Identifier(name), sql.SQL(definition)
            )
        )
    for _, definition in indexes:
        conn.execute(definition)


def _has_rows(conn: psycopg.Connection, table: str) -> bool:
    return conn.execute(sql.SQL("select exists (select from {})").format(_table(table))).fetchone()[0]


def _table(name: str) -> sql.Identifier:
    return sql.Identifier("warehouse", name)


def _foreign_keys(conn: psycopg.Connection, tables: list[str]) -> list[tuple[str, str, str]]:
    """Of the tables, and of others that refer to them, as far as those are of the same schema."""
    return conn.execute(
        "select relname, conname, pg_get_constraintdef(pg_constraint.oid) from pg_constraint"
        " inner join pg_class on conrelid = pg_class.oid"
        " where contype = 'f' and relnamespace = 'warehouse'::regnamespace"
        " and (relname = any(%(tables)s) or confrelid in (select oid from pg_class"
        "  where relnamespace = 'warehouse'::regnamespace and relname = any(%(tables)s))) order by 1, 2",
        {"tables": tables},
    ).fetchall()


def _keys(conn: psycopg.Connection, tables: list[str]) -> list[tuple[str, str, str]]:
    """Primary and unique keys; primary ones first, as foreign keys need them."""
    return conn.execute(
        "select relname, conname, pg_get_constraintdef(pg_constraint.oid) from pg_constraint"
        " inner join pg_class on conrelid = pg_class.oid"
        " where contype in ('p', 'u') and relnamespace = 'warehouse'::regnamespace and relname = any(%s)"
        " order by contype, relname, conname",
        (tables,),
    ).fetchall()


def _indexes(conn: psycopg.Connection, tables: list[str]) -> list[tuple[str, str]]:
    """Indexes that no constraint stands for."""
    return conn.execute(
        "select index.relname, pg_get_indexdef(indexrelid) from pg_index"
        " inner join pg_class as index on indexrelid = index.oid"
        " inner join pg_class as owner on indrelid = owner.oid"
        " where owner.relnamespace = 'warehouse'::regnamespace and owner.relname = any(%s)"
        " and not exists (select from pg_constraint where conindid = indexrelid) order by 1",
        (tables,),
    ).fetchall()
