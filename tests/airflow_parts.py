"""An Airflow brought up part by part, as on several machines: workers behind Redis, landing in a bucket."""

from __future__ import annotations

import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import psutil
import psycopg
import pytest
from homes import Home

from reelhouse.operating import airflow, airflow_api, embedded
from reelhouse.operating.airflow_api import Answer, Api

ROOT = Path(__file__).parent.parent
FLOW = ("extract_sources", "match_titles", "populate_warehouse", "refresh_recommendations", "summarize_warehouse")
# What `Parts.wait_for` gives of a day that went well.
GREEN = dict.fromkeys(FLOW, "success")
# A task lost with its worker is missed after a minute, one that the worker had only taken after two.
MOST_SECONDS = 1500


@dataclass(frozen=True, slots=True)
class Struck:
    """What a worker was doing when it was killed: the tasks, and which of their tries."""

    tries: tuple[tuple[str, str, int], ...]


@dataclass
class Parts:
    """A running Airflow.

    home       its state folder
    warehouse  connection string of the warehouse
    metadata   and of Airflow's own tables
    env        what its processes are told
    workers    Celery's, by name; none with LocalExecutor
    storage    where a bucket is, if there is one
    """

    home: Home
    warehouse: str
    metadata: str
    env: dict[str, str]
    workers: dict[str, subprocess.Popen] = field(default_factory=dict)
    storage: str | None = None

    def api(self) -> Api:
        url = self.env["AIRFLOW__API__BASE_URL"]
        return airflow_api.log_in(url, airflow.USER, airflow.password(self.home.settings))

    def start_worker(self, name: str) -> None:
        """A worker that sees nothing of the others' disks, and takes two tasks at once."""
        words = ("celery", "worker", "--celery-hostname", f"{name}@%h", "--skip-serve-logs", "--concurrency", "2")
        env = self.env | {"REELHOUSE_HOME": str(self.home.settings.home / f"disk_of_{name}")}
        started = airflow.start_process(self.home.settings, f"worker-{name}", words, env)
        self.workers[name] = started
        log = airflow.log_file(self.home.settings, f"worker-{name}")
        airflow_api.wait_until(lambda: " ready." in log.read_text(errors="replace"), 180, f"worker {name}")

    def load(self, day: date) -> str:
        """Ask for a day; gives its run of extract_sources."""
        api = self.api()
        for dag_id in FLOW:
            airflow_api.wait_until(lambda name=dag_id: airflow_api.is_known(api, name), 180, f"DAG {dag_id}")
        for dag_id in reversed(FLOW):
            airflow_api.unpause(api, dag_id)
        return airflow_api.trigger(api, FLOW[0], day)["dag_run_id"]

    def wait_for(self, day: date, run_id: str) -> dict[str, str]:
        """States of the day's DAGs when the last one has ended, or one of them has failed."""
        api = self.api()

        def states() -> dict[str, str] | None:
            runs = {FLOW[0]: airflow_api.run(api, FLOW[0], run_id)}
            runs |= {dag_id: airflow_api.newest_run(api, dag_id, day) for dag_id in FLOW[1:]}
            found = {dag_id: run["state"] for dag_id, run in runs.items() if run}
            is_over = len(found) == len(FLOW) and set(found.values()) <= {"success", "failed"}
            return found if is_over or "failed" in found.values() else None

        return airflow_api.wait_until(states, MOST_SECONDS, "the day to end", pause=1)

    def tries(self) -> list[tuple[str, str, int, str]]:
        """DAG, task, number of tries and state of every task there was."""
        with psycopg.connect(self.metadata) as conn:
            return conn.execute("select dag_id, task_id, try_number, state from task_instance").fetchall()

    def kill_worker_at_work(self, name: str, seconds: float = 300) -> Struck:
        """SIGKILL for a worker and all below it, as when its machine is gone, while a task of it runs."""
        worker = psutil.Process(self.workers[name].pid)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            family = [worker, *worker.children(recursive=True)]
            if running := self._running({process.pid for process in family}):
                _signal(family, "suspend")
                # What has ended meanwhile, or begun, is known now: nothing of it moves any more.
                family = [worker, *worker.children(recursive=True)]
                running = self._running({process.pid for process in family})
                if running:
                    _signal(family, "kill")
                    self.workers[name].wait()
                    return Struck(running)
                _signal(family, "resume")
            time.sleep(0.05)
        raise AssertionError(f"worker {name} was given no task within {seconds} s")

    def _running(self, pids: set[int]) -> tuple[tuple[str, str, int], ...]:
        with psycopg.connect(self.metadata) as conn:
            query = "select dag_id, task_id, try_number from task_instance where state = 'running' and pid = any(%s)"
            return tuple(conn.execute(query, (list(pids),)).fetchall())


