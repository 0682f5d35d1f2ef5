"""Gathering: the candidate pairs with all that both sides say, as the columns evidence asks for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psycopg

from reelhouse.matching.evidence import Names, Pairs
from reelhouse.matching.keys import title_key, undated


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One row of a source file, as include/sql/2_matching/source_rows.sql gives it."""

    source: str
    source_id: str
    kind: str
    title: str
    folded_title: str
    base_title: str
    link_title: str
    release_year: int | None
    link_year: int | None
    runtime_min: int | None
    season_count: int | None
    description_sha256: str
    director_names: str
    cast_names: str
    genres: str


@dataclass(frozen=True, slots=True)
class Gathered:
    """Source rows, their candidates, and the columns of each pair.

    rows          source rows, by source and id
    row           for each pair, index of its source row; ascending
    title_number  for each pair, the IMDb title; ascending within a row
    shared_names  for each pair, the people it shares, for the evidence
    """

    rows: list[SourceRow]
    row: np.ndarray
    title_number: np.ndarray
    pairs: Pairs
    names: Names
    shared_names: list[str]


CANDIDATES = "matching.candidate_pair"


def read_rows(conn: psycopg.Connection, folder: Path) -> list[SourceRow]:
    """The source rows to decide on, by source and id."""
    return [SourceRow(*row) for row in _read(conn, folder / "source_rows.sql")]


def gather(
    conn: psycopg.Connection, folder: Path, table: str = CANDIDATES, rows: list[SourceRow] | None = None
) -> Gathered:
    """Read the candidate pairs of the load in hand.

    Takes   folder  include/sql/2_matching
            table   with the columns of matching.candidate_pair; of its pairs alone the rest is asked
            rows    those that the pairs are of, by source and id; without them all
    """
    rows = read_rows(conn, folder) if rows is None else rows
    return assemble(
        rows,
        _read(conn, folder / "candidate_titles.sql", table),
        conn.execute(f"select source, source_id, imdb_title_number, found_by from {table}").fetchall(),
        _read(conn, folder / "pair_people.sql", table),
        _read(conn, folder / "candidate_names.sql", table),
    )


def assemble(
    rows: list[SourceRow],
    title_rows: Sequence[tuple],
    found: Sequence[tuple],
    shared: Sequence[tuple],
    name_rows: Sequence[tuple],
) -> Gathered:
    """Put the parts of candidate pairs together. Pure.

    Takes   rows        source rows, by source and id
            title_rows  of candidate_titles.sql, by number
            found       source, source_id, imdb_title_number, found_by of each pair
            shared      of pair_people.sql
            name_rows   of candidate_names.sql, by number and name
    """
    titles = _columns(title_rows, 9)
    numbers = np.array(titles[0], dtype=np.int64)
    row, title, found_by = _pair_indexes(found, rows, numbers)
    people, shared_names = _people(shared, rows, row, numbers[title])
    pairs = _pairs(rows, titles, row, title, found_by, people)
    names = _names(rows, name_rows, titles[0], row, title)
    return Gathered(rows, row, numbers[title], pairs, names, shared_names)


def _read(conn: psycopg.Connection, path: Path, table: str = CANDIDATES) -> list[tuple]:
    return conn.execute(path.read_text().replace(CANDIDATES, table)).fetchall()


def _columns(rows: Sequence[tuple], width: int) -> list[tuple]:
    return list(zip(*rows, strict=True)) if rows else [() for _ in range(width)]


