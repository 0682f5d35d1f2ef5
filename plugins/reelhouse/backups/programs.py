"""pg_dump and pg_restore: run with the password in their environment, and what they say read as progress."""

from __future__ import annotations

import os
import subprocess
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from reelhouse.errors import ReelhouseError
from reelhouse.operating.postgres import FULL_DISK
from reelhouse.operating.psql import environment


class ProgramFailed(ReelhouseError):
    """One of PostgreSQL's programs did not do its work; the message is what it said last."""


def run_program(
    words: Sequence[str | Path], dsn: str, counted: str = "", tell: Callable[[int], None] | None = None
) -> None:
    """Run one of PostgreSQL's programs to its end.

    Takes   counted  words of its --verbose lines that mean one thing more is done
            tell     is told how many such lines there were
    Raises  ProgramFailed
    """
    last: deque[str] = deque(maxlen=3)
    done = 0
    # The password goes by the environment: everybody can see a command line.
    with subprocess.Popen(
        [str(word) for word in words], env=os.environ | environment(dsn), stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace",
    ) as process:  # fmt: skip
        try:
            for line in process.stderr or ():
                if "error:" in line or "detail:" in line or "hint:" in line:
                    last.append(line.strip())
                if counted and counted in line:
                    done += 1
                    if tell:
                        tell(done)
        except BaseException:
            process.terminate()
            raise
    if process.returncode:
        said = " ".join(last) or "it said nothing"
        advice = ""
        if any(full in said for full in FULL_DISK):
            advice = ". Free space on the disk that it writes to, or name a folder of another. Nothing half-done stays."
        raise ProgramFailed(f"{Path(words[0]).name}: expected it to end well, found: {said}{advice}")
