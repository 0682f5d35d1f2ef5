"""A source that is late: its task waits in the triggerer until the file comes, or fails at its deadline."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import TaskDeferred
from homes import Home, make_home, wait_for, wait_until_nothing_is_left

from reelhouse import orchestration
from reelhouse.operating import airflow, airflow_api, following, supervising
from reelhouse.operating.airflow_api import Answer, Api
from reelhouse.staging.turns import take_turn

pytestmark = pytest.mark.airflow


# --- until when -----------------------------------------------------------------------------------------

STARTED = datetime(2026, 1, 5, 15, 30, tzinfo=UTC)
SCHEDULED, BY_HAND = "scheduled", "manual"


@pytest.mark.parametrize(
    ("run_type", "minutes", "hours", "expected"),
    [
        (SCHEDULED, None, 12, datetime(2026, 1, 5, 12, tzinfo=UTC)),
        (SCHEDULED, None, 30, datetime(2026, 1, 6, 6, tzinfo=UTC)),
        (SCHEDULED, None, 0, None),
        (BY_HAND, None, 12, None),
        ("backfill", None, 12, None),
        (BY_HAND, 90, 12, datetime(2026, 1, 5, 17, tzinfo=UTC)),
        (SCHEDULED, 0, 12, STARTED),
    ],
)
def test_a_scheduled_run_waits_for_hours_of_its_day_one_by_hand_only_when_told_to(
    make_day, settings, run_type: str, minutes: float | None, hours: float, expected: datetime | None
) -> None:
    day = make_day(date(2026, 1, 5), settings=replace(settings, deadline_hours=hours))
    run = SimpleNamespace(run_type=run_type, start_date=STARTED, run_after=STARTED)
    assert orchestration.deadline(day, {"wait_minutes": minutes}, run) == expected


# --- behind another day ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("under_way", "held", "hours", "waits"),
    [
        ({}, 0, 0, False),
        # Another run stages its files: of a backfill, which goes beside the scheduled run.
        ({"extract_sources": 1}, 0, 0, True),
        ({"extract_sources": 1}, 0, 7, False),
        ({"match_titles": 1}, 0, 0, True),
        ({"populate_warehouse": 1}, 0, 0, True),
        ({"refresh_recommendations": 1}, 0, 0, True),
        # Its load waits for a person, and may be mended by this very day; a third one is on its way all the same.
        ({"populate_warehouse": 1}, 1, 0, False),
        ({"populate_warehouse": 2}, 1, 0, True),
        ({"match_titles": 1}, 1, 0, True),
        # A run of a paused DAG never ends.
        ({"match_titles": 1}, 0, 7, False),
    ],
)
def test_who_stages_waits_while_another_day_is_on_its_way(
    conn, dsn: str, monkeypatch: pytest.MonkeyPatch, under_way: dict[str, int], held: int, hours: int, waits: bool
) -> None:
    monkeypatch.setenv("REELHOUSE_WAREHOUSE_DSN", dsn)
    for number in range(held):
        conn.execute(
            "insert into ops.load (part, batch_date, input_sha256, state) values ('warehouse', %s, 'x', 'held')",
            (date(2026, 1, 1 + number),),
        )
    conn.execute("insert into ops.staging_turn (run_id) values ('the other')")
    with pytest.raises(TaskDeferred) if waits else nullcontext():
        orchestration.wait_for_other_days(staging_context(under_way, waited=timedelta(hours=hours)))


def staging_context(under_way: dict[str, int], waited: timedelta = timedelta(0), run_id: str = "this one") -> dict:
    """What Airflow tells a task that stages: how many runs each DAG has."""
    begun = datetime.now(UTC) - waited
    return {
        "dag_run": SimpleNamespace(dag_id="extract_sources", run_id=run_id, start_date=begun - timedelta(hours=12)),
        "ti": SimpleNamespace(
            start_date=begun, get_dr_count=lambda dag_id, states, run_ids=None: under_way.get(dag_id, 0)
        ),
    }


def test_a_run_that_has_waited_for_its_source_all_morning_waits_for_another_day_all_the_same(
    conn, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REELHOUSE_WAREHOUSE_DSN", dsn)
    with pytest.raises(TaskDeferred):
        orchestration.wait_for_other_days(staging_context({"match_titles": 1}))


@pytest.mark.parametrize(("minutes", "seconds"), [(0, 10), (1, 10), (20, 60), (300, 300)])
def test_who_has_waited_long_looks_less_often(
    conn, dsn: str, monkeypatch: pytest.MonkeyPatch, minutes: int, seconds: int
) -> None:
    monkeypatch.setenv("REELHOUSE_WAREHOUSE_DSN", dsn)
    with pytest.raises(TaskDeferred) as deferred:
        orchestration.wait_for_other_days(staging_context({"match_titles": 1}, waited=timedelta(minutes=minutes)))
    pause = deferred.value.trigger.moment - datetime.now(UTC)
    assert pause.total_seconds() == pytest.approx(seconds, abs=2)


def test_all_tasks_of_a_run_have_its_turn_and_the_next_run_takes_it_when_that_has_ended(
    conn, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REELHOUSE_WAREHOUSE_DSN", dsn)
    for _ in range(4):
        orchestration.wait_for_other_days(staging_context({"extract_sources": 1}, run_id="first"))
    with pytest.raises(TaskDeferred):
        orchestration.wait_for_other_days(staging_context({"extract_sources": 1}, run_id="second"))
    orchestration.wait_for_other_days(staging_context({}, run_id="second"))
    with pytest.raises(TaskDeferred):
        orchestration.wait_for_other_days(staging_context({"extract_sources": 1}, run_id="first"))


def test_a_run_waits_with_its_first_task_while_another_one_is_at_work(
    conn, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REELHOUSE_WAREHOUSE_DSN", dsn)
    orchestration.wait_for_other_days(staging_context({"extract_sources": 1}, run_id="first"))
    context = staging_context({"extract_sources": 1}, run_id="second")
    vars(context["dag_run"]).update(conf=None, logical_date=STARTED, run_after=STARTED)
    with pytest.raises(TaskDeferred):
        orchestration.prepare().python_callable(params={}, **context)
    # What follows staging is of no concern to the files that land meanwhile.
    context["ti"].get_dr_count = lambda dag_id, states, run_ids=None: int(dag_id == "match_titles")
    assert orchestration.prepare().python_callable(params={}, **context) == []


def test_of_two_runs_that_see_an_ended_one_only_one_takes_its_turn(conn) -> None:
    take_turn(conn, "ended", lambda run_id: False)

    def third_comes_first(run_id: str) -> bool:
        take_turn(conn, "third", lambda run_id: False)
        return False

    assert take_turn(conn, "second", third_comes_first) == "third"


# --- a real scheduler and triggerer -----------------------------------------------------------------------


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The sample in a folder of the test's own. Its newest files are of 2026-01-06."""
    return shutil.copytree(make_home(tmp_path).settings.data, tmp_path / "data")


