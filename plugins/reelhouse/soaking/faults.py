"""What is done to a day of the soak: drawn by seed and day, so that a soak that goes on does what it would have done.

A fault of the run strikes at a random moment of the day's expected seconds, from a thread of its own, while the day is
worked on; one that comes too late has missed.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg

from reelhouse.errors import DatabaseAway
from reelhouse.operating import postgres
from reelhouse.soaking.editions import FILE_FAULTS
from reelhouse.soaking.workers import Worker

# As if the kernel had kept what a killed process wrote, which it has: waiting for the disk tells nothing more here.
SERVER_SETTINGS = {"fsync": "off", "shared_buffers": "64MB"}
MOST_CLOCK_DAYS = 400
IN_ORDER_UNTIL = 3
GONE_SECONDS = 20
_BACKENDS = (
    "from pg_stat_activity where datname = current_database() and backend_type = 'client backend'"
    " and application_name like 'reelhouse %'"
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done to one day.

    file_fault  what is wrong with its files when they first come
    run_faults  what strikes while it runs
    clock_days  how far the clock of its process is off
    again       it is run once more when all is done
    reader      somebody reads in one snapshot from its begin to its end, idle in a transaction
    """

    file_fault: str | None = None
    run_faults: tuple[str, ...] = ()
    clock_days: int = 0
    again: bool = False
    reader: bool = False


def draw_plan(seed: int, number: int) -> Plan:
    """
    >>> draw_plan(1, 8) == draw_plan(1, 8)
    True
    """
    chance = random.Random(f"{seed} faults {number}")
    return Plan(
        file_fault=chance.choice(sorted(FILE_FAULTS)) if chance.random() < 0.2 else None,
        run_faults=tuple(chance.choices(sorted(RUN_FAULTS), k=chance.choice((0, 0, 1, 1, 1, 1, 2, 2)))),
        clock_days=chance.randrange(-MOST_CLOCK_DAYS, MOST_CLOCK_DAYS) if chance.random() < 0.1 else 0,
        again=chance.random() < 0.15,
        reader=chance.random() < 0.1,
    )


def draw_order(seed: int, first: int) -> list[int]:
    """The next days from `first` on, in the order in which they are loaded: now and then a day comes after the next.

    >>> [draw_order(2026, number) for number in range(1, 4)]
    [[1], [2], [3]]
    """
    is_late = first > IN_ORDER_UNTIL and random.Random(f"{seed} order {first}").random() < 0.08
    return [first + 1, first] if is_late else [first]


@dataclass
class Victim:
    """What may be struck: the process that works on the day, and the server it works on."""

    worker: Worker
    second: Worker
    server: postgres.Server
    order: Mapping[str, object]
    chance: random.Random


def kill_process(victim: Victim) -> bool:
    victim.worker.signal(signal.SIGKILL)
    return True


def freeze_process(victim: Victim) -> bool:
    victim.worker.signal(signal.SIGSTOP)
    time.sleep(victim.chance.uniform(0.2, 2))
    victim.worker.signal(signal.SIGCONT)
    return True


def end_frozen(victim: Victim) -> bool:
    """What a watchdog does with a client that stands still in mid-statement or mid-transaction."""
    victim.worker.signal(signal.SIGSTOP)
    try:
        return _tell_backends(victim, "pg_terminate_backend")
    finally:
        victim.worker.signal(signal.SIGCONT)


def cut_connection(victim: Victim) -> bool:
    return _tell_backends(victim, "pg_terminate_backend")


def cancel_statement(victim: Victim) -> bool:
    return _tell_backends(victim, "pg_cancel_backend")


def kill_backend(victim: Victim) -> bool:
    """SIGKILL for the process of PostgreSQL that works for the day: the server ends all others and recovers."""
    with _connected(victim) as conn:
        found = [pid for (pid,) in conn.execute(f"select pid {_BACKENDS}")]
    for pid in found[:1]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            return True
    return False


def kill_postgres(victim: Victim) -> bool:
    return kill_server(victim.server.folder)


def run_beside(victim: Victim) -> bool:
    """The same day in a second process at the same time."""
    victim.second.begin(victim.order)
    return True


RUN_FAULTS: dict[str, Callable[[Victim], bool]] = {
    "process killed": kill_process,
    "process frozen": freeze_process,
    "frozen process ended": end_frozen,
    "connection cut": cut_connection,
    "statement cancelled": cancel_statement,
    "backend killed": kill_backend,
    "PostgreSQL killed": kill_postgres,
    "second run beside": run_beside,
}


@dataclass
class Strike:
    """One fault on its way.

    is_hit  whether it came in time and found something to strike
    """

    name: str
    victim: Victim
    after: float
    is_hit: bool = False
    _thread: threading.Thread | None = field(default=None)
    _called_off: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        self._thread = threading.Thread(target=self._strike, daemon=True)
        self._thread.start()

    def _strike(self) -> None:
        if not self._called_off.wait(self.after):
            with suppress(psycopg.Error, DatabaseAway, psutil.NoSuchProcess, ProcessLookupError):
                self.is_hit = RUN_FAULTS[self.name](self.victim)

    def call_off(self) -> bool:
        """The day has ended; gives whether the fault had struck it."""
        self._called_off.set()
        self._thread.join()
        return self.is_hit


def kill_server(folder: Path) -> bool:
    """SIGKILL for a postmaster and all its processes, as a failing machine would; come back when all are gone.

    Gives   whether there was one
    """
    try:
        postmaster = psutil.Process(int((folder / "data" / "postmaster.pid").read_text().split()[0]))
        # The postmaster first: it must not have the time to restart what it loses.
        doomed = [postmaster, *postmaster.children(recursive=True)]
    except (FileNotFoundError, psutil.NoSuchProcess):
        return False
    for process in doomed:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    wait_until_gone(doomed)
    return True


def wait_until_gone(processes: list[psutil.Process]) -> None:
    deadline = time.monotonic() + GONE_SECONDS
    while any(_is_alive(process) for process in processes) and time.monotonic() < deadline:
        time.sleep(0.005)


def _is_alive(process: psutil.Process) -> bool:
    # Where nobody buries the dead, a killed process stays as a zombie.
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _tell_backends(victim: Victim, function: str) -> bool:
    with _connected(victim) as conn:
        return bool(conn.execute(f"select {function}(pid) {_BACKENDS}").fetchall())


def _connected(victim: Victim) -> psycopg.Connection:
    return psycopg.connect(str(victim.order["dsn"]), autocommit=True, connect_timeout=5, application_name="soak")
