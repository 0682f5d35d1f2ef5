"""/api/v1/trust, health and quality: how far what is answered can be relied on."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from reelhouse.serving.asking import trust
from reelhouse.serving.models import Health, QualityOfMethod, Trust
from reelhouse.serving.reading import answer

router = APIRouter(tags=["operations"])


@router.get("/trust", response_model=Trust)
def how_sure(request: Request) -> Response:
    """The last loads, the account of each source, checks that found something, match rates, and when the day will be
    ready."""
    return answer(request, lambda seen: trust.trust(seen, request.app.state.settings), is_public=False)


@router.get("/health", response_model=Health)
def how_well(request: Request) -> Response:
    """Whether readers see what they should: ok, stale, held, empty."""
    return answer(request, trust.health, is_public=False)


@router.get("/quality", response_model=list[QualityOfMethod])
def how_good(request: Request) -> Response:
    """How good the recommendations of each load were."""
    return answer(request, trust.quality)
