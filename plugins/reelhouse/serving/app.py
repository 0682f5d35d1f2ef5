"""The app: endpoints and pages behind one door, with the few paths that are open named here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from psycopg_pool import ConnectionPool
from starlette.concurrency import run_in_threadpool
from starlette.middleware.sessions import SessionMiddleware

from reelhouse.serving import failing
from reelhouse.serving.access import Access, KeyAccess, Limiter, enter, open_pools, writing_pool
from reelhouse.serving.fresh_lists import FreshLists
from reelhouse.serving.measuring import Measure
from reelhouse.serving.models import ProblemBody
from reelhouse.serving.oidc import LOGIN_SECONDS, LoginServer
from reelhouse.serving.pages import describing, login
from reelhouse.serving.pages import routes as pages
from reelhouse.serving.reading import Reader
from reelhouse.serving.routes import (
    catalogue,
    graph,
    metrics,
    movies,
    operations,
    people,
    platforms,
    reviews,
    sources,
    viewers,
)
from reelhouse.serving.routes.parameters import only_these
from reelhouse.serving.servers import Either, tell_servers
from reelhouse.serving.settings import ServingSettings
from reelhouse.serving.shielding import Shield
from reelhouse.serving.starting import Start, starter
from reelhouse.settings import Settings

# What answers to anybody, without data: a test holds that there is no more.
OPEN_PATHS = frozenset({"/healthz", "/readyz", "/login", "/static/reelhouse.css"})
VERSION = "1"
PROBLEMS = {
    401: {"model": ProblemBody, "description": "nobody we know"},
    403: {"model": ProblemBody, "description": "not allowed"},
    404: {"model": ProblemBody, "description": "no such thing; what may have been meant is suggested"},
    409: {"model": ProblemBody, "description": "it contradicts what is there"},
    413: {"model": ProblemBody, "description": "more bytes than are taken"},
    422: {"model": ProblemBody, "description": "a value that is none of those allowed"},
    429: {"model": ProblemBody, "description": "too many requests"},
    503: {"model": ProblemBody, "description": "the warehouse is away, or nothing was loaded yet"},
}


def make_app(
    dsn: str,
    settings: Settings,
    serving: ServingSettings,
    make_access: Callable[[ConnectionPool], Access] = KeyAccess,
    is_framed: bool = False,
    start: Start | None = None,
) -> FastAPI:
    """The app on a warehouse. Connects when first asked, so that a process that only imports it opens nothing.

    Takes   make_access  how people are known; gets connections to the warehouse itself
            is_framed    shown by Airflow in a frame of its own page
            start        starts a day's run; None: over the REST API of the Airflow that the settings know
    """
    writing = writing_pool(dsn)
    known_in = writing
    reader = Reader(serving.read_dsn or dsn, serving)
    if serving.read_dsn:
        reader.pool = Either(reader.pool, Reader(dsn, serving).pool)
        known_in = Either(writing, writing_pool(serving.read_dsn))

    @asynccontextmanager
    async def living(app: FastAPI) -> AsyncIterator[None]:
        open_pools(app.state)
        yield
        await run_in_threadpool(app.state.fresh_lists.close)
        for pool in (writing, reader.pool, known_in):
            await run_in_threadpool(pool.close)

    app = FastAPI(
        title="Reelhouse",
        version=VERSION,
        summary="A warehouse of films and series: titles, people, recommendations with reasons.",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=living,
        separate_input_output_schemas=False,
    )
    app.state.settings = settings
    app.state.serving = serving
    app.state.writing = writing
    app.state.fresh_lists = FreshLists(writing, settings.sql)
    app.state.reader = reader
    app.state.known_in = known_in
    app.state.limiter = Limiter(serving.rate)
    app.state.access = make_access(known_in)
    app.state.start = start or starter(settings, serving)
    app.state.is_alone = make_access is KeyAccess
    app.state.login_server = LoginServer(serving.oidc) if serving.oidc and app.state.is_alone else None
    _add_routes(app)
    failing.add_handlers(app)
    if isinstance(reader.pool, Either):
        tell_servers(app, reader.pool)
    app.add_middleware(Shield, ancestors="'self'" if is_framed else "'none'", large=("/api/v1/sources/",))
    if app.state.login_server is not None:
        # Holds what a login is to come back with, until it does.
        app.add_middleware(
            SessionMiddleware,
            secret_key=app.state.login_server.cookie_key,
            session_cookie="reelhouse_login",
            max_age=LOGIN_SECONDS,
            same_site="lax",
        )
    if serving.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(serving.origins),
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "X-API-Key", "Content-Type", "Idempotency-Key", "If-None-Match"],
            expose_headers=["ETag", "Load-Id", "Recommendations-Load-Id", "Answered-By", "Replica-Lag-Seconds"],
        )
    app.add_middleware(Measure)
    return app


def _add_routes(app: FastAPI) -> None:
    app.include_router(_open_routes())
    app.include_router(login.open_router)
    versioned = APIRouter(prefix="/api/v1", dependencies=[Depends(enter), Depends(only_these)], responses=PROBLEMS)
    for each in (movies, people, viewers, reviews, platforms, catalogue, operations, sources):
        versioned.include_router(each.router)
    app.include_router(versioned)
    # The paths of the earlier projects had no prefix: what was written for them needs another address only.
    earlier = APIRouter(dependencies=[Depends(enter)], include_in_schema=False)
    for each in (movies, viewers, platforms):
        earlier.include_router(each.router)
    app.include_router(earlier)
    for each in (graph.router, login.router, describing.router, metrics.router, pages.router):
        app.include_router(each, dependencies=[Depends(enter)])


def _open_routes() -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/healthz")
    def is_alive() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/readyz")
    def is_ready(request: Request) -> Response:
        open_pools(request.app.state)
        with request.app.state.reader.snapshot() as seen:
            return Response(status_code=204 if seen.load_id is not None else 503)

    return router
