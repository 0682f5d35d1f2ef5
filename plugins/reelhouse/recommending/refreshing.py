"""The three steps of a refresh: compute the lists aside, check them, publish the lists that changed."""

from __future__ import annotations

import hashlib
import resource
import sys
import time
from dataclasses import dataclass

import numpy as np
import psycopg

from reelhouse.database import lock_layer, run_file, set_layer
from reelhouse.day import Day
from reelhouse.errors import Held, OutOfStep
from reelhouse.recommending import catalogue, evaluation, franchises, reasons, selecting
from reelhouse.recommending.content import Features, Title, features_of
from reelhouse.warehousing import checks, differences, loads, publishing

METHOD_KEY = 1  # similar_hybrid


@dataclass(frozen=True, slots=True)
class Lists:
    """All lists of a refresh, one row for each place on one.

    franchise_repeats  mean number of targets of the source's own franchise on a list
    """

    source: list[int]
    rank: list[int]
    target: list[int]
    score: list[float]
    score_raw: list[float]
    is_cold: list[bool]
    reasons: list[str]
    franchise_repeats: float


def compute_lists(titles: list[Title], child_limit: int) -> Lists:
    """The lists of a catalogue: a pure function of it, whatever order the titles come in.

    Takes   child_limit  highest least age that is shown beside a children's title
    """
    features = features_of(titles)
    franchise = _franchise_numbers(features)
    choices = selecting.choose(features, franchise, child_limit)
    score_raw, why = reasons.explain(features, choices)
    keys = np.array([title.title_key for title in features.titles], dtype=np.int64)
    repeats = franchise[choices.source] == franchise[choices.target]
    return Lists(
        source=keys[choices.source].tolist(),
        rank=choices.rank.tolist(),
        target=keys[choices.target].tolist(),
        score=reasons.percentiles(score_raw).tolist(),
        score_raw=score_raw.tolist(),
        is_cold=features.is_bare[choices.source].tolist(),
        reasons=why,
        franchise_repeats=float(repeats.sum() / max(1, len(np.unique(choices.source)))),
    )


def _franchise_numbers(features: Features) -> np.ndarray:
    keys = franchises.franchise_keys([title.title for title in features.titles])
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    return np.array([numbers[key] for key in keys], dtype=np.int64)


def build_recommendations(conn: psycopg.Connection, day: Day) -> dict[str, object]:
    """Compute all lists from the published warehouse into build.fact_recommendation.

    Gives   load_id, titles, lists, rows, seconds, peak_mb
    Raises  OutOfStep when the day's warehouse load is not the published one
    Reruns  a published load is left alone unless the day is forced
    """
    warehouse = loads.current_load(conn, "warehouse", day.batch_date)
    if not warehouse.is_seen:
        raise OutOfStep(
            f"{day.batch_date}: expected warehouse load {warehouse.load_id} to be published, found it "
            f"{warehouse.state}. Run publish_warehouse first."
        )
    load = loads.open_load(
        conn, "recommendations", day.batch_date, _input_sha256(warehouse.load_id, day), warehouse.load_id
    )
    if load.is_seen and not day.force:
        return {"load_id": load.load_id, "unchanged": True}
    started = time.monotonic()
    with conn.transaction():
        lock_layer(conn, writes="recommendations", reads=("warehouse",))
        loads.require_layer(conn, "warehouse", warehouse.load_id)
        titles = catalogue.read_catalogue(conn, day.settings.sql)
        day.tell(f"comparing {len(titles)} titles", 0.2)
        lists = compute_lists(titles, catalogue.child_limit(conn))
        day.tell(f"writing {len(lists.rank)} rows", 0.7)
        _write_lists(conn, load.load_id, lists)
        measured = {"seconds": round(time.monotonic() - started, 2), "peak_mb": _peak_mb()}
        evaluation.measure(conn, day.settings.sql, load.load_id, METHOD_KEY, lists.franchise_repeats, measured)
        set_layer(conn, "recommendations", load.load_id)
    figures = {"titles": len(titles), "lists": len(set(lists.source)), "rows": len(lists.rank), **measured}
    loads.add_figures(conn, load.load_id, {"build_recommendations": figures})
    return {"load_id": load.load_id, **figures}


