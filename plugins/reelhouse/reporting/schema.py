"""Tables, views and columns with their comments, as the database has them."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg

SCHEMAS = ("mart", "warehouse", "matching", "staging", "quarantine", "ops", "build", "curated", "audit", "as_of")


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: str
    is_required: bool
    is_key: bool
    references: str | None
    comment: str


@dataclass(frozen=True, slots=True)
class Relation:
    """A table or view, as the catalog has it."""

    schema: str
    name: str
    comment: str
    columns: tuple[Column, ...]


def read_relations(conn: psycopg.Connection) -> list[Relation]:
    """Tables and views of the documented schemas with their comments, in alphabetical order."""
    found = conn.execute(
        "select pg_class.oid, nspname, relname, coalesce(obj_description(pg_class.oid, 'pg_class'), '')"
        " from pg_class inner join pg_namespace on relnamespace = pg_namespace.oid"
        " where nspname = any(%s) and relkind in ('r', 'p', 'v', 'm')"
        ' order by nspname collate "C", relname collate "C"',
        (list(SCHEMAS),),
    ).fetchall()
    return [Relation(schema, name, comment, _columns(conn, oid)) for oid, schema, name, comment in found]


def _columns(conn: psycopg.Connection, oid: int) -> tuple[Column, ...]:
    rows = conn.execute(
        "select attname, format_type(atttypid, atttypmod), attnotnull,"
        " exists(select from pg_index where indrelid = attrelid and indisprimary and attnum = any(indkey)),"
        " (select min(confrelid::regclass::text) from pg_constraint"
        "  where conrelid = attrelid and contype = 'f' and conkey = array[attnum]),"
        " coalesce(col_description(attrelid, attnum), '')"
        " from pg_attribute where attrelid = %s and attnum > 0 and not attisdropped order by attnum",
        (oid,),
    ).fetchall()
    return tuple(Column(*row) for row in rows)
