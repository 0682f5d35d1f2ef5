"""Two servers for the app: when one does not answer, the other does, and each answer says which it was and how old.

A replica answers questions, the warehouse itself whatever is written. Where the replica stops, the warehouse answers
questions too; where the warehouse stops, questions and the keys of those who ask are looked up in the replica.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from fastapi import FastAPI, Request, Response
from psycopg.rows import tuple_row
from psycopg_pool import ConnectionPool, PoolTimeout
from starlette.concurrency import run_in_threadpool

log = logging.getLogger("reelhouse.serving.servers")

# A server that lets wait longer counts as away, and is asked again only after a while: the other answers at once.
PATIENCE_S = 2.0
AWAY_S = 10.0
TOLD_S = 1.0
SERVER_HEADER, LAG_HEADER = "Answered-By", "Replica-Lag-Seconds"
# What a replica has received and replayed is all there is as long as it hears of the primary; otherwise nobody knows
# what came after the last transaction.
LAG = (
    "select pg_is_in_recovery(), case"
    " when not pg_is_in_recovery() then 0"
    " when pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() and exists (select from pg_stat_wal_receiver) then 0"
    " else coalesce(extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()), 0) end::float8"
)


@dataclass(frozen=True, slots=True)
class Told:
    """Which kind of server answers now, and how many seconds what it knows is behind."""

    is_replica: bool
    lag_s: float


class Either:
    """Connections of the first of several pools whose server answers; used as a pool is."""

    def __init__(self, *pools: ConnectionPool) -> None:
        self.pools = pools
        self._away_until = [0.0] * len(pools)
        self._told: tuple[float, Told] | None = None
        self._lock = threading.Lock()

    @property
    def closed(self) -> bool:
        return any(pool.closed for pool in self.pools)

    def open(self) -> None:
        for pool in self.pools:
            if pool.closed:
                pool.open()

    def close(self) -> None:
        for pool in self.pools:
            pool.close()

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection]:
        """A connection that has just answered.

        Raises  PoolTimeout when no server does
        """
        pool, conn = self._taken()
        try:
            # Commits or rolls back; a connection of a pool is not closed by it.
            with conn:
                yield conn
        finally:
            pool.putconn(conn)

    def _taken(self) -> tuple[ConnectionPool, psycopg.Connection]:
        now = time.monotonic()
        for place in sorted(range(len(self.pools)), key=lambda place: (self._away_until[place] > now, place)):
            conn = self._answering(place)
            if conn is not None:
                return self.pools[place], conn
        raise PoolTimeout(f"no answer of {' or '.join(pool.name for pool in self.pools)}")

    def _answering(self, place: int) -> psycopg.Connection | None:
        pool = self.pools[place]
        deadline = time.monotonic() + PATIENCE_S
        try:
            while True:
                conn = pool.getconn(timeout=max(0.01, deadline - time.monotonic()))
                try:
                    ConnectionPool.check_connection(conn)
                    self._away_until[place] = 0.0
                    return conn
                except psycopg.OperationalError:
                    # Left from before the server stopped; the pool makes another in its place.
                    pool.putconn(conn)
        except PoolTimeout:
            if self._away_until[place] < time.monotonic():
                log.warning("%s: no answer within %.0f s, another server is asked", pool.name, PATIENCE_S)
            self._away_until[place] = time.monotonic() + AWAY_S
            return None

    def told(self) -> Told:
        """Which server answers, asked once a second at most."""
        with self._lock:
            if self._told is None or self._told[0] < time.monotonic():
                with self.connection() as conn, conn.cursor(row_factory=tuple_row) as cursor:
                    found = Told(*cursor.execute(LAG).fetchone())
                self._told = time.monotonic() + TOLD_S, found
            return self._told[1]


def tell_servers(app: FastAPI, servers: Either) -> None:
    """Have every answer say which server it came from and how old it is."""

    @app.middleware("http")
    async def say(request: Request, call_next) -> Response:
        answered = await call_next(request)
        try:
            told = await run_in_threadpool(servers.told)
        except psycopg.Error:
            return answered
        answered.headers[SERVER_HEADER] = "replica" if told.is_replica else "warehouse"
        answered.headers[LAG_HEADER] = f"{told.lag_s:.1f}"
        return answered
