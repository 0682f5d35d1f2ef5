"""The streaming project's endpoints, with their paths as they were: at the root, and under /api/v1."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from reelhouse.serving.asking import platforms
from reelhouse.serving.models import PlatformYear
from reelhouse.serving.reading import answer
from reelhouse.serving.routes.parameters import (
    CONTENT_KINDS,
    DURATION_TYPES,
    ContentKind,
    DurationType,
    Lowered,
    PathName,
    PathYear,
    Platform,
    Year,
)

router = APIRouter(tags=["platforms"])

PathPlatform = Annotated[Platform, Lowered, Path(examples=["netflix"])]


@router.get("/get_max_duration", response_model=str | None)
def max_duration_of(
    request: Request,
    year: Year | None = None,
    platform: Annotated[Platform | None, Lowered] = None,
    duration_type: Annotated[DurationType, Lowered, Query()] = DurationType.min,
) -> Response:
    """The longest film of a year and platform, or of all of them."""
    name = platform.value if platform else None
    unit = DURATION_TYPES[duration_type.value]
    return answer(request, lambda seen: platforms.max_duration(seen, year, name, unit))


@router.get("/get_max_duration/{year}/{platform}/{duration_type}", response_model=str | None)
def max_duration(
    request: Request, year: PathYear, platform: PathPlatform, duration_type: Annotated[DurationType, Lowered]
) -> Response:
    """The longest film of a year on a platform, its title alone; asked for seasons, the series with most of them."""
    unit = DURATION_TYPES[duration_type.value]
    return answer(request, lambda seen: platforms.max_duration(seen, year, platform.value, unit))


@router.get("/get_score_count/{platform}/{scored}/{year}", response_model=int)
def score_count(
    request: Request, platform: PathPlatform, scored: Annotated[float, Path(ge=0, le=5)], year: PathYear
) -> Response:
    """How many films of a year on a platform have a mean score of 5 above this one."""
    # Asks what viewers rate, which apps may tell between two publishes.
    return answer(request, lambda seen: platforms.score_count(seen, platform.value, scored, year), is_public=False)


@router.get("/get_count_platform/{platform}", response_model=int)
def count_platform(request: Request, platform: PathPlatform) -> Response:
    """How many films a platform has."""
    return answer(request, lambda seen: platforms.platform_count(seen, platform.value))


@router.get("/get_actor/{platform}/{year}", response_model=str | None)
def most_frequent_actor(request: Request, platform: PathPlatform, year: PathYear) -> Response:
    """Who acts in most titles of a year on a platform; null where its catalogue names nobody."""
    return answer(request, lambda seen: platforms.actor(seen, platform.value, year))


@router.get("/prod_per_county/{tipo}/{pais}/{anio}", response_model=PlatformYear)
@router.get("/prod_per_country/{tipo}/{pais}/{anio}", response_model=PlatformYear)
def produced_per_country(
    request: Request, tipo: Annotated[ContentKind, Lowered], pais: PathName, anio: PathYear
) -> Response:
    """How many titles of a kind and year a country had a part in."""
    return answer(request, lambda seen: platforms.produced(seen, CONTENT_KINDS[tipo.value], pais, anio))


@router.get("/get_contents/{rating}", response_model=int)
def contents(request: Request, rating: PathName) -> Response:
    """How many titles of all platforms have this audience rating. Those without one are none of them."""
    return answer(request, lambda seen: platforms.contents(seen, rating))


@router.get("/get_recommendation/{titulo:path}", response_model=list[str])
def recommendation(request: Request, titulo: PathName) -> Response:
    """Five titles like this one, the most alike first."""
    return answer(request, lambda seen: platforms.recommendation(seen, titulo))
