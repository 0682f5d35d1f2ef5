"""The pages' addresses. What they show is asked by the same functions as the endpoints ask."""

from __future__ import annotations

import re
from concurrent import futures
from datetime import UTC, date, datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, RedirectResponse
from pydantic import ValidationError

from reelhouse.serving.access import Person, needs
from reelhouse.serving.asking import people, reviews, titles, trust, viewers
from reelhouse.serving.asking.titles import Filters
from reelhouse.serving.models import TITLE_ID, Decision, NewViewing
from reelhouse.serving.pages.measures import sections
from reelhouse.serving.pages.rendering import STATIC, STATIC_FILES, is_part, line, page
from reelhouse.serving.problems import NotThere
from reelhouse.serving.routes.parameters import LAST_OFFSET, Kind, PersonId, Platform, Printable, TitleId

router = APIRouter(tags=["pages"], include_in_schema=False)

Text = Annotated[str, Query(max_length=200), Printable]
Reviewer = Annotated[Person, needs("review")]
SHOWN = 20
# A page waits that long for a list that is being made; after that it shows the one before.
LIST_SECONDS = 4
# A report's pictures and tables bring their styles along; nothing in it may run, and only our own page frames it.
_REPORT = (
    "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:;"
    " frame-ancestors 'self'"
)


def number_or_none(text: str, low: int, high: int) -> int | None:
    """What a form's field says; an empty one, or one that is no number in the bounds, says nothing.

    >>> number_or_none("", 0, 9), number_or_none("7", 0, 9), number_or_none("70", 0, 9)
    (None, 7, None)
    """
    text = text.strip()
    return int(text) if text.isascii() and text.isdecimal() and low <= int(text) <= high else None


def decimal_or_none(text: str, low: int, high: int) -> float | None:
    """The same of a number that may have a part after a point or a comma.

    >>> decimal_or_none("7.5", 0, 10), decimal_or_none("7,5", 0, 10), decimal_or_none("10.1", 0, 10)
    (7.5, 7.5, None)
    >>> decimal_or_none("", 0, 10), decimal_or_none("1e1", 0, 10), decimal_or_none("nan", 0, 10)
    (None, None, None)
    """
    text = text.strip().replace(",", ".")
    return float(text) if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text) and low <= float(text) <= high else None


# numbers of the search form -> what the page calls them, bounds, how they are read
NUMBERS = {
    "year_from": ("From year", 1870, 2100, number_or_none),
    "year_to": ("To year", 1870, 2100, number_or_none),
    "min_imdb": ("IMDb at least", 0, 10, decimal_or_none),
    "min_critics": ("Critics at least", 0, 100, number_or_none),
    "min_audience": ("Audience at least", 0, 100, number_or_none),
}


def unread(asked: dict[str, str], numbers: dict[str, float | None]) -> list[str]:
    """What to say of fields that say something, but no number in the bounds."""
    return [
        f"{label}: expected a number from {low} to {high}, found “{asked[name].strip()}”. Not filtered by it."
        for name, (label, low, high, _) in NUMBERS.items()
        if asked[name].strip() and numbers[name] is None
    ]


@router.get("/")
def search(
    request: Request,
    q: Text = "",
    genre: Text = "",
    kind: Text = "",
    platform: Text = "",
    person: Text = "",
    year_from: Text = "",
    year_to: Text = "",
    min_imdb: Text = "",
    min_critics: Text = "",
    min_audience: Text = "",
    offset: Annotated[int, Query(ge=0, le=LAST_OFFSET)] = 0,
) -> Response:
    """Search with filters; without a name, the best known of what the filters leave."""
    asked = {
        "q": q, "genre": genre, "kind": kind, "platform": platform, "person": person, "year_from": year_from,
        "year_to": year_to, "min_imdb": min_imdb, "min_critics": min_critics, "min_audience": min_audience,
    }  # fmt: skip
    numbers = {name: parse(asked[name], low, high) for name, (_, low, high, parse) in NUMBERS.items()}
    filters = Filters(
        kind=kind if kind in set(Kind) else None,
        genres=(genre,) if genre else (),
        platform=platform if platform in set(Platform) else None,
        person=person or None,
        **numbers,
    )

    def read(seen):
        if q:
            found = titles.search(seen, q, filters, SHOWN + 1, offset)
        else:
            found = titles.listing(seen, filters, limit=SHOWN + 1, offset=offset)
        genres = seen.rows("select genre from warehouse.dim_genre where genre_kind = 'genre' order by genre")
        return found, [row["genre"] for row in genres]

    (found, genres), seen = request.app.state.reader.ask(read)
    return page(
        request,
        "found.html" if is_part(request) else "search.html",
        found=found[:SHOWN],
        more=offset + SHOWN if len(found) > SHOWN and offset + SHOWN <= LAST_OFFSET else None,
        offset=offset,
        asked=asked,
        unread=unread(asked, numbers),
        genres=genres,
        load_id=seen.load_id,
    )