def _pair_indexes(
    found: Sequence[tuple], rows: list[SourceRow], numbers: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each pair the index of its row, of its title, and its rule; by row and title, however they are stored."""
    index = {(row.source, row.source_id): position for position, row in enumerate(rows)}
    row = np.array([index[source, source_id] for source, source_id, _, _ in found], dtype=np.int64)
    title = np.searchsorted(numbers, np.array([number for _, _, number, _ in found], dtype=np.int64))
    found_by = np.array([rule for *_, rule in found], dtype=object)
    order = np.lexsort((title, row))
    return row[order], title[order], found_by[order]


def _people(
    shared: Sequence[tuple], rows: list[SourceRow], row: np.ndarray, number: np.ndarray
) -> tuple[dict[str, np.ndarray], list[str]]:
    index = {(source_row.source, source_row.source_id): position for position, source_row in enumerate(rows)}
    place = {pair: position for position, pair in enumerate(zip(row.tolist(), number.tolist(), strict=True))}
    columns = {
        name: np.zeros(len(row)) for name in ("shared_directors", "shared_cast", "shared_otherwise")
    } | {"rarest": np.full(len(row), np.nan)}  # fmt: skip
    shared_names = [""] * len(row)
    for source, source_id, title, directors, cast, otherwise, rarest, names in shared:
        position = place[index[source, source_id], title]
        for column, value in zip(columns.values(), (directors, cast, otherwise, rarest), strict=True):
            column[position] = value
        shared_names[position] = names
    return columns, shared_names


def _pairs(
    rows: list[SourceRow],
    titles: list[tuple],
    row: np.ndarray,
    title: np.ndarray,
    found_by: np.ndarray,
    people: dict[str, np.ndarray],
) -> Pairs:
    _, types, starts, ends, runtimes, genres, directors, cast_counts, votes = titles

    def ours(name: str) -> np.ndarray:
        return np.array([getattr(source_row, name) for source_row in rows], dtype=float)[row]

    def theirs(values: Sequence) -> np.ndarray:
        return np.array(values, dtype=float)[title]

    def text(values: Sequence[str], at: np.ndarray) -> list[str]:
        return [values[position] for position in at.tolist()]

    return Pairs(
        found_by=found_by,
        is_series=np.array([source_row.kind == "series" for source_row in rows], dtype=bool)[row],
        imdb_type=np.array(types, dtype=object)[title],
        year=ours("release_year"),
        link_year=ours("link_year"),
        start_year=theirs(starts),
        end_year=theirs(ends),
        season_count=ours("season_count"),
        runtime_min=ours("runtime_min"),
        imdb_runtime_min=theirs(runtimes),
        directors=text([source_row.director_names for source_row in rows], row),
        imdb_directors=text(directors, title),
        cast_count=np.array([_count(source_row.cast_names) for source_row in rows], dtype=float)[row],
        imdb_cast_count=theirs(cast_counts),
        votes=theirs(votes),
        genres=text([source_row.genres for source_row in rows], row),
        imdb_genres=text(genres, title),
        **people,
    )


def _count(joined: str) -> int:
    return joined.count("|") + 1 if joined else 0


def _names(
    rows: list[SourceRow], name_rows: Sequence[tuple], numbers: Sequence[int], row: np.ndarray, title: np.ndarray
) -> Names:
    """Cross the names of each pair's two sides."""
    our_names = [list(_row_names(source_row)) for source_row in rows]
    starts = np.searchsorted([name[0] for name in name_rows], np.append(numbers, np.iinfo(np.int64).max)).tolist()
    pair: list[int] = []
    ours: list[tuple[str, str]] = []
    at: list[int] = []
    for position, (row_index, title_index) in enumerate(zip(row.tolist(), title.tolist(), strict=True)):
        for name in our_names[row_index]:
            span = range(starts[title_index], starts[title_index + 1])
            at += span
            ours += [name] * len(span)
            pair += [position] * len(span)
    return Names(
        pair=np.array(pair, dtype=np.int64),
        source=[name[0] for name in ours],
        source_key=[name[1] for name in ours],
        imdb=[name_rows[position][2] for position in at],
        imdb_key=[name_rows[position][3] for position in at],
        is_aka=np.array([name_rows[position][1] == "aka" for position in at], dtype=bool),
        title_count=np.array([name_rows[position][4] for position in at], dtype=float),
    )


def _row_names(row: SourceRow) -> Iterator[tuple[str, str]]:
    plain = undated(row.base_title, row.release_year)
    for name in dict.fromkeys(filter(None, (row.base_title, plain, row.folded_title, row.link_title))):
        yield name, title_key(name)
