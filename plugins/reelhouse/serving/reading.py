"""One request is one snapshot: a REPEATABLE READ, READ ONLY transaction. Its load is said in the answer.

Answers about the catalogue carry a tag that changes with the load and with our version, and are kept for a while in
memory under it: each request asks which load readers see before it takes one of them, so that a publish makes all of
them void at once.
Answers about viewers and reviews, and about what changes between two publishes, are neither tagged nor kept.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import psycopg
from cachetools import LRUCache
from fastapi import Request, Response
from psycopg import sql
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool
from pydantic_core import to_json

from reelhouse import __version__
from reelhouse.database import set_settings
from reelhouse.serving.measuring import KEPT
from reelhouse.serving.problems import NotThere
from reelhouse.serving.settings import ServingSettings

CACHED_BYTES = 64 << 20
LOAD_HEADER = "Load-Id"
RECOMMENDATIONS_HEADER = "Recommendations-Load-Id"
# Each by itself: connections are in autocommit, and begin a transaction only for what is not answered from memory.
LOADS = (
    "select coalesce(string_agg(part || ' ' || load_id || ' ' || published_at, '; ' order by part), '') as version,"
    " max(load_id) filter (where part = 'warehouse') as load_id,"
    " max(load_id) filter (where part = 'recommendations') as recommendations_load_id"
    " from warehouse.publication"
)
BEGIN = f"begin isolation level repeatable read, read only; {LOADS}"
T = TypeVar("T")

Query = str | sql.SQL | sql.Composed
Values = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Loads:
    """The loads that readers see, None before the first; `version` changes with them, also by a rollback to one."""

    version: str
    load_id: int | None
    recommendations_load_id: int | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a request reads: a connection in its transaction, and the loads it sees."""

    conn: psycopg.Connection
    loads: Loads

    @property
    def load_id(self) -> int | None:
        return self.loads.load_id

    def rows(self, query: Query, values: Values | None = None) -> list[dict]:
        return self.conn.execute(query, values).fetchall()

    def row(self, query: Query, values: Values | None = None) -> dict | None:
        return self.conn.execute(query, values).fetchone()

    def value(self, query: Query, values: Values | None = None) -> object:
        row = self.row(query, values)
        return next(iter(row.values())) if row else None


class Reader:
    """Gives snapshots, tags answers, and keeps those that may be asked again."""

    def __init__(self, dsn: str, settings: ServingSettings) -> None:
        self.pool = ConnectionPool(
            dsn,
            min_size=1,
            max_size=settings.connections,
            open=False,
            timeout=settings.seconds,
            kwargs={"application_name": "reelhouse serving", "connect_timeout": 10, "row_factory": dict_row},
            configure=lambda conn: _configure(conn, settings.seconds),
            name="reelhouse-reading",
        )
        self.cache: LRUCache[str, bytes] = LRUCache(CACHED_BYTES, getsizeof=len)
        self.lock = threading.Lock()

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """What readers see now, until this ends."""
        with self.pool.connection() as conn, self._begun(conn) as seen:
            yield seen

    @contextmanager
    def _begun(self, conn: psycopg.Connection) -> Iterator[Snapshot]:
        # Two statements in one message, which cannot be prepared. What ends before `commit` is rolled back by the pool.
        found = conn.execute(BEGIN, prepare=False)
        found.nextset()
        yield Snapshot(conn, Loads(**found.fetchone()))
        conn.execute("commit")

    def ask(self, read: Callable[[Snapshot], T]) -> tuple[T, Snapshot]:
        """Read in one snapshot; once more in another when a migration or a restart of the server came between."""

        def read_once() -> tuple[T, Snapshot]:
            with self.snapshot() as seen:
                return read(seen), seen

        return self._repeated(read_once)

    def ask_kept(
        self, tag_of: Callable[[Loads], str], is_known: Callable[[str], bool], read: Callable[[Snapshot], object]
    ) -> tuple[str, bytes | None, Loads]:
        """An answer as JSON with its tag: none when the one who asks has it, from memory, or read in a snapshot.

        Takes   tag_of    tag of the answer, of given loads
                is_known  whether the one who asks has the answer with a tag
        """

        def read_once() -> tuple[str, bytes | None, Loads]:
            with self.pool.connection() as conn:
                loads = Loads(**conn.execute(LOADS).fetchone())
                tag = tag_of(loads)
                if is_known(tag):
                    KEPT.labels("known").inc()
                    return tag, None, loads
                body = self.kept(tag)
                KEPT.labels("read" if body is None else "kept").inc()
                if body is None:
                    with self._begun(conn) as seen:
                        # Of the loads that were read, which a publish may have changed meanwhile.
                        loads, tag = seen.loads, tag_of(seen.loads)
                        body = to_json(read(seen))
                    self.keep(tag, body)
                return tag, body, loads

        return self._repeated(read_once)

    def _repeated(self, read_once: Callable[[], T]) -> T:
        try:
            return read_once()
        except (psycopg.errors.FeatureNotSupported, psycopg.errors.AdminShutdown, psycopg.OperationalError) as error:
            if isinstance(error, psycopg.errors.QueryCanceled):
                raise
            return read_once()

    def kept(self, tag: str) -> bytes | None:
        with self.lock:
            return self.cache.get(tag)

    def keep(self, tag: str, body: bytes) -> None:
        # One list of everything must not push out all the rest.
        if len(body) < CACHED_BYTES // 16:
            with self.lock:
                self.cache[tag] = body