def _signal(family: list[psutil.Process], name: str) -> None:
    for process in family:
        with suppress(psutil.NoSuchProcess):
            getattr(process, name)()


@contextmanager
def airflow_parts(home: Home, more: dict[str, str]) -> Iterator[Parts]:
    """Airflow without its supervisor, told `more`; its scheduler makes no run of its own.

    Takes   more  variables for all of its processes
    """
    settings = home.settings
    with (
        embedded.warehouse_dsn(settings) as warehouse,
        embedded.airflow_dsn(settings) as metadata,
        airflow.reserved_port(18100) as port,
    ):
        env = airflow.environment(settings, warehouse, metadata, port)
        env = {key: value for key, value in env.items() if not key.startswith("AWS_")}
        # The days are those that a test asks for.
        env |= {"AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "False", "REELHOUSE_RETRY_SECONDS": "2"} | more
        processes: dict[str, subprocess.Popen] = {}
        made = Parts(home, warehouse, metadata, env)
        try:
            airflow.migrate_metadata(settings, env, metadata)
            processes |= airflow.start_components(settings, env)
            airflow_api.wait_until(lambda: _is_healthy(env), 300, "Airflow to be healthy")
            yield made
        finally:
            airflow.stop_processes(made.workers | processes)
            airflow.sweep(settings)


def _is_healthy(env: dict[str, str]) -> bool:
    return set(airflow_api.health(env["AIRFLOW__API__BASE_URL"]).values()) == {"healthy"}


def add_connection(api: Api, name: str, fields: Answer) -> None:
    """As a person does it in the UI, under Admin, Connections."""
    airflow_api.ask(api, "POST", "/api/v2/connections", {"connection_id": name, **fields})


@contextmanager
def redis_server() -> Iterator[str]:
    """Its URL without the database, on 127.0.0.1, with a password; it keeps nothing."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("no Redis: apt-get install redis-server")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    password = secrets.token_hex(16)
    server = subprocess.Popen([program, "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    try:
        server.stdin.write(f'bind 127.0.0.1\nport {port}\nsave ""\nrequirepass {password}\n')
        server.stdin.close()
        airflow_api.wait_until(lambda: _listens(port), 30, "Redis")
        yield f"redis://:{password}@127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def install_missing(lock: Path, folder: Path) -> None:
    """What a lock has beside requirements.lock, by its digests, into a folder of its own.

    The rest of it is in this environment; a second copy would hide the first.
    """
    blocks = {name: text for name, text in _blocks(lock) if name not in dict(_blocks(ROOT / "requirements.lock"))}
    wanted = folder.with_suffix(".lock")
    wanted.write_text("".join(blocks.values()))
    words = ("-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--target", folder, "-r", wanted)
    done = subprocess.run([sys.executable, *map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _blocks(lock: Path) -> list[tuple[str, str]]:
    """Name and lines of each package."""
    return [
        (re.match(r"[\w.-]+", text)[0], text)
        for text in re.split(r"(?m)^(?=[\w])", lock.read_text())
        if re.match(r"[\w.-]+(\[[\w,-]+\])?==", text)
    ]
