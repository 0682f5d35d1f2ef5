"""A process that runs days for the soak, one line in and one line out, so that it may be killed, stopped or misdated.

`python -m reelhouse.soaking.workers` reads {"dsn", "home", "data", "day", "steps"} and answers {"end": "done"} or the
name and the words of the error, with its memory and open files.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from reelhouse.errors import ReelhouseError
from reelhouse.settings import PACKAGE

DONE, KILLED = "done", "killed"
FAKETIME_LIBRARIES = ("/usr/lib/*/faketime/libfaketime.so.1", "/usr/lib*/faketime/libfaketime.so.1")


@dataclass(frozen=True, slots=True)
class Answer:
    """How a day ended.

    end   done, killed, or the name of the error
    said  its words
    mb    resident memory of the process; files it holds open
    """

    end: str
    said: str = ""
    mb: int = 0
    files: int = 0


@dataclass
class Worker:
    """A process, started when it is first needed and again after it was killed.

    log         what it says besides
    clock_days  how far its clock is off, where faketime is there
    """

    log: Path
    clock_days: int = 0
    _process: subprocess.Popen | None = field(default=None)

    @property
    def pid(self) -> int:
        return self._process.pid

    def begin(self, order: Mapping[str, object]) -> None:
        """Let it run a day; `end` waits for the answer."""
        if self._process is None or self._process.poll() is not None:
            self._start()
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()

    def end(self) -> Answer:
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            return Answer(KILLED)
        return Answer(**json.loads(line))

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def leave(self) -> None:
        """End it; the next day starts another one."""
        if self._process is not None:
            with suppress(BrokenPipeError):
                self._process.stdin.close()
            self._process.kill()
            self._process.wait()
            self._process = None

    def _start(self) -> None:
        # Both warehouses are loaded at once: threads of one would only wait for those of the other.
        env = os.environ | {"PYTHONPATH": str(PACKAGE.parent), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        if self.clock_days:
            env |= {
                "LD_PRELOAD": faketime_library(),
                "FAKETIME": f"{self.clock_days:+d}d",
                "DONT_FAKE_MONOTONIC": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            }
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "reelhouse.soaking.workers"],
                env=env, cwd=PACKAGE, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
            )  # fmt: skip


def faketime_library() -> str | None:
    """The library that gives a process another clock, where it is installed."""
    for pattern in FAKETIME_LIBRARIES:
        for path in sorted(Path("/").glob(pattern.lstrip("/"))):
            return str(path)
    return None


def main() -> None:
    logging.basicConfig(level=logging.WARNING)
    # What a step prints is no answer.
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        answer = _run(json.loads(line))
        print(json.dumps(answer), file=answers, flush=True)


def _run(order: dict[str, object]) -> dict[str, object]:
    from dataclasses import replace

    from reelhouse import steps
    from reelhouse.day import Day
    from reelhouse.settings import read_settings

    settings = replace(
        read_settings({"REELHOUSE_HOME": order["home"], "REELHOUSE_WAREHOUSE_DSN": order["dsn"]}),
        data=Path(str(order["data"])),
    )
    day = Day(date.fromisoformat(str(order["day"])), settings)
    end, said = DONE, ""
    try:
        for name in order["steps"]:
            steps.run_step(name, str(order["dsn"]), day)
    except ReelhouseError as error:
        end, said = type(error).__name__, str(error)
    except Exception as error:
        # Not one of those that the project raises on purpose: the soak ends with it.
        logging.exception("unexpected")
        end, said = f"unexpected {type(error).__name__}", str(error)
    return {"end": end, "said": said, **_held()}


def _held() -> dict[str, int]:
    import psutil

    process = psutil.Process()
    return {"mb": process.memory_info().rss // 2**20, "files": process.num_fds()}


if __name__ == "__main__":
    main()
