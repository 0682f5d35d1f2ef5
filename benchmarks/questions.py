"""How long each question of include/sql/8_questions takes on the published star, with a warm cache.

Asks them on the warehouse that is set (or `--dsn`), each once unmeasured and then several times, one after the other,
as a reader does: in a read-only transaction, with the server's own settings.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import psutil
import psycopg

from reelhouse.operating import embedded
from reelhouse.operating.measuring import server_cpu_s
from reelhouse.settings import read_settings

ROUNDS = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=int, default=ROUNDS, metavar="N", help=f"measured runs of each ({ROUNDS})")
    parser.add_argument("--only", default="", metavar="A,B", help="names of questions (all)")
    parser.add_argument("--dsn", metavar="DSN", help="another warehouse than the one that is set")


def rows(arguments: argparse.Namespace) -> list[dict[str, object]]:
    """Milliseconds and CPU milliseconds of each question, and the rows of its answer."""
    settings = read_settings()
    only = set(arguments.only.split(",")) - {""}
    if arguments.dsn:
        return ask_all(arguments.dsn, settings.sql, arguments.rounds, only)
    with embedded.warehouse_dsn(settings) as dsn:
        return ask_all(dsn, settings.sql, arguments.rounds, only)


def ask_all(dsn: str, sql_folder: Path, rounds: int, only: set[str] | None = None) -> list[dict[str, object]]:
    """Ask every question, the slowest first in the answer.

    Takes   only  names of those to ask; all without
    """
    paths = [path for path in sorted((sql_folder / "8_questions").glob("*.sql")) if not only or path.stem in only]
    with psycopg.connect(dsn, autocommit=True, application_name="reelhouse bench questions") as conn:
        conn.execute("set default_transaction_read_only = on")
        postmaster = _postmaster(conn)
        found = [_ask(conn, path, rounds, postmaster) for path in paths]
    return sorted(found, key=lambda row: -float(row["ms"]))


def _ask(conn: psycopg.Connection, path: Path, rounds: int, postmaster: int | None) -> dict[str, object]:
    text = path.read_text()
    answer = conn.execute(text).fetchall()
    seconds = []
    before = server_cpu_s(postmaster)
    for _ in range(rounds):
        began = time.perf_counter()
        conn.execute(text).fetchall()
        seconds.append(time.perf_counter() - began)
    cpu_s = (server_cpu_s(postmaster) - before) / rounds
    return {
        "name": path.stem, "ms": round(1000 * statistics.median(seconds), 1), "cpu_ms": round(1000 * cpu_s),
        "rows": len(answer),
    }  # fmt: skip


def _postmaster(conn: psycopg.Connection) -> int | None:
    """The server's process, if it runs on this machine; its CPU is that of whoever else asks it, too."""
    try:
        backend = psutil.Process(conn.info.backend_pid)
        return backend.ppid() if "postgres" in backend.name() else None
    except psutil.Error:
        return None
