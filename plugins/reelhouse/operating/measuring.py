"""What a program and the PostgreSQL it talks to cost: seconds, CPU on both sides, peak memory.

    python measuring.py REPORT PROGRAM ARGUMENTS...

runs a program and writes what it took into REPORT. It stands between because a program begins with the peak memory
of whoever started it, and this one has next to none; so it imports nothing but the standard library at its top.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

# How long ended backends may take to leave; what they cost counts only when they have.
LEAVING_SECONDS = 10.0
BURYING_SECONDS = 2.0
ENDING = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
LAST_BYTES = 4096


class Cost(NamedTuple):
    """What one run of a program took.

    client_cpu_s  user and system time of the program and of those it waited for
    server_cpu_s  the same of all processes of the PostgreSQL server, ended ones included
    peak_mb       largest resident memory of the program
    """

    wall_s: float
    client_cpu_s: float
    server_cpu_s: float
    peak_mb: float

    @property
    def cpu_s(self) -> float:
        return self.client_cpu_s + self.server_cpu_s


class ProgramFailed(Exception):
    """A measured program did not end well; the message is the last thing it said."""


def measure(
    words: Sequence[str | Path], *, folder: Path, env: Mapping[str, str], postmaster: int | None = None
) -> tuple[Cost, str]:
    """Run a program in a process of its own.

    Takes   folder      where what it says is kept while it runs
            postmaster  process number of the server whose work is counted too
    Gives   its cost, and what it wrote to its output
    Raises  ProgramFailed; whatever ends the waiting ends the program, too
    """
    report, said, errors = folder / "cost.json", folder / "output", folder / "errors"
    report.unlink(missing_ok=True)
    before, running = server_cpu_s(postmaster), server_processes(postmaster)
    with said.open("w") as output, errors.open("w") as complaints:
        # Asked to end between the start and the `try`, we would lose sight of what we have started.
        was_blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__, str(report), *map(str, words)],
            env=dict(env), cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=complaints,
            start_new_session=True,
        )  # fmt: skip
        try:
            signal.pthread_sigmask(signal.SIG_SETMASK, was_blocked)
            code = process.wait()
        except BaseException:
            _end_group(process)
            raise
    _wait_for_leavers(postmaster, running)
    if code or not report.exists():
        raise ProgramFailed(last_line(errors) or last_line(said) or f"it ended with code {code} and said nothing")
    took = json.loads(report.read_text())
    return Cost(server_cpu_s=server_cpu_s(postmaster) - before, **took), said.read_text()


def _end_group(process: subprocess.Popen) -> None:
    """End a program that is no longer waited for, and what it has started; its session holds nothing else."""
    import psutil

    with contextlib.suppress(psutil.NoSuchProcess):
        # The program first, so that who waits for it still buries it.
        for child in psutil.Process(process.pid).children():
            child.kill()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(BURYING_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def last_line(path: Path) -> str:
    """What a program said last, as far as a file has it: mostly the reason why it failed."""
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - LAST_BYTES, 0))
        lines = file.read().decode(errors="replace").replace("\r", "\n").splitlines()
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


# --- the server -----------------------------------------------------------------------------------------


def postmaster_of(folder: Path) -> int:
    """Process number of the running server of `folder`."""
    return int((folder / "data" / "postmaster.pid").read_text().split()[0])


def server_processes(postmaster: int | None) -> frozenset[int]:
    """The processes that a server has started and that have not ended."""
    import psutil

    return frozenset(child.pid for child in psutil.Process(postmaster).children()) if postmaster else frozenset()


def server_cpu_s(postmaster: int | None) -> float:
    """User and system seconds of a server so far, of its processes that have ended too. 0 without a server."""
    import psutil

    while postmaster:
        processes = server_processes(postmaster)
        with contextlib.suppress(psutil.NoSuchProcess):
            times = [psutil.Process(number).cpu_times() for number in (postmaster, *processes)]
            ended = times[0].children_user + times[0].children_system
            # One that ends in between would be counted on both sides or on none.
            if server_processes(postmaster) == processes:
                return ended + sum(each.user + each.system for each in times)
    return 0.0


def _wait_for_leavers(postmaster: int | None, running: frozenset[int]) -> None:
    deadline = time.monotonic() + LEAVING_SECONDS
    while server_processes(postmaster) - running and time.monotonic() < deadline:
        time.sleep(0.01)


# --- the process in between -----------------------------------------------------------------------------


def _run(report: str, words: list[str]) -> int:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
    began = time.perf_counter()
    # Not subprocess's own wait: only wait4 tells what this one child took.
    process = subprocess.Popen(words)
    _, status, usage = os.wait4(process.pid, 0)
    took = {
        "wall_s": time.perf_counter() - began,
        "client_cpu_s": usage.ru_utime + usage.ru_stime,
        "peak_mb": usage.ru_maxrss / 1024,
    }
    Path(report).write_text(json.dumps(took))
    code = process.returncode = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    raise SystemExit(_run(sys.argv[1], sys.argv[2:]))
