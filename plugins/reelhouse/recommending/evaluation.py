"""Is a refresh good enough to be shown: rows that must not exist, and metrics with their limits."""

from __future__ import annotations

import math
from pathlib import Path

import psycopg

from reelhouse.database import run_file
from reelhouse.recommending import methods, modelling, trials
from reelhouse.warehousing.checks import CheckResult


def failures(results: list[CheckResult], metrics: list[tuple[str, float, bool]]) -> str | None:
    """Why a refresh must not be shown, in words; None when it may be."""
    found = [
        f"{result.check.name} ({result.rows_found} rows, the first is {result.sample[0]})"
        for result in results
        if result.rows_found and result.check.severity == "fail"
    ]
    found += [f"{metric} is {value:g}, past its limit" for metric, value, is_ok in metrics if not is_ok]
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
    for method_key in (methods.SIMILAR_HYBRID, methods.CONTENT_FIELDS):
        repeats = computed.of_titles[method_key].franchise_repeats
        run_file(
            conn, folder / "fact_recommendation_quality.sql", load_id=load_id, method_key=method_key,
            franchise_repeats=repeats, **figures,
        )  # fmt: skip
    run_file(conn, folder / "viewer_health.sql", load_id=load_id)
    found = list(computed.trial.metrics)
    if computed.agreement is not None:
        found += [
            trials.Metric(method, "agreement_with_viewers", computed.agreement.mean(method), len(values))
            for method, values in computed.agreement.found.items()
            if " " not in method
        ]
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


def former_gains(conn: psycopg.Connection) -> dict[str, dict[int, float]]:
    """nDCG@10 by method and viewer, of the version that readers have; nothing before the first."""
    row = conn.execute(
        "select figures from warehouse.recommendation_model where model = %s", (modelling.VIEWERS,)
    ).fetchone()
    if row is None or not row[0].get("users"):
        return {}
    users, gains = row[0]["users"], row[0]["ndcg_at_10"]
    return {method: dict(zip(users, values, strict=True)) for method, values in gains.items()}


def model_figures(computed: methods.Computed) -> dict[str, object]:
    """What is kept with a model: its settings, and what each viewer of the trial had of it."""
    return {
        "recency": computed.trial.tuned.recency,
        "liked_titles": len(computed.model.liked),
        "users": computed.trial.users,
        "ndcg_at_10": computed.trial.gains,
    }


def read_metrics(conn: psycopg.Connection, load_id: int) -> list[tuple[str, float, bool]]:
    """Metric, value and whether it keeps its limit, of the refresh that was built last."""
    return conn.execute(
        "select case when method = 'similar_hybrid' then metric else method || ' ' || metric end, value, is_ok"
        " from build.fact_recommendation_quality inner join warehouse.dim_rec_method using (method_key)"
        " where load_id = %s order by method_key, metric",
        (load_id,),
    ).fetchall()
