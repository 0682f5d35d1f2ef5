"""/graphql: titles, people, and who worked with whom, by country and decade. Depth, size and rows are limited."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TypeVar

import strawberry
from cross_web import HTTPException
from fastapi import Request, Response
from fastapi.responses import JSONResponse
from graphql import GraphQLError
from strawberry.extensions import MaskErrors, MaxAliasesLimiter, MaxTokensLimiter, QueryDepthLimiter
from strawberry.fastapi import GraphQLRouter
from strawberry.types import Info

from reelhouse.serving.asking import people, titles
from reelhouse.serving.asking.titles import Filters
from reelhouse.serving.problems import Problem
from reelhouse.serving.reading import Snapshot

DEEPEST = 8
MOST_TOKENS = 500
MOST_ALIASES = 10
MOST_ROWS = 50
FIRST_YEAR, LAST_YEAR = 1870, 2100
# Questions of one request that ask the warehouse: lists within lists multiply.
MOST_QUESTIONS = 60
T = TypeVar("T")


def _ask(info: Info, read: Callable[[Snapshot], T]) -> T:
    """Ask the warehouse, as often as one request may.

    Raises  GraphQLError
    """
    request: Request = info.context["request"]
    asked = request.state.questions = getattr(request.state, "questions", 0) + 1
    if asked > MOST_QUESTIONS:
        raise GraphQLError(f"Expected at most {MOST_QUESTIONS} lists within lists, found more. Ask for fewer rows.")
    try:
        found, seen = request.app.state.reader.ask(read)
    except Problem as problem:
        raise GraphQLError(problem.words) from problem
    # Each list is read in a snapshot of its own: those of one answer must be of the same loads.
    version = request.state.version = getattr(request.state, "version", seen.loads.version)
    if version != seen.loads.version:
        raise GraphQLError("Expected one load in all of this, found two: a day was published meanwhile. Ask again.")
    return found


def _rows(first: int) -> int:
    if not 1 <= first <= MOST_ROWS:
        raise GraphQLError(f"first: expected 1 to {MOST_ROWS}, found {first}.")
    return first


def _decade(year: int | None) -> int | None:
    if year is not None and not FIRST_YEAR <= year <= LAST_YEAR:
        raise GraphQLError(f"decade: expected {FIRST_YEAR} to {LAST_YEAR}, found {year}.")
    return year


def _printable(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())


@strawberry.type(description="A film or series.")
class Title:
    id: str
    title: str
    kind: str
    year: int | None
    genres: list[str]
    certification: str | None
    imdb_rating: float | None
    imdb_votes: int | None
    critics_pct: int | None
    audience_pct: int | None
    platforms: list[str]

    @strawberry.field(description="Who made it and who is in it.")
    def people(self, info: Info, first: int = 10) -> list[Credit]:
        rows = _ask(info, lambda seen: people.of_title(seen, self.id))[: _rows(first)]
        return [
            Credit(role=row.role, characters=row.characters, person=Person(id=row.id, name=row.name)) for row in rows
        ]

    @strawberry.field(description="Titles like it, the most alike first.")
    def similar(self, info: Info, first: int = 10) -> list[Title]:
        return [_title(card) for card in _ask(info, lambda seen: titles.similar(seen, self.id, _rows(first)))]


@strawberry.type(description="Somebody who made titles or is in them.")
class Person:
    id: str
    name: str

    @strawberry.field(description="Their titles, the best known first.")
    def titles(self, info: Info, first: int = 10) -> list[Title]:
        return [_title(card) for card in _ask(info, lambda seen: people.one(seen, self.id)).titles[: _rows(first)]]

    @strawberry.field(description="Who was in titles with them, the most frequent first.")
    def worked_with(
        self, info: Info, country: str | None = None, decade: int | None = None, first: int = 10
    ) -> list[Colleague]:
        place = None if country is None else _printable(country)
        rows = _ask(info, lambda seen: people.colleagues(seen, self.id, place, _decade(decade), _rows(first)))
        return [
            Colleague(person=Person(id=row["id"], name=row["name"]), title_count=row["title_count"]) for row in rows
        ]


@strawberry.type(description="A person in a role of a title.")
class Credit:
    role: str
    characters: list[str]
    person: Person


@strawberry.type(description="Somebody who was in titles with somebody.")
class Colleague:
    person: Person
    title_count: int


def _title(card) -> Title:
    return Title(
        id=card.id,
        title=card.title,
        kind=card.movie_type,
        year=card.start_year,
        genres=card.genres,
        certification=card.certification,
        imdb_rating=None if card.avg_rating is None else float(card.avg_rating),
        imdb_votes=card.num_votes,
        critics_pct=card.critics_pct,
        audience_pct=card.audience_pct,
        platforms=card.platforms,
    )


@strawberry.type
class Query:
    @strawberry.field(description="A title by tconst or title_key.")
    def title(self, info: Info, id: str) -> Title | None:
        if not _is_id(id, "tt"):
            raise GraphQLError("id: expected a tconst or title_key.")
        return _title(_ask(info, lambda seen: titles.one(seen, id)))

    @strawberry.field(description="Titles by name, the closest first.")
    def search(self, info: Info, query: str, first: int = 10) -> list[Title]:
        text = _printable(query)
        return [_title(card) for card in _ask(info, lambda seen: titles.search(seen, text, Filters(), _rows(first)))]

    @strawberry.field(description="A person by nconst or person_key.")
    def person(self, info: Info, id: str) -> Person | None:
        if not _is_id(id, "nm"):
            raise GraphQLError("id: expected an nconst or person_key.")
        found = _ask(info, lambda seen: people.one(seen, id))
        return Person(id=found.id, name=found.name)

    @strawberry.field(description="People by name, the closest first.")
    def people(self, info: Info, query: str, first: int = 10) -> list[Person]:
        found = _ask(info, lambda seen: people.search(seen, _printable(query), _rows(first)))
        return [Person(id=row.id, name=row.name) for row in found]


def _is_id(text: str, prefix: str) -> bool:
    """
    >>> _is_id("tt0133093", "tt"), _is_id("133093", "tt"), _is_id("nm1", "tt"), _is_id("tt" + 30 * "9", "tt")
    (True, True, False, False)
    """
    digits = text.removeprefix(prefix)
    return digits.isascii() and digits.isdecimal() and len(digits) <= (10 if digits != text else 18)


def _is_unexpected(error: GraphQLError) -> bool:
    """Whether its words are neither ours nor GraphQL's, but, say, the database's."""
    return not isinstance(error.original_error, GraphQLError | None)


schema = strawberry.Schema(
    Query,
    extensions=[
        lambda: QueryDepthLimiter(max_depth=DEEPEST),
        lambda: MaxTokensLimiter(max_token_count=MOST_TOKENS),
        lambda: MaxAliasesLimiter(max_alias_count=MOST_ALIASES),
        lambda: MaskErrors(_is_unexpected, "Something went wrong. It is in the log."),
    ],
)


class Graph(GraphQLRouter):
    """Says what is wrong with a request as it says what is wrong with a question: in JSON, under `errors`."""

    async def run(self, *arguments, **named) -> Response:
        try:
            return await super().run(*arguments, **named)
        except HTTPException as refused:
            return JSONResponse({"data": None, "errors": [{"message": refused.reason}]}, refused.status_code)

    def decode_json(self, data: str | bytes) -> object:
        try:
            body = json.loads(data)
        except (ValueError, RecursionError) as error:
            # Also bytes that are no text, and brackets within brackets: strawberry takes those for faults of the app.
            raise HTTPException(400, "body: expected JSON, found something else.") from error
        if not isinstance(body, dict | list):
            raise HTTPException(400, 'body: expected JSON like {"query": "{ … }"}, found a single value.')
        return body


# No page to try it on: it would bring scripts of another host. Queries only by POST, so that no link can ask.
router = Graph(schema, path="/graphql", graphql_ide=None, allow_queries_via_get=False, include_in_schema=False)
# Nothing is subscribed to, and a socket would be another way in.
router.routes[:] = [route for route in router.routes if hasattr(route, "methods")]
