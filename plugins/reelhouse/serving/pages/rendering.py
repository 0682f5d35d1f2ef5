"""Templates: every value is escaped, addresses stay below our own root, charts are drawn as SVG without styles."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"
# file -> what a browser takes it for
STATIC_FILES = {
    "reelhouse.css": "text/css",
    "htmx.min.js": "text/javascript",
    "reelhouse.js": "text/javascript",
    "favicon.svg": "image/svg+xml",
}


@cache
def _templates() -> Environment:
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["version"] = _version()
    made.filters["thousands"] = lambda number: "" if number is None else f"{number:,}"
    made.filters["share"] = lambda value: "" if value is None else f"{100 * float(value):.1f} %"
    made.filters["figure"] = lambda number: f"{number:,.4g}" if abs(number) < 1000 else f"{number:,.0f}"
    made.filters["moment"] = lambda value: "" if value is None else value.strftime("%Y-%m-%d %H:%M")
    made.filters["query"] = lambda values: urlencode({key: value for key, value in values.items() if value}, True)
    return made


@cache
def _version() -> str:
    """Changes with the static files, so that a browser that keeps them asks anew."""
    digest = hashlib.sha256()
    for name in sorted(STATIC_FILES):
        digest.update((STATIC / name).read_bytes())
    return digest.hexdigest()[:12]


def page(
    request: Request, template: str, status: int = 200, headers: dict[str, str] | None = None, **values: object
) -> Response:
    """A page, or the part of one that htmx asked for."""
    person = getattr(request.state, "person", None)
    text = (
        _templates()
        .get_template(template)
        .render(
            base=request.scope.get("root_path", "").rstrip("/"),
            person=person,
            is_alone=request.app.state.is_alone,
            path=request.url.path,
            **values,
        )
    )
    kept = {"Vary": "HX-Request", "Cache-Control": "no-store"}
    return HTMLResponse(text, status, kept | (headers or {}))


def is_part(request: Request) -> bool:
    """Whether htmx wants a part of the page, and not the browser the whole of it."""
    return request.headers.get("hx-request") == "true" and request.headers.get("hx-history-restore-request") != "true"


WIDTH, HEIGHT = 260, 60


def line(values: Sequence[float | None], low: float, high: float) -> str:
    """Points of a line over values at even distances, for SVG; unknown ones are left out.

    >>> line([0, None, 10], 0, 10)
    '4.0,56.0 256.0,4.0'
    """
    span = max(len(values) - 1, 1)
    return " ".join(
        f"{4 + (WIDTH - 8) * place / span:.1f},{HEIGHT - 4 - (HEIGHT - 8) * (float(value) - low) / (high - low):.1f}"
        for place, value in enumerate(values)
        if value is not None
    )
