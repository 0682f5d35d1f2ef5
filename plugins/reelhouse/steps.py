"""One day as named steps. Airflow's tasks and `reelhouse run` run the same ones, in this order.

A step is a plain function of an open connection (autocommit: it opens its own transactions) and the day.
It is all or nothing, may be run any number of times, and gives back its figures.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

import psycopg

from reelhouse import landing, staging
from reelhouse.database import connect, translated_errors
from reelhouse.day import SOURCES, Day
from reelhouse.matching import candidates, decisions, editions
from reelhouse.recommending import refreshing
from reelhouse.reporting import summary
from reelhouse.warehousing import building, checks, publishing

log = logging.getLogger("reelhouse.steps")

Figures = dict[str, object]


@dataclass(frozen=True, slots=True)
class Step:
    """One task of a DAG.

    name    task id
    dag     the DAG it belongs to
    source  the provider it is for, when it is for one
    run     what it does
    """

    name: str
    dag: str
    run: Callable[[psycopg.Connection, Day], Figures]
    source: str | None = None


def _of_source(action: Callable, source: str) -> Callable[[psycopg.Connection, Day], Figures]:
    return lambda conn, day: action(conn, day, source)


STEPS: tuple[Step, ...] = (
    *(Step(f"land_{source}", "extract_sources", _of_source(landing.land_source, source), source) for source in SOURCES),
    *(
        Step(f"stage_{source}", "extract_sources", _of_source(staging.stage_source, source), source)
        for source in SOURCES
    ),
    Step("land_optional_sources", "extract_sources", landing.land_optional_sources),
    Step("stage_optional_sources", "extract_sources", staging.stage_optional_sources),
    Step("open_load", "extract_sources", staging.open_load),
    Step("compare_editions", "match_titles", editions.compare_editions),
    Step("find_candidates", "match_titles", candidates.find_candidates),
    Step("decide_matches", "match_titles", decisions.decide_matches),
    Step("build_warehouse", "populate_warehouse", building.build_warehouse),
    Step("check_warehouse", "populate_warehouse", checks.check_warehouse),
    Step("publish_warehouse", "populate_warehouse", publishing.publish_warehouse),
    Step("build_recommendations", "refresh_recommendations", refreshing.build_recommendations),
    Step("check_recommendations", "refresh_recommendations", refreshing.check_recommendations),
    Step("publish_recommendations", "refresh_recommendations", refreshing.publish_recommendations),
    Step("summarize", "summarize_warehouse", summary.summarize),
)


def run_step(name: str, dsn: str, day: Day) -> Figures:
    """Run one step in a connection of its own and log one line about it.

    Gives   the figures of the step; `load_id` among them once the day has a load
    Raises  what the step raises; passing database errors as Locked or DatabaseAway
    """
    step = next(step for step in STEPS if step.name == name)
    started = time.monotonic()
    line: Figures = {"step": name, "day": day.batch_date.isoformat()}
    try:
        with translated_errors(), connect(dsn, f"reelhouse {name}", autocommit=True) as conn:
            figures = step.run(conn, day)
        line |= {"outcome": "done", **figures}
        return figures
    except Exception as error:
        line |= {"outcome": type(error).__name__, "reason": str(error)}
        raise
    finally:
        line["seconds"] = round(time.monotonic() - started, 3)
        log.info(json.dumps(line, default=str, ensure_ascii=False))
