"""A digest of each table of the warehouse, bookkeeping and audit too: equal digests, nothing lost and nothing added."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
from psycopg import sql

from reelhouse.database import connect, set_settings

WORKERS = 2
# How a value is written as text depends on these; what is hashed must not depend on who asks.
AS_TEXT = {"datestyle": "ISO, YMD", "intervalstyle": "postgres", "extra_float_digits": "1", "bytea_output": "hex"}
# Schemas that are ours or people's; members of extensions come with their extension.
OURS = "nspname !~ '^pg_' and nspname <> 'information_schema'"
TABLES = (
    "select nspname, relname, pg_total_relation_size(c.oid) from pg_class as c"
    f" inner join pg_namespace as n on relnamespace = n.oid where relkind in ('r', 'm') and {OURS}"
    " and not exists (select from pg_depend where classid = 'pg_class'::regclass and objid = c.oid and deptype = 'e')"
    " order by 3 desc, 1, 2"
)
SEQUENCES = (
    "select nspname, relname from pg_class as c inner join pg_namespace as n on relnamespace = n.oid"
    f" where relkind = 'S' and {OURS} order by 1, 2"
)


def hash_tables(dsn: str, snapshot: str | None = None, tell: Callable[[float], None] | None = None) -> dict[str, str]:
    """Row count and order-free digest of each table by name.

    Takes   snapshot  exported by another transaction, so that both see the same moment
            tell      is told which share is done
    Gives   {"warehouse.dim_title": "1504:-8829…"}
    """
    with _reading(dsn, snapshot) as conn:
        tables = conn.execute(TABLES).fetchall()
    total, done = sum(size for _, _, size in tables) or 1, 0
    hashes: dict[str, str] = {}
    # The largest first, so that the workers end together.
    with ThreadPoolExecutor(WORKERS) as pool:
        answers = pool.map(lambda table: _hash_of(dsn, snapshot, table[0], table[1]), tables)
        for (schema, name, size), digest in zip(tables, answers, strict=True):
            hashes[f"{schema}.{name}"] = digest
            done += size
            if tell:
                tell(done / total)
    return hashes


def read_sequences(conn: psycopg.Connection) -> dict[str, int]:
    """The last number each sequence gave. They are given outside transactions: a later look finds the same or more."""
    return {
        f"{schema}.{name}": conn.execute(
            sql.SQL("select case when is_called then last_value else last_value - 1 end from {}").format(
                sql.Identifier(schema, name)
            )
        ).fetchone()[0]
        for schema, name in conn.execute(SEQUENCES).fetchall()
    }


def _hash_of(dsn: str, snapshot: str | None, schema: str, name: str) -> str:
    with _reading(dsn, snapshot) as conn:
        # `t.*`: a column may be called t. Not cast to text: a scientist may have made that cast of a view of theirs.
        count, total = conn.execute(
            sql.SQL(
                "select count(*), coalesce(sum(hashtextextended(record_out(t.*)::text, 0)::numeric), 0)"
                " from only {} as t"
            ).format(sql.Identifier(schema, name))
        ).fetchone()
    return f"{count}:{total}"


def _reading(dsn: str, snapshot: str | None) -> psycopg.Connection:
    conn = connect(dsn, "reelhouse backup")
    conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    conn.read_only = True
    if snapshot:
        conn.execute(sql.SQL("set transaction snapshot {}").format(sql.Literal(snapshot)))
    set_settings(conn, AS_TEXT)
    conn.execute("set local statement_timeout = 0")
    # A table may have been swapped for a view since it was listed. Servers before 15.8 do not know of it.
    conn.execute(
        "select set_config(name, 'view, foreign-table', true) from pg_settings"
        " where name = 'restrict_nonsystem_relation_kind'"
    )
    return conn
