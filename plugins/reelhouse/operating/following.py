"""Following one day through its DAGs: which run it is, which task is at work, what failed and why."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

from reelhouse.operating import airflow, airflow_api
from reelhouse.operating.airflow_api import Answer, Api
from reelhouse.operating.showing import Screen
from reelhouse.settings import Settings

DAGS = ("extract_sources", "match_titles", "populate_warehouse", "refresh_recommendations", "summarize_warehouse")
ENDED = {"success", "failed", "upstream_failed", "skipped", "removed"}
# In place of a try's number: what was said of a task that waits.
WAITS = -2
SIGNS = {"success": "✓", "failed": "✗", "upstream_failed": "·", "skipped": "·", "removed": "·"}


@dataclass(frozen=True, slots=True)
class Failure:
    """The task that stopped the day.

    attempt  its last try
    waits    it has not failed but waits for a person
    """

    dag_id: str
    run_id: str
    task_id: str
    attempt: int
    waits: bool = False


def start_day(api: Api, screen: Screen, day: date | None) -> tuple[date, str]:
    """Let the DAGs run and find the run to follow: the scheduled one of today, if there is none that has ended.

    Takes   day  another day than today: a run by hand
    Gives   the day, and the id of its run of extract_sources
    """
    for dag_id in DAGS:
        screen.tell(f"Airflow reads {dag_id}")
        airflow_api.wait_until(partial(airflow_api.is_known, api, dag_id), 120, f"DAG {dag_id}")
    today = datetime.now(UTC).date()
    day = day or today
    run = _unfinished(api, day)
    if run is None and (day != today or airflow_api.newest_run(api, DAGS[0], day)):
        run = airflow_api.trigger(api, DAGS[0], day)
    # Those that come last first: none may start something that is still paused.
    for dag_id in reversed(DAGS):
        airflow_api.unpause(api, dag_id)
    screen.tell("the scheduler makes the run of the day")
    find = partial(airflow_api.newest_run, api, DAGS[0], day)
    return day, (run or airflow_api.wait_until(find, 120, f"a run of {day}"))["dag_run_id"]


def _unfinished(api: Api, day: date) -> Answer | None:
    """A run of the day that a former `up` was stopped in."""
    for run in (airflow_api.newest_run(api, DAGS[0], day), airflow_api.newest_run(api, DAGS[0])):
        if run is not None and run["state"] not in ENDED and airflow_api.day_of(run) == day.isoformat():
            return run
    return None


def follow_day(api: Api, screen: Screen, day: date, run_id: str) -> Failure | None:
    """Show the day's tasks as they end, DAG after DAG; gives what stopped it, if anything did."""
    for dag_id in DAGS:
        with screen.running(dag_id):
            if dag_id != DAGS[0]:
                # The task that started it has ended, so the run is there, and set back if it had ended before.
                find = partial(airflow_api.newest_run, api, dag_id, day)
                run_id = airflow_api.wait_until(find, 60, f"a run of {dag_id}")["dag_run_id"]
            failure = _follow_run(api, screen, dag_id, run_id)
        if failure is not None:
            return failure
    return None


def _follow_run(api: Api, screen: Screen, dag_id: str, run_id: str) -> Failure | None:
    shown: set[tuple[str, int]] = set()
    while True:
        state = airflow_api.run(api, dag_id, run_id)["state"]
        tasks = airflow_api.tasks(api, dag_id, run_id)
        for line in _news(dag_id, tasks, shown):
            screen.say(line)
        for task in tasks:
            if task["state"] == airflow_api.AWAITS_INPUT:
                return Failure(dag_id, run_id, task["task_id"], task["try_number"], waits=True)
        if state in ENDED:
            failed = [task for task in tasks if task["state"] == "failed"]
            return _failure(dag_id, run_id, failed) if state == "failed" else None
        screen.tell(_at_work(tasks))
        time.sleep(1)


def _failure(dag_id: str, run_id: str, failed: list[Answer]) -> Failure:
    first = min(failed, key=lambda task: task["end_date"] or "", default={"task_id": "", "try_number": 0})
    return Failure(dag_id, run_id, first["task_id"], first["try_number"])


def _news(dag_id: str, tasks: list[Answer], shown: set[tuple[str, int]]) -> Iterator[str]:
    for task in tasks:
        if task["state"] == "deferred" and (task["task_id"], WAITS) not in shown:
            shown.add((task["task_id"], WAITS))
            why = "its source is late" if task["task_id"].startswith("land_") else "another day is on its way"
            yield f"… {dag_id}.{task['task_id']} waits: {why}. The log of the task says until when."
    ended = [task for task in tasks if task["state"] in {*ENDED, "up_for_retry"}]
    for task in sorted(ended, key=lambda task: task["end_date"] or "~"):
        key = (task["task_id"], task["try_number"] if task["state"] == "up_for_retry" else -1)
        if key in shown:
            continue
        shown.add(key)
        name = f"{dag_id}.{task['task_id']}"
        if task["state"] == "up_for_retry":
            yield f"↻ {name:<48} try {task['try_number']} failed, tries again"
        else:
            note = "" if task["state"] == "success" else f"  {task['state']}"
            yield f"{SIGNS[task['state']]} {name:<48}{task['duration'] or 0:7.1f} s{note}"


def _at_work(tasks: list[Answer]) -> str:
    done = sum(task["state"] in ENDED for task in tasks)
    running = " ".join(sorted(task["task_id"] for task in tasks if task["state"] == "running"))
    late = " ".join(sorted(task["task_id"] for task in tasks if task["state"] == "deferred"))
    waits = f"{late} waits" if late else "waits for the scheduler"
    return f"{done}/{len(tasks)}  {running or waits}"


def last_words(settings: Settings, failure: Failure, count: int = 15) -> list[str]:
    """The last lines of the failed task's log, as a person reads them."""
    path = (
        airflow.logs_folder(settings)
        / "tasks"
        / f"dag_id={failure.dag_id}"
        / f"run_id={failure.run_id}"
        / f"task_id={failure.task_id}"
        / f"attempt={failure.attempt}.log"
    )
    return [line for raw in _lines(path) for line in _readable(raw)][-count:]


def _lines(path: Path) -> list[str]:
    return path.read_text(errors="replace").splitlines() if path.exists() else [f"(no log at {path})"]


def _readable(raw: str) -> list[str]:
    try:
        entry = json.loads(raw)
    except ValueError:
        return [raw]
    is_ours = str(entry.get("logger", "")).startswith("reelhouse")
    if not is_ours and entry.get("level") not in ("error", "critical"):
        return []
    lines = [f"{str(entry.get('timestamp', ''))[11:19]} {entry['level']}: {entry.get('event', '')}"]
    causes = entry.get("error_detail") or []
    # The last of a chain of causes is the one that was raised first.
    return lines + [f"         {error['exc_type']}: {error['exc_value']}" for error in causes[-1:]]
