"""The three steps of a refresh: compute the lists aside, check them, publish the lists that changed."""

from __future__ import annotations

import gc
import hashlib
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from reelhouse import loads
from reelhouse.copying import copy_texts, texts_of
from reelhouse.database import lock_layer, run_file, set_layer
from reelhouse.day import Day
from reelhouse.errors import Emptied, Held, OutOfStep
from reelhouse.recommending import catalogue, clusters, evaluation, methods, modelling, own
from reelhouse.recommending.events import read_events
from reelhouse.recommending.serving import refresh_viewer
from reelhouse.warehousing import checks, differences, publishing
from reelhouse.warehousing.filling import keys_made_afterwards


def build_recommendations(conn: psycopg.Connection, day: Day) -> dict[str, object]:
    """Compute all lists from the published warehouse into build.fact_recommendation.

    Gives   load_id, titles, lists, rows, seconds, peak_mb; held_methods, those of one's own that keep former lists;
            newer_day, when that leaves nothing to do
    Raises  OutOfStep when the day's warehouse load is not the published one
    Reruns  a published load is left alone unless the day is forced
    """
    warehouse = loads.current_load(conn, "warehouse", day.batch_date)
    if not warehouse.is_seen:
        raise OutOfStep(
            f"{day.batch_date}: expected warehouse load {warehouse.load_id} to be published, found it "
            f"{warehouse.state}. Run publish_warehouse first."
        )
    if overtaken := _overtaken(conn, day):
        loads.give_up_held(conn, "recommendations", day.batch_date, f"readers have {overtaken['newer_day']}")
        return overtaken
    load = loads.open_load(
        conn, "recommendations", day.batch_date, _input_sha256(conn, warehouse.load_id, day), warehouse.load_id
    )
    if load.is_seen and not day.force:
        return {"load_id": load.load_id, "unchanged": True}
    started = time.monotonic()
    with _nothing_looked_through(), conn.transaction():
        lock_layer(conn, writes="recommendations", reads=("warehouse",))
        _require_warehouse(conn, warehouse.load_id)
        titles, computed = _compute(conn, day)
        day.tell("writing lists", 0.7)
        rows = _write_lists(conn, load.load_id, computed)
        clusters.write(conn, computed.clustered, load.load_id)
        modelling.write_model(conn, computed.model, evaluation.model_figures(computed), load.load_id)
        measured = {"seconds": round(time.monotonic() - started, 2), "peak_mb": _peak_mb()}
        evaluation.measure(conn, day.settings.sql, load.load_id, computed, measured)
        held = evaluation.hold_own(conn, day.settings.sql)
        set_layer(conn, "recommendations", load.load_id)
    lists = computed.of_titles[methods.SIMILAR_HYBRID]
    figures = {"titles": titles, "lists": len(set(lists.source)), "rows": rows, **measured}
    if held:
        figures["held_methods"] = held
    loads.add_figures(conn, load.load_id, {"build_recommendations": figures})
    return {"load_id": load.load_id, **figures}


def _compute(conn: psycopg.Connection, day: Day) -> tuple[int, methods.Computed]:
    """All that a refresh shows, from what the warehouse has now; with the number of titles of the catalogue."""
    folder = day.settings.sql
    titles = catalogue.read_catalogue(conn, folder)
    events = read_events(conn, folder)
    computed = methods.compute(
        titles,
        events,
        dict(run_file(conn, folder / "4_recommendation" / "names_of_liked.sql").fetchall()),
        catalogue.child_limit(conn),
        evaluation.former_gains(conn),
        evaluation.former_recencies(conn),
        clusters.read_former(conn),
        own.read_own(conn, titles, events),
        day.tell,
    )
    return len(titles), computed


