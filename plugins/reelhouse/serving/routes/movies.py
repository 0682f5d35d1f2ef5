"""/api/v1/movies: titles of all kinds, by the name that the earlier project gave them."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from reelhouse.serving.asking import people, titles
from reelhouse.serving.asking.titles import Filters
from reelhouse.serving.models import AsOf, Credit, Evidence, History, Recommended, Title, TitleCard
from reelhouse.serving.reading import Snapshot, answer
from reelhouse.serving.routes.parameters import (
    FarOffset,
    Kind,
    Limit,
    Lowered,
    Name,
    Offset,
    Order,
    Platform,
    Printable,
    Sort,
    TitleId,
    Year,
)

router = APIRouter(prefix="/movies", tags=["movies"])

Share = Annotated[int | None, Query(ge=0, le=100)]


@router.get("", response_model=list[TitleCard])
def list_titles(
    request: Request,
    limit: Limit = 10,
    offset: FarOffset = 0,
    sort: Annotated[Sort, Lowered] = Sort.popularity,
    order: Annotated[Order, Lowered] = Order.desc,
    movie_type: Annotated[Kind, Lowered] = Kind.movie,
    min_votes: Annotated[int, Query(ge=0, le=10**9)] = 1000,
) -> Response:
    """Titles of a kind with enough votes, sorted. Adult titles are in no list."""
    filters = Filters(kind=movie_type.value, min_votes=min_votes)
    return answer(request, lambda seen: titles.listing(seen, filters, sort.value, order == Order.desc, limit, offset))


@router.get("/search", response_model=list[TitleCard])
def search_titles(
    request: Request,
    query: Name,
    limit: Limit = 10,
    offset: Offset = 0,
    movie_type: Annotated[Kind | None, Lowered] = None,
    min_votes: Annotated[int, Query(ge=0, le=10**9)] = 100,
    genre: Annotated[list[Annotated[str, Printable]] | None, Query(max_length=10, description="all of these")] = None,
    year_from: Year | None = None,
    year_to: Year | None = None,
    platform: Annotated[Platform | None, Lowered] = None,
    person: Annotated[str | None, Query(max_length=200), Printable] = None,
    min_critics: Share = None,
    min_audience: Share = None,
    min_imdb: Annotated[float | None, Query(ge=0, le=10)] = None,
    max_age: Annotated[int | None, Query(ge=0, le=21, description="unknown ages are left out")] = None,
) -> Response:
    """Titles by name, in any language we know them by; slips of the fingers are forgiven. The closest first, and of
    those the best known."""
    filters = Filters(
        kind=movie_type.value if movie_type else None,
        genres=tuple(genre or ()),
        year_from=year_from,
        year_to=year_to,
        platform=platform.value if platform else None,
        person=person,
        min_votes=min_votes,
        min_imdb=min_imdb,
        min_critics=min_critics,
        min_audience=min_audience,
        max_age=max_age,
    )

    def read(seen: Snapshot) -> list[TitleCard]:
        titles.require_genres(seen, filters.genres)
        return titles.search(seen, query, filters, limit, offset)

    return answer(request, read)


@router.get("/suggest", response_model=list[TitleCard])
def suggest_titles(request: Request, query: Name, limit: Annotated[int, Query(ge=1, le=20)] = 8) -> Response:
    """Titles whose name begins with what was typed so far, the best known first."""
    return answer(request, lambda seen: titles.suggest(seen, query, limit))


@router.get("/{movie_id}", response_model=Title)
def one_title(request: Request, movie_id: TitleId) -> Response:
    """A title with everything known of it. What no source says is null."""
    return answer(request, lambda seen: titles.one(seen, movie_id))


@router.get("/{movie_id}/similar", response_model=list[Recommended])
def similar_titles(request: Request, movie_id: TitleId, limit: Annotated[int, Query(ge=1, le=50)] = 10) -> Response:
    """Titles like it, the most alike first, each with the reasons that add up to its score."""
    return answer(request, lambda seen: titles.similar_to_any(seen, movie_id, limit))


@router.get("/{movie_id}/people", response_model=list[Credit])
def people_of_title(request: Request, movie_id: TitleId) -> Response:
    """Directors, writers, then the cast as billed."""
    return answer(request, lambda seen: people.of_title(seen, movie_id))


@router.get("/{movie_id}/evidence", response_model=Evidence)
def evidence_of_title(request: Request, movie_id: TitleId) -> Response:
    """Why is this linked? Every row of a source that is this title, with what speaks for and against it."""
    # Decisions change between two publishes, by a reviewer or the next day's matching.
    return answer(request, lambda seen: titles.evidence(seen, movie_id), is_public=False)


@router.get("/{movie_id}/history", response_model=History)
def history_of_title(request: Request, movie_id: TitleId) -> Response:
    """Its scores on each day they changed, and its stays in the catalogues."""
    return answer(request, lambda seen: titles.history(seen, movie_id))


@router.get("/{movie_id}/as-of", response_model=AsOf)
def title_as_of(request: Request, movie_id: TitleId, day: date) -> Response:
    """Its scores and platforms as they were on a day."""
    return answer(request, lambda seen: titles.as_of(seen, movie_id, day))
