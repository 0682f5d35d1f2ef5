"""One request is one snapshot: a REPEATABLE READ, READ ONLY transaction. Its load is said in the answer.

Answers about the catalogue carry a tag that changes with the load, and are kept for a while in memory under it;
answers about viewers and reviews are neither tagged nor kept.
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

from reelhouse.serving.problems import NotThere
from reelhouse.serving.settings import ServingSettings

CACHED_BYTES = 64 << 20
LOAD_HEADER = "Load-Id"
RECOMMENDATIONS_HEADER = "Recommendations-Load-Id"
T = TypeVar("T")

Query = str | sql.SQL | sql.Composed
Values = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a request reads: a connection in its transaction, and the loads it sees; None before the first."""

    conn: psycopg.Connection
    load_id: int | None
    recommendations_load_id: int | None
    version: str

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
        with self.pool.connection() as conn:
            parts = {
                row["part"]: row
                for row in conn.execute("select part, load_id, published_at from warehouse.publication")
            }
            version = "; ".join(f"{name} {row['load_id']} {row['published_at']}" for name, row in sorted(parts.items()))
            loads = {name: row["load_id"] for name, row in parts.items()}
            yield Snapshot(conn, loads.get("warehouse"), loads.get("recommendations"), version)

    def ask(self, read: Callable[[Snapshot], T]) -> tuple[T, Snapshot]:
        """Read in one snapshot; once more in another when a migration or a restart of the server came between."""
        try:
            return self._ask(read)
        except (psycopg.errors.FeatureNotSupported, psycopg.errors.AdminShutdown, psycopg.OperationalError) as error:
            if isinstance(error, psycopg.errors.QueryCanceled):
                raise
            return self._ask(read)

    def _ask(self, read: Callable[[Snapshot], T]) -> tuple[T, Snapshot]:
        with self.snapshot() as seen:
            return read(seen), seen

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
    for name, value in (
        ("timezone", "UTC"),
        ("jit", "off"),
        ("work_mem", "32MB"),
        ("statement_timeout", f"{int(seconds * 1000)}"),
        ("idle_in_transaction_session_timeout", "60s"),
        ("pg_trgm.similarity_threshold", "0.35"),
    ):
        conn.execute("select set_config(%s, %s, false)", (name, value))
    conn.autocommit = False
    conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    conn.read_only = True


def answer(request: Request, read: Callable[[Snapshot], object], is_public: bool = True) -> Response:
    """The answer to a request, as JSON.

    Takes   read       what is asked, of a snapshot
            is_public  about the catalogue, the same for all who may read: tagged and kept
    """
    reader: Reader = request.app.state.reader
    if not is_public:
        value, seen = reader.ask(read)
        return Response(to_json(value), headers=load_headers(seen) | {"Cache-Control": "no-store"}, media_type=JSON)

    def read_tagged(seen: Snapshot) -> tuple[str, bytes | None]:
        tag = _tag(request, seen)
        if _is_known(request, tag):
            return tag, None
        body = reader.kept(tag)
        if body is None:
            body = to_json(read(seen))
            reader.keep(tag, body)
        return tag, body

    (tag, body), seen = reader.ask(read_tagged)
    headers = load_headers(seen) | {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Authorization, Cookie"}
    return Response(status_code=304, headers=headers) if body is None else Response(body, 200, headers, JSON)


JSON = "application/json"


def load_headers(seen: Snapshot) -> dict[str, str]:
    loads = {LOAD_HEADER: seen.load_id, RECOMMENDATIONS_HEADER: seen.recommendations_load_id}
    return {name: str(load_id) for name, load_id in loads.items() if load_id is not None}


def _tag(request: Request, seen: Snapshot) -> str:
    """Changes when the answer may: with the loads, with what the person may see, and with what is asked."""
    scopes = " ".join(sorted(request.state.person.scopes))
    asked = "\n".join((seen.version, scopes, request.url.path, request.url.query))
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