@contextmanager
def _nothing_looked_through() -> Iterator[None]:
    """Python looks for no unreachable cycles: nothing here makes any, and it would go through all titles each time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def check_recommendations(conn: psycopg.Connection, day: Day) -> dict[str, object]:
    """Ask for rows that must not exist, and compare the quality of the refresh with its limits.

    Gives   load_id, checks, warnings and the metrics
    Raises  Held when anything fails: readers keep the former lists
    """
    if overtaken := _overtaken(conn, day):
        return overtaken
    load = loads.current_load(conn, "recommendations", day.batch_date)
    if load.is_seen and not day.force:
        return {"load_id": load.load_id, "unchanged": True}
    with conn.transaction():
        lock_layer(conn, writes="recommendations", reads=("warehouse",))
        _require_computed(conn, load.load_id)
        results = [
            checks.run_check(conn, check)
            for check in checks.read_checks(day.settings.sql / "9_checks" / "recommendations.sql")
        ]
        checks.record_checks(conn, load.load_id, results)
        quality = evaluation.read_metrics(conn, load.load_id)
        reason = evaluation.failures(results, quality)
        held_because = [reason] if reason else []
        # Of what a person is asked about; else it is not wanted, and takes as long as the checks do.
        digest = _lists_digest(conn) if reason else ""
        loads.add_figures(conn, load.load_id, {"held_because": held_because, "digest": digest})
        if reason and loads.is_approved(conn, load, held_because, digest):
            reason = None
        if reason or not load.is_seen:
            loads.set_state(conn, load.load_id, "held" if reason else "checked", reason)
    if reason:
        raise Held(checks.held_message("Recommendations' load", load, reason))
    metrics = {metric.name: round(metric.value, 4) for metric in quality}
    loads.add_figures(conn, load.load_id, {"check_recommendations": metrics})
    warnings = sum(result.rows_found > 0 for result in results)
    return {"load_id": load.load_id, "checks": len(results), "warnings": warnings, **metrics}


def publish_recommendations(conn: psycopg.Connection, day: Day) -> dict[str, object]:
    """Rewrite the lists that changed, in one transaction with the stamp that readers go by.

    Gives   load_id, lists_changed, rows_changed (deleted and inserted)
    Raises  OutOfStep when the lists were not checked or the warehouse has moved on
    Reruns  changes 0 rows
    """
    if overtaken := _overtaken(conn, day):
        return {"lists_changed": 0, "rows_changed": 0, **overtaken}
    load = loads.current_load(conn, "recommendations", day.batch_date)
    if load.is_seen and not day.force:
        return {"load_id": load.load_id, "lists_changed": 0, "rows_changed": 0, "unchanged": True}
    if load.state not in ("checked", "published"):
        raise OutOfStep(
            f"{day.batch_date}: expected checked recommendations, found load {load.load_id} {load.state}. "
            "Run check_recommendations first."
        )
    folder = day.settings.sql / "4_recommendation"
    with conn.transaction():
        lock_layer(conn, writes="recommendations", reads=("warehouse",))
        _require_computed(conn, load.load_id)
        _require_warehouse(conn, load.built_on_load_id)
        approved = loads.approval(conn, load.load_id)
        if approved and not load.is_seen and approved[0] != _lists_digest(conn):
            raise OutOfStep(
                f"Load {load.load_id}: expected the lists that were approved, found others. Check them again."
            )
        publishing_id = differences.open_publishing(conn, "recommendations", load.load_id)
        figures = _rewrite_lists(conn, folder, load.load_id, publishing_id)
        run_file(conn, folder / "replaced_model.sql", publishing_id=publishing_id)
        run_file(conn, folder / "publish_model.sql")
        clusters.publish(conn, folder)
        run_file(conn, folder / "publish_quality.sql")
        publishing.stamp(conn, "recommendations", load.load_id, publishing_id)
        loads.add_figures(conn, load.load_id, {"publish_recommendations": figures})
    _catch_up(conn, day.settings.sql)
    return {"load_id": load.load_id, **figures}


def _rewrite_lists(conn: psycopg.Connection, folder: Path, load_id: int, publishing_id: int) -> dict[str, int]:
    """Put the lists that changed in place of those that readers have, which are kept: for a rollback, and as history.

    Gives   lists_changed, rows_changed (deleted and inserted)
    """
    lists_changed = run_file(conn, folder / "changed_list.sql").rowcount
    filled = _rows_to_fill(conn)
    if not filled:
        run_file(conn, folder / "keep_changed_lists.sql", publishing_id=publishing_id)
    differences.close_publishing(conn, publishing_id, filled)
    run_file(conn, folder / "hist_recommendation.sql", load_id=load_id)
    run_file(conn, folder / "forget_old_lists.sql")
    rows_changed = run_file(conn, folder / "delete_changed_lists.sql").rowcount
    with keys_made_afterwards(conn, ["fact_recommendation"], "recommendations"):
        rows_changed += run_file(conn, folder / "insert_changed_lists.sql").rowcount
    return {"lists_changed": lists_changed, "rows_changed": rows_changed}


def _rows_to_fill(conn: psycopg.Connection) -> dict[str, int]:
    """The table of lists and its rows to be, when readers have no list yet: to undo that is to empty it."""
    (has_lists, rows) = conn.execute(
        "select exists (select from warehouse.fact_recommendation), (select count(*) from build.fact_recommendation)"
    ).fetchone()
    return {} if has_lists or not rows else {"fact_recommendation": rows}


def _overtaken(conn: psycopg.Connection, day: Day) -> dict[str, object]:
    """Figures of a refresh with nothing left to do: readers have a newer day, whose own refresh makes the lists.

    Empty when there is something to do, as when the day was loaded again after the newer one.
    """
    row = conn.execute(
        "select publication.batch_date from warehouse.publication"
        " inner join ops.layer on layer.layer = 'warehouse' inner join ops.load on layer.load_id = load.load_id"
        " where publication.part = 'warehouse' and publication.batch_date > %(day)s and load.batch_date <> %(day)s",
        {"day": day.batch_date},
    ).fetchone()
    return {"unchanged": True, "newer_day": str(row[0])} if row else {}


def _require_warehouse(conn: psycopg.Connection, load_id: int) -> None:
    """Make sure that the warehouse is that of a load. Lock it first. An older day after it has added to history only.

    Raises  OutOfStep when it is another one's
    """
    seen = "select from warehouse.publication where part = 'warehouse' and load_id = %s"
    if conn.execute(seen, (load_id,)).fetchone() is None:
        loads.require_layer(conn, "warehouse", load_id)


def _require_computed(conn: psycopg.Connection, load_id: int) -> None:
    """Make sure that the lists of a load are there.

    Raises  OutOfStep when there are those of another one, Emptied when a crash of the server has emptied the tables:
            to publish them would take every list away
    """
    loads.require_layer(conn, "recommendations", load_id)
    query = "select from build.fact_recommendation_quality where load_id = %s limit 1"
    if conn.execute(query, (load_id,)).fetchone() is None:
        raise Emptied(
            f"build.fact_recommendation: expected the lists of load {load_id}, found none: the server has crashed "
            "since. Run build_recommendations again.",
            "recommendations",
        )


def _catch_up(conn: psycopg.Connection, sql_folder: Path) -> None:
    """Make the lists anew of viewers who have watched something of it since they were computed."""
    for (user_key,) in run_file(conn, sql_folder / "4_recommendation" / "viewers_to_catch_up.sql").fetchall():
        refresh_viewer(conn, sql_folder, user_key)


def _input_sha256(conn: psycopg.Connection, warehouse_load_id: int, day: Day) -> str:
    said = f"{warehouse_load_id} {loads.code_sha256(day.settings)} {own.versions(conn)}".rstrip()
    return hashlib.sha256(said.encode()).hexdigest()


def _write_lists(conn: psycopg.Connection, load_id: int, computed: methods.Computed) -> int:
    conn.execute("truncate build.fact_recommendation")
    rows = ((*row, load_id) for row in computed.rows())
    fields = (*methods.Row._fields, "load_id")
    count = copy_texts(conn, ("build", "fact_recommendation"), fields, texts_of(rows), is_emptied=True)
    # Nobody looks for reasons by what is in them, and to read a sample of them takes longest.
    columns = ", ".join(field for field in fields if field not in ("reasons", "score", "score_raw"))
    conn.execute(f"analyze build.fact_recommendation ({columns})")
    return count


def _lists_digest(conn: psycopg.Connection) -> str:
    """Digest of the lists as computed: what is approved and what is published have the same one."""
    count, total = conn.execute(
        "select count(*), coalesce(sum(hashtextextended((to_jsonb(lists) - 'load_id')::text, 0)::numeric), 0)"
        " from build.fact_recommendation as lists"
    ).fetchone()
    return f"{count}:{total}"


def _peak_mb() -> int:
    # The kernel counts in kB, on macOS in bytes.
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024))
