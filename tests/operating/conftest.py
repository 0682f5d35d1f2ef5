"""Folders for servers and a way to call the launcher as a shell does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reelhouse.operating import postgres
from reelhouse.settings import Settings, read_settings

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="session")
def kept_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A state folder whose cluster is made once, because that takes the longest."""
    path = tmp_path_factory.mktemp("kept") / "home"
    yield path
    postgres.remove(postgres.server_folder(path))


@pytest.fixture
def home(kept_home: Path) -> Iterator[Path]:
    """The kept state folder, its server stopped when the test ends, whoever still uses it."""
    yield kept_home
    server = postgres.attach(postgres.server_folder(kept_home))
    if server:
        postgres.stop(server)


@pytest.fixture
def folder(home: Path) -> Path:
    """Where the server of `home` lies."""
    return postgres.server_folder(home)


@pytest.fixture
def fresh_folder(tmp_path: Path) -> Iterator[Path]:
    """Where a server may lie, with nothing in it yet."""
    path = postgres.server_folder(tmp_path / "home")
    yield path
    postgres.remove(path)


@pytest.fixture
def own_settings(home: Path) -> Settings:
    """Settings without a warehouse of one's own: the embedded server is used."""
    return read_settings({"REELHOUSE_HOME": str(home)})


@pytest.fixture
def environment(home: Path) -> dict[str, str]:
    """The environment of a command: nothing of the tests' own settings, but a home of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("REELHOUSE_", "PG"))}
    return kept | {"REELHOUSE_HOME": str(home), "PYTHONPATH": str(ROOT / "plugins")}


@pytest.fixture
def command(environment: dict[str, str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run one command to its end."""

    def run(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "reelhouse", *words],
            env=environment | settings,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run
