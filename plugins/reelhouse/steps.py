"""One day as named steps. Airflow's tasks and `reelhouse run` run the same ones, in this order.

A step is a plain function of an open connection (autocommit: it opens its own transactions) and the day.
It is all or nothing, may be run any number of times, and gives back its figures.
"""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass
from importlib import import_module

import psycopg

from reelhouse.database import connect, translated_errors
from reelhouse.day import SOURCES, Day
from reelhouse.errors import Emptied

log = logging.getLogger("reelhouse.steps")

Figures = dict[str, object]


@dataclass(frozen=True, slots=True)
class Step:
    """One task of a DAG.

    name    task id
    dag     the DAG it belongs to
    does    module and function
    source  the provider it is for, when it is for one
    """

    name: str
    dag: str
    does: str
    source: str | None = None

    def run(self, conn: psycopg.Connection, day: Day) -> Figures:
        # Imported when it is done: staging needs neither pandas nor scikit-learn, and their 110 MB of memory.
        module, _, name = self.does.rpartition(".")
        action = getattr(import_module(f"reelhouse.{module}"), name)
        return action(conn, day, self.source) if self.source else action(conn, day)


STEPS: tuple[Step, ...] = (
    *(Step(f"land_{source}", "extract_sources", "landing.land_source", source) for source in SOURCES),
    *(Step(f"stage_{source}", "extract_sources", "staging.filling.stage_source", source) for source in SOURCES),
    Step("land_optional_sources", "extract_sources", "landing.land_optional_sources"),
    Step("stage_optional_sources", "extract_sources", "staging.filling.stage_optional_sources"),
    Step("open_load", "extract_sources", "staging.opening.open_load"),
    Step("compare_editions", "match_titles", "matching.editions.compare_editions"),
    Step("find_candidates", "match_titles", "matching.candidates.find_candidates"),
    Step("decide_matches", "match_titles", "matching.decisions.decide_matches"),
    Step("link_sources", "match_titles", "matching.works.link_sources"),
    Step("build_warehouse", "populate_warehouse", "warehousing.building.build_warehouse"),
    Step("check_warehouse", "populate_warehouse", "warehousing.checks.check_warehouse"),
    Step("publish_warehouse", "populate_warehouse", "warehousing.publishing.publish_warehouse"),
    Step("build_recommendations", "refresh_recommendations", "recommending.refreshing.build_recommendations"),
    Step("check_recommendations", "refresh_recommendations", "recommending.refreshing.check_recommendations"),
    Step("publish_recommendations", "refresh_recommendations", "recommending.refreshing.publish_recommendations"),
    Step("write_report", "summarize_warehouse", "reporting.report.write_report"),
    Step("summarize", "summarize_warehouse", "reporting.summary.summarize"),
)
# Those of every night, whatever came of the day.
NIGHTLY_STEPS: tuple[Step, ...] = (
    Step("end_excess", "tidy_warehouse", "operating.watchdog.end_excess_of_people"),
    Step("retire_files", "tidy_warehouse", "tidying.retire_files"),
    Step("retire_rows", "tidy_warehouse", "tidying.retire_rows"),
    Step("clear_dead_rows", "tidy_warehouse", "tidying.clear_dead_rows"),
)


# layer -> the first step of those that fill it
FILLED_FROM = {
    "staging": f"stage_{SOURCES[0]}",
    "candidates": "find_candidates",
    "build": "build_warehouse",
    "recommendations": "build_recommendations",
}
# From these it is told when a day will be ready (readiness).
NOTE_BEGIN = (
    "insert into ops.step_time (batch_date, step, begun_at) values (%(day)s, %(step)s, clock_timestamp())"
    " on conflict (batch_date, step) do update set begun_at = excluded.begun_at, ended_at = null"
)
NOTE_END = "update ops.step_time set ended_at = clock_timestamp() where batch_date = %(day)s and step = %(step)s"


def _note(conn: psycopg.Connection, statement: str, day: Day, step: str) -> None:
    conn.execute(statement, {"day": day.batch_date, "step": step})


def run_step(name: str, dsn: str, day: Day) -> Figures:
    """Run one step in a connection of its own and log one line about it.

    Gives   the figures of the step; `load_id` among them once the day has a load
    Raises  what the step raises; passing database errors as Locked or DatabaseAway
    Reruns  after a crash of the server, which empties all but the warehouse itself, the steps that fill what this one
            reads are done again before it, from the landed files on
    """
    step = next(step for step in STEPS + NIGHTLY_STEPS if step.name == name)
    started = time.monotonic()
    line: Figures = {"step": name, "day": day.batch_date.isoformat()}
    try:
        with translated_errors(), connect(dsn, f"reelhouse {name}", autocommit=True) as conn:
            _note(conn, NOTE_BEGIN, day, name)
            try:
                figures = step.run(conn, day)
            except Emptied as error:
                _fill_again(error, step, dsn, day)
                figures = step.run(conn, day)
            _note(conn, NOTE_END, day, name)
        line |= {"outcome": "done", **figures}
        return figures
    except Exception as error:
        line |= {"outcome": type(error).__name__, "reason": str(error)}
        raise
    finally:
        line["seconds"] = round(time.monotonic() - started, 3)
        log.info(json.dumps(line, default=str, ensure_ascii=False))


def _fill_again(error: Emptied, step: Step, dsn: str, day: Day) -> None:
    """Do the steps between the first that fills an emptied layer and the one that found it so."""
    log.warning("%s Done by itself, with what follows.", error)
    names = [each.name for each in STEPS]
    for each in STEPS[names.index(FILLED_FROM[error.layer]) : names.index(step.name)]:
        # What has landed lies on the disk.
        if not each.name.startswith("land_"):
            run_step(each.name, dsn, day)