@pytest.fixture
def waiting(tmp_path: Path, data: Path) -> Iterator[tuple[Home, Api]]:
    """A home in which today's scheduled run waits for IMDb's files, and Airflow's API."""
    home = make_home(tmp_path / "home")
    home.env.update(
        REELHOUSE_DATA=str(data),
        REELHOUSE_STALE_DAYS_IMDB="0",
        # Far less than the 300 there are; but a scheduler that hears of a look's end only after the next one has begun
        # takes the task for lost, and tries it again. On a busy machine it is some seconds late.
        REELHOUSE_SOURCE_POLL_SECONDS="5",
        REELHOUSE_SOURCE_DEADLINE="48",
    )
    up = home.start("up")
    try:
        wait_for(up, "extract_sources.land_imdb waits")
        running = supervising.read_running(home.settings)
        yield home, airflow_api.log_in(running.url, airflow.USER, airflow.password(home.settings))
    finally:
        up.send_signal(signal.SIGINT)
        up.communicate(timeout=60)
        wait_until_nothing_is_left(home)


def find(api: Api, run_id: str, task_id: str, states: tuple[str, ...]) -> Callable[[], Answer | None]:
    """Look whether a task of extract_sources is in one of the states."""

    def look() -> Answer | None:
        tasks = airflow_api.tasks(api, "extract_sources", run_id)
        return next((task for task in tasks if task["task_id"] == task_id and task["state"] in states), None)

    return look


def test_a_day_waits_without_a_worker_until_the_file_is_there_and_fails_at_its_deadline(
    waiting: tuple[Home, Api], data: Path
) -> None:
    home, api = waiting
    today = datetime.now(UTC).date()
    run = airflow_api.newest_run(api, "extract_sources")
    assert (run["run_type"], run["state"]) == ("scheduled", "running")
    # The other sources go on meanwhile; after several looks it is still the first try.
    airflow_api.wait_until(find(api, run["dag_run_id"], "stage_netflix", ("success",)), 60, "netflix to be staged")
    late = airflow_api.wait_until(find(api, run["dag_run_id"], "land_imdb", ("deferred",)), 30, "IMDb to wait")
    assert (late["try_number"], late["trigger"] is not None) == (1, True)

    shutil.copytree(data / "imdb" / "2026-01-06", data / "imdb" / "arriving")
    (data / "imdb" / "arriving").rename(data / "imdb" / today.isoformat())
    landed = airflow_api.wait_until(find(api, run["dag_run_id"], "land_imdb", ("success", "failed")), 60, "IMDb landed")
    assert (landed["state"], landed["try_number"]) == ("success", 1)
    done = airflow_api.wait_until(find(api, run["dag_run_id"], "open_load", ("success", "failed")), 60, "a load")
    assert done["state"] == "success"

    late_run = ask_for(api, date(2026, 1, 7), wait_minutes=0.5)
    airflow_api.wait_until(find(api, late_run, "land_imdb", ("deferred",)), 90, "IMDb to wait again")
    failed = airflow_api.wait_until(find(api, late_run, "land_imdb", ("failed", "success")), 60, "IMDb to fail")
    assert (failed["state"], failed["try_number"]) == ("failed", 1)
    expect_words(home, following.Failure("extract_sources", late_run, "land_imdb", 1))


def ask_for(api: Api, day: date, wait_minutes: float) -> str:
    """Start a run by hand that waits; gives its id."""
    body: Answer = {
        "dag_run_id": f"manual__{datetime.now(UTC).isoformat()}",
        "logical_date": None,
        "run_after": (datetime.now(UTC) - timedelta(days=1)).isoformat(),
        "conf": {"day": day.isoformat(), "wait_minutes": wait_minutes},
    }
    return airflow_api.ask(api, "POST", "/api/v2/dags/extract_sources/dagRuns", body)["dag_run_id"]


def expect_words(home: Home, failure: following.Failure) -> None:
    words = "\n".join(following.last_words(home.settings, failure))
    assert "Waits until" in words
    assert "has passed" in words
    assert words.count("imdb: expected a file of 2026-01-07, found none") >= 2
    assert "REELHOUSE_STALE_DAYS_IMDB" in words.splitlines()[-1]
