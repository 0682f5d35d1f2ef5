"""Publish or nothing: one transaction that changes only the rows that differ.

Never by drop, rename, swap or truncate: those stall every reader behind the longest query, and an old snapshot
finds the tables empty. New rows come first and gone rows go last, so that at every moment each foreign key has
its target; within the transaction nobody else sees any of it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import psycopg
from psycopg import sql

from reelhouse.database import identifiers, lock_layer, set_layer, table_columns
from reelhouse.day import Day
from reelhouse.errors import OutOfStep
from reelhouse.warehousing import loads
from reelhouse.warehousing.extent import Extent, read_extent, settle
from reelhouse.warehousing.filling import keys_made_afterwards


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """One table of schema warehouse that a publish brings to the state of its build table.

    keeps_missing  rows that the build table does not have stay as they are
    keeps_sent     so do those that an app sent: they stand in no file
    scope          title or person: when the build is not whole, it has all rows of those in scope and no others
    """

    name: str
    keeps_missing: bool = False
    keeps_sent: bool = False
    scope: str | None = None


# Parents first: inserted and updated in this order, deleted in the reverse one.
PUBLISHED_TABLES = (
    PublishedTable("dim_genre", keeps_missing=True),
    PublishedTable("dim_country", keeps_missing=True),
    PublishedTable("dim_certification", keeps_missing=True),
    PublishedTable("title_identity", keeps_missing=True),
    PublishedTable("dim_title", keeps_missing=True),
    PublishedTable("dim_person", scope="person"),
    PublishedTable("bridge_title_person_role", scope="title"),
    PublishedTable("bridge_title_genre", scope="title"),
    PublishedTable("bridge_title_country"),
    PublishedTable("bridge_title_source"),
    # History: the build has only what this day adds.
    PublishedTable("fact_title_rating", keeps_missing=True),
    PublishedTable("fact_availability"),
    PublishedTable("dim_user", keeps_sent=True),
    PublishedTable("fact_user_rating", keeps_sent=True),
    PublishedTable("fact_viewing", keeps_sent=True),
)
PUBLISH_SETTINGS = {
    "lock_timeout": "5s",
    "statement_timeout": "10min",
}
# Whole tables are compared. Where statistics still say "empty" (the first load), a nested loop would read the rows
# being inserted again for each new one: minutes instead of seconds.
WHOLE_SETTINGS = {"enable_nestloop": "off"}

Changes = dict[str, int]


def publish_warehouse(conn: psycopg.Connection, day: Day) -> dict[str, object]:
    """Let readers see the checked load of the day.

    Gives   load_id, rows_changed, and the rows inserted, updated and deleted of each table that changed
    Raises  OutOfStep when the load was not built and checked, Locked when another run is publishing
    Reruns  a publish that had committed without our knowing is found in warehouse.publication and left alone
    """
    load = loads.current_load(conn, "warehouse", day.batch_date)
    if load.is_seen and not day.force:
        return {"load_id": load.load_id, "unchanged": True, "rows_changed": 0, "tables": {}}
    started = time.monotonic()
    with conn.transaction():
        conn.execute("set transaction isolation level read committed")
        lock_layer(conn, writes="warehouse", reads=("build",))
        loads.require_layer(conn, "build", load.load_id)
        extent = read_extent(conn, load.load_id)
        for name, value in (PUBLISH_SETTINGS | (WHOLE_SETTINGS if extent.is_whole else {})).items():
            conn.execute("select set_config(%s, %s, true)", (name, value))
        _require_checked(conn, load.load_id)
        with keys_made_afterwards(conn, [table.name for table in PUBLISHED_TABLES]) as is_first:
            tables = fill_tables(conn, day) if is_first else publish_tables(conn, day, extent)
        figures = {
            "rows_changed": sum(sum(changes.values()) for changes in tables.values()),
            "tables": {name: changes for name, changes in tables.items() if any(changes.values())},
        }
        settle(conn, load.load_id)
        _stamp(conn, load.load_id, figures | {"published_seconds": round(time.monotonic() - started, 1)})
    _analyze_changed(conn, tables)
    return {"load_id": load.load_id, **figures}


def publish_tables(conn: psycopg.Connection, day: Day, extent: Extent) -> dict[str, Changes]:
    """Bring every published table to the state of its build table.

    Gives   rows inserted, updated and deleted, by table
    """
    changes: dict[str, Changes] = {}
    for number, table in enumerate(PUBLISHED_TABLES):
        day.tell(f"publishing {table.name}", number / len(PUBLISHED_TABLES))
        changes[table.name] = {
            "inserted": _insert_new(conn, table.name),
            "updated": _update_differing(conn, table.name),
            "deleted": 0,
        }
    for table in reversed(PUBLISHED_TABLES):
        if not table.keeps_missing:
            changes[table.name]["deleted"] = _delete_gone(conn, table, extent)
    return changes


def fill_tables(conn: psycopg.Connection, day: Day) -> dict[str, Changes]:
    """Fill every published table, empty before, with what was built: nothing is there to be compared with."""
    changes: dict[str, Changes] = {}
    for number, table in enumerate(PUBLISHED_TABLES):
        day.tell(f"publishing {table.name}", number / len(PUBLISHED_TABLES))
        query = sql.SQL("insert into {kept} ({columns}) select {columns} from {built}").format(
            kept=sql.Identifier("warehouse", table.name),
            built=sql.Identifier("build", table.name),
            columns=identifiers(table_columns(conn, "warehouse", table.name)),
        )
        changes[table.name] = {"inserted": conn.execute(query).rowcount, "updated": 0, "deleted": 0}
    return changes


def _insert_new(conn: psycopg.Connection, table: str) -> int:
    columns = table_columns(conn, "warehouse", table)
    query = sql.SQL(
        "insert into {kept} ({columns}) select {built_columns} from {built} as built"
        " where not exists (select from {kept} as kept where {same_key})"
    ).format(
        kept=sql.Identifier("warehouse", table),
        built=sql.Identifier("build", table),
        columns=identifiers(columns),
        built_columns=_of("built", columns),
        same_key=_same(_key_columns(conn, table)),
    )
    return conn.execute(query).rowcount


def _update_differing(conn: psycopg.Connection, table: str) -> int:
    key = _key_columns(conn, table)
    values = [column for column in table_columns(conn, "warehouse", table) if column not in key]
    query = sql.SQL(
        "update {kept} as kept set {assignments} from {built} as built"
        " where {same_key} and ({kept_values}) is distinct from ({built_values})"
    ).format(
        kept=sql.Identifier("warehouse", table),
        built=sql.Identifier("build", table),
        assignments=sql.SQL(", ").join(
            sql.SQL("{} = {}").format(sql.Identifier(column), sql.Identifier("built", column)) for column in values
        ),
        same_key=_same(key),
        kept_values=_of("kept", values),
        built_values=_of("built", values),
    )
    return conn.execute(query).rowcount


def _delete_gone(conn: psycopg.Connection, table: PublishedTable, extent: Extent) -> int:
    query = sql.SQL(
        "delete from {kept} as kept where not exists (select from {built} as built where {same_key}){but_for}{in_scope}"
    ).format(
        in_scope=_in_scope(table, extent),
        kept=sql.Identifier("warehouse", table.name),
        built=sql.Identifier("build", table.name),
        same_key=_same(_key_columns(conn, table.name)),
        but_for=sql.SQL(" and kept.source <> 'app'" if table.keeps_sent else ""),
    )
    return conn.execute(query).rowcount


def _in_scope(table: PublishedTable, extent: Extent) -> sql.Composable:
    # Of what is not in scope the build has no rows, and nothing is gone.
    if extent.is_whole or table.scope is None:
        return sql.SQL("")
    key, scope = sql.Identifier(f"{table.scope}_key"), sql.Identifier("build", f"{table.scope}_scope")
    return sql.SQL(" and kept.{key} in (select {key} from {scope})").format(key=key, scope=scope)


def _key_columns(conn: psycopg.Connection, table: str) -> list[str]:
    rows = conn.execute(
        "select pg_attribute.attname from pg_index"
        " cross join lateral unnest(pg_index.indkey) with ordinality as keys (attnum, position)"
        " inner join pg_attribute on pg_attribute.attrelid = pg_index.indrelid"
        " and pg_attribute.attnum = keys.attnum"
        " where pg_index.indrelid = %s::regclass and pg_index.indisprimary order by keys.position",
        (f"warehouse.{table}",),
    ).fetchall()
    return [row[0] for row in rows]


def _of(alias: str, columns: list[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(alias, column) for column in columns)


def _same(key: list[str]) -> sql.Composed:
    return sql.SQL(" and ").join(
        sql.SQL("{} = {}").format(sql.Identifier("kept", column), sql.Identifier("built", column)) for column in key
    )


def _require_checked(conn: psycopg.Connection, load_id: int) -> None:
    (state,) = conn.execute("select state from ops.load where load_id = %s for update", (load_id,)).fetchone()
    if state not in ("checked", "published"):
        raise OutOfStep(f"Load {load_id}: expected state checked, found {state}. Run check_warehouse first.")


def _stamp(conn: psycopg.Connection, load_id: int, figures: dict[str, object]) -> None:
    # clock_timestamp: the transaction may have begun minutes before anybody can see it.
    conn.execute(
        "insert into warehouse.publication (part, load_id, batch_date, published_at)"
        " select part, load_id, batch_date, clock_timestamp() from ops.load where load_id = %s"
        " on conflict (part) do update set load_id = excluded.load_id, batch_date = excluded.batch_date,"
        " published_at = excluded.published_at",
        (load_id,),
    )
    conn.execute(
        "update ops.load set state = 'published', state_reason = null,"
        " published_at = coalesce(published_at, clock_timestamp()) where load_id = %s",
        (load_id,),
    )
    loads.add_figures(conn, load_id, figures)
    set_layer(conn, "warehouse", load_id)


def _analyze_changed(conn: psycopg.Connection, tables: dict[str, Changes]) -> None:
    # After the commit, and only where much changed: a reader's first query must not be planned for an empty table.
    for table, changes in tables.items():
        if sum(changes.values()) > 1000:
            conn.execute(sql.SQL("analyze {}").format(sql.Identifier("warehouse", table)))