def check_recommendations(conn: psycopg.Connection, day: Day) -> dict[str, object]:
    """Ask for rows that must not exist, and compare the quality of the refresh with its limits.

    Gives   load_id, checks, warnings and the metrics
    Raises  Held when anything fails: readers keep the former lists
    """
    load = loads.current_load(conn, "recommendations", day.batch_date)
    if load.is_seen and not day.force:
        return {"load_id": load.load_id, "unchanged": True}
    with conn.transaction():
        lock_layer(conn, writes="recommendations", reads=("warehouse",))
        loads.require_layer(conn, "recommendations", load.load_id)
        results = [
            checks.run_check(conn, check)
            for check in checks.read_checks(day.settings.sql / "9_checks" / "recommendations.sql")
        ]
        checks.record_checks(conn, load.load_id, results)
        quality = evaluation.read_metrics(conn, load.load_id)
        reason = evaluation.failures(results, quality)
        if reason or not load.is_seen:
            loads.set_state(conn, load.load_id, "held" if reason else "checked", reason)
    if reason:
        raise Held(
            f"Recommendations of {day.batch_date}, load {load.load_id}, are held: {reason}. Readers keep the former "
            "lists; see ops.check_result."
        )
    metrics = {metric: round(value, 4) for metric, value, _ in quality}
    loads.add_figures(conn, load.load_id, {"check_recommendations": metrics})
    warnings = sum(result.rows_found > 0 for result in results)
    return {"load_id": load.load_id, "checks": len(results), "warnings": warnings, **metrics}


def publish_recommendations(conn: psycopg.Connection, day: Day) -> dict[str, object]:
    """Rewrite the lists that changed, in one transaction with the stamp that readers go by.

    Gives   load_id, lists_changed, rows_changed (deleted and inserted)
    Raises  OutOfStep when the lists were not checked or the warehouse has moved on
    Reruns  changes 0 rows
    """
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
        loads.require_layer(conn, "recommendations", load.load_id)
        loads.require_layer(conn, "warehouse", load.built_on_load_id)
        lists_changed = run_file(conn, folder / "changed_list.sql").rowcount
        publishing_id = differences.open_publishing(conn, "recommendations", load.load_id)
        run_file(conn, folder / "keep_changed_lists.sql", publishing_id=publishing_id)
        differences.close_publishing(conn, publishing_id, {})
        run_file(conn, folder / "hist_recommendation.sql", load_id=load.load_id)
        run_file(conn, folder / "forget_old_lists.sql")
        rows_changed = run_file(conn, folder / "delete_changed_lists.sql").rowcount
        rows_changed += run_file(conn, folder / "insert_changed_lists.sql").rowcount
        run_file(conn, folder / "publish_quality.sql")
        publishing.stamp(conn, "recommendations", load.load_id, publishing_id)
        figures = {"lists_changed": lists_changed, "rows_changed": rows_changed}
        loads.add_figures(conn, load.load_id, {"publish_recommendations": figures})
    return {"load_id": load.load_id, **figures}


def _input_sha256(warehouse_load_id: int, day: Day) -> str:
    return hashlib.sha256(f"{warehouse_load_id} {loads.code_sha256(day.settings)}".encode()).hexdigest()


def _write_lists(conn: psycopg.Connection, load_id: int, lists: Lists) -> None:
    conn.execute("truncate build.fact_recommendation")
    rows = zip(
        lists.source, lists.rank, lists.target, lists.score, lists.score_raw, lists.is_cold, lists.reasons, strict=True
    )
    with conn.cursor().copy(
        "copy build.fact_recommendation (method_key, score_kind, load_id,"
        " source_title_key, rank, recommended_title_key, score, score_raw, is_cold, reasons) from stdin"
    ) as copy:
        for row in rows:
            copy.write_row((METHOD_KEY, "percentile", load_id, *row))
    conn.execute("analyze build.fact_recommendation")


def _peak_mb() -> int:
    # The kernel counts in kB, on macOS in bytes.
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024))
