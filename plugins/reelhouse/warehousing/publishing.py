"""Publish or nothing: one transaction that changes only the rows that differ, as compared and checked before."""

from __future__ import annotations

import logging
import time

import psycopg
from psycopg import sql

from reelhouse import loads
from reelhouse.database import lock_layer, set_layer, set_settings
from reelhouse.day import Day
from reelhouse.errors import Locked, OutOfStep
from reelhouse.matching.editions import compare_published_again
from reelhouse.warehousing import differences
from reelhouse.warehousing.applying import Changes, apply_differences
from reelhouse.warehousing.differences import Difference, PublishedTable
from reelhouse.warehousing.extent import require_built, settle
from reelhouse.warehousing.filling import keys_made_afterwards
from reelhouse.warehousing.searching import refresh_search

log = logging.getLogger(__name__)

# Parents first.
PUBLISHED_TABLES = (
    PublishedTable("loaded_day"),
    PublishedTable("hist_source_row"),
    PublishedTable("hist_imdb_absence"),
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
    PublishedTable("dim_title_history"),
    # Of most titles the build has only what this day adds.
    PublishedTable("fact_title_rating", whole_of="rerated_title", scope="title"),
    PublishedTable("fact_availability"),
    PublishedTable("fact_list_membership"),
    PublishedTable("person_identity", keeps_missing=True),
    PublishedTable("dim_user", keeps_sent=True),
    PublishedTable("fact_user_rating", keeps_sent=True),
    PublishedTable("fact_viewing", keeps_sent=True),
)
TABLE_ORDER = tuple(table.name for table in PUBLISHED_TABLES)
# Share of a table's rows, as autovacuum takes it, and what is few in a small table, too.
MUCH_CHANGED, FEW_CHANGES = 0.1, 1000
PUBLISH_SETTINGS = {"lock_timeout": "5s", "statement_timeout": "10min", "synchronous_commit": "on"}


def publish_warehouse(conn: psycopg.Connection, day: Day) -> dict[str, object]:
    """Let readers see the checked load of the day.

    Gives   load_id, rows_changed, and the rows inserted, updated and deleted of each table that changed
    Raises  OutOfStep when the load was not built and checked, or was approved for what is not any more; Held when it
            waits for a person; Locked when another run is publishing
    Reruns  a publish that had committed without our knowing is found in warehouse.publication and left alone
    """
    load = loads.current_load(conn, "warehouse", day.batch_date)
    if load.is_seen and not day.force:
        _compare_editions_again(conn, day)
        return {"load_id": load.load_id, "unchanged": True, "rows_changed": 0, "tables": {}}
    started = time.monotonic()
    with conn.transaction():
        conn.execute("set transaction isolation level read committed")
        set_settings(conn, PUBLISH_SETTINGS)
        lock_layer(conn, writes="warehouse", reads=("build",))
        _require_checked(conn, load.load_id)
        difference = _difference_to_publish(conn, load.load_id, day)
        with keys_made_afterwards(conn, difference.filled) as is_made_afterwards:
            tables = apply_differences(conn, difference, TABLE_ORDER, day)
        if tables:
            refresh_search(conn, day.settings.sql, difference)
        figures = {"rows_changed": sum(sum(changes.values()) for changes in tables.values()), "tables": tables}
        seconds = {"published_seconds": round(time.monotonic() - started, 1)}
        settle(conn, load.load_id)
        stamp(conn, "warehouse", load.load_id, difference.publishing_id)
        loads.add_figures(conn, load.load_id, figures | seconds)
        set_layer(conn, "warehouse", load.load_id)
    # Tables whose keys were made afterwards have their statistics from then.
    known = set(difference.filled) if is_made_afterwards else set()
    analyze_changed(conn, {table: changes for table, changes in tables.items() if table not in known})
    differences.drop_old_differences(conn)
    _compare_editions_again(conn, day)
    return {"load_id": load.load_id, **figures}


