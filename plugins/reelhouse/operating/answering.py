"""What `approve` and `reject` have in common: show the held load, record the answer, let the day go on."""

from __future__ import annotations

import argparse

import psycopg

from reelhouse.database import connect, translated_errors
from reelhouse.day import Day
from reelhouse.errors import SettingsWrong
from reelhouse.operating import airflow, airflow_api, embedded, supervising
from reelhouse.operating.airflow_api import AirflowAway
from reelhouse.operating.people import person
from reelhouse.operating.showing import Screen, format_figures
from reelhouse.settings import Settings, read_settings

DAGS = {"warehouse": "populate_warehouse", "recommendations": "refresh_recommendations"}
OPTIONS = {"approve": "Approve", "reject": "Reject"}


def add_answer(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "load", type=int, nargs="?", help="number of the held load; without it, which ones wait and why"
    )
    parser.add_argument("--reason", metavar="TEXT", help="why; needed with a load, recorded")
    parser.add_argument("--by", metavar="NAME", help="who decides (the user of this shell)")


def run(arguments: argparse.Namespace, verdict: str) -> int:
    settings = read_settings()
    if arguments.load is not None and not (arguments.reason or "").strip():
        raise SettingsWrong("--reason: expected why, found nothing. It is recorded with the answer.")
    with (
        embedded.warehouse_dsn(settings) as dsn,
        translated_errors(),
        connect(dsn, f"reelhouse {verdict}", autocommit=True) as conn,
    ):
        if arguments.load is None:
            return _show(conn, settings)
        return _answer(conn, dsn, settings, arguments, verdict)


def _show(conn: psycopg.Connection, settings: Settings) -> int:
    from reelhouse.warehousing import holds

    waiting = holds.waiting_loads(conn)
    for load_id in waiting:
        print(holds.describe(holds.read_hold(conn, settings.sql, load_id), holds.in_one_line))
    if not waiting:
        print("No load waits for a person.")
    return 0


def _answer(conn: psycopg.Connection, dsn: str, settings: Settings, arguments: argparse.Namespace, verdict: str) -> int:
    from reelhouse.warehousing import holds

    hold = holds.read_hold(conn, settings.sql, arguments.load)
    who = person(arguments.by)
    if hold is None or not holds.answer(conn, hold, verdict, arguments.reason, who, holds.IN_SHELL):
        waiting = ", ".join(map(str, holds.waiting_loads(conn))) or "none"
        raise SettingsWrong(
            f"load {arguments.load}: expected a load that waits for a person, found "
            f"{holds.found_instead(conn, arguments.load)}. Waiting: {waiting}."
        )
    print(f"Load {hold.load_id} of {hold.batch_date}: {verdict}, by {who}: {arguments.reason.strip()}")
    if _tell_airflow(settings, hold, verdict, arguments.reason):
        print(f"{DAGS[hold.part]} in Airflow goes on with this answer.")
    elif verdict == holds.APPROVE:
        _publish(dsn, settings, hold)
    else:
        print("Readers keep what they have.")
    return 0


def _publish(dsn: str, settings: Settings, hold) -> None:
    """The rest of the day, in this process."""
    from reelhouse.operating.run import run_day

    screen = Screen()
    day = Day(hold.batch_date, settings, tell=screen.tell)
    published = run_day(dsn, day, screen, first=f"publish_{hold.part}")[f"publish_{hold.part}"]
    done = "Readers keep what they have" if published.get("unchanged") else "Published"
    print(f"{done}: {format_figures(published)}")


def _tell_airflow(settings: Settings, hold, verdict: str, reason: str) -> bool:
    """Give the answer to the task of our own Airflow that waits for it, if there is one."""
    running = supervising.read_running(settings)
    if running is None or not running.url:
        return False
    dag_id, task_id = DAGS[hold.part], f"approve_{hold.part}"
    try:
        api = airflow_api.log_in(running.url, airflow.USER, airflow.password(settings))
        found = airflow_api.newest_run(api, dag_id, hold.batch_date)
        if found is None or not _waits(api, dag_id, found["dag_run_id"], task_id):
            return False
        airflow_api.respond(api, dag_id, found["dag_run_id"], task_id, OPTIONS[verdict], {"reason": reason})
    except AirflowAway as error:
        print(f"Airflow was not told: {error}")
        return False
    return True


def _waits(api: airflow_api.Api, dag_id: str, run_id: str, task_id: str) -> bool:
    tasks = airflow_api.tasks(api, dag_id, run_id)
    return any(task["task_id"] == task_id and task["state"] == airflow_api.AWAITS_INPUT for task in tasks)
