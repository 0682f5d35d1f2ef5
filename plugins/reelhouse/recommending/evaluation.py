"""Is a refresh good enough to be shown: rows that must not exist, and metrics with their limits."""

from __future__ import annotations

from pathlib import Path

import psycopg

from reelhouse.database import run_file
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
    conn: psycopg.Connection,
    sql_folder: Path,
    load_id: int,
    method_key: int,
    franchise_repeats: float,
    figures: dict[str, float],
) -> None:
    """Measure the lists just built into build.fact_recommendation_quality.

    Takes   figures  seconds and peak_mb of computing them
    """
    conn.execute("truncate build.fact_recommendation_quality")
    path = sql_folder / "4_recommendation" / "fact_recommendation_quality.sql"
    run_file(conn, path, load_id=load_id, method_key=method_key, franchise_repeats=franchise_repeats, **figures)


def read_metrics(conn: psycopg.Connection, load_id: int) -> list[tuple[str, float, bool]]:
    """Metric, value and whether it keeps its limit, of the refresh that was built last."""
    return conn.execute(
        "select metric, value, is_ok from build.fact_recommendation_quality where load_id = %s order by metric",
        (load_id,),
    ).fetchall()
