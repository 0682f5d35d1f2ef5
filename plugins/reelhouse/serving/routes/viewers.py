"""/api/v1/users and /api/v1/recommend: viewers, and lists for them, for several titles, for several viewers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Request, Response
from pydantic_core import to_json

from reelhouse.serving.access import Person, needs
from reelhouse.serving.asking import titles, viewers
from reelhouse.serving.asking.titles import Filters
from reelhouse.serving.models import TITLE_ID, Blended, NewViewing, Recommended, TitleCard, Viewer, ViewerPage, Viewing
from reelhouse.serving.reading import JSON, Snapshot, answer
from reelhouse.serving.routes.parameters import FarOffset, Kind, Limit, Lowered, Platform, Printable, Year

router = APIRouter(tags=["viewers"])

UserId = Annotated[int, Path(ge=1, lt=2**63)]
Writer = Annotated[Person, needs("write")]
OneId = Annotated[str, Query(pattern=TITLE_ID), Lowered]
MaxAge = Annotated[int | None, Query(ge=0, le=21, description="unknown ages are left out")]


@router.get("/users", response_model=list[Viewer])
def list_viewers(request: Request, limit: Limit = 50, offset: FarOffset = 0) -> Response:
    """The numbers of the viewers that files or an app have told of."""
    return answer(request, lambda seen: viewers.listing(seen, limit, offset), is_public=False)


@router.get("/users/{user_id}", response_model=ViewerPage)
def one_viewer(request: Request, user_id: UserId) -> Response:
    """How much a viewer watched and rated."""
    return answer(request, lambda seen: viewers.one(seen, user_id), is_public=False)


@router.get("/users/{user_id}/viewing_history", response_model=list[Viewing])
def viewing_history(request: Request, user_id: UserId, limit: Limit = 50, offset: FarOffset = 0) -> Response:
    """What a viewer watched, the newest first. An empty history is an empty list."""
    return answer(request, lambda seen: viewers.viewings(seen, user_id, limit, offset), is_public=False)


@router.post("/users/{user_id}/viewing_history", response_model=Viewing, status_code=201)
def add_viewing(
    request: Request,
    user_id: UserId,
    viewing: NewViewing,
    person: Writer,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200), Printable] = None,
) -> Response:
    """Note that a viewer watched a title. The viewer's list is made anew within seconds, after the answer. Sent again
    with the same Idempotency-Key, it is done once."""
    with request.app.state.writing.connection() as conn:
        told, status = viewers.add_viewing(conn, user_id, viewing, person.name, idempotency_key)
    request.app.state.fresh_lists.make(user_id)
    return Response(to_json(told), status, media_type=JSON)


@router.get("/users/{user_id}/recommendations", response_model=list[Recommended])
def recommendations(request: Request, user_id: UserId, limit: Annotated[int, Query(ge=1, le=50)] = 10) -> Response:
    """What is recommended to a viewer, with reasons. Who has no list gets what many like."""
    return answer(request, lambda seen: viewers.recommendations(seen, user_id, limit), is_public=False)


@router.get("/recommend/titles", response_model=list[Blended])
def for_titles(
    request: Request,
    id: Annotated[list[OneId], Query(min_length=1, max_length=20)],
    limit: Limit = 10,
    movie_type: Annotated[Kind | None, Lowered] = None,
    platform: Annotated[Platform | None, Lowered] = None,
    max_age: MaxAge = None,
) -> Response:
    """One list for several titles."""
    filters = Filters(
        kind=movie_type.value if movie_type else None, platform=platform.value if platform else None, max_age=max_age
    )
    return answer(request, lambda seen: viewers.for_titles(seen, id, filters, limit))


@router.get("/recommend/group", response_model=list[Blended])
def for_group(
    request: Request,
    user: Annotated[list[Annotated[int, Query(ge=1, lt=2**63)]], Query(min_length=2, max_length=20)],
    limit: Limit = 10,
    platform: Annotated[Platform | None, Lowered] = None,
    max_age: MaxAge = None,
) -> Response:
    """One list for several viewers, of what none of them has seen or rated."""
    filters = Filters(platform=platform.value if platform else None, max_age=max_age)
    return answer(request, lambda seen: viewers.for_group(seen, user, filters, limit), is_public=False)


@router.get("/recommend/filtered", response_model=list[TitleCard])
def filtered(
    request: Request,
    genre: Annotated[list[Annotated[str, Printable]] | None, Query(max_length=10)] = None,
    movie_type: Annotated[Kind | None, Lowered] = None,
    platform: Annotated[Platform | None, Lowered] = None,
    year_from: Year | None = None,
    year_to: Year | None = None,
    max_age: MaxAge = None,
    limit: Limit = 10,
) -> Response:
    """The best rated of a genre, platform, time and age; few votes cannot win."""
    filters = Filters(
        kind=movie_type.value if movie_type else None, genres=tuple(genre or ()), year_from=year_from,
        year_to=year_to, platform=platform.value if platform else None, max_age=max_age, min_votes=100,
    )  # fmt: skip

    def read(seen: Snapshot) -> list[TitleCard]:
        titles.require_genres(seen, filters.genres)
        return titles.listing(seen, filters, "rating", True, limit)

    return answer(request, read)
