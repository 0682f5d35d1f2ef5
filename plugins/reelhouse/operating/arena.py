"""A PostgreSQL server for measuring on, and the databases and folders in which measured programs run."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import psycopg

from reelhouse.operating import installing, postgres
from reelhouse.operating.measuring import Cost, last_line, measure, postmaster_of
from reelhouse.settings import PACKAGE, read_settings

ARENA = "arena"


@dataclass(frozen=True, slots=True)
class Arena:
    """Where a program runs: a folder, and the variables that lead it there and to its database."""

    home: Path
    env: Mapping[str, str] = field(repr=False)
    postmaster: int

    def run(self, *words: str | Path) -> tuple[Cost, str]:
        """Run a program; gives what it cost, the server included, and what it said."""
        return measure(words, folder=self.home, env=self.env, postmaster=self.postmaster)


@contextmanager
def own_server(folder: Path) -> Iterator[postgres.Server]:
    """A server that serves nothing else; it is gone afterwards."""
    place = postgres.server_folder(folder)
    try:
        # Else it would begin to vacuum in whoever's run it is a minute later.
        yield postgres.start(place, read_settings().postgres_bin, settings={"autovacuum": "off"})
    finally:
        postgres.remove(place)


@contextmanager
def arena(server: postgres.Server, folder: Path, template: str | None) -> Iterator[Arena]:
    """An empty folder, and a database like `template` unless none is needed; soon gone."""
    with tempfile.TemporaryDirectory(prefix="arena-", dir=folder) as home:
        try:
            if template:
                tell_server(server, f"create database {ARENA} template {template} strategy file_copy")
            # What others have left to be written must not be written in this one's time.
            tell_server(server, "checkpoint")
            yield Arena(Path(home), _environment(server, home), postmaster_of(server.folder))
        finally:
            tell_server(server, f"drop database if exists {ARENA} with (force)")


def tell_server(server: postgres.Server, statement: str) -> None:
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as conn:
        conn.execute(statement)


def _environment(server: postgres.Server, home: str) -> dict[str, str]:
    """That of this process without what would steer a program elsewhere."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("REELHOUSE_", "PG", "PYTHON"))}
    return kept | {
        "PYTHONPATH": str(PACKAGE.parent),
        "PGPASSWORD": server.password,
        "REELHOUSE_HOME": home,
        "REELHOUSE_WAREHOUSE_DSN": server.dsn(ARENA),
    }


@cache
def install_peers(lock: Path, venv: Path) -> str:
    """Make the environment of other people's programs. Gives why that is not possible, or nothing."""
    try:
        installing.install(lock, venv)
    except subprocess.CalledProcessError:
        return f"not installed: {last_line(venv.with_name(venv.name + '.log'))}"
    except OSError as error:
        return f"not installed: {error.strerror} ({error.filename})"
    return ""
