"""Is a refresh good enough to be shown: rows that must not exist, and metrics with their limits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import psycopg

from reelhouse.database import run_file
from reelhouse.recommending import methods, modelling, trials
from reelhouse.warehousing.checks import CheckResult


class Measured(NamedTuple):
    """One metric of a refresh, its limit if it has one, and its ratios to others with their 95 % intervals."""

    name: str
    value: float
    is_ok: bool
    limit: float | None = None
    versus_popular: tuple[float | None, ...] = (None, None, None)
    versus_former: tuple[float | None, ...] = (None, None, None)

    def words(self) -> str:
        if self.limit is not None:
            return f"{self.name} is {self.value:g}, past its limit of {self.limit:g}"
        beside = [
            f"{ratio:.3f} [{low:.3f}, {high:.3f}] times {others}"
            for (ratio, low, high), others in (
                (self.versus_popular, "that of popular titles, expected 1 and more"),
                (
                    self.versus_former,
                    f"that of the lists shown now, expected {trials.FORMER_AT_LEAST:g} at least, surely",
                ),
            )
            if ratio is not None
        ]
        return ", ".join([f"{self.name} is {self.value:g}", *beside])


def failures(results: list[CheckResult], metrics: Sequence[Measured]) -> str | None:
    """Why a refresh must not be shown, in words; None when it may be."""
    found = [
        f"{result.check.name} ({result.rows_found} rows, the first is {result.sample[0]})"
        for result in results
        if result.rows_found and result.check.severity == "fail"
    ]
    found += [metric.words() for metric in metrics if not metric.is_ok]
    if not metrics:
        found.append("no quality was measured")
    return "; ".join(found) or None


def measure(
    conn: psycopg.Connection, sql_folder: Path, load_id: int, computed: methods.Computed, figures: dict[str, float]
) -> None:
    """Measure the lists just built into build.fact_recommendation_quality.

    Takes   figures  seconds and peak_mb of computing them
    """
    conn.execute("truncate build.fact_recommendation_quality")
    folder = sql_folder / "4_recommendation"
    for method_key in (methods.SIMILAR_HYBRID, methods.CONTENT_FIELDS, *own_methods(conn)):
        if method_key not in computed.of_titles:
            continue
        repeats = computed.of_titles[method_key].franchise_repeats
        run_file(
            conn, folder / "fact_recommendation_quality.sql", load_id=load_id, method_key=method_key,
            franchise_repeats=repeats, **figures,
        )  # fmt: skip
    run_file(conn, folder / "viewer_health.sql", load_id=load_id)
    found = list(computed.trial.metrics)
    found += _agreement_metrics(conn, computed)
    if computed.clustered.clusters:
        titles = len(computed.clustered.cluster_of)
        found.append(trials.Metric("cluster", "silhouette", computed.clustered.silhouette, titles))
        found.append(trials.Metric("cluster", "clusters", float(len(computed.clustered.clusters)), titles))
    for metric in found:
        if not math.isnan(metric.value):
            conn.execute(
                "insert into build.fact_recommendation_quality (load_id, method_key, metric, value, limit_value, is_ok,"
                " subject_count, low, high, versus_popular, versus_popular_low, versus_popular_high, versus_former,"
                " versus_former_low, versus_former_high) select %s, method_key, %s, %s, null, %s, %s, %s, %s, %s, %s,"
                " %s, %s, %s, %s from warehouse.dim_rec_method where method = %s",
                (
                    load_id, metric.metric, metric.value, metric.is_ok, metric.subjects, *metric.limits,
                    *metric.versus_popular, *metric.versus_former, metric.method,
                ),
            )  # fmt: skip


def _agreement_metrics(conn: psycopg.Connection, computed: methods.Computed) -> list[trials.Metric]:
    """How far methods for titles agree with viewers, beside popularity and the version that readers have."""
    if computed.agreement is None:
        return []
    kept = _former_figures(conn).get("agreement", {})
    former = {
        method: dict(zip(kept["subjects"], values, strict=True)) for method, values in kept.get("found", {}).items()
    }
    subjects, found = computed.agreement.subjects, computed.agreement.found
    gated = {"similar_hybrid", *own_methods(conn).values()}
    return [
        trials.with_intervals(
            method, "agreement_with_viewers", values, found["popular"], subjects, former.get(method), method in gated
        )
        for method, values in found.items()
        if " " not in method
    ]  # fmt: skip


def own_methods(conn: psycopg.Connection) -> dict[int, str]:
    """Methods of one's own."""
    return dict(conn.execute("select method_key, method from warehouse.dim_rec_method where is_own").fetchall())


def hold_own(conn: psycopg.Connection, sql_folder: Path) -> list[str]:
    """Put the former lists in place of those of own methods that fell below their gate; gives their names."""
    below = conn.execute(
        "select distinct method_key, method from build.fact_recommendation_quality"
        " inner join warehouse.dim_rec_method using (method_key) where is_own and not is_ok order by method_key"
    ).fetchall()
    for method_key, _ in below:
        conn.execute("delete from build.fact_recommendation where method_key = %s", (method_key,))
        run_file(conn, sql_folder / "4_recommendation" / "keep_former_lists.sql", method_key=method_key)
    return [method for _, method in below]


def _former_figures(conn: psycopg.Connection) -> dict:
    row = conn.execute(
        "select figures from warehouse.recommendation_model where model = %s", (modelling.VIEWERS,)
    ).fetchone()
    return row[0] if row else {}


def former_gains(conn: psycopg.Connection) -> dict[str, dict[int, float]]:
    """nDCG@10 by method and viewer, of the version that readers have; nothing before the first."""
    figures = _former_figures(conn)
    if not figures.get("users"):
        return {}
    users, gains = figures["users"], figures["ndcg_at_10"]
    return {method: dict(zip(users, values, strict=True)) for method, values in gains.items()}


def former_recencies(conn: psycopg.Connection) -> list[float | None]:
    """What the trial of the version that readers have chose, see trials.Trial; nothing before the first."""
    return _former_figures(conn).get("recencies", [])


def model_figures(computed: methods.Computed) -> dict[str, object]:
    """What is kept with a model: its settings, and what each viewer of the trial had of it."""
    return {
        "recency": computed.trial.tuned.recency,
        "recencies": computed.trial.recencies,
        "liked_titles": len(computed.model.liked),
        "users": computed.trial.users,
        "ndcg_at_10": computed.trial.gains,
        "agreement": {
            "subjects": computed.agreement.subjects,
            "found": {method: values.tolist() for method, values in computed.agreement.found.items()},
        }
        if computed.agreement
        else {},
    }


def read_metrics(conn: psycopg.Connection, load_id: int) -> list[Measured]:
    """What was measured of the refresh that was built last."""
    rows = conn.execute(
        "select case when method = 'similar_hybrid' then metric else method || ' ' || metric end, value, is_ok,"
        " limit_value, versus_popular, versus_popular_low, versus_popular_high, versus_former, versus_former_low,"
        " versus_former_high"
        " from build.fact_recommendation_quality inner join warehouse.dim_rec_method using (method_key)"
        " where load_id = %s and not is_own order by method_key, metric",
        (load_id,),
    ).fetchall()
    return [Measured(*row[:4], row[4:7], row[7:]) for row in rows]
