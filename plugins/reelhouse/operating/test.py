"""`reelhouse test`: the tests, on a real PostgreSQL, a real Airflow and a real Chromium. Other words are for pytest.

As root on Debian a missing Chromium is installed first; elsewhere the tests that need it are left out and named.
Their temporary files lie in memory where there is room for them.
With CI=true a skipped test is a failure.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reelhouse.errors import SettingsWrong
from reelhouse.settings import PACKAGE

MOST_PROCESSES = 4  # each holds a PostgreSQL and some hundred MB
# A database for each test is some thousand small files, and making those costs a sixth in memory. The suite's files
# take 1 GB; the long forms make larger ones.
MEMORY = Path("/dev/shm")
MEMORY_BYTES = 6 << 30
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "reelhouse test [--full] [ARGUMENTS OF PYTEST]"
    parser.add_argument("--full", action="store_true", help="also the long forms, marked `full`")


def run(arguments: argparse.Namespace) -> int:
    root = PACKAGE.parent.parent
    if not (root / "tests").is_dir():
        raise SettingsWrong(f"{root}: expected a checkout with tests/, found none. Run it from one.")
    words = [*([] if arguments.full else ["-m", "not full"]), *arguments.more]
    if find_browser() is None:
        _provide_browser(root, words)
    command = [sys.executable, "-m", "pytest", *_in_processes(root, arguments.more), *words]
    with _temporary_files(is_bounded=not arguments.full) as variables:
        return subprocess.run(
            command, cwd=_working_folder(root, arguments.more), env=_environment(root) | variables, check=False
        ).returncode


@contextmanager
def _temporary_files(*, is_bounded: bool) -> Iterator[dict[str, str]]:
    """Variables that have temporary files made in memory, and deleted at the end, where that can be."""
    if not is_bounded or "TMPDIR" in os.environ or not _is_roomy(MEMORY):
        yield {}
        return
    with tempfile.TemporaryDirectory(prefix="reelhouse-test-", dir=MEMORY, ignore_cleanup_errors=True) as folder:
        # As root the servers run as another user, who must be able to pass.
        Path(folder).chmod(0o711)
        yield {"TMPDIR": folder}


def _is_roomy(folder: Path) -> bool:
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        return False
    about = os.statvfs(folder)
    return about.f_bavail * about.f_frsize >= MEMORY_BYTES and not about.f_flag & os.ST_NOEXEC


def find_browser() -> str | None:
    """A Chromium that is installed."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def _provide_browser(root: Path, words: list[str]) -> None:
    """Install Chromium, but only when one of the wanted tests needs it."""
    wanted = [sys.executable, "-m", "pytest", "-q", "--collect-only", *words, "-m", "browser"]
    found = subprocess.run(wanted, cwd=root, env=_environment(root), capture_output=True, text=True, check=False)
    if found.returncode != 0:
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("reelhouse: installing Chromium for the browser tests", file=sys.stderr, flush=True)
        env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for command in (
            ["apt-get", "-q", "update"],
            ["apt-get", "-qy", "install", "--no-install-recommends", "chromium"],
        ):
            subprocess.run(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)
    if find_browser() is None:
        names = [line for line in found.stdout.splitlines() if "::" in line]
        print(
            "reelhouse: no Chromium. These tests are skipped:\n"
            + "\n".join(f"    {name}" for name in names)
            + "\nInstall it (Debian, Ubuntu: apt-get install chromium) to run them.",
            file=sys.stderr,
            flush=True,
        )


def _in_processes(root: Path, words: list[str]) -> list[str]:
    """The whole suite in several processes, each with a server of its own; what is named, in this one."""
    if any(word.startswith(("-n", "--numprocesses", "--pdb")) or _is_place(root, word) for word in words):
        return []
    # One more than cores: while the tests of Airflow, which are one process's, wait for it, others are at work.
    workers = min((os.cpu_count() or 1) + 1, MOST_PROCESSES)
    return ["-n", str(workers), "--dist", "loadscope", "--no-loadscope-reorder"]


def _is_place(root: Path, word: str) -> bool:
    name = word.split("::")[0]
    return not word.startswith("-") and any((folder / name).exists() for folder in (root, Path.cwd()))


def _working_folder(root: Path, words: list[str]) -> Path:
    """Where pytest starts: the checkout; the current folder when that is inside it and paths are given from there."""
    here = Path.cwd()
    is_inside = here.is_relative_to(root)
    return here if is_inside and any((here / word.split("::")[0]).exists() for word in words) else root


def _environment(root: Path) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(root / "plugins")}
