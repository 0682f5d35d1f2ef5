"""`reelhouse up`: everything from nothing: PostgreSQL and Airflow on 127.0.0.1, and the day's run, followed to its end.

The run is the scheduled one of today. When that has ended already, or with --day, it is one made by hand.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

from reelhouse.database import connect
from reelhouse.day import Day
from reelhouse.errors import Held, ReelhouseError, SettingsWrong
from reelhouse.operating import airflow, airflow_api, embedded, following, obstacles, supervising
from reelhouse.operating.airflow_api import AirflowAway, Api
from reelhouse.operating.arguments import parse_day, words_if_ahead, words_if_no_source
from reelhouse.operating.following import Failure
from reelhouse.operating.showing import Screen, format_report
from reelhouse.settings import Settings, read_settings

START_SECONDS = 600  # the first start on a slow machine makes a cluster, two databases and Airflow's tables


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--detach", action="store_true", help="return when the day is loaded; `down` stops it")
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="folder with <source>/[<day>/]<file> (REELHOUSE_DATA, else what `fetch` brought, else the sample)",
    )
    parser.add_argument("--day", type=parse_day, metavar="YYYY-MM-DD", help="the day to load (today, in UTC)")
    parser.epilog = (
        "Without --detach it stays until Ctrl-C and then stops everything. With --detach the exit code is\n"
        "0 done, 1 failed, 3 held; Airflow stays up in each case, so that one can look."
    )


def run(arguments: argparse.Namespace) -> int:
    if arguments.data:
        os.environ["REELHOUSE_DATA"] = str(arguments.data)
    settings = read_settings()
    running = supervising.read_running(settings)
    if running is not None:
        print(f"Reelhouse is up already ({running.url or 'still starting'}).", flush=True)
        if arguments.day or arguments.data:
            raise SettingsWrong(
                "--day, --data: expected neither while it is up. `reelhouse run` loads a day beside it, as triggering "
                "extract_sources does; other files need `reelhouse down` first."
            )
        _print_places(settings, running.url)
        return 0
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    started = time.monotonic()
    screen = Screen()
    with supervising.supervisor(settings) as process:
        try:
            return _run_day(settings, screen, process, arguments, started)
        except AirflowAway as error:
            return _report_end(settings, screen, process, error)
        except KeyboardInterrupt:
            screen.say("stopping")
            raise


def _run_day(
    settings: Settings, screen: Screen, process: subprocess.Popen, arguments: argparse.Namespace, started: float
) -> int:
    with screen.running("start"):
        api = _wait_healthy(settings, screen, process)
        screen.say(f"Airflow answers after {time.monotonic() - started:.0f} s: {api.url}")
        day, run_id = following.start_day(api, screen, arguments.day)
    screen.say(f"{day}, files from {settings.data}")
    for line in (*words_if_ahead(day), *words_if_no_source(settings)):
        screen.say(line)
    failure = following.follow_day(api, screen, day, run_id)
    code = _report_failure(settings, screen, failure) if failure else _report_summary(settings, screen, day)
    screen.say(f"{'Ended' if code else 'Done'} after {time.monotonic() - started:.0f} s.")
    _print_places(settings, api.url)
    if arguments.detach:
        supervising.detach(process)
        print("It runs in the background; `reelhouse status` looks at it, `reelhouse down` stops it.")
        return code
    return _stay(settings, process)


def _wait_healthy(settings: Settings, screen: Screen, process: subprocess.Popen) -> Api:
    """Show what the supervisor does until Airflow answers and all its parts are well."""
    said = 0
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        lines = airflow.tail(settings, supervising.LOG, 1000).splitlines()
        for line in lines[said:]:
            screen.say(line)
            screen.tell("waits until all parts are well" if line == "starting Airflow" else line)
        said = len(lines)
        if process.poll() == 0:
            raise ReelhouseError("The start was stopped, as `reelhouse down` does.")
        if process.poll() is not None:
            raise ReelhouseError(_why_not_started(settings))
        running = supervising.read_running(settings)
        if running and running.url and set(airflow_api.health(running.url).values()) == {"healthy"}:
            api = airflow_api.log_in(running.url, airflow.USER, airflow.password(settings))
            return replace(api, is_held=lambda: process.poll() is None)
        time.sleep(0.3)
    raise AirflowAway(f"Airflow: expected it to be healthy within {START_SECONDS} s. Look with `reelhouse logs`.")


def _why_not_started(settings: Settings) -> str:
    """On a full disk the supervisor could not write down why it ended."""
    full = ", ".join(map(str, obstacles.full_places(settings)))
    if full:
        return (
            f"The start failed: {full}: expected room to write, found a full disk. Free space there, then do it again; "
            "or set REELHOUSE_HOME to another disk."
        )
    return "The start failed; see above, or `reelhouse logs`."


def _report_summary(settings: Settings, screen: Screen, day: date) -> int:
    from reelhouse.reporting import summary

    with embedded.warehouse_dsn(settings) as dsn, connect(dsn, "reelhouse up", autocommit=True) as conn:
        figures = summary.summarize(conn, Day(day, settings))
    for line in format_report(figures):
        screen.say(line)
    return 0


def _report_failure(settings: Settings, screen: Screen, failure: Failure) -> int:
    if failure.waits:
        return _report_hold(settings, screen, failure)
    words = following.last_words(settings, failure)
    screen.say(f"{failure.dag_id}.{failure.task_id} failed. Its last lines:")
    for line in words:
        screen.say(f"    {line}")
    return Held.exit_code if any(f"{Held.__name__}:" in line for line in words) else 1


def _report_hold(settings: Settings, screen: Screen, failure: Failure) -> int:
    from reelhouse.warehousing import holds

    screen.say(f"{failure.dag_id}.{failure.task_id} waits for a person. Readers keep what they have.")
    with embedded.warehouse_dsn(settings) as dsn, connect(dsn, "reelhouse up", autocommit=True) as conn:
        for load_id in holds.waiting_loads(conn)[:1]:
            for line in holds.describe(holds.read_hold(conn, settings.sql, load_id), holds.in_one_line).splitlines():
                screen.say(f"    {line}")
            screen.say(f"Answer under Required Actions in Airflow, or: ./reelhouse approve {load_id} --reason TEXT")
    return Held.exit_code


def _report_end(settings: Settings, screen: Screen, process: subprocess.Popen, error: AirflowAway) -> int:
    """Airflow does not answer: because the supervisor is stopping everything, or is it just this question?"""
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        raise error from None
    screen.say(airflow.tail(settings, supervising.LOG, 30))
    return 1


def _print_places(settings: Settings, url: str | None) -> None:
    if url:
        print(f"Airflow  {url}  user {airflow.USER}, password {airflow.password(settings)}")
    print("SQL      ./reelhouse psql", flush=True)


def _stay(settings: Settings, process: subprocess.Popen) -> int:
    print("Ctrl-C stops everything.", flush=True)
    try:
        code = process.wait()
    except KeyboardInterrupt:
        print("\nstopping", flush=True)
        return 0
    print(airflow.tail(settings, supervising.LOG))
    return code
