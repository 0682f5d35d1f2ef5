"""Two PostgreSQL servers, of which one copies the other as it goes, made as an administrator makes them."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from killing import KILLED_SETTINGS
from psycopg.conninfo import make_conninfo

from reelhouse.database import migrate
from reelhouse.operating import postgres
from reelhouse.settings import read_settings

PAIR_SETTINGS = KILLED_SETTINGS | {"hot_standby": "on", "max_wal_senders": "4", "wal_level": "replica"}


@dataclass
class Pair:
    """A primary and its standby."""

    primary: postgres.Server
    standby: postgres.Server

    @property
    def dsn(self) -> str:
        """Both, in the order in which people write them."""
        ports = f"{self.primary.port},{self.standby.port}"
        return make_conninfo(self.primary.dsn("warehouse"), host="127.0.0.1,127.0.0.1", port=ports)

    def lose_primary(self) -> None:
        os.kill(int((self.primary.folder / "data" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)

    def promote(self) -> None:
        with psycopg.connect(self.standby.dsn("postgres"), autocommit=True) as conn:
            # It waits for nobody that is not there; nobody copies it yet.
            conn.execute("alter system set synchronous_standby_names = ''")
            conn.execute("select pg_promote(true, 60)")
            conn.execute("select pg_reload_conf()")


@contextmanager
def a_pair(folder: Path, is_synchronous: bool) -> Iterator[Pair]:
    """Takes   is_synchronous  the standby acknowledges every commit before the client hears of it"""
    given = os.environ.get("REELHOUSE_POSTGRES_BIN")
    programs = Path(given) if given else None
    first, second = (postgres.server_folder(folder / name) for name in ("first", "second"))
    try:
        primary = postgres.start(first, programs, settings=PAIR_SETTINGS)
        with psycopg.connect(primary.dsn("postgres"), autocommit=True) as conn:
            conn.execute("create database warehouse")
        migrate(primary.dsn("warehouse"), read_settings().sql)
        _copy_cluster(primary, second)
        standby = postgres.start(second, programs, settings=PAIR_SETTINGS)
        with psycopg.connect(primary.dsn("postgres"), autocommit=True) as conn:
            names = "*" if is_synchronous else ""
            conn.execute(f"alter system set synchronous_standby_names = '{names}'")
            conn.execute("select pg_reload_conf()")
        yield Pair(primary, standby)
    finally:
        for place in (first, second):
            postgres.remove(place)


def _copy_cluster(primary: postgres.Server, folder: Path) -> None:
    """What an administrator does with pg_basebackup."""
    folder = folder.resolve()
    postgres.make_folder(folder)
    (folder / "password").write_text(primary.password)
    (folder / "password").chmod(0o600)
    (folder / "data").mkdir(mode=0o700)
    postgres._give(folder / "data")
    words = [primary.bin / "pg_basebackup", "-D", folder / "data", "-d", primary.dsn("replication"), "-R", "-c", "fast"]
    done = postgres._run(words, folder)
    assert done.returncode == 0, done.stdout