def _compare_editions_again(conn: psycopg.Connection, day: Day) -> None:
    """Now that the day is one that readers have, it may be the one before an edition that came earlier."""
    try:
        compare_published_again(conn, day)
    except Locked:
        # Another day is being compared. The day is published all the same, and the next publish comes by here again.
        log.info("Editions are compared by another run; what changed between them is brought up to date later.")


def _difference_to_publish(conn: psycopg.Connection, load_id: int, day: Day) -> Difference:
    """What was compared when the load was checked; compared anew when readers see something else by now.

    Raises  OutOfStep when a person has approved what was compared, and it would be something else
    """
    difference = differences.waiting_difference(conn, load_id)
    is_based = difference is not None and differences.is_based_on_what_is_seen(conn, difference)
    approval = loads.approval(conn, load_id)
    approved = approval[0] if approval else None
    if is_based and approved in (None, difference.digest):
        if difference.filled:
            require_built(conn, load_id)
        return difference
    require_built(conn, load_id)
    compared = differences.compare(conn, load_id, PUBLISHED_TABLES, day)
    if approved not in (None, compared.digest):
        raise OutOfStep(
            f"Load {load_id}: expected the differences that were approved, found others: another load was published "
            "since. Run check_warehouse again; it asks again."
        )
    return compared


def _require_checked(conn: psycopg.Connection, load_id: int) -> None:
    (state,) = conn.execute("select state from ops.load where load_id = %s for update", (load_id,)).fetchone()
    if state not in ("checked", "published"):
        raise OutOfStep(f"Load {load_id}: expected state checked, found {state}. Run check_warehouse first.")


def stamp(
    conn: psycopg.Connection, part: str, load_id: int, publishing_id: int, seen_load_id: int | None = None
) -> None:
    """Say which load readers see from this transaction on, and which change brought them there.

    Takes   seen_load_id  the load whose day readers see as current; by default this one, unless they have a newer day:
            an older one adds to history only
    """
    (seen,) = conn.execute(
        "select coalesce(%(seen)s, (select publication.load_id from warehouse.publication"
        "  inner join ops.load on load.load_id = %(load)s"
        "  where publication.part = %(part)s and publication.batch_date > load.batch_date), %(load)s)",
        {"seen": seen_load_id, "load": load_id, "part": part},
    ).fetchone()
    # clock_timestamp: the transaction may have begun minutes before anybody can see it.
    conn.execute(
        "insert into warehouse.publication (part, load_id, batch_date, published_at, publishing_id)"
        " select %(part)s, load_id, batch_date, clock_timestamp(), %(publishing)s from ops.load"
        " where load_id = %(seen)s"
        " on conflict (part) do update set load_id = excluded.load_id, batch_date = excluded.batch_date,"
        " published_at = excluded.published_at, publishing_id = excluded.publishing_id",
        {"part": part, "seen": seen, "publishing": publishing_id},
    )
    conn.execute(
        "update ops.publishing set published_at = clock_timestamp(), seen_load_id = %s where publishing_id = %s",
        (seen, publishing_id),
    )
    # When they first saw it; of a load that another one of its day had replaced, when they saw it again: the last one
    # of a day is what history has.
    conn.execute(
        "update ops.load set state = 'published', state_reason = null,"
        " published_at = case when exists (select from ops.load as later where later.part = load.part"
        "   and later.batch_date = load.batch_date and later.published_at > load.published_at)"
        "  then clock_timestamp() else coalesce(published_at, clock_timestamp()) end where load_id = %s",
        (load_id,),
    )


def analyze_changed(conn: psycopg.Connection, tables: dict[str, Changes]) -> None:
    """Tell the planner of what changed much: a reader's first query must not be planned for an empty table.

    What changed little leaves plans as they are, and is the server's own business (autovacuum), or the night's.
    """
    known = dict(
        conn.execute(
            "select relname, greatest(reltuples, 0) from pg_class"
            " where relnamespace = 'warehouse'::regnamespace and relname = any(%s)",
            (list(tables),),
        ).fetchall()
    )
    for table, changes in tables.items():
        if sum(changes.values()) > max(FEW_CHANGES, MUCH_CHANGED * known[table]):
            conn.execute(sql.SQL("analyze {}").format(sql.Identifier("warehouse", table)))
