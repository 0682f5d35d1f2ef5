"""What the Python client costs: an audited update beside the plain one, and sending a frame.

Both updates change the same rows of tables with the same columns and key, in turns; the plain one is done by the
driver, on a table that nobody audits. Claim the ratio of a round, not its seconds.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import psycopg
from psycopg.conninfo import make_conninfo

from reelhouse.client import Warehouse
from reelhouse.database import connect, migrate
from reelhouse.operating import embedded, postgres
from reelhouse.operating.logins import add_login
from reelhouse.operating.measuring import postmaster_of, server_cpu_s
from reelhouse.settings import read_settings

PERSON = "bench_scientist"
NOTES = "title_key bigint, topic text, note text, number double precision, written_by text, written_at timestamptz"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="repetitions (3)")
    parser.add_argument("--updated", type=int, default=100_000, metavar="ROWS", help="rows to update (100,000)")
    parser.add_argument("--sent", type=int, default=1_000_000, metavar="ROWS", help="rows to send (1,000,000)")


def rows(arguments: argparse.Namespace) -> list[dict[str, object]]:
    """Seconds of both updates and their ratio; rows a second sent, and CPU for them; seconds to undo."""
    with _server() as (dsn, postmaster), connect(dsn, "reelhouse bench", autocommit=True) as owner:
        password = add_login(owner, PERSON, "scientist")
        with Warehouse(make_conninfo(dsn, user=PERSON, password=password)) as scientist:
            found = [_updating(owner, scientist, arguments), _sending(scientist, postmaster, arguments)]
    return [row for each in found for row in each]


@contextmanager
def _server() -> Iterator[tuple[str, int]]:
    settings = read_settings()
    with tempfile.TemporaryDirectory(prefix="reelhouse-bench-") as folder:
        own = replace(settings, home=Path(folder), warehouse_dsn=None)
        try:
            with embedded.warehouse_dsn(own) as dsn:
                migrate(dsn, own.sql)
                yield dsn, postmaster_of(postgres.server_folder(own.home))
        finally:
            postgres.remove(postgres.server_folder(own.home))


def _updating(owner: psycopg.Connection, scientist: Warehouse, arguments: argparse.Namespace) -> list[dict]:
    owner.execute("create schema bench")
    owner.execute(f"create table bench.title_note ({NOTES}, primary key (title_key, topic, written_by))")
    for table in ("bench.title_note", "curated.title_note"):
        owner.execute(
            f"insert into {table} select n, 'mood', 'some words about title ' || n, n * 0.5, %s, now()"
            " from generate_series(1, %s) as n",
            (PERSON, arguments.updated),
        )
        owner.execute(f"analyze {table}")
    change = "update {} set number = number + 1"
    plain, audited = [], []
    for _ in range(arguments.rounds):
        plain.append(_seconds(lambda: owner.execute(change.format("bench.title_note"))))
        audited.append(_seconds(lambda: scientist.write(change.format("curated.title_note"))))
    name = f"update of {arguments.updated:,} rows"
    ratios = [one / other for one, other in zip(audited, plain, strict=True)]
    return [
        _row(f"{name}, plain", "seconds", statistics.median(plain)),
        _row(f"{name}, client", "seconds", statistics.median(audited)),
        _row(f"{name}, client / plain", "ratio", statistics.median(ratios)),
    ]


def _sending(scientist: Warehouse, postmaster: int, arguments: argparse.Namespace) -> list[dict]:
    count = arguments.sent
    draws = np.random.default_rng(7)
    frame = pd.DataFrame(
        {
            "title_key": np.arange(count),
            "rank": draws.integers(1, 100, count),
            "score": draws.random(count).round(4),
            "method": np.where(np.arange(count) % 2, "als", "knn"),
        }
    )
    table = f"sandbox_{PERSON}.sent"
    scientist.write(f"create table {table} (title_key bigint, rank integer, score double precision, method text)")
    speeds, processor, undone = [], [], []
    for _ in range(arguments.rounds):
        before = server_cpu_s(postmaster) + time.process_time()
        batches: list[int] = []
        seconds = _seconds(lambda batches=batches: batches.append(scientist.send(frame, table).batch))
        processor.append(server_cpu_s(postmaster) + time.process_time() - before)
        speeds.append(count / seconds)
        undone.append(_seconds(lambda batches=batches: scientist.undo(batches[0])))
    return [
        _row(f"send of {count:,} rows", "rows_per_second", statistics.median(speeds), 0),
        _row(f"send of {count:,} rows", "cpu_s", statistics.median(processor)),
        _row(f"undo of {count:,} rows", "seconds", statistics.median(undone)),
    ]


def _seconds(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def _row(name: str, metric: str, value: float, digits: int = 3) -> dict[str, object]:
    return {"name": name, "metric": metric, "value": round(value, digits or None)}
