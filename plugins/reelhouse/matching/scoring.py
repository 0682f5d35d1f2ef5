"""Scoring: the candidates of a row weighed once, and the scores kept until something changes that they speak of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psycopg
from psycopg.adapt import Loader
from psycopg.pq import Format

from reelhouse.copying import copy_line, copy_rows
from reelhouse.errors import OutOfStep
from reelhouse.matching.evidence import Terms, Titles, compare_names, read_weights, weigh
from reelhouse.matching.gathering import CANDIDATES, Gathered, SourceRow, gather


@dataclass(frozen=True, slots=True)
class Evidence:
    """Pairs with all that speaks for and against them.

    terms  by family, one entry a pair; score is their sum
    """

    gathered: Gathered
    titles: Titles
    terms: Terms
    score: np.ndarray


@dataclass(frozen=True, slots=True)
class Scored:
    """Source rows and the scores of their candidates, without what they rest on.

    row           for each pair, index of its source row; ascending
    title_number  for each pair, the IMDb title; ascending within a row
    """

    rows: list[SourceRow]
    row: np.ndarray
    title_number: np.ndarray
    score: np.ndarray


def weigh_pairs(conn: psycopg.Connection, folder: Path, table: str, rows: list[SourceRow] | None = None) -> Evidence:
    """Gather candidate pairs and weigh them; see `gather`."""
    gathered = gather(conn, folder, table, rows)
    titles = compare_names(gathered.names, len(gathered.row))
    weights, _ = read_weights()
    return Evidence(gathered, titles, *weigh(gathered.pairs, titles, weights))


@dataclass(frozen=True, slots=True)
class Anew:
    """Rows that were weighed anew, by index.

    here      with the evidence of all their pairs
    elsewhere by the engine, without any
    """

    here: list[int]
    evidence: Evidence
    elsewhere: list[int]

    @property
    def count(self) -> int:
        return len(self.here) + len(self.elsewhere)


def score_rows(conn: psycopg.Connection, folder: Path, rows: Sequence[SourceRow]) -> Anew:
    """Weigh the candidates of those rows that have no kept scores, and keep them.

    Gives   those rows, and those that the engine has weighed since the last decision
    """
    kept = {row[:2]: row[2] for row in conn.execute("select source, source_id, has_evidence from matching.scored_row")}
    elsewhere = [position for position, row in enumerate(rows) if kept.get((row.source, row.source_id)) is False]
    anew = [position for position, row in enumerate(rows) if (row.source, row.source_id) not in kept]
    keys = [(rows[position].source, rows[position].source_id) for position in anew]
    for table in ("row_to_score", "pair_to_score"):
        conn.execute(f"drop table if exists pg_temp.{table}")
    conn.execute("create temporary table row_to_score (source text, source_id text) on commit drop")
    copy_rows(conn, ("row_to_score",), ("source", "source_id"), map(copy_line, keys))
    conn.execute("analyze row_to_score")
    table = CANDIDATES
    if kept:
        conn.execute(
            "create temporary table pair_to_score on commit drop as select pair.* from matching.candidate_pair as pair"
            " inner join row_to_score using (source, source_id)"
        )
        conn.execute("analyze pair_to_score")
        table = "pg_temp.pair_to_score"
    evidence = weigh_pairs(conn, folder, table, [rows[position] for position in anew])
    _keep(conn, evidence, table)
    if elsewhere:
        keys = [(rows[position].source, rows[position].source_id) for position in elsewhere]
        copy_rows(conn, ("row_to_score",), ("source", "source_id"), map(copy_line, keys))
        conn.execute("update matching.scored_row set has_evidence = true where not has_evidence")
    return Anew(anew, evidence, elsewhere)


def _keep(conn: psycopg.Connection, evidence: Evidence, table: str) -> None:
    gathered = evidence.gathered
    bounds = np.searchsorted(gathered.row, np.arange(len(gathered.rows) + 1)).tolist()
    numbers, scores = gathered.title_number.tolist(), evidence.score.tolist()
    columns = ("source", "source_id", "imdb_title_numbers", "scores")
    lines = (
        copy_line((row.source, row.source_id, _array(numbers[first:last]), _array(scores[first:last])))
        for row, first, last in zip(gathered.rows, bounds, bounds[1:], strict=False)
    )
    copy_rows(conn, ("matching", "scored_row"), columns, lines)
    keep_votes(conn, table)


def keep_votes(conn: psycopg.Connection, table: str) -> None:
    """Note the votes that entered the scores of the titles of a table of pairs."""
    conn.execute(
        "insert into matching.candidate_votes (imdb_title_number, imdb_vote_count)"
        " select pair.imdb_title_number, rating.imdb_vote_count"
        f" from (select distinct imdb_title_number from {table}) as pair"
        " left join staging.imdb_ratings as rating using (imdb_title_number)"
        " on conflict (imdb_title_number) do update set imdb_vote_count = excluded.imdb_vote_count"
        " where candidate_votes.imdb_vote_count is distinct from excluded.imdb_vote_count"
    )


def _array(values: Sequence[float]) -> str:
    return "{" + ",".join(map(repr, values)) + "}"


def read_scored(conn: psycopg.Connection, rows: list[SourceRow]) -> Scored:
    """The kept scores of all rows.

    Raises  OutOfStep when they are of other rows
    """
    with conn.cursor(binary=True) as cursor:
        cursor.adapters.register_loader(cursor.adapters.types["int4"].array_oid, _Integers)
        cursor.adapters.register_loader(cursor.adapters.types["float8"].array_oid, _Floats)
        kept = cursor.execute(
            "select source, source_id, imdb_title_numbers, scores from matching.scored_row"
            ' order by source collate "C", source_id collate "C"'
        ).fetchall()
    if [(source, source_id) for source, source_id, *_ in kept] != [(row.source, row.source_id) for row in rows]:
        raise OutOfStep(
            f"matching.scored_row: expected the {len(rows)} rows of matching.source_title, found {len(kept)} others. "
            "Run find_candidates with --force."
        )
    counts = [len(numbers) for _, _, numbers, _ in kept]
    return Scored(
        rows,
        np.repeat(np.arange(len(rows)), counts),
        np.concatenate([np.zeros(0, dtype=np.int64), *(numbers for _, _, numbers, _ in kept)]).astype(np.int64),
        np.concatenate([np.zeros(0), *(scores for *_, scores in kept)]).astype(float),
    )


# A server's array in binary form: five numbers of head, then each value after its size; without values three numbers.
_HEAD_BYTES = 20


class _Integers(Loader):
    format = Format.BINARY
    layout = np.dtype([("size", ">i4"), ("value", ">i4")])

    def load(self, data) -> np.ndarray:
        return np.frombuffer(data, self.layout, offset=_HEAD_BYTES)["value"] if len(data) > _HEAD_BYTES else np.zeros(0)


class _Floats(_Integers):
    layout = np.dtype([("size", ">i4"), ("value", ">f8")])
