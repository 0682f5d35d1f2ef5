"""/docs and /openapi.json: what may be asked, behind the same door as the answers."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from reelhouse.serving.pages.rendering import page

router = APIRouter(include_in_schema=False)

_FIRST_SENTENCE = re.compile(r"(?s)(.*?\.)(?:\s+[A-Z]|\s*$)")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint in words: `inputs` are the name, place and meaning of each parameter and field of a body."""

    method: str
    path: str
    about: str
    description: str
    inputs: list[tuple[str, str, str]]


@router.get("/openapi.json")
def description(request: Request) -> Response:
    schema = dict(request.app.openapi())
    root = request.scope.get("root_path", "").rstrip("/")
    return JSONResponse({**schema, "servers": [{"url": root or "/"}]})


@router.get("/docs", tags=["pages"])
def documentation(request: Request) -> Response:
    """Each endpoint with what it takes, as the description has them."""
    schema = request.app.openapi()
    found: dict[str, list[Endpoint]] = {}
    for path, methods in schema["paths"].items():
        for method, each in methods.items():
            found.setdefault(each.get("tags", ["other"])[0], []).append(_endpoint(schema, method, path, each))
    return page(request, "docs.html", groups=found, load_id=None)


@router.get("/redoc", tags=["pages"])
def other_documentation(request: Request) -> Response:
    """Where an earlier project had a second page of the same."""
    return RedirectResponse(request.scope.get("root_path", "").rstrip("/") + "/docs", 303)


def _endpoint(whole: dict, method: str, path: str, each: dict) -> Endpoint:
    about = " ".join((each.get("description") or each.get("summary") or "").split())
    first = _FIRST_SENTENCE.match(about)
    inputs = [
        (one["name"], one["in"] + (", needed" if one.get("required") else ""), _meaning(whole, one["schema"]))
        for one in each.get("parameters", ())
    ]
    for kind, content in each.get("requestBody", {}).get("content", {}).items():
        inputs += _fields(whole, content["schema"]) or [("", "body, needed", kind)]
    return Endpoint(method.upper(), path, first[1] if first else about, about, inputs)


def _fields(whole: dict, schema: dict) -> list[tuple[str, str, str]]:
    """Fields of a body; of one that has several forms those of each, once."""
    found: dict[str, tuple[str, str, str]] = {}
    for form in schema.get("oneOf", [schema]):
        form = _resolved(whole, form)
        for name, field in form.get("properties", {}).items():
            place = "body, needed" if name in form.get("required", ()) else "body"
            meaning = _meaning(whole, field)
            before = found.get(name)
            if before and meaning not in before[2]:
                meaning = f"{before[2]}; or {meaning}"
            found[name] = (name, place, meaning)
    return list(found.values())


def _meaning(whole: dict, schema: dict) -> str:
    """What a value is and may be, in words."""
    said = schema.get("description", "").rstrip(".")
    default = schema.get("default")
    parts = [said, in_words(whole, schema), f"default {str(default).lower()}" if default not in (None, "") else ""]
    return "; ".join(part for part in parts if part)


def in_words(whole: dict, schema: dict) -> str:
    """The type of a value and its bounds.

    >>> in_words({}, {"type": "integer", "minimum": 1, "maximum": 100}), in_words({}, {"enum": ["asc", "desc"]})
    ('whole number from 1 to 100', 'asc or desc')
    >>> in_words({}, {"anyOf": [{"type": "array", "items": {"type": "string"}, "maxItems": 10}, {"type": "null"}]})
    'text, repeated at most 10 times'
    >>> in_words({}, {"type": "number", "minimum": 0}), in_words({}, {"type": "string", "format": "date"})
    ('number from 0', 'date, YYYY-MM-DD')
    """
    schema = _resolved(whole, schema)
    forms = [form for form in schema.get("anyOf", ()) if form.get("type") != "null"]
    if forms:
        return " or ".join(in_words(whole, form) for form in forms)
    if "const" in schema or "enum" in schema:
        *others, last = [str(value) for value in schema.get("enum", [schema.get("const")])]
        return f"{', '.join(others)} or {last}" if others else last
    if schema.get("type") == "array":
        most = f" at most {schema['maxItems']} times" if "maxItems" in schema else ""
        return f"{in_words(whole, schema['items'])}, repeated{most}"
    name = {"integer": "whole number", "number": "number", "boolean": "true or false"}.get(schema.get("type"), "text")
    name = {"date": "date, YYYY-MM-DD", "date-time": "date and time"}.get(schema.get("format"), name)
    # Bounds that only the database has need no words.
    bounds = [f" {word} {schema[key]:.15g}" for key, word in (("minimum", "from"), ("maximum", "to")) if key in schema]
    example = f", as {schema['examples'][0]}" if schema.get("examples") else ""
    return name + "".join(bounds) + example


def _resolved(whole: dict, schema: dict) -> dict:
    if "$ref" not in schema:
        return schema
    return whole["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
