"""/api/v1/changes, lookup and export: for apps that keep a copy of the catalogue, and for files."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from reelhouse.serving.asking import exporting, mirroring, titles
from reelhouse.serving.asking.titles import Filters
from reelhouse.serving.models import Asked, Changed, Found
from reelhouse.serving.reading import answer, load_headers
from reelhouse.serving.routes.parameters import Kind, Lowered, Platform, Printable, Year

router = APIRouter(tags=["catalogue"])

Format = StrEnum("Format", {"csv": "csv", "parquet": "parquet"})
# format -> what a browser takes it for
MEDIA = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}
MOST_ROWS = 10_000


@router.get("/changes", response_model=Changed)
def changes(
    request: Request,
    since: Annotated[int, Query(ge=0, lt=2**63, description="the load of your copy; 0 when you have none")],
    after: Annotated[int, Query(ge=0, lt=2**63, description="`after` of the answer before")] = 0,
    load_id: Annotated[int | None, Query(ge=0, lt=2**63, description="`load_id` of the answer before")] = None,
    limit: Annotated[int, Query(ge=1, le=5000)] = 1000,
) -> Response:
    """What has changed since a load: ask until `is_complete`, with `after` and `load_id` of the answer before; then
    keep `load_id` for the next time. It is the load of the first answer, also when another one was published meanwhile;
    null in a later answer that was not told it. 409: start again with 0, the changes since then are not kept any more.
    """
    return answer(request, lambda seen: mirroring.changes(seen, since, after, limit, load_id), is_public=False)


@router.post("/lookup", response_model=Found)
def look_up(request: Request, asked: Asked) -> Response:
    """Which titles ids of IMDb, Rotten Tomatoes (with or without m/) and JustWatch are; a thousand of each at once."""
    return answer(request, lambda seen: mirroring.look_up(seen, asked), is_public=False)


@router.get(
    "/export/{format}", response_class=Response, responses={200: {"content": {MEDIA["csv"]: {}, MEDIA["parquet"]: {}}}}
)
def export(
    request: Request,
    format: Format,
    query: Annotated[str, Query(max_length=200), Printable] = "",
    genre: Annotated[list[Annotated[str, Printable]] | None, Query(max_length=10)] = None,
    movie_type: Annotated[Kind | None, Lowered] = None,
    platform: Annotated[Platform | None, Lowered] = None,
    year_from: Year | None = None,
    year_to: Year | None = None,
    min_votes: Annotated[int, Query(ge=0, le=10**9)] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST_ROWS)] = 1000,
) -> Response:
    """A filtered list of titles as a file. Texts that a spreadsheet would take for formulas are quoted."""
    filters = Filters(
        kind=movie_type.value if movie_type else None, genres=tuple(genre or ()), year_from=year_from,
        year_to=year_to, platform=platform.value if platform else None, min_votes=min_votes,
    )  # fmt: skip

    def read(seen):
        titles.require_genres(seen, filters.genres)
        return titles.search(seen, query, filters, limit) if query else titles.listing(seen, filters, limit=limit)

    found, seen = request.app.state.reader.ask(read)
    body = exporting.as_csv(found) if format == Format.csv else exporting.as_parquet(found)
    name = {"Content-Disposition": f'attachment; filename="titles.{format.value}"'}
    return Response(body, headers=load_headers(seen.loads) | name, media_type=MEDIA[format.value])
