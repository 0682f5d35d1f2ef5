"""Back to what readers saw with one of the last loads: the kept differences since then, applied backwards.

A rollback is a publish like any other: one transaction, with differences of its own, so that `mart.changes_since` tells
of it and the next rollback can undo it. Recommendations made since then go back with the titles they name.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import psycopg
from psycopg import sql

from reelhouse.database import key_columns, lock_layer, run_file, set_layer, set_settings
from reelhouse.day import Day
from reelhouse.errors import SettingsWrong
from reelhouse.warehousing import differences
from reelhouse.warehousing.applying import apply_differences
from reelhouse.warehousing.publishing import PUBLISH_SETTINGS, TABLE_ORDER, analyze_changed, stamp
from reelhouse.warehousing.searching import refresh_search

# After all that it refers to.
ORDER = (*TABLE_ORDER, "fact_recommendation")


@dataclass(frozen=True, slots=True)
class FormerLoad:
    """A load that readers can be brought back to.

    seen_load_id  the load whose day was current then: a newer one, when this load only added to history
    """

    load_id: int
    batch_date: date
    published_at: datetime
    publishing_id: int
    seen_load_id: int


@dataclass(frozen=True, slots=True)
class Undone:
    """The published changes that a rollback undoes.

    first   the first change of the warehouse after the load one goes back to
    """

    first: int
    publishings: list[int]
    filled: list[str]


def former_loads(conn: psycopg.Connection) -> list[FormerLoad]:
    """The loads one can go back to, newest first."""
    rows = conn.execute(
        "with seen as (select load_id, max(publishing_id) as publishing_id from ops.publishing"
        "  where part = 'warehouse' and published_at is not null group by load_id),"
        " kept as (select coalesce(max(publishing_id), 0) as floor from ops.publishing"
        "  where part = 'warehouse' and published_at is not null and not is_kept)"
        " select load_id, load.batch_date, publishing.published_at, publishing_id, seen_load_id from seen"
        " inner join ops.publishing using (publishing_id, load_id) inner join ops.load using (load_id) cross join kept"
        " where publishing_id <> (select publishing_id from warehouse.publication where part = 'warehouse')"
        " and publishing_id >= floor order by publishing_id desc limit %s",
        (differences.KEPT_LOADS,),
    )
    return [FormerLoad(*row) for row in rows]


def roll_back(conn: psycopg.Connection, day: Day, to_load_id: int, reason: str, done_by: str) -> dict[str, object]:
    """Let readers see again what they saw with a former load.

    Takes   day  for its settings and its way to tell
    Gives   load_id, rows_changed, tables, and the loads that were taken back
    Raises  SettingsWrong when the load is none of the last ones, Locked when another run is publishing
    Reruns  a second one to the same load is refused: readers see it
    """
    if not reason.strip():
        raise SettingsWrong("rollback: expected a reason, found nothing. Say why: --reason TEXT.")
    with conn.transaction():
        set_settings(conn, PUBLISH_SETTINGS)
        lock_layer(conn, writes="warehouse")
        lock_layer(conn, writes="recommendations")
        target = _target(conn, to_load_id)
        undone = _undone(conn, target)
        difference = _inverse(conn, target.load_id, undone, reason.strip(), done_by)
        tables = apply_differences(conn, difference, ORDER, day)
        refresh_search(conn, day.settings.sql, difference)
        taken_back = _retire(conn, undone, target, f"rolled back by {done_by}: {reason.strip()}")
        stamp(conn, "warehouse", target.load_id, difference.publishing_id, target.seen_load_id)
        # Of two loads of one day this is the one that is worked on again.
        conn.execute("update ops.load set opened_at = clock_timestamp() where load_id = %s", (target.load_id,))
        _restore_model(conn, undone, difference.publishing_id, day)
        _stamp_recommendations(conn, undone, reason.strip(), done_by)
        set_layer(conn, "warehouse", target.load_id)
    analyze_changed(conn, tables)
    rows = sum(sum(changes.values()) for changes in tables.values())
    return {"load_id": target.load_id, "rows_changed": rows, "tables": tables, "taken_back": taken_back}


def _target(conn: psycopg.Connection, load_id: int) -> FormerLoad:
    known = former_loads(conn)
    target = next((load for load in known if load.load_id == load_id), None)
    if target is None:
        others = (
            ", ".join(f"{load.load_id} ({load.batch_date})" for load in known) or "none: nothing was published before"
        )
        raise SettingsWrong(f"load {load_id}: expected one of the loads that one can go back to, which are: {others}.")
    return target


def _undone(conn: psycopg.Connection, target: FormerLoad) -> Undone:
    (first,) = conn.execute(
        "select min(publishing_id) from ops.publishing"
        " where part = 'warehouse' and published_at is not null and publishing_id > %s",
        (target.publishing_id,),
    ).fetchone()
    rows = conn.execute(
        "select publishing_id, filled_tables from ops.publishing"
        " where published_at is not null and publishing_id >= %s order by publishing_id",
        (first,),
    ).fetchall()
    return Undone(first, [row[0] for row in rows], sorted({table for row in rows for table in row[1]}))


def _inverse(
    conn: psycopg.Connection, load_id: int, undone: Undone, reason: str, done_by: str
) -> differences.Difference:
    """The differences that lead back: the oldest image before, in place of the newest one after."""
    publishing_id = differences.open_publishing(conn, "warehouse", load_id, "rollback", reason, done_by)
    conn.execute(
        "insert into ops.row_change (publishing_id, table_name, row_key, change, title_key, before, after)"
        " select %(new)s, table_name, row_key,"
        "  case when is_now is null then 'insert' when was is null then 'delete' else 'update' end, title_key,"
        "  is_now, was"
        " from (select table_name, row_key, max(title_key) as title_key,"
        "  (array_agg(before order by publishing_id))[1] as was,"
        "  (array_agg(after order by publishing_id desc))[1] as is_now"
        "  from ops.row_change where publishing_id = any(%(undone)s) and table_name <> all(%(filled)s)"
        "  group by table_name, row_key) as net"
        " where was is distinct from is_now",
        {"new": publishing_id, "undone": undone.publishings, "filled": undone.filled},
    )
    for table in undone.filled:
        _empty(conn, publishing_id, table)
    return differences.close_publishing(conn, publishing_id, {})


def _empty(conn: psycopg.Connection, publishing_id: int, table: str) -> None:
    """What was filled from nothing becomes nothing again."""
    key = sql.SQL(", ").join(sql.Identifier("kept", column) for column in key_columns(conn, "warehouse", table))
    conn.execute(
        sql.SQL(
            "insert into ops.row_change (publishing_id, table_name, row_key, change, title_key, before)"
            " select {publishing}, {table}, row({key})::text, 'delete', (to_jsonb(kept) ->> 'title_key')::bigint,"
            " to_jsonb(kept) from {kept} as kept"
        ).format(
            publishing=sql.Literal(publishing_id),
            table=sql.Literal(table),
            key=key,
            kept=sql.Identifier("warehouse", table),
        )
    )


def _retire(conn: psycopg.Connection, undone: Undone, target: FormerLoad, reason: str) -> list[int]:
    """Say of the loads that were taken back that readers do not see them; none is published again unasked."""
    rows = conn.execute(
        "update ops.load set state = 'retired', state_reason = %s, published_at = null where load_id in ("
        " select load_id from ops.publishing where publishing_id = any(%s) and load_id <> %s) returning load_id, part",
        (reason, undone.publishings, target.load_id),
    ).fetchall()
    for load_id, part in rows:
        if part == "warehouse":
            conn.execute(
                "insert into ops.objection (load_id, gate, reason) values (%s, 'rollback', %s) on conflict do nothing",
                (load_id, reason),
            )
    return sorted(row[0] for row in rows)


def _restore_model(conn: psycopg.Connection, undone: Undone, publishing_id: int, day: Day) -> None:
    """Bring back the model and the clusters that readers had before; keep those they have, to go back again."""
    row = conn.execute(
        "select contents, contents_sha256, figures::text, load_id, clusters::text, title_clusters::text,"
        " jsonb_typeof(clusters -> 0) is distinct from 'string'"
        " from ops.replaced_model where publishing_id >= %s order by publishing_id limit 1",
        (undone.first,),
    ).fetchone()
    if row is None:
        return
    run_file(conn, day.settings.sql / "4_recommendation" / "replaced_model.sql", publishing_id=publishing_id)
    contents, digest, figures, load_id, clusters, title_clusters, are_rows = row
    conn.execute("delete from warehouse.recommendation_model")
    if contents is not None:
        conn.execute(
            "insert into warehouse.recommendation_model (model, contents, contents_sha256, figures, load_id)"
            " values ('viewers', %b, %s, %s, %s)",
            (contents, digest, figures, load_id),
        )
    if not are_rows:
        return  # version 0.2.0 once kept the clusters' names alone: those there are stay until the next refresh
    conn.execute("delete from warehouse.dim_cluster")
    conn.execute(
        "insert into warehouse.dim_cluster select * from jsonb_populate_recordset(null::warehouse.dim_cluster, %s)",
        (clusters,),
    )
    conn.execute(
        "insert into warehouse.bridge_title_cluster"
        " select * from jsonb_populate_recordset(null::warehouse.bridge_title_cluster, %s)",
        (title_clusters,),
    )


def _stamp_recommendations(conn: psycopg.Connection, undone: Undone, reason: str, done_by: str) -> None:
    """Readers see the recommendations that they saw with the former load, or none."""
    row = conn.execute(
        "select load_id, seen_load_id from ops.publishing where part = 'recommendations' and published_at is not null"
        " and publishing_id < %s order by publishing_id desc limit 1",
        (undone.first,),
    ).fetchone()
    seen = conn.execute("select load_id from warehouse.publication where part = 'recommendations'").fetchone()
    if row and row[1:] == seen:
        return
    if row is None:
        conn.execute("delete from warehouse.publication where part = 'recommendations'")
    else:
        back = differences.open_publishing(conn, "recommendations", row[0], "rollback", reason, done_by)
        differences.close_publishing(conn, back, {})
        stamp(conn, "recommendations", row[0], back, row[1])
