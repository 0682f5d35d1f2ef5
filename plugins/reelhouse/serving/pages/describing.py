"""/docs and /openapi.json: what may be asked, behind the same door as the answers."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from reelhouse.serving.pages.rendering import page

router = APIRouter(include_in_schema=False)


@router.get("/openapi.json")
def description(request: Request) -> Response:
    schema = dict(request.app.openapi())
    root = request.scope.get("root_path", "").rstrip("/")
    return JSONResponse({**schema, "servers": [{"url": root or "/"}]})


@router.get("/docs", tags=["pages"])
def documentation(request: Request) -> Response:
    """Each endpoint with its parameters, as the description has them."""
    schema = request.app.openapi()
    found: dict[str, list] = {}
    for path, methods in schema["paths"].items():
        for method, each in methods.items():
            found.setdefault(each.get("tags", ["other"])[0], []).append((method.upper(), path, each))
    return page(request, "docs.html", groups=found, load_id=None)
