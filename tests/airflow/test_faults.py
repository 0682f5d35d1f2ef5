"""Under a real Airflow: kills of tasks, supervisors, components and PostgreSQL; runs in each other's way.

After each of them no run is stuck, nobody had to do anything, and every table holds what it holds without the fault.
"""

from __future__ import annotations

import random
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from homes import Home, make_home
from killing_tasks import Killer, kill_component, postgres_away, workers

from reelhouse.database import connect
from reelhouse.operating import airflow, airflow_api, postgres, supervising
from reelhouse.operating.airflow_api import AirflowAway, Answer, Api
from reelhouse.operating.run import run_day
from reelhouse.operating.showing import Screen
from reelhouse.settings import read_settings
from reelhouse.warehousing.contents import content_hashes

pytestmark = [pytest.mark.airflow, pytest.mark.full]

FLOW = ("extract_sources", "match_titles", "populate_warehouse", "refresh_recommendations", "summarize_warehouse")
FIRST = date(2026, 1, 7)
ENDED = {"success", "failed"}
# All that has to end without a person ends within this time, on a machine with other things to do, too.
MOST_SECONDS = 1500
SAMPLE_DAYS = ("2026-01-05", "2026-01-06")


@dataclass
class Fire:
    """A home in which Airflow runs, a twin that gets the same days without it, and the next day to load.

    recovered  seconds from each fault to the end of the day, by fault
    """

    home: Home
    twin: str
    data: Path
    url: str
    days: int = 0
    recovered: dict[str, float] = field(default_factory=dict)
    used: list[date] = field(default_factory=list)

    def api(self) -> Api:
        return airflow_api.log_in(self.url, airflow.USER, airflow.password(self.home.settings))

    def next_day(self) -> date:
        """A day whose files differ from those of the day before; the twin has loaded it."""
        day = FIRST + timedelta(self.days)
        deliver(self.data, day, SAMPLE_DAYS[self.days % 2])
        self.days += 1
        load_twin(self, day)
        return day

    def hashes(self) -> tuple[dict[str, str], dict[str, str]]:
        """Content under fire and of the twin."""
        server = postgres.start(postgres.server_folder(self.home.settings.home), self.home.settings.postgres_bin)
        with (
            connect(server.dsn("warehouse"), "hashes", autocommit=True) as conn,
            connect(self.twin, "hashes", autocommit=True) as twin,
        ):
            return content_hashes(conn), content_hashes(twin)


def deliver(data: Path, day: date, like: str) -> None:
    for source in ("netflix", "imdb", "rotten_tomatoes"):
        shutil.copytree(data / source / like, data / source / day.isoformat(), dirs_exist_ok=True)


def load_twin(fire: Fire, day: date) -> None:
    from reelhouse.day import Day

    settings = replace(
        read_settings({"REELHOUSE_HOME": str(fire.data.parent / "twin"), "REELHOUSE_WAREHOUSE_DSN": fire.twin}),
        data=fire.data,
    )
    run_day(fire.twin, Day(day, settings), Screen((fire.data.parent / "twin.log").open("a")))


@pytest.fixture(scope="module")
def fire(module_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fire]:
    folder = tmp_path_factory.mktemp("fire")
    home = make_home(folder / "home")
    data = shutil.copytree(home.settings.data, folder / "data")
    home.env.update(REELHOUSE_DATA=str(data), REELHOUSE_RETRY_SECONDS="10", REELHOUSE_RESTARTS="100")
    # The days are those that we ask for: a run that the schedule makes of today would be newer than all of them.
    airflow.airflow_home(home.settings).mkdir(mode=0o700, parents=True)
    (airflow.airflow_home(home.settings) / "airflow.cfg").write_text("[scheduler]\nuse_job_schedule = False\n")
    done = home.call("up", "--detach", "--day", SAMPLE_DAYS[1], seconds=1800)
    try:
        assert done.returncode == 0, done.stdout + done.stderr
        made = Fire(home, module_dsn, data, supervising.read_running(home.settings).url)
        load_twin(made, date.fromisoformat(SAMPLE_DAYS[1]))
        yield made
    finally:
        made_down = home.call("down", "--patience", "20")
        assert made_down.returncode in (0, 1)


def ask_when_there(fire: Fire, method: str, path: str, body: Answer | None = None, **query: object) -> Answer:
    """Ask Airflow, however often its parts go away meanwhile."""
    deadline = time.monotonic() + MOST_SECONDS
    while True:
        try:
            return airflow_api.ask(fire.api(), method, path, body, **query)
        except AirflowAway as error:
            if time.monotonic() > deadline or "found 4" in str(error):
                raise
            time.sleep(1)


def start(fire: Fire, day: date, dag_id: str = FLOW[0], **conf: object) -> str:
    body: Answer = {
        "dag_run_id": f"manual__{day}__{random.getrandbits(32)}",
        "logical_date": None,
        "run_after": f"{day}T00:00:00Z",
        "conf": {"day": day.isoformat(), **conf},
    }
    return ask_when_there(fire, "POST", f"/api/v2/dags/{dag_id}/dagRuns", body)["dag_run_id"]


def wait_until_all_ended(fire: Fire, seconds: float = MOST_SECONDS) -> Counter[str]:
    """Come when no run of any DAG is queued or running, and give the states of all runs.

    For a moment there is none between a DAG and the one that it starts: looked at twice.
    """
    deadline = time.monotonic() + seconds
    quiet = 0
    while quiet < 3:
        answer = ask_when_there(fire, "GET", "/api/v2/dags/~/dagRuns", limit=200, order_by="-id")
        states = Counter(run["state"] for run in answer["dag_runs"])
        quiet = 0 if set(states) - ENDED else quiet + 1
        assert time.monotonic() < deadline, f"stuck: {states}, {sorted(workers(fire.home))}"
        time.sleep(1)
    return states


