"""Who asks, and what they may. Every route is behind `enter`; those few that are not stand in `app.OPEN_PATHS`.

How a person is known differs (a key or a session alone, Airflow's login within Airflow); what follows from it does not.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Protocol
from urllib.parse import quote, urlsplit

import psycopg
from cachetools import TTLCache
from fastapi import Depends, Request
from psycopg_pool import ConnectionPool
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import State

from reelhouse.database import set_settings
from reelhouse.serving import keys
from reelhouse.serving.problems import NotAllowed, NotKnown, TooOften

log = logging.getLogger("reelhouse.serving.access")

SESSION_COOKIE = "reelhouse_session"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# How long a key that was taken back may let in: a look at the database for each request costs a tenth of an answer.
KNOWN_SECONDS = 2
LOGINS = 20
CSRF_HEADER = "x-csrf-token"
CSRF_FIELD = "csrf_token"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody we know.

    scopes  read, write, review
    cookie  what the browser sent by itself; None for those who say who they are in a header, whom no other
            page can make ask for something
    """

    name: str
    scopes: frozenset[str]
    cookie: str | None = None

    @property
    def csrf_token(self) -> str:
        """What a form of ours must bring along. Another site can make a browser send the cookie, but not read it."""
        if self.cookie is None:
            return ""
        return hmac.new(self.cookie.encode(), b"csrf", hashlib.sha256).hexdigest()

    def may(self, scope: str) -> bool:
        return scope in self.scopes


Find = Callable[[psycopg.Connection, str], keys.Known | None]


class Access(Protocol):
    """How a person is known."""

    async def person(self, request: Request) -> Person | None: ...

    def login_address(self, request: Request) -> str: ...


class KeyAccess:
    """Alone: by an API key in a header, or by the cookie of a session that began with one.

    Whom a key or a session is of is remembered for KNOWN_SECONDS in each worker: so long one that was taken back or
    has expired may still let in. One that is none is looked up each time.
    """

    def __init__(self, pool: ConnectionPool) -> None:
        self.pool = pool
        self.known: TTLCache[tuple[str, str], keys.Known] = TTLCache(10_000, KNOWN_SECONDS)

    async def person(self, request: Request) -> Person | None:
        secret = key_of(request)
        cookie = request.cookies.get(SESSION_COOKIE)
        if secret:
            known = await self._find("key", keys.find_key, secret)
            return known and Person(known.name, known.scopes)
        if cookie:
            known = await self._find("session", keys.find_session, cookie)
            return known and Person(known.name, known.scopes, cookie)
        return None

    async def _find(self, kind: str, find: Find, secret: str) -> keys.Known | None:
        # Only digests are held in memory, too.
        name = (kind, keys.digest(secret))
        known = self.known.get(name)
        if known is None:
            known = await run_in_threadpool(self._look_up, find, secret)
            if known is not None:
                self.known[name] = known
        return known

    def forget(self, cookie: str) -> None:
        """A session that its owner ends lets nobody in any more, in this worker at once."""
        self.known.pop(("session", keys.digest(cookie)), None)

    def _look_up(self, find: Find, secret: str) -> keys.Known | None:
        with self.pool.connection() as conn:
            return find(conn, secret)

    def login_address(self, request: Request) -> str:
        shown = urlsplit(request.headers.get("hx-current-url", ""))
        # Part of a page, like suggestions, is nothing to come back to: the page is, that the browser says it shows.
        place = below_root(request, shown.path, shown.query) if shown.path else here(request)
        return f"{request.scope.get('root_path', '')}/login?next={quote(place, safe='')}"


def key_of(request: Request) -> str | None:
    """The key that a request says, in either of the two headers people use."""
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and secret:
        return secret.strip()
    return request.headers.get("x-api-key") or None


def here(request: Request) -> str:
    """The address of a request below our own root, to come back to."""
    return below_root(request, request.url.path, request.url.query)


def below_root(request: Request, path: str, query: str) -> str:
    path = path.removeprefix(request.scope.get("root_path", "")) or "/"
    return path + (f"?{query}" if query else "")


class Limiter:
    """Counts requests of a minute, for each person, in this worker. The minute begins with the first of them."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        # An entry leaves a minute after it came, however often it is counted up.
        self.counts: TTLCache[tuple[str, str], list[int]] = TTLCache(100_000, 60)
        self.lock = threading.Lock()

    def count(self, person: str) -> None:
        """
        Raises  TooOften
        """
        if self._hits("asks", person) > self.rate:
            raise TooOften(f"More than {self.rate} requests a minute.", headers={"Retry-After": "60"})

    def count_login(self, address: str) -> None:
        if self._hits("logs in", address) > LOGINS:
            raise TooOften(f"More than {LOGINS} tries to log in a minute.", headers={"Retry-After": "60"})

    def _hits(self, what: str, who: str) -> int:
        with self.lock:
            hits = self.counts.get((what, who))
            if hits is None:
                hits = self.counts[what, who] = [0]
            hits[0] += 1
            return hits[0]


async def enter(request: Request) -> Person:
    """The one dependency that every route is behind: somebody we know, who may read, and who asked for it.

    Raises  NotKnown, NotAllowed, TooOften
    """
    state = request.app.state
    if state.reader.pool.closed or state.writing.closed:
        # An app that is mounted in another is never told that its life begins.
        await run_in_threadpool(open_pools, state)
    person = await state.access.person(request)
    if person is None:
        raise NotKnown("Expected an API key (Authorization: Bearer …) or a session, found none that holds.")
    state.limiter.count(person.name)
    if not person.may("read"):
        raise NotAllowed("Expected the scope read, found " + ", ".join(sorted(person.scopes)) + ".")
    if request.method not in SAFE_METHODS and person.cookie is not None:
        await require_own_form(request, person)
    request.state.person = person
    return person


async def require_own_form(request: Request, person: Person) -> None:
    """A browser sends its cookie whoever made it ask; only our own pages know the token.

    Raises  NotAllowed
    """
    origin = request.headers.get("origin")
    if origin and urlsplit(origin).netloc != request.headers.get("host"):
        raise NotAllowed("Expected a form of our own pages, found one of another site.")
    given = request.headers.get(CSRF_HEADER)
    if given is None and "form" in request.headers.get("content-type", ""):
        given = (await request.form()).get(CSRF_FIELD)
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), person.csrf_token.encode()):
        raise NotAllowed("Expected the form's token, found none or another. Load the page again.")


def needs(scope: str):
    """A dependency for what not everybody who may read may do."""

    async def check(person: Annotated[Person, Depends(enter)]) -> Person:
        if not person.may(scope):
            log.warning("refused: %s lacks the scope %s", person.name, scope)
            raise NotAllowed(f"Expected the scope {scope}, found {', '.join(sorted(person.scopes))}.")
        return person

    return Depends(check)


Entered = Annotated[Person, Depends(enter)]


def open_pools(state: State) -> None:
    for pool in (state.writing, state.reader.pool, state.known_in):
        if pool.closed:
            pool.open()


def writing_pool(dsn: str) -> ConnectionPool:
    """Connections to the warehouse itself, for keys, decisions and viewings: few, short, each statement by itself."""
    return ConnectionPool(
        dsn,
        min_size=1,
        max_size=4,
        open=False,
        timeout=10,
        kwargs={"autocommit": True, "application_name": "reelhouse serving", "connect_timeout": 10},
        configure=_configure_writing,
        name="reelhouse-writing",
    )


def _configure_writing(conn: psycopg.Connection) -> None:
    set_settings(conn, {"timezone": "UTC", "statement_timeout": "10s", "lock_timeout": "5s"}, for_session=True)
