"""What to kill while Airflow runs a day: tasks, those that supervise them, components, PostgreSQL beneath all."""

from __future__ import annotations

import fcntl
import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import psutil
import psycopg
from homes import Home

from reelhouse.operating import airflow, postgres
from reelhouse.soaking.faults import kill_server

WORKER, IDLE = "LocalExecutor:", "<idle>"
# A task has three more tries. What fails for another reason meanwhile needs some of them, too.
MOST_KILLS_OF_A_TASK = 2
# Of a supervisor that is gone the scheduler hears after the minute in which no heartbeat came.
VICTIMS = (*["task"] * 8, "task and supervisor", "supervisor")


def task_of(home: Home, attempt: str) -> str | None:
    """DAG, task and run of a try, as Airflow's own tables have it."""
    server = postgres.attach(postgres.server_folder(home.settings.home), home.settings.postgres_bin)
    if server is None:
        return None
    with suppress(psycopg.Error), psycopg.connect(server.dsn("airflow")) as conn:
        query = "select concat_ws(' ', dag_id, task_id, run_id) from task_instance where id = %s"
        row = conn.execute(query, (attempt,)).fetchone()
        return row and row[0]
    return None


def workers(home: Home) -> dict[str, psutil.Process]:
    """The processes that supervise a task now, by the id of its try."""
    found: dict[str, psutil.Process] = {}
    for process in airflow.marked_processes(home.settings):
        with suppress(psutil.Error):
            title = " ".join(process.cmdline())
            # Until it has a title of its own, a task's process bears that of its supervisor.
            if WORKER in title and IDLE not in title and WORKER not in " ".join(process.parent().cmdline()):
                found[title.partition(WORKER)[2].strip()] = process
    return found


def strike(worker: psutil.Process, victim: str) -> bool:
    """SIGKILL for the task's own process, for its supervisor, or for both; gives whether it was there."""
    with suppress(psutil.NoSuchProcess):
        tasks = worker.children()
        doomed = {"task": tasks, "supervisor": [worker], "task and supervisor": [worker, *tasks]}[victim]
        for process in doomed:
            process.kill()
        return bool(doomed)
    return False


@dataclass
class Killer:
    """Kills tasks at random moments while it is entered.

    most   kills in all
    pause  seconds between two of them, at most
    """

    home: Home
    chance: random.Random
    most: int
    pause: float = 2.0
    victims: tuple[str, ...] = VICTIMS
    killed: Counter[str] = field(default_factory=Counter)
    struck: Counter[str] = field(default_factory=Counter)
    _ended: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Killer:
        self._thread = threading.Thread(target=self._kill, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._thread.join()

    def _kill(self) -> None:
        while self.killed.total() < self.most and not self._ended.wait(self.chance.uniform(0, self.pause)):
            running = list(workers(self.home).items())
            self.chance.shuffle(running)
            for attempt, worker in running:
                task = task_of(self.home, attempt)
                if task is None or self.struck[task] >= MOST_KILLS_OF_A_TASK:
                    continue
                victim = self.chance.choice(self.victims)
                if strike(worker, victim):
                    self.killed[victim] += 1
                    self.struck[task] += 1
                break


def kill_component(home: Home, name: str) -> None:
    """SIGKILL for a component of Airflow, as a machine without memory does it."""
    # The API server has a title of its own in place of its command line.
    titles = (f"-m airflow {name}", f"airflow {name.replace('-', '_')}")
    for process in airflow.marked_processes(home.settings):
        with suppress(psutil.Error):
            is_main = process.parent().cmdline()[-1].endswith("supervising")
            if is_main and any(title in " ".join(process.cmdline()) for title in titles):
                process.kill()
                return
    raise AssertionError(f"no {name} runs")


@contextmanager
def postgres_away(home: Home) -> Iterator[None]:
    """PostgreSQL, that of Airflow's metadata and of the warehouse, is killed and cannot be started meanwhile."""
    folder = postgres.server_folder(home.settings.home)
    with (folder / "start.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kill_server(folder)
        yield
