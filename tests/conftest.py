"""What the tests share: a real PostgreSQL, a migrated database for each test, SQL files run as they stand."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import hypothesis
import psycopg
import pytest
from databases import copy_of
from psycopg import sql
from psycopg.conninfo import make_conninfo

from reelhouse.database import connect, migrate
from reelhouse.day import Day
from reelhouse.operating import postgres
from reelhouse.settings import Settings, read_settings

ROOT = Path(__file__).parent.parent
Record = Callable[..., None]
# An example takes as long as a busy machine lets it: what is slow is told by benchmarks.
hypothesis.settings.register_profile("unhurried", deadline=None)
hypothesis.settings.load_profile("unhurried")
# Nothing of the tests' own server is to outlive the machine's power: waiting for the disk would prove nothing. Several
# run at once, so that none takes its quarter of the memory.
SERVER_SETTINGS = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "256MB"}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """In several processes a file stays whole, and so do all that share one Airflow, but for the longest."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            path = Path(nodeid.partition("::")[0])
            return "airflow" if path.parent.name == "airflow" and path.name != "test_up.py" else str(path)

    return ByFile(config, log)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a skipped test is a failure: what is not run there is run nowhere."""
    if os.environ.get("CI") == "true" and _skipped(session.config) and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if os.environ.get("CI") == "true" and _skipped(config):
        terminalreporter.section("CI=true: a skipped test is a failure", sep="!", red=True, bold=True)


def _skipped(config: pytest.Config) -> list[object]:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return reporter.stats.get("skipped", []) if reporter else []


@pytest.fixture(scope="session")
def server_dsn() -> Iterator[str]:
    """A server of the tests' own; REELHOUSE_TEST_DSN names another one to run them on."""
    given = os.environ.get("REELHOUSE_TEST_DSN")
    if given:
        yield given
        return
    # Not below pytest's folders: as root those are closed to the user the server runs as.
    folder = Path(tempfile.mkdtemp(prefix="reelhouse-server-"))
    folder.chmod(0o711)
    yield postgres.start(folder / "server", settings=SERVER_SETTINGS).dsn("postgres")
    postgres.remove(folder / "server")
    folder.rmdir()


@pytest.fixture(scope="session")
def template_database(server_dsn: str) -> Iterator[str]:
    """A database with the schema and nothing in it, from which each test's own is copied in a moment."""
    name = f"template_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server_dsn, autocommit=True) as conn:
        conn.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    migrate(make_conninfo(server_dsn, dbname=name), read_settings().sql)
    yield name
    with psycopg.connect(server_dsn, autocommit=True) as conn:
        conn.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture
def dsn(server_dsn: str, template_database: str) -> Iterator[str]:
    """A throwaway database with the schema."""
    with copy_of(server_dsn, template_database) as name:
        yield name


@pytest.fixture(scope="module")
def module_dsn(server_dsn: str, template_database: str) -> Iterator[str]:
    """One for all tests of a module, for those that leave nothing in it."""
    with copy_of(server_dsn, template_database) as name:
        yield name


@pytest.fixture
def conn(dsn: str) -> Iterator[psycopg.Connection]:
    """A connection as the steps get it: autocommit, our session settings."""
    with connect(dsn, "reelhouse test", autocommit=True) as connection:
        yield connection


@pytest.fixture
def settings(tmp_path: Path, dsn: str) -> Settings:
    """Settings with a home of the test's own, the test's database, and the shipped sample data."""
    return read_settings({"REELHOUSE_HOME": str(tmp_path / "home"), "REELHOUSE_WAREHOUSE_DSN": dsn})


@pytest.fixture
def make_day(settings: Settings) -> Callable[..., Day]:
    """Make a `Day`; without a date, one after both sample days."""

    def make(batch_date: date = date(2026, 1, 31), **fields) -> Day:
        return Day(batch_date, fields.pop("settings", settings), **fields)

    return make


@pytest.fixture
def real_data() -> Path:
    """Folder of real files. Tests that need it are skipped, and say so, when the variable does not name one."""
    folder = os.environ.get("REELHOUSE_REAL_DATA")
    if not folder:
        pytest.skip("REELHOUSE_REAL_DATA names no folder of real files")
    return Path(folder).absolute()


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy so that nothing is left in the checkout."""
    copy = tmp_path_factory.mktemp("wheel") / "checkout"
    copy.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "plugins", "include"):
        place = ROOT / name
        if place.is_dir():
            shutil.copytree(place, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(place, copy)
    words = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", copy / "dist", copy]
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return next((copy / "dist").glob("*.whl"))


@pytest.fixture
def record(capsys: pytest.CaptureFixture[str]) -> Record:
    """Print one JSON line with the figures of a suite, and add it to the file REELHOUSE_FAULT_FIGURES names."""

    def tell(suite: str, **figures: object) -> None:
        line = json.dumps({"suite": suite, "measured": datetime.now(UTC).date().isoformat(), **figures})
        with capsys.disabled():
            print(f"\n{line}")
        if path := os.environ.get("REELHOUSE_FAULT_FIGURES"):
            with Path(path).open("a") as file:
                file.write(line + "\n")

    return tell
