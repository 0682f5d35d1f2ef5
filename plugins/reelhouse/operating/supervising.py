"""The supervisor: one process that holds the servers of `up` and stops them all when it ends, however it is asked.

`up` starts it in a session of its own, so that Ctrl-C reaches `up` alone, and holds the other end of its standard
input: when `up` is gone, even by kill -9, the input ends and the supervisor stops everything. `up --detach` says
"detach" on it, and from then on only `down` (SIGTERM) ends it.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from reelhouse.errors import DatabaseAway, Locked, ReelhouseError
from reelhouse.operating import airflow, embedded, obstacles, postgres
from reelhouse.settings import Settings, read_settings

DETACH = b"detach\n"
LOG = "supervisor"
RESTART_WINDOW = 600.0


@dataclass(frozen=True, slots=True)
class Running:
    """What a supervisor tells others about itself.

    pid         its process
    started_at  when that began, by the clock
    url         where Airflow answers, once its components are started
    began       the same in ticks since the machine's start, so that a pid given to another process is not mistaken for
                it; a clock that is set, as by NTP after the start, changes what the system says of `started_at`
    """

    pid: int
    started_at: float
    url: str | None = None
    began: str | None = None


def running_file(settings: Settings) -> Path:
    return airflow.airflow_home(settings) / "running.json"


def lock_file(settings: Settings) -> Path:
    return airflow.airflow_home(settings) / "supervisor.lock"


def read_running(settings: Settings) -> Running | None:
    """The supervisor that runs now, if any. What it wrote into its lock is known when the other file is gone."""
    return _alive(running_file(settings)) or _alive(lock_file(settings))


def _alive(told: Path) -> Running | None:
    try:
        running = Running(**json.loads(told.read_text()))
        alive = psutil.Process(running.pid)
        began = _began(running.pid) if running.began else None
        is_same = began == running.began if began else alive.create_time() == running.started_at
        is_same = is_same and alive.status() != psutil.STATUS_ZOMBIE
    except (FileNotFoundError, ValueError, TypeError, psutil.NoSuchProcess):
        return None
    return running if is_same else None


def _began(pid: int) -> str | None:
    """Which start of the machine, and how many ticks after it; None where the system does not tell."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        # The name of the program, in brackets, may hold anything; the 22nd field is the 20th behind it.
        return f"{boot} {Path(f'/proc/{pid}/stat').read_text(errors='replace').rpartition(')')[2].split()[19]}"
    except (OSError, IndexError):
        return None


def supervise(settings: Settings) -> int:
    """Start everything, watch it, stop it; gives the exit code."""
    try:
        return _supervise(settings)
    except ReelhouseError as error:
        _say(str(error))
        return error.exit_code
    except OSError as error:
        _say(_words(error, settings))
        return 1


def _supervise(settings: Settings) -> int:
    with _alone(settings), _told_to_stop():
        try:
            airflow.sweep(settings)
            _say("starting PostgreSQL")
            with (
                embedded.warehouse_dsn(settings) as warehouse,
                embedded.airflow_dsn(settings) as metadata,
                airflow.reserved_port() as port,
            ):
                return _run_airflow(settings, airflow.environment(settings, warehouse, metadata, port), metadata)
        except KeyboardInterrupt:
            _say("stopped")
            return 0
        finally:
            with suppress(OSError):
                running_file(settings).unlink(missing_ok=True)


def _run_airflow(settings: Settings, env: dict[str, str], metadata: str) -> int:
    _say("preparing Airflow's own tables")
    airflow.migrate_metadata(settings, env, metadata)
    _say("starting Airflow")
    processes: dict[str, subprocess.Popen] = {}
    try:
        processes |= airflow.start_components(settings, env)
        _tell(settings, env["AIRFLOW__API__BASE_URL"])
        return _watch(settings, env, processes)
    finally:
        _say("stopping")
        airflow.stop_processes(processes)
        airflow.sweep(settings)