def require_as_without(fire: Fire) -> None:
    found, expected = fire.hashes()
    assert {table: value for table, value in found.items() if value != expected[table]} == {}


def tries(fire: Fire) -> int:
    """How often a task was tried again, in all runs."""
    answer = ask_when_there(fire, "GET", "/api/v2/dags/~/dagRuns/~/taskInstances", limit=1000)
    return sum(max(task["try_number"] - 1, 0) for task in answer["task_instances"])


@pytest.mark.parametrize("kills", [25, 100])
def test_tasks_and_supervisors_killed_at_random_points_of_every_dag(fire: Fire, record, kills: int) -> None:
    chance = random.Random(kills)
    killed: Counter[str] = Counter()
    took: list[float] = []
    while killed.total() < kills:
        day = fire.next_day()
        began = time.monotonic()
        with Killer(fire.home, chance, most=kills - killed.total()) as killer:
            start(fire, day)
            # Of a supervisor that is gone the scheduler hears after a minute.
            states = wait_until_all_ended(fire, MOST_SECONDS + 60 * killer.most)
        took.append(time.monotonic() - began)
        killed += killer.killed
        assert states["failed"] == 0, (states, killer.struck)
        require_as_without(fire)
        # After each day: a line that tells of fewer is better than none.
        record(
            "kills_of_tasks", kills=killed.total(), of_the_task=killed["task"], of_the_supervisor=killed["supervisor"],
            of_both=killed["task and supervisor"], days=len(took), stuck=0, converged=len(took),
            longest_day_min=round(max(took) / 60, 1),
        )  # fmt: skip


@pytest.mark.parametrize("component", ["api-server", "scheduler", "dag-processor", "triggerer"])
def test_a_component_that_is_killed_comes_back_and_the_day_ends(fire: Fire, record, component: str) -> None:
    day = fire.next_day()
    began = time.monotonic()
    start(fire, day)
    wait_for_a_task(fire)
    kill_component(fire.home, component)
    struck = time.monotonic()
    states = wait_until_all_ended(fire)
    assert states["failed"] == 0
    require_as_without(fire)
    record(
        f"component_{component.replace('-', '_')}_killed", cases=1, converged=1, day_min=minutes_since(began),
        since_the_kill_min=minutes_since(struck),
    )  # fmt: skip


@pytest.mark.parametrize("seconds", [5, 30, 120])
def test_postgres_is_away_for_a_while_with_metadata_and_warehouse(fire: Fire, record, seconds: int) -> None:
    day = fire.next_day()
    start(fire, day)
    wait_for_a_task(fire)
    with postgres_away(fire.home):
        time.sleep(seconds)
    back = time.monotonic()
    states = wait_until_all_ended(fire)
    assert states["failed"] == 0
    require_as_without(fire)
    record(
        f"metadata_away_{seconds}", cases=1, converged=1, since_it_is_back_min=round((time.monotonic() - back) / 60, 1)
    )


def minutes_since(moment: float) -> float:
    return round((time.monotonic() - moment) / 60, 1)


def wait_for_a_task(fire: Fire) -> None:
    airflow_api.wait_until(lambda: workers(fire.home), 300, "a task to run", pause=0.1)
    time.sleep(random.uniform(0, 10))


def test_two_runs_by_hand_and_a_scheduled_one_at_once(fire: Fire, record) -> None:
    day = fire.next_day()
    # A logical date makes it what the scheduler would have made.
    body: Answer = {"logical_date": f"{day}T00:00:00Z", "run_after": f"{day}T00:00:00Z"}
    ask_when_there(fire, "POST", f"/api/v2/dags/{FLOW[0]}/dagRuns", body)
    for _ in range(2):
        start(fire, day)
    states = wait_until_all_ended(fire)
    assert states["failed"] == 0
    require_as_without(fire)
    record("dag_runs_at_once", runs=3, failed=0, converged=1)


def test_a_cleared_task_is_done_again_and_days_are_filled_in_by_the_api(fire: Fire, record) -> None:
    day = fire.next_day()
    run_id = start(fire, day)
    wait_until_all_ended(fire)
    cleared = clear(fire, FLOW[0], run_id, "stage_imdb")
    assert wait_until_all_ended(fire)["failed"] == 0
    require_as_without(fire)
    days = [fire.next_day() for _ in range(3)]
    body: Answer = {
        "dag_id": FLOW[0], "from_date": f"{days[0]}T00:00:00Z", "to_date": f"{days[-1]}T00:00:00Z",
        "reprocess_behavior": "completed", "max_active_runs": 10, "run_backwards": False,
    }  # fmt: skip
    ask_when_there(fire, "POST", "/api/v2/backfills", body)
    time.sleep(5)
    assert wait_until_all_ended(fire)["failed"] == 0
    require_as_without(fire)
    record("cleared_and_filled_in", cleared_tasks=cleared, days_filled_in=len(days), converged=2)


def clear(fire: Fire, dag_id: str, run_id: str, task_id: str) -> int:
    """Clear a task and all that come after it, as the button does."""
    body: Answer = {
        "dry_run": False, "dag_run_id": run_id, "task_ids": [task_id], "include_downstream": True,
        "only_failed": False, "reset_dag_runs": True,
    }  # fmt: skip
    return ask_when_there(fire, "POST", f"/api/v2/dags/{dag_id}/clearTaskInstances", body)["total_entries"]
