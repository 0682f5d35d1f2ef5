"""`reelhouse logs`: what Airflow's components, the supervisor and PostgreSQL said."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TextIO

from reelhouse.errors import SettingsWrong
from reelhouse.operating import airflow, postgres, supervising
from reelhouse.settings import Settings, read_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    names = [supervising.LOG, *airflow.COMPONENTS, "postgres", "migrate"]
    parser.add_argument("component", nargs="?", choices=names, help="whose log; all of them without it")
    parser.add_argument("-n", "--lines", type=int, default=20, help="how many lines from the end (20)")
    parser.add_argument("-f", "--follow", action="store_true", help="go on with what is written from now on")
    parser.epilog = "The logs of single tasks are in the Airflow UI, and below logs/tasks of the home folder."


def run(arguments: argparse.Namespace) -> int:
    settings = read_settings()
    files = {name: path for name, path in _files(settings).items() if arguments.component in (None, name)}
    there = {name: path for name, path in files.items() if path.exists()}
    if not there:
        raise SettingsWrong(f"{airflow.logs_folder(settings)}: expected logs, found none. Start with `reelhouse up`.")
    for name, path in there.items():
        _print_tail(name, path, arguments.lines, with_name=len(there) > 1)
    if arguments.follow:
        _follow(there)
    return 0


def _files(settings: Settings) -> dict[str, Path]:
    ours = {name: airflow.log_file(settings, name) for name in (supervising.LOG, "migrate", *airflow.COMPONENTS)}
    return ours | {"postgres": postgres.server_folder(settings.home) / "postgres.log"}


def _print_tail(name: str, path: Path, count: int, with_name: bool) -> None:
    if with_name:
        print(f"==> {name} ({path})")
    # Logs may hold bytes that are no text; a broken character is better than no log.
    for line in path.read_text(errors="replace").splitlines()[-count:] if count > 0 else []:
        print(line)


def _follow(files: dict[str, Path]) -> None:
    opened = {name: path.open(errors="replace") for name, path in files.items()}
    try:
        for file in opened.values():
            file.seek(0, 2)
        while True:
            for name, file in opened.items():
                _print_news(name if len(opened) > 1 else "", file)
            sys.stdout.flush()
            time.sleep(0.3)
    except KeyboardInterrupt:
        print()
    finally:
        for file in opened.values():
            file.close()


def _print_news(name: str, file: TextIO) -> None:
    for line in file:
        print(f"{name:>14} | {line}" if name else line, end="")
