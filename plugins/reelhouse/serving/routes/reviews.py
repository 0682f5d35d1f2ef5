"""/api/v1/reviews: rows that wait for a person, and what persons decide."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Path, Request, Response
from pydantic_core import to_json

from reelhouse.serving.access import Person, needs
from reelhouse.serving.asking import reviews
from reelhouse.serving.models import Decided, NoneDecision, PairDecision, Waiting, Withdrawn
from reelhouse.serving.reading import JSON, answer
from reelhouse.serving.routes.parameters import Limit, Offset

router = APIRouter(prefix="/reviews", tags=["reviews"])

Reviewer = Annotated[Person, needs("review")]


@router.get("", response_model=list[Waiting])
def waiting(request: Request, limit: Limit = 50, offset: Offset = 0) -> Response:
    """Rows that wait for a person, the likeliest first."""
    return answer(request, lambda seen: reviews.waiting(seen, limit, offset), is_public=False)


@router.post("", response_model=Decided, status_code=201)
def decide(
    request: Request,
    decision: Annotated[PairDecision | NoneDecision, Body(discriminator="verdict")],
    person: Reviewer,
) -> Response:
    """Say what a row is: this pair, not this pair, no match. Recorded with who and why; counts from the next run on."""
    with request.app.state.writing.connection() as conn:
        return Response(to_json(reviews.decide(conn, decision, person.name)), 201, media_type=JSON)


@router.delete("/{number}", response_model=Withdrawn)
def undo(request: Request, number: Annotated[int, Path(ge=1, lt=2**31)], person: Reviewer) -> Response:
    """Take a decision back. It stays recorded."""
    with request.app.state.writing.connection() as conn:
        return Response(to_json(reviews.undo(conn, number, person.name)), media_type=JSON)
