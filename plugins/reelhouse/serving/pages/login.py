"""Logging in to the pages: with a key, or at a login server. Within Airflow its own login does."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import FileResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import State

from reelhouse.serving.access import SESSION_COOKIE, open_pools
from reelhouse.serving.keys import SESSION_HOURS, begin_session, begin_session_of, end_session
from reelhouse.serving.oidc import LoggedIn
from reelhouse.serving.pages.rendering import STATIC, page

open_router = APIRouter(tags=["pages"], include_in_schema=False)
router = APIRouter(tags=["pages"], include_in_schema=False)


@open_router.get("/static/reelhouse.css")
def style_sheet() -> Response:
    return FileResponse(STATIC / "reelhouse.css", media_type="text/css", headers={"Cache-Control": "max-age=3600"})


def safe_path(path: str) -> str:
    """A path of ours to go on to, never an address of somebody else.

    >>> safe_path("/titles/tt1?a=b"), safe_path("//evil.example"), safe_path("http://evil.example"), safe_path("/\\\\e")
    ('/titles/tt1?a=b', '/', '/', '/')
    """
    is_ours = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if is_ours else "/"


@open_router.get("/login")
async def login_form(
    request: Request,
    next: Annotated[str, Query(max_length=2000)] = "/",
    server: bool = False,
    state: Annotated[str, Query(max_length=2000)] = "",
) -> Response:
    """The form; with `server`, on to the login server, which comes back here with a state."""
    app = request.app.state
    if not app.is_alone:
        return RedirectResponse(app.access.login_address(request), 303)
    if app.login_server is not None and server:
        return await app.login_server.lead_there(request, safe_path(next))
    if app.login_server is not None and state:
        await run_in_threadpool(open_pools, app)
        app.limiter.count_login(request.client.host if request.client else "")
        known = await app.login_server.come_back(request)
        token = await run_in_threadpool(_begin, app, known)
        return go_on(request, token, known.next)
    return page(request, "login.html", next=safe_path(next), wrong=False, has_server=app.login_server is not None)


def _begin(app: State, known: LoggedIn) -> str:
    with app.writing.connection() as conn:
        return begin_session_of(conn, known.name, known.scopes)


@open_router.post("/login")
def log_in(
    request: Request,
    key: Annotated[str, Form(max_length=200)] = "",
    next: Annotated[str, Form(max_length=2000)] = "/",
) -> Response:
    """Begin a session with a key."""
    state = request.app.state
    open_pools(state)
    state.limiter.count_login(request.client.host if request.client else "")
    with state.writing.connection() as conn:
        token = begin_session(conn, key.strip())
    if token is None:
        has_server = state.login_server is not None
        return page(request, "login.html", 401, next=safe_path(next), wrong=True, has_server=has_server)
    return go_on(request, token, next)


def go_on(request: Request, token: str, next: str) -> Response:
    """To the page that was asked for, with the session's cookie, which no script can read."""
    root = request.scope.get("root_path", "").rstrip("/")
    answered = RedirectResponse(root + safe_path(next), 303)
    answered.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=SESSION_HOURS * 3600,
        path=root or "/",
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return answered


@router.post("/logout")
def log_out(request: Request) -> Response:
    person = request.state.person
    if person.cookie is not None and request.app.state.is_alone:
        with request.app.state.writing.connection() as conn:
            end_session(conn, person.cookie)
        request.app.state.access.forget(person.cookie)
    root = request.scope.get("root_path", "").rstrip("/")
    answered = RedirectResponse(f"{root}/login", 303)
    answered.delete_cookie(SESSION_COOKIE, path=root or "/")
    return answered