@router.get("/suggest")
def suggest(request: Request, q: Text = "") -> Response:
    """What is typed so far, as a list to choose from."""
    found, _ = request.app.state.reader.ask(lambda seen: titles.suggest(seen, q) if q.strip() else [])
    return page(request, "suggestions.html", found=found)


@router.get("/titles/{title_id}")
def title(request: Request, title_id: TitleId) -> Response:
    def read(seen):
        return {
            "title": titles.one(seen, title_id),
            "people": people.of_title(seen, title_id),
            "similar": titles.similar_to_any(seen, title_id, 12),
            "past": titles.history(seen, title_id),
            "evidence": titles.evidence(seen, title_id),
        }

    values, seen = request.app.state.reader.ask(read)
    past = values["past"].scores
    lines = [
        ("IMDb", "imdb", line([score.imdb_rating_of_10 for score in past], 0, 10)),
        ("Critics", "critics", line([score.critics_pct for score in past], 0, 100)),
        ("Audience", "audience", line([score.audience_pct for score in past], 0, 100)),
    ]
    return page(request, "title.html", lines=lines, load_id=seen.load_id, **values)


@router.get("/people")
def find_people(request: Request, q: Text = "", offset: Annotated[int, Query(ge=0, le=LAST_OFFSET)] = 0) -> Response:
    found, seen = request.app.state.reader.ask(
        lambda seen: people.search(seen, q, SHOWN + 1, offset) if q.strip() else []
    )
    more = offset + SHOWN if len(found) > SHOWN and offset + SHOWN <= LAST_OFFSET else None
    return page(request, "people.html", found=found[:SHOWN], q=q, offset=offset, more=more, load_id=seen.load_id)


@router.get("/people/{person_id}")
def one_person(
    request: Request, person_id: PersonId, offset: Annotated[int, Query(ge=0, le=LAST_OFFSET)] = 0
) -> Response:
    found, seen = request.app.state.reader.ask(lambda seen: people.one(seen, person_id, offset=offset))
    shown = offset + len(found.titles)
    more = shown if found.titles and shown < found.title_count else None
    return page(request, "person.html", shown=found, offset=offset, more=more, load_id=seen.load_id)


@router.get("/viewers")
def choose_viewer(request: Request, number: Text = "", offset: Annotated[int, Query(ge=0, le=10**7)] = 0) -> Response:
    """Choose a viewer, or go to one by number."""
    if number_or_none(number, 1, 2**63 - 1):
        return _to(request, f"/viewers/{int(number)}")
    found, seen = request.app.state.reader.ask(lambda seen: viewers.listing(seen, SHOWN + 1, offset))
    more = offset + SHOWN if len(found) > SHOWN else None
    return page(request, "viewers.html", found=found[:SHOWN], more=more, load_id=seen.load_id)


@router.get("/viewers/{user_id}")
def one_viewer(request: Request, user_id: Annotated[int, Path(ge=1, lt=2**63)]) -> Response:
    def read(seen):
        return {
            "viewer": viewers.one(seen, user_id),
            "recommended": viewers.recommendations(seen, user_id, 12),
            "history": viewers.viewings(seen, user_id, 30),
            "unfinished": viewers.unfinished(seen, user_id),
        }

    values, seen = request.app.state.reader.ask(read)
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M")
    return page(request, "viewer.html", now=now, load_id=seen.load_id, **values)


@router.post("/viewers/{user_id}")
def add_viewing(
    request: Request,
    user_id: Annotated[int, Path(ge=1, lt=2**63)],
    person: Annotated[Person, needs("write")],
    movie_id: Annotated[str, Form(pattern=TITLE_ID)],
    watch_date: Annotated[datetime, Form()],
    minutes: Annotated[str, Form(max_length=5)] = "",
) -> Response:
    """Note that the viewer watched a title, and show the viewer again, with the list that comes of it."""
    try:
        new = NewViewing(movie_id=movie_id, watch_date=watch_date, watch_duration=number_or_none(minutes, 0, 1440))
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from error
    with request.app.state.writing.connection() as conn:
        viewers.add_viewing(conn, user_id, new, person.name, None)
    futures.wait([request.app.state.fresh_lists.make(user_id)], LIST_SECONDS)
    return _to(request, f"/viewers/{user_id}")


