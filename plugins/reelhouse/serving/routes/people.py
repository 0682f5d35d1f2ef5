"""/api/v1/people: by name, one with their titles, and the way from one to another."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from reelhouse.serving.asking import people
from reelhouse.serving.models import Path, PersonCard, PersonPage
from reelhouse.serving.reading import answer
from reelhouse.serving.routes.parameters import Limit, Name, Offset, PersonId

router = APIRouter(prefix="/people", tags=["people"])


@router.get("/search", response_model=list[PersonCard])
def search_people(request: Request, query: Name, limit: Limit = 10, offset: Offset = 0) -> Response:
    """People by name, the best known of those that are equally close first. Namesakes are several people."""
    return answer(request, lambda seen: people.search(seen, query, limit, offset))


@router.get("/{person_id}", response_model=PersonPage)
def one_person(
    request: Request, person_id: PersonId, limit: Limit = people.SHOWN_TITLES, offset: Offset = 0
) -> Response:
    """A person with their titles, the best known first; `title_count` says how many there are."""
    return answer(request, lambda seen: people.one(seen, person_id, limit, offset))


@router.get("/{person_id}/path/{other_id}", response_model=Path)
def path_between(request: Request, person_id: PersonId, other_id: PersonId) -> Response:
    """The shortest way between two people through titles they share, of at most six."""
    return answer(request, lambda seen: people.path(seen, person_id, other_id))
