"""What the warehouse holds, as one digest a table: equal digests, equal content."""

from __future__ import annotations

import psycopg
from psycopg import sql

from reelhouse.database import identifiers, table_columns

# Bookkeeping: when a row was written and by which load says nothing about what it says.
BOOKKEEPING = {"load_id", "published_at"}
# The quality rows name their load and measure seconds, replaced lists when they were; the publication is the stamp.
NOT_CONTENT = {"publication", "fact_recommendation_quality", "hist_recommendation"}


def content_hashes(conn: psycopg.Connection) -> dict[str, str]:
    """Row count and order-free digest of each table of the star, by name.

    Gives   {"dim_title": "1504:-8829…"}; two states are the same when the dictionaries are equal
    """
    tables = conn.execute(
        "select relname from pg_class where relnamespace = 'warehouse'::regnamespace and relkind in ('r', 'p')"
        " order by relname"
    ).fetchall()
    return {table: _hash_of(conn, table) for (table,) in tables if table not in NOT_CONTENT}


def _hash_of(conn: psycopg.Connection, table: str) -> str:
    columns = [name for name in table_columns(conn, "warehouse", table) if name not in BOOKKEEPING]
    query = sql.SQL(
        "select count(*), coalesce(sum(hashtextextended(row({columns})::text, 0)::numeric), 0) from {table}"
    ).format(columns=identifiers(columns), table=sql.Identifier("warehouse", table))
    count, total = conn.execute(query).fetchone()
    return f"{count}:{total}"
