"""A state folder of a test's own in which the launcher's commands run, and what is left of it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from reelhouse.operating import airflow, postgres
from reelhouse.settings import Settings, read_settings

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Home:
    """A state folder of the test's own, and what commands on it need."""

    settings: Settings
    env: dict[str, str]

    def call(self, *words: str, seconds: float = 600) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "reelhouse", *words]
        return subprocess.run(command, env=self.env, cwd=ROOT, capture_output=True, text=True, timeout=seconds)

    def start(self, *words: str) -> subprocess.Popen:
        command = [sys.executable, "-m", "reelhouse", *words]
        return subprocess.Popen(
            command,
            env=self.env,
            cwd=ROOT,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def left(self) -> list[list[str]]:
        """Command lines of all that still runs for this home."""
        processes = airflow.marked_processes(self.settings)
        for process in psutil.process_iter():
            try:
                is_ours = process.environ().get("REELHOUSE_HOME") == str(self.settings.home)
                if is_ours and process.status() != psutil.STATUS_ZOMBIE:
                    processes.append(process)
            except (psutil.Error, OSError):
                continue
        running = [words for process in processes if (words := _command_line(process))]
        folder = postgres.server_folder(self.settings.home)
        return running + ([["postgres", str(folder)]] if postgres.is_running(folder) else [])


def _command_line(process: psutil.Process) -> list[str]:
    """Empty of one that has ended, whether or not it was buried yet."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


def make_home(folder: Path) -> Home:
    if not folder.exists() or not any(folder.iterdir()):
        # What a run that was killed has left there of a home of the same name.
        postgres.remove(postgres.server_folder(folder))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("REELHOUSE_", "AIRFLOW_"))}
    own = {"REELHOUSE_HOME": str(folder), "PYTHONPATH": str(ROOT / "plugins")}
    if bin_folder := os.environ.get("REELHOUSE_POSTGRES_BIN"):
        own["REELHOUSE_POSTGRES_BIN"] = bin_folder
    return Home(read_settings(own), kept | own)


def wait_for(process: subprocess.Popen, words: str) -> None:
    for line in process.stdout:
        if words in line:
            return
    raise AssertionError(f"ended before it said {words!r}")


def wait_until_nothing_is_left(home: Home, seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while home.left() and time.monotonic() < deadline:
        time.sleep(0.5)
    assert home.left() == []
