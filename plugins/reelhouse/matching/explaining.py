"""Explaining: why a row was decided as it was, and why it is not another title, in the words of the database.

matching.explain and matching.why_not say it from what is kept. A pair whose evidence was not kept, or that no join
found, is weighed here by the very function that weighs the candidates.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.types.json import Jsonb

from reelhouse.matching.keys import imdb_id as tconst
from reelhouse.matching.recording import details_of, terms_of
from reelhouse.matching.scoring import weigh_pairs

# No join found the pair; the evidence then knows of no part that agrees.
NO_JOIN = "no join"


@dataclass(frozen=True, slots=True)
class Sentence:
    """One row of matching.explain and matching.why_not."""

    ordering: int
    what: str
    value: str | None
    points: float | None
    words: str


@dataclass(frozen=True, slots=True)
class Weighed:
    """The evidence of one pair, as matching.match_evidence keeps it."""

    terms: dict[str, float]
    details: dict[str, object]
    score: float


def explain(conn: psycopg.Connection, source: str, source_id: str) -> list[Sentence]:
    """What was decided for a row, and why."""
    return _ask(conn, "select * from matching.explain(%s, %s) order by ordering", source, source_id)


def why_not(conn: psycopg.Connection, folder: Path, source: str, source_id: str, imdb_id: str) -> list[Sentence]:
    """Why a row is not an IMDb title. What the database does not keep of the pair is weighed now.

    Takes   folder  include/sql/2_matching
    """
    query = "select * from matching.why_not(%s, %s, %s) order by ordering"
    sentences = _ask(conn, query, source, source_id, imdb_id)
    known = {sentence.what for sentence in sentences}
    if "sum" in known or not {"row", "candidate"} <= known:
        return sentences
    return sentences + _weighed_sentences(conn, folder, source, source_id, int(imdb_id.removeprefix("tt")))


def weigh_pair(conn: psycopg.Connection, folder: Path, source: str, source_id: str, number: int) -> Weighed:
    """Weigh one pair of a row and an IMDb title, whether or not a join found it."""
    with conn.transaction(force_rollback=True):
        conn.execute(
            "create temporary table asked_pair on commit drop as select %s::text as source, %s::text as source_id,"
            " %s::integer as imdb_title_number, coalesce((select pair.found_by from matching.candidate_pair as pair"
            " where (pair.source, pair.source_id, pair.imdb_title_number) = (%s, %s, %s)), %s) as found_by",
            (source, source_id, number, source, source_id, number, NO_JOIN),
        )
        evidence = weigh_pairs(conn, folder, "pg_temp.asked_pair")
    (terms,), (details,) = terms_of(evidence, [0]), details_of(evidence, [0])
    return Weighed(terms, details, float(evidence.score[0]))


def _weighed_sentences(
    conn: psycopg.Connection, folder: Path, source: str, source_id: str, number: int
) -> list[Sentence]:
    pair = weigh_pair(conn, folder, source, source_id, number)
    said = _ask(
        conn,
        "select 50 + row_number() over ()::integer, said.* from matching.describe_terms(%s, %s) as said",
        Jsonb(pair.terms),
        Jsonb(pair.details),
    )
    row = conn.execute(
        "select matching.imdb_title_words(imdb_title_number), score from matching.title_decision"
        " where source = %s and source_id = %s and imdb_title_number <> %s",
        (source, source_id, number),
    ).fetchone()
    words = 'log odds against "IMDb has no such title"'
    if row and row[1] is not None:
        words += f"; {row[0]} has {row[1]:.2f}, {abs(row[1] - pair.score):.2f} " + (
            "more" if row[1] >= pair.score else "less"
        )
    return [*said, Sentence(90, "sum", tconst(number), round(pair.score, 2), words)]


def _ask(conn: psycopg.Connection, query: str, *parameters: object) -> list[Sentence]:
    return [Sentence(*row) for row in conn.execute(query, parameters)]
