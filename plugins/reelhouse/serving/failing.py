"""What goes wrong, as answers: JSON for programs, a page for people. Never the words of the database."""

from __future__ import annotations

import logging

import psycopg
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from psycopg_pool import PoolTimeout
from pydantic_core import to_json
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from reelhouse.errors import ReelhouseError
from reelhouse.serving.access import enter
from reelhouse.serving.models import PATTERNS, ProblemBody, WrongValue
from reelhouse.serving.problems import NotKnown, NotReady, NotUnderstood, Problem

log = logging.getLogger("reelhouse.serving")

NOT_LOADED = (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName, psycopg.errors.UndefinedFunction)
AWAY = (psycopg.OperationalError, psycopg.errors.AdminShutdown, PoolTimeout)


def add_handlers(app: FastAPI) -> None:
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _wrong_values)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ReelhouseError, _known)
    app.add_exception_handler(psycopg.Error, _database)
    app.add_exception_handler(PoolTimeout, _database)
    app.add_exception_handler(Exception, _unexpected)


def is_page(request: Request) -> bool:
    """Whether a person looks at it: the route says so, for a path of ours; else what the browser says it takes."""
    route = request.scope.get("route")
    if route is not None:
        return "pages" in getattr(route, "tags", ())
    return "text/html" in request.headers.get("accept", "")


async def _problem(request: Request, problem: Problem) -> Response:
    if isinstance(problem, NotKnown) and is_page(request) and request.method == "GET":
        from reelhouse.serving.pages.rendering import is_part

        address = request.app.state.access.login_address(request)
        # The browser is to go there, and not to put the login into the page.
        if is_part(request):
            return Response(status_code=401, headers={"HX-Redirect": address})
        return RedirectResponse(address, status_code=303)
    headers = dict(problem.headers)
    if problem.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    body = ProblemBody(
        status=problem.status, title=problem.title, detail=problem.words, suggestions=problem.suggestions
    )
    return show(request, body, headers)


async def _wrong_values(request: Request, error: RequestValidationError) -> Response:
    if problem := await _not_entered(request):
        return await _problem(request, problem)
    wrong = [
        WrongValue(where=".".join(str(part) for part in each["loc"]), expected=_expected(each))
        for each in error.errors()
    ]
    detail = "; ".join(f"{each.where}: {each.expected}" for each in wrong)
    return show(request, ProblemBody(status=422, title=NotUnderstood.title, detail=detail, wrong=wrong))


def _expected(wrong: dict) -> str:
    """What a value should have been, in words: a regular expression tells people little."""
    told = PATTERNS.get(wrong.get("ctx", {}).get("pattern"))
    return told or str(wrong["msg"]).removeprefix("Value error, ")


async def _http(request: Request, error: HTTPException) -> Response:
    if error.status_code == 400 and (problem := await _not_entered(request)):
        return await _problem(request, problem)
    if request.scope.get("route") is None and is_page(request):
        # Who is known gets the page with its navigation.
        await _not_entered(request)
    body = ProblemBody(status=error.status_code, title=str(error.detail), detail=_words(request, error))
    return show(request, body, dict(error.headers or {}))


def _words(request: Request, error: HTTPException) -> str:
    """What the framework says with two words of HTTP."""
    if error.status_code == 404 and error.detail == "Not Found":
        return f"There is nothing at {request.url.path[:200]}. /docs lists every endpoint."
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow") or "another method"
        return f"{request.url.path[:200]}: expected {allowed}, found {request.method}."
    return str(error.detail)


async def _not_entered(request: Request) -> Problem | None:
    """Why who asks is let in no further. A body that cannot be read is found so before they are asked who they are."""
    if getattr(request.state, "person", None) is None:
        try:
            await enter(request)
        except Problem as problem:
            return problem
    return None


async def _known(request: Request, error: ReelhouseError) -> Response:
    return show(request, ProblemBody(status=422, title=NotUnderstood.title, detail=str(error)))


async def _database(request: Request, error: Exception) -> Response:
    if isinstance(error, NOT_LOADED):
        words = "Nothing was loaded yet: run extract_sources, or ./reelhouse run."
    elif isinstance(error, psycopg.errors.QueryCanceled):
        words = "The question took too long and was given up. Ask for less."
    elif isinstance(error, AWAY):
        words = "The warehouse does not answer. Try again."
    else:
        return await _unexpected(request, error)
    log.warning("%s %s: %s", request.method, request.url.path, type(error).__name__)
    return await _problem(request, NotReady(words, headers={"Retry-After": "5"}))


async def _unexpected(request: Request, error: Exception) -> Response:
    log.error("%s %s", request.method, request.url.path, exc_info=error)
    return show(request, ProblemBody(status=500, title="Something went wrong", detail="It is in the log."))


def show(request: Request, body: ProblemBody, headers: dict[str, str] | None = None) -> Response:
    """A problem as the one who asked can read it."""
    if is_page(request):
        from reelhouse.serving.pages.rendering import page

        return page(request, "problem.html", status=body.status, headers=headers, problem=body)
    return Response(to_json(body), body.status, headers, "application/json")