@router.get("/trust")
def how_sure(request: Request) -> Response:
    settings = request.app.state.settings
    (shown, health), seen = request.app.state.reader.ask(lambda seen: (trust.trust(seen, settings), trust.health(seen)))
    told = getattr(request.app.state.reader.pool, "told", None)
    return page(request, "trust.html", trust=shown, health=health, load_id=seen.load_id, server=told and told())


@router.get("/report")
def report(request: Request, day: Text = "") -> Response:
    """The day's report below our own navigation; without a day, or with one that has none, the newest."""
    days = _reported_days(request)
    shown = day if day in days else next(iter(days), None)
    return page(request, "report.html", days=days, day=shown)


@router.get("/report/{day}")
def report_alone(request: Request, day: date) -> Response:
    """The report as it was written: one page that asks nothing of any server, in a sandbox without scripts."""
    if day.isoformat() not in _reported_days(request):
        raise NotThere(f"There is no report of {day}.", _reported_days(request)[:5])
    path = request.app.state.settings.reports / f"{day.isoformat()}.html"
    return FileResponse(path, media_type="text/html; charset=utf-8", headers={"Content-Security-Policy": _REPORT})


def _reported_days(request: Request) -> list[str]:
    """The days that have a report, the newest first."""
    names = (path.stem for path in request.app.state.settings.reports.glob("*.html"))
    return sorted((name for name in names if name[:1].isdecimal()), reverse=True)


@router.get("/quality")
def how_good(request: Request) -> Response:
    (methods, figures), seen = request.app.state.reader.ask(lambda seen: (trust.methods(seen), trust.quality(seen)))
    return page(request, "quality.html", sections=sections(methods, figures), load_id=seen.load_id)


@router.get("/review")
def review_first(request: Request) -> Response:
    return _review(request, None, None)


@router.get("/review/{source}/{source_id}")
def review_one(
    request: Request,
    source: Annotated[str, Path(max_length=40), Printable],
    source_id: Annotated[str, Path(max_length=200), Printable],
    title: Annotated[str | None, Query(max_length=10_000)] = None,
) -> Response:
    return _review(request, source, source_id, title)


def _review(request: Request, source: str | None, source_id: str | None, title: str | None = None) -> Response:
    def read(seen):
        pair = reviews.pair(seen, source, source_id, _printable(title))
        row = pair.row if pair else None
        return {
            "pair": pair,
            "following": reviews.next_after(seen, row["source"], row["source_id"]) if row else None,
            "before": reviews.next_after(seen, row["source"], row["source_id"], -1) if row else None,
            "decisions": reviews.decisions(seen),
        }

    values, seen = request.app.state.reader.ask(read)
    return page(request, "review.html", load_id=seen.load_id, **values)


@router.post("/review/{source}/{source_id}")
def decide(
    request: Request,
    source: Annotated[str, Path(max_length=40), Printable],
    source_id: Annotated[str, Path(max_length=200), Printable],
    person: Reviewer,
    verdict: Annotated[str, Form(max_length=20)],
    why: Annotated[str, Form(max_length=1000), Printable] = "",
    imdb_id: Annotated[str, Form(max_length=20), Printable] = "",
    title: Annotated[str | None, Form(max_length=10_000)] = None,
) -> Response:
    """Record the decision and go on to the next row."""
    try:
        decision = Decision(
            source=source, source_id=source_id, verdict=verdict, imdb_id=imdb_id.strip() or None,
            why=why.strip() or "looked at side by side", title=_printable(title),
        )  # fmt: skip
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from error
    following, _ = request.app.state.reader.ask(lambda seen: reviews.next_after(seen, source, source_id))
    with request.app.state.writing.connection() as conn:
        reviews.decide(conn, decision, person.name)
    rest = f"/{following[0]}/{quote(following[1], safe='')}" if following else ""
    return _to(request, f"/review{rest}")


def _printable(title: str | None) -> str | None:
    """A title that a page of ours has sent. A file may have control characters in it, which fold to blanks."""
    return title and "".join(letter if letter.isprintable() else " " for letter in title)


@router.post("/review/undo")
def undo(request: Request, person: Reviewer, number: Annotated[int, Form(ge=1, lt=2**31)]) -> Response:
    with request.app.state.writing.connection() as conn:
        reviews.undo(conn, number, person.name)
    return _to(request, "/review")


def _to(request: Request, path: str) -> Response:
    return RedirectResponse(request.scope.get("root_path", "").rstrip("/") + path, 303)


@router.get("/static/{name}")
def static_file(name: str) -> Response:
    """Scripts and pictures. The style sheet alone is open, because the login page needs it."""
    if name not in STATIC_FILES:
        raise NotThere(f"There is no file {name}.")
    return FileResponse(
        STATIC / name, media_type=STATIC_FILES[name], headers={"Cache-Control": "private, max-age=31536000, immutable"}
    )