def _configure(conn: psycopg.Connection, seconds: float) -> None:
    conn.autocommit = True
    settings = {
        "timezone": "UTC",
        "default_transaction_read_only": "on",
        "jit": "off",
        "work_mem": "32MB",
        "statement_timeout": f"{int(seconds * 1000)}",
        "idle_in_transaction_session_timeout": "60s",
        "pg_trgm.similarity_threshold": "0.35",
    }
    set_settings(conn, settings, for_session=True)


def answer(request: Request, read: Callable[[Snapshot], object], is_public: bool = True) -> Response:
    """The answer to a request, as JSON.

    Takes   read       what is asked, of a snapshot
            is_public  about the catalogue, the same for all who may read: tagged and kept
    """
    reader: Reader = request.app.state.reader
    if not is_public:
        value, seen = reader.ask(read)
        return Response(
            to_json(value), headers=load_headers(seen.loads) | {"Cache-Control": "no-store"}, media_type=JSON
        )

    tag, body, loads = reader.ask_kept(lambda loads: _tag(request, loads), lambda tag: _is_known(request, tag), read)
    headers = load_headers(loads) | {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Authorization, Cookie"}
    return Response(status_code=304, headers=headers) if body is None else Response(body, 200, headers, JSON)


JSON = "application/json"


def load_headers(loads: Loads) -> dict[str, str]:
    named = {LOAD_HEADER: loads.load_id, RECOMMENDATIONS_HEADER: loads.recommendations_load_id}
    return {name: str(load_id) for name, load_id in named.items() if load_id is not None}


def _tag(request: Request, loads: Loads) -> str:
    """Changes when the answer may: with our version, the loads, what the person may see, and what is asked."""
    scopes = " ".join(sorted(request.state.person.scopes))
    asked = "\n".join((__version__, loads.version, scopes, request.url.path, request.url.query))
    return f'"{hashlib.sha256(asked.encode()).hexdigest()[:32]}"'


def _is_known(request: Request, tag: str) -> bool:
    known = request.headers.get("if-none-match", "")
    return tag in (word.strip().removeprefix("W/") for word in known.split(","))


def where(conditions: Sequence[str]) -> sql.SQL:
    """Conditions as the end of a query. They are texts of ours; what people say travels as parameters."""
    return sql.SQL("where " + " and ".join(conditions) if conditions else "")


def require(row: dict | None, words: str, suggestions: Sequence[str] = ()) -> dict:
    """
    Raises  NotThere
    """
    if row is None:
        raise NotThere(words, suggestions)
    return row
