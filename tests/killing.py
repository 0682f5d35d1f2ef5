"""Processes to kill at a random moment: a publisher of our own, or the backend of PostgreSQL that works for it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psutil

from reelhouse.database import connect
from reelhouse.day import Day
from reelhouse.soaking.faults import wait_until_gone

ACKNOWLEDGED = "done"
# The kernel keeps what a killed process has written. Waiting for the disk would tell nothing more, and take most of
# the time where other tests write, too.
KILLED_SETTINGS = {"fsync": "off", "shared_buffers": "256MB"}


@dataclass
class Publisher:
    """A process of its own that waits for the word, then runs steps of a day.

    backend  process of PostgreSQL that works for it
    """

    process: int
    backend: int
    _start: int
    _answers: int

    def go(self) -> None:
        os.write(self._start, b"\n")

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.process, signal.SIGKILL)

    def answer(self) -> str:
        """What it said last, when it has ended: `done`, the name of an error, or nothing when it was killed."""
        with os.fdopen(self._answers, "r") as answers:
            said = answers.read()
        os.waitpid(self.process, 0)
        os.close(self._start)
        return said


def start_publisher(dsn: str, day: Day, steps: tuple[str, ...] = ("publish_warehouse",)) -> Publisher:
    """A process that has connected and waits for the word."""
    word_to_read, word_to_write = os.pipe()
    answers_to_read, answers_to_write = os.pipe()
    process = os.fork()
    if process == 0:
        try:
            os.close(answers_to_read)
            _run_at_the_word(dsn, day, steps, word_to_read, answers_to_write)
        finally:
            os._exit(0)
    os.close(answers_to_write)
    os.close(word_to_read)
    backend = int(_line(answers_to_read))
    return Publisher(process, backend, word_to_write, answers_to_read)


def _run_at_the_word(dsn: str, day: Day, steps: tuple[str, ...], word: int, answers: int) -> None:
    from reelhouse.steps import STEPS

    try:
        with connect(dsn, "publisher to kill", autocommit=True) as conn:
            os.write(answers, f"{conn.info.backend_pid}\n".encode())
            os.read(word, 1)
            for step in STEPS:
                if step.name in steps:
                    step.run(conn, day)
            said = ACKNOWLEDGED
    except Exception as error:
        said = type(error).__name__
    os.write(answers, said.encode())


def _line(descriptor: int) -> str:
    said = b""
    while not said.endswith(b"\n"):
        byte = os.read(descriptor, 1)
        if not byte:
            raise AssertionError("the publisher ended before it connected")
        said += byte
    return said.decode()


def kill_backend(backend: int) -> bool:
    """SIGKILL for one process of PostgreSQL: the server ends all the others and recovers by itself.

    Gives   whether it was still there
    """
    try:
        process = psutil.Process(backend)
        process.kill()
    except psutil.NoSuchProcess:
        return False
    wait_until_gone([process])
    return True


@contextmanager
def timed(took: list[float]) -> Iterator[None]:
    began = time.monotonic()
    yield
    took.append(time.monotonic() - began)
