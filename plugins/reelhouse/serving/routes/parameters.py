"""What may be asked, said once: ids, pages, filters. What is not allowed is a 422 that says what is."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, get_args, get_origin

from fastapi import Path, Query, Request
from fastapi.dependencies.utils import get_flat_dependant
from fastapi.exceptions import RequestValidationError
from pydantic import BeforeValidator

from reelhouse.serving.asking.platforms import PLATFORMS
from reelhouse.serving.models import PERSON_ID, TITLE_ID
from reelhouse.serving.models import Printable as Printable
from reelhouse.warehousing.naming import LONGEST_QUERY


def lowered(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


Lowered = BeforeValidator(lowered)

Platform = StrEnum("Platform", {name: name for name in PLATFORMS})
Kind = StrEnum("Kind", {name: name for name in ("movie", "series", "short", "special")})
Sort = StrEnum("Sort", {name: name for name in ("popularity", "rating", "year")})
Order = StrEnum("Order", {name: name for name in ("asc", "desc")})
# As the streaming project, and its users, wrote them.
DURATION_TYPES = {"min": "min", "mins": "min", "season": "season", "seasons": "season"}
DurationType = StrEnum("DurationType", {name: name for name in DURATION_TYPES})
CONTENT_KINDS = {"movie": "movie", "movies": "movie", "serie": "series", "series": "series", "tv show": "series",
                 "tv_show": "series", "show": "series"}  # fmt: skip
ContentKind = StrEnum("ContentKind", {name.replace(" ", "__"): name for name in CONTENT_KINDS})

# What lowers comes last: before a pattern it would leave that out of the description.
TitleId = Annotated[
    str,
    Path(pattern=TITLE_ID, description="tconst or title_key", examples=["tt0133093"]),
    Lowered,
]
PersonId = Annotated[
    str,
    Path(pattern=PERSON_ID, description="nconst or person_key", examples=["nm0000206"]),
    Lowered,
]
Limit = Annotated[int, Query(ge=1, le=100, description="rows wanted")]
# Each row before is looked at again for each page of what is found by likeness.
LAST_OFFSET = 10_000
Offset = Annotated[int, Query(ge=0, le=LAST_OFFSET, description="rows left out before them")]
# Of lists that an index has in order, which apps go through to their end.
FarOffset = Annotated[int, Query(ge=0, le=10**7, description="rows left out before them")]
Year = Annotated[int, Query(ge=1870, le=2100)]
PathYear = Annotated[int, Path(ge=1870, le=2100, examples=[2018])]
Name = Annotated[str, Query(min_length=1, max_length=LONGEST_QUERY), Printable]
PathName = Annotated[str, Path(min_length=1, max_length=LONGEST_QUERY), Printable]


async def only_these(request: Request) -> None:
    """Refuse parameters that an endpoint does not have, or takes once and was given twice: one would filter nothing."""
    if not request.query_params:
        return
    fields = get_flat_dependant(request.scope["route"].dependant).query_params
    takes_several = {field.alias: _is_list(field.field_info.annotation) for field in fields}
    known = sorted(takes_several)
    none_such = f"no such parameter; there are {', '.join(known)}" if known else "no such parameter; there is none"
    wrong = []
    for name in request.query_params:
        times = len(request.query_params.getlist(name))
        if name not in takes_several:
            wrong.append({"loc": ("query", name), "msg": none_such})
        elif times > 1 and not takes_several[name]:
            wrong.append({"loc": ("query", name), "msg": f"expected once, found {times} times"})
    if wrong:
        raise RequestValidationError(wrong)


def _is_list(annotation: object) -> bool:
    """
    >>> _is_list(list[int]), _is_list(list[str] | None), _is_list(str | None)
    (True, True, False)
    """
    return any(get_origin(each) is list for each in (annotation, *get_args(annotation)))
