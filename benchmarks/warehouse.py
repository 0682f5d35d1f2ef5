"""From landed files to the published star schema: a first load, a day with changes, the same day again; with readers.

Makes files of any size (`reelhouse sample full`; 1 is IMDb's real size), starts a PostgreSQL of its own, and runs
three days. Counted are staging, building (dimensions, bridges, facts, indexes), checking and publishing; landing,
matching and the night (what autovacuum does between two days, done at once) are told beside. While a day with changes
is published, readers ask for several tables in one statement, or in one transaction, and compare what they get with
what the publication says. At the end the questions of include/sql/8_questions are asked on the star.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

import psycopg

from reelhouse.database import migrate
from reelhouse.operating import embedded, measuring, postgres
from reelhouse.operating.bench import load_benchmark
from reelhouse.settings import ORIGIN, PACKAGE, Settings, read_settings

FIRST_DAY = date(2026, 1, 5)
COUNTED = {"stage", "open", "build", "check", "publish"}
BESIDE = {"land": "landing", "compare": "matching", "find": "matching", "decide": "matching", "link": "matching"}
LAST_STEP = "publish_warehouse"
READERS = 8
# Eight who asked again at once took more CPU than the publish that they watched.
THOUGHT_SECONDS = 0.2
QUESTION_ROUNDS = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--scale", type=float, default=0.01, metavar="S", help="size; 1 is IMDb's real one (0.01)")
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="files that `reelhouse sample full` made, days 1 and 2"
    )
    parser.add_argument("--readers", type=int, default=READERS, metavar="N", help=f"readers meanwhile ({READERS})")


def rows(arguments: argparse.Namespace) -> list[dict[str, object]]:
    """Seconds of each part and of the whole, peak memory, and what the readers met, of three days."""
    settings = read_settings()
    with tempfile.TemporaryDirectory(prefix="reelhouse-bench-") as name:
        folder = Path(name)
        data = arguments.data or _make(folder / "data", arguments.scale)
        own = replace(settings, home=folder / "home", data=data, warehouse_dsn=None, origins=())
        try:
            with embedded.warehouse_dsn(own) as dsn:
                migrate(dsn, own.sql)
                postmaster = measuring.postmaster_of(postgres.server_folder(own.home))
                found: list[dict[str, object]] = []
                with _steps_apart(dsn, own) as run:
                    for number, called in enumerate(("first load", "changed day", "unchanged day")):
                        watch = Watch(dsn, arguments.readers if number == 1 else 0)
                        found += _measure(called, FIRST_DAY + timedelta(number), run, postmaster, watch)
                        found.append(_row(called, "night", "seconds", _pass_night(dsn)))
                questions = load_benchmark("questions").ask_all(dsn, own.sql, QUESTION_ROUNDS)
                return found + [_row("question", row["name"], "ms", row["ms"]) for row in questions]
        finally:
            postgres.remove(postgres.server_folder(own.home))


def _make(folder: Path, scale: float) -> Path:
    for number in ("1", "2"):
        subprocess.run(
            [
                sys.executable, "-m", "reelhouse", "sample", "full", "--out", folder, "--scale", str(scale),
                "--day", number,
            ],
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
    return folder


def _measure(
    called: str, day: date, run: Callable[[str, date], dict[str, float]], postmaster: int, watch: Watch
) -> list[dict[str, object]]:
    from reelhouse import steps

    parts: dict[str, list[float]] = {}
    peaks: dict[str, float] = {}
    changed = 0
    with watch:
        for step in steps.STEPS:
            print(f"{called}: {step.name}", file=sys.stderr, flush=True)
            before, began = measuring.server_cpu_s(postmaster), time.perf_counter()
            figures = run(step.name, day)
            verb = step.name.partition("_")[0]
            part = verb if verb in COUNTED else BESIDE[verb]
            took = (time.perf_counter() - began, figures["cpu_s"] + measuring.server_cpu_s(postmaster) - before)
            parts[part] = [a + b for a, b in zip(parts.get(part, [0.0, 0.0]), took, strict=True)]
            peaks[part] = max(peaks.get(part, 0.0), figures["peak_mb"])
            changed = int(figures["rows_changed"])
            if step.name == LAST_STEP:
                break
    whole = [sum(took[place] for part, took in parts.items() if part in COUNTED) for place in (0, 1)]
    found = [_row(called, part, metric, value) for part, took in parts.items()
             for metric, value in zip(("seconds", "cpu_s"), took, strict=True)]  # fmt: skip
    found += [_row(called, part, "peak_mb", value) for part, value in peaks.items()]
    peak = max(value for part, value in peaks.items() if part in COUNTED)
    found += [_row(called, "whole", "seconds", whole[0]), _row(called, "whole", "cpu_s", whole[1])]
    found += [_row(called, "whole", "peak_mb", peak), _row(called, "whole", "rows_changed", changed)]
    return found + ([_row(called, "readers", *pair) for pair in watch.figures().items()] if watch.readers else [])


def _pass_night(dsn: str) -> float:
    began = time.perf_counter()
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute("vacuum (analyze)")
    return time.perf_counter() - began


def _row(called: str, part: str, metric: str, value: float) -> dict[str, object]:
    return {"name": f"{called}: {part}", "metric": metric, "value": round(value, 2)}


@contextmanager
def _steps_apart(dsn: str, settings: Settings) -> Iterator[Callable[[str, date], dict[str, float]]]:
    """Gives what runs a step for a day, in a process of its own, and tells its cpu_s, peak_mb and rows_changed.

    Of this program's own memory, of which benchmarks take what they need, nothing is in it.
    """
    env = {name: value for name, value in os.environ.items() if not name.startswith(ORIGIN)} | {
        "REELHOUSE_HOME": str(settings.home),
        "REELHOUSE_DATA": str(settings.data),
        "REELHOUSE_WAREHOUSE_DSN": dsn,
        "PYTHONPATH": str(PACKAGE.parent),
    }
    command = [sys.executable, "-P", Path(__file__).parent / "contestants" / "steps_apart.py"]
    with subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

        def run(step: str, day: date) -> dict[str, float]:
            process.stdin.write(f"{step} {day}\n")
            process.stdin.flush()
            said = process.stdout.readline()
            if not said:
                raise RuntimeError(f"{step}: expected to end well, did not. What it said stands above.")
            return json.loads(said)

        yield run


# --- readers --------------------------------------------------------------------------------------------


@dataclass
class Watch:
    """Readers that ask while a day is loaded, and what they met.

    A read is torn when what it sees of several tables is not of one load, and empty when there is nothing to see.
    """

    dsn: str
    readers: int
    reads: int = 0
    errors: int = 0
    torn: int = 0
    empty: int = 0
    worst_ms: float = 0.0
    _stop: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Watch:
        self._threads = [threading.Thread(target=self._read, args=(number,)) for number in range(self.readers)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def figures(self) -> dict[str, float]:
        return {
            "reads": self.reads, "reader_errors": self.errors, "torn_reads": self.torn, "empty_reads": self.empty,
            "worst_read_ms": self.worst_ms,
        }  # fmt: skip

    def _read(self, number: int) -> None:
        # Every other reader asks in several statements of one snapshot, the rest in one statement.
        ask = _in_one_snapshot if number % 2 else _in_one_statement
        with psycopg.connect(self.dsn, autocommit=True, application_name="reelhouse bench reader") as conn:
            while not self._stop.is_set():
                began = time.perf_counter()
                is_error = is_empty = is_torn = False
                try:
                    is_empty, is_torn = ask(conn)
                except psycopg.Error:
                    is_error = True
                took = (time.perf_counter() - began) * 1000
                with self._lock:
                    self.reads += 1
                    self.errors += is_error
                    self.empty += is_empty
                    self.torn += is_torn
                    self.worst_ms = max(self.worst_ms, took)
                self._stop.wait(THOUGHT_SECONDS)


_STAMP = "select load_id from warehouse.publication where part = 'warehouse'"
_LAST = (
    "select load_id from ops.load where part = 'warehouse' and state = 'published' order by published_at desc limit 1"
)
_TITLE = (
    "select count(*) from"
    " (select title_key from warehouse.bridge_title_source where source = 'netflix' limit 20) as few"
    " inner join mart.titles using (title_key)"
)


def _in_one_statement(conn: psycopg.Connection) -> tuple[bool, bool]:
    stamp, last, titles = conn.execute(f"select ({_STAMP}), ({_LAST}), ({_TITLE})").fetchone()
    return titles == 0, stamp != last


def _in_one_snapshot(conn: psycopg.Connection) -> tuple[bool, bool]:
    with conn.transaction():
        conn.execute("set transaction isolation level repeatable read, read only")
        (stamp,), (titles,), (last,) = (conn.execute(query).fetchone() for query in (_STAMP, _TITLE, _LAST))
        return titles == 0, stamp != last
