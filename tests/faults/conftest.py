"""What the suites of faults share: two generations of a day, and a PostgreSQL of their own to kill."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from killing import KILLED_SETTINGS
from two_generations import Star, a_star

from reelhouse.database import migrate
from reelhouse.operating import postgres
from reelhouse.settings import read_settings


@pytest.fixture(scope="module")
def star(module_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Star]:
    """Two generations of a day, each published without a fault; generation 1 is seen when the first test begins."""
    with a_star(module_dsn, tmp_path_factory.mktemp("home")) as found:
        yield found


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[postgres.Server]:
    """A server that a test may kill: nobody else uses it."""
    folder, programs = (
        postgres.server_folder(tmp_path_factory.mktemp("killed")),
        os.environ.get("REELHOUSE_POSTGRES_BIN"),
    )
    yield postgres.start(folder, Path(programs) if programs else None, settings=KILLED_SETTINGS)
    postgres.remove(folder)


@pytest.fixture(scope="module")
def own_dsn(own_server: postgres.Server) -> str:
    """A database with the schema on the server that may be killed."""
    with psycopg.connect(own_server.dsn("postgres"), autocommit=True) as conn:
        conn.execute("create database warehouse")
    migrate(own_server.dsn("warehouse"), read_settings().sql)
    return own_server.dsn("warehouse")
