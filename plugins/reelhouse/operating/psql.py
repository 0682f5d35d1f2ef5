"""`reelhouse psql`: PostgreSQL's own client on the warehouse. What stands behind `--` is for psql.

The password goes to psql by its environment, never by its command line, which every user can see.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
from pathlib import Path

from psycopg import pq

from reelhouse.operating import embedded, postgres
from reelhouse.settings import read_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "reelhouse psql [-- ARGUMENTS OF PSQL]"


def run(arguments: argparse.Namespace) -> int:
    settings = read_settings()
    with embedded.warehouse_dsn(settings) as dsn:
        return _run_psql(postgres.client_programs(settings.postgres_bin) / "psql", dsn, arguments.more)


def _run_psql(program: Path, dsn: str, words: list[str]) -> int:
    """Not exec: the server must stay in use until psql ends, and be stopped then by the last user."""
    process = subprocess.Popen([program, *words], env=os.environ | environment(dsn))
    # Ctrl-C is for psql, which cancels the query; the terminal sends it to both of us.
    former = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        code = process.wait()
    finally:
        signal.signal(signal.SIGINT, former)
        if process.poll() is None:
            process.terminate()
            process.wait()
    return code if code >= 0 else 128 - code


def environment(dsn: str) -> dict[str, str]:
    """A connection string as libpq's environment variables.

    >>> environment("host=127.0.0.1 password=s dbname=warehouse")
    {'PGHOST': '127.0.0.1', 'PGDATABASE': 'warehouse', 'PGPASSWORD': 's'}
    """
    options = {option.keyword: option for option in pq.Conninfo.parse(dsn.encode())}
    order = sorted(options.values(), key=lambda option: (option.keyword == b"password", option.keyword != b"host"))
    return {option.envvar.decode(): option.val.decode() for option in order if option.envvar and option.val is not None}
