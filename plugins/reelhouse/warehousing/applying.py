"""Let differences land: exactly those that were compared, or none.

Never by drop, rename, swap or truncate: those stall every reader behind the longest query, and an old snapshot
finds the tables empty. At every moment each foreign key has its target, and within the transaction nobody else sees
any of it.
"""

from __future__ import annotations

import psycopg
from psycopg import sql

from reelhouse.database import identifiers, key_columns, table_columns
from reelhouse.day import Day
from reelhouse.errors import OutOfStep
from reelhouse.warehousing.differences import Difference, digest_of

Changes = dict[str, int]


def apply_differences(
    conn: psycopg.Connection, difference: Difference, order: tuple[str, ...], day: Day
) -> dict[str, Changes]:
    """Change the rows of a difference.

    Takes   order  the tables, parents first
    Gives   rows inserted, updated and deleted, by table
    Raises  OutOfStep when the differences are not those that were compared, or a row is not where it was: then
            nothing may be committed
    """
    _require_unchanged(conn, difference)
    done = {table: {"inserted": 0, "updated": 0, "deleted": 0} for table in order if table in difference.tables}
    parents = _referenced_tables(conn)
    for number, table in enumerate(done):
        day.tell(f"publishing {table}", number / len(done))
        if table in difference.filled:
            done[table]["inserted"] = _fill(conn, table)
            continue
        # What nothing refers to makes room first: two periods of one title must not overlap in between.
        if table not in parents:
            done[table]["deleted"] = _delete(conn, table, difference.publishing_id)
        done[table]["updated"] = _update(conn, table, difference.publishing_id)
        done[table]["inserted"] = _insert(conn, table, difference.publishing_id)
    for table in reversed([table for table in done if table in parents and table not in difference.filled]):
        done[table]["deleted"] = _delete(conn, table, difference.publishing_id)
    if done != difference.tables:
        raise OutOfStep(
            f"publishing {difference.publishing_id}: expected to change {difference.tables}, changed {done}: something "
            "else has written to the warehouse. Nothing was published; run the day again."
        )
    return done


def _require_unchanged(conn: psycopg.Connection, difference: Difference) -> None:
    filled = {}
    for table in difference.filled:
        (filled[table],) = conn.execute(
            sql.SQL("select count(*) from {}").format(sql.Identifier("build", table))
        ).fetchone()
    found = digest_of(conn, difference.publishing_id, filled)
    if found != difference.digest:
        raise OutOfStep(
            f"publishing {difference.publishing_id}: expected the differences that were compared (digest "
            f"{difference.digest}), found others ({found}). Run the day again."
        )


def _referenced_tables(conn: psycopg.Connection) -> set[str]:
    rows = conn.execute(
        "select distinct target.relname from pg_constraint inner join pg_class as target"
        " on pg_constraint.confrelid = target.oid where pg_constraint.contype = 'f'"
        " and target.relnamespace = 'warehouse'::regnamespace and pg_constraint.conrelid <> pg_constraint.confrelid"
    )
    return {row[0] for row in rows}


def _fill(conn: psycopg.Connection, table: str) -> int:
    columns = identifiers(table_columns(conn, "warehouse", table))
    query = sql.SQL("insert into {kept} ({columns}) select {columns} from {built}")
    return conn.execute(
        query.format(kept=sql.Identifier("warehouse", table), built=sql.Identifier("build", table), columns=columns)
    ).rowcount


def _insert(conn: psycopg.Connection, table: str, publishing_id: int) -> int:
    columns = _image_columns(conn, table, publishing_id, "insert")
    if not columns:
        return 0
    query = sql.SQL(
        "insert into {kept} ({columns}) select {images} from {changes} cross join lateral"
        " jsonb_populate_record(null::{kept}, row_change.after) as image where {these}"
    )
    return _run(conn, query, table, publishing_id, "insert", columns)


def _update(conn: psycopg.Connection, table: str, publishing_id: int) -> int:
    key = key_columns(conn, "warehouse", table)
    columns = [column for column in _image_columns(conn, table, publishing_id, "update") if column not in key]
    if not columns:
        return 0
    query = sql.SQL(
        "update {kept} as kept set {assignments} from {changes} cross join lateral"
        " jsonb_populate_record(null::{kept}, row_change.after) as image where {these} and {same_key}"
    )
    return _run(conn, query, table, publishing_id, "update", columns)


def _delete(conn: psycopg.Connection, table: str, publishing_id: int) -> int:
    query = sql.SQL(
        "delete from {kept} as kept using {changes} cross join lateral"
        " jsonb_populate_record(null::{kept}, row_change.before) as image where {these} and {same_key}"
    )
    return _run(conn, query, table, publishing_id, "delete", [])


def _run(
    conn: psycopg.Connection, query: sql.SQL, table: str, publishing_id: int, change: str, columns: list[str]
) -> int:
    statement = query.format(
        kept=sql.Identifier("warehouse", table),
        changes=sql.Identifier("ops", "row_change"),
        columns=identifiers(columns),
        images=sql.SQL(", ").join(sql.Identifier("image", column) for column in columns),
        assignments=sql.SQL(", ").join(
            sql.SQL("{} = {}").format(sql.Identifier(column), sql.Identifier("image", column)) for column in columns
        ),
        these=sql.SQL("row_change.publishing_id = {} and row_change.table_name = {} and row_change.change = {}").format(
            sql.Literal(publishing_id), sql.Literal(table), sql.Literal(change)
        ),
        same_key=sql.SQL(" and ").join(
            sql.SQL("kept.{0} = image.{0}").format(sql.Identifier(column))
            for column in key_columns(conn, "warehouse", table)
        ),
    )
    return conn.execute(statement).rowcount


def _image_columns(conn: psycopg.Connection, table: str, publishing_id: int, change: str) -> list[str]:
    """Columns that the images have: one that a migration has added since keeps what it holds."""
    row = conn.execute(
        "select array(select jsonb_object_keys(after)) from ops.row_change"
        " where publishing_id = %s and table_name = %s and change = %s limit 1",
        (publishing_id, table, change),
    ).fetchone()
    return [column for column in table_columns(conn, "warehouse", table) if row and column in row[0]]