def _watch(settings: Settings, env: dict[str, str], processes: dict[str, subprocess.Popen]) -> int:
    """Bring back what ends by itself, so that no run waits for a person; give up when that happens all the time."""
    restarts: list[float] = []
    # Without one of its own, the warehouse and Airflow's tables are on somebody else's server.
    has_server = postgres.is_running(postgres.server_folder(settings.home))
    while True:
        if has_server and not _revive_postgres(settings):
            # As long as its disk is full: without it they would all end again and again, until that is too often.
            time.sleep(0.5)
            continue
        for name, process in processes.items():
            if process.poll() is not None:
                _say(f"{name} ended by itself with code {process.returncode}. Its last lines:")
                _say(airflow.tail(settings, name))
                restarts = [moment for moment in restarts if time.monotonic() - moment < RESTART_WINDOW]
                if len(restarts) >= settings.restarts:
                    return 1
                _say(f"starting {name} again ({len(restarts) + 1} of {settings.restarts} within ten minutes)")
                try:
                    processes[name] = airflow.restart_component(settings, name, process, env)
                except OSError as error:
                    # As with PostgreSQL: a full disk may have room again in half a second.
                    _say(_words(error, settings))
                else:
                    restarts.append(time.monotonic())
        time.sleep(0.5)


def _revive_postgres(settings: Settings) -> bool:
    """Start the embedded server when it is gone: killed, or stopped by somebody else. Nobody else would.

    Gives   whether it runs now
    """
    folder = postgres.server_folder(settings.home)
    if not postgres.is_running(folder):
        _say("PostgreSQL is not running any more; starting it again")
        try:
            postgres.start(folder, settings.postgres_bin)
        except DatabaseAway as error:
            # Its disk may be full: looked at again in half a second, for as long as `up` runs.
            _say(str(error))
            return False
        except OSError as error:
            _say(_words(error, settings))
            return False
    return True


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    folder = airflow.airflow_home(settings)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Not emptied by opening it: another may be at work, and be known by it.
    with lock_file(settings).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Locked(f"{settings.home}: another `reelhouse up` is at work there.") from error
        lock.truncate(0)
        json.dump(asdict(_own_running(None)), lock)
        lock.flush()
        _tell(settings, None)
        yield


def _own_running(url: str | None) -> Running:
    return Running(os.getpid(), psutil.Process().create_time(), url, _began(os.getpid()))


def _tell(settings: Settings, url: str | None) -> None:
    running = _own_running(url)
    waiting = running_file(settings).with_suffix(".new")
    waiting.write_text(json.dumps(asdict(running)))
    waiting.replace(running_file(settings))


@contextmanager
def _told_to_stop() -> Iterator[None]:
    """Turn the first SIGTERM, SIGINT or end of input into KeyboardInterrupt; later ones must not cut the stop short."""

    def interrupt(number: int, frame: object) -> None:
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, interrupt)
    threading.Thread(target=_stop_at_end_of_input, daemon=True).start()
    yield


def _stop_at_end_of_input() -> None:
    # Past sys.stdin: the lock of its buffer, held by this thread, would break the end of the process.
    if os.read(0, len(DETACH)) != DETACH:
        os.kill(os.getpid(), signal.SIGTERM)


def _say(message: str) -> None:
    # Into its log, whose disk may be full: what runs is held all the same.
    with suppress(OSError):
        print(message, flush=True)


def _words(error: OSError, settings: Settings) -> str:
    return obstacles.words_of(error, settings) or f"unexpected: {type(error).__name__}: {error}"


@contextmanager
def supervisor(settings: Settings) -> Iterator[subprocess.Popen]:
    """A supervisor of this process's own; stopped at the end unless `detach` was called."""
    path = airflow.log_file(settings, LOG)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_bytes(b"")
    # Appended to: `tidy` may cut it meanwhile.
    with path.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "reelhouse.operating.supervising"],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if not process.stdin.closed:
            process.stdin.close()
            process.wait()


def detach(process: subprocess.Popen) -> None:
    """Leave the supervisor running when this process ends."""
    process.stdin.write(DETACH)
    process.stdin.close()


def stop(settings: Settings, patience: float = 60.0) -> bool:
    """End the supervisor of this home and all it holds; gives False when nothing ran.

    A supervisor that does not end in time is killed with everything that carries its home's mark.
    """
    running = read_running(settings)
    if running is not None:
        process = psutil.Process(running.pid)
        process.terminate()
        try:
            process.wait(patience)
        except psutil.TimeoutExpired:
            process.kill()
    running_file(settings).unlink(missing_ok=True)
    return airflow.sweep(settings) > 0 or running is not None


if __name__ == "__main__":
    raise SystemExit(supervise(read_settings()))
