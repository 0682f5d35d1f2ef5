"""Who uses the embedded server: started by the first, stopped by the last, however they end.

Each user holds a shared lock on one file. Whoever leaves tries to take it alone: who succeeds was the last,
and stops the server. The kernel takes the lock from a killed user, so none pins the server for ever.
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import pq, sql

from reelhouse.database import connect, migrate, translated_errors
from reelhouse.errors import SettingsWrong
from reelhouse.operating import postgres
from reelhouse.settings import Settings

log = logging.getLogger(__name__)

WAREHOUSE = "warehouse"
AIRFLOW = "airflow"
# They name no server, but say how to talk: `PGOPTIONS='-c work_mem=1GB' ./reelhouse psql`.
KEPT_FOR_PSQL = ("PGOPTIONS", "PGCLIENTENCODING")


@contextmanager
def warehouse_dsn(settings: Settings) -> Iterator[str]:
    """The warehouse, migrated: one's own when `warehouse_dsn` is set, else the embedded server's, held while used."""
    if settings.warehouse_dsn:
        try:
            migrate(settings.warehouse_dsn, settings.sql)
        except psycopg.errors.InsufficientPrivilege as error:
            raise SettingsWrong(
                "REELHOUSE_WAREHOUSE_DSN: expected a login that may migrate the schema and run the days, found: "
                f"{error.diag.message_primary}. A login of `reelhouse people` is for psql, SQL tools and the Python "
                "client; unset it for this command."
            ) from error
        yield settings.warehouse_dsn
        return
    with using_server(settings) as server:
        dsn = make_database(server, WAREHOUSE)
        migrate(dsn, settings.sql)
        yield dsn


@contextmanager
def airflow_dsn(settings: Settings) -> Iterator[str]:
    """Airflow's own metadata database. On the embedded server even when the warehouse is elsewhere: never in one."""
    with using_server(settings) as server:
        yield make_database(server, AIRFLOW)


def forget_settings_of_others(settings: Settings) -> None:
    """Take from our environment what libpq would read there of another server, as PGSERVICE, PGSSLMODE, PGHOSTADDR.

    Every connection to the embedded server would fail on it, of this process and of all that it starts. Where the
    warehouse is a server of one's own they are meant for that one.
    """
    if settings.warehouse_dsn:
        return
    for option in pq.Conninfo.get_defaults():
        variable = (option.envvar or b"").decode()
        if variable not in KEPT_FOR_PSQL:
            os.environ.pop(variable, None)
    for variable in ("PGSERVICEFILE", "PGSYSCONFDIR", "PGTZ", "PGDATESTYLE", "PGGEQO"):
        os.environ.pop(variable, None)


@contextmanager
def using_server(settings: Settings) -> Iterator[postgres.Server]:
    """The embedded server, up for as long as this holds."""
    forget_settings_of_others(settings)
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    postgres.follow_home(settings.home)
    folder = postgres.server_folder(settings.home)
    postgres.make_folder(folder)
    with _use(folder) as is_last:
        server = postgres.start(folder, settings.postgres_bin)
        try:
            yield server
        finally:
            if is_last():
                postgres.stop(server)
                log.info("PostgreSQL stopped: nobody uses it any more")


def make_database(server: postgres.Server, name: str) -> str:
    """A database of the server, made when it is not there; gives its connection string."""
    with translated_errors(), connect(server.dsn("postgres"), "reelhouse databases", autocommit=True) as conn:
        if not _has_database(conn, name):
            # Two first users at once: the second waits here and then finds it.
            conn.execute("select pg_advisory_lock(hashtext('reelhouse.databases'))")
            if not _has_database(conn, name):
                conn.execute(sql.SQL("create database {} template template0").format(sql.Identifier(name)))
    return server.dsn(name)


def _has_database(conn: psycopg.Connection, name: str) -> bool:
    return conn.execute("select 1 from pg_database where datname = %s", (name,)).fetchone() is not None


@contextmanager
def _use(folder: Path) -> Iterator:
    """Count one user; gives a question for the leaver: was I the last?"""
    with (folder / "use.lock").open("a") as lock:
        # Waits while a last user is stopping the server, so that we never attach to one that goes away.
        fcntl.flock(lock, fcntl.LOCK_SH)

        def is_last() -> bool:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

        yield is_last
