"""Viewers, in MovieLens' layout: what they rated and watched, and which films those are.

Ratings come by the ten million, so a block of lines that one pattern finds flawless goes on as it stands, with its
commas made tabs; only the lines of any other block are looked at one by one. Both remember the same: the viewer they
are at, and what that viewer has had. Files are grouped by viewer in ascending order; rows of a viewer who comes back
are set aside, and the database tells the repeats.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from operator import itemgetter
from typing import BinaryIO, NamedTuple

import numpy as np

from reelhouse.sources import GIB, Layout, SourceFile, columns_named
from reelhouse.sources.reading import Header, Reading, blocks_of_lines, csv_records, row_by_row, text_problem
from reelhouse.sources.values import (
    FIRST_YEAR,
    LAST_YEAR,
    SMALLINT,
    count_or_none,
    refuse,
    text_or_none,
    title_or_none,
    trimmed,
)  # fmt: skip

LARGEST_NUMBER = 999_999_999


class Movie(NamedTuple):
    """A row of staging.viewers_movies."""

    movie_number: int
    line_number: int
    title: str
    release_year: int | None
    genres: list[str]


class Link(NamedTuple):
    """A row of staging.viewers_links."""

    movie_number: int
    line_number: int
    imdb_title_number: int | None
    tmdb_number: int | None


class Rating(NamedTuple):
    """A row of staging.viewers_ratings."""

    viewer_number: int
    movie_number: int
    rating_of_5: Decimal
    rated_epoch_s: int


class Viewing(NamedTuple):
    """A row of staging.viewers_viewings."""

    viewer_number: int
    movie_number: int
    viewed_epoch_s: int
    viewed_min: int | None


def _declare(name: str, columns: str, row: type, key_size: int) -> SourceFile:
    """One of the files, each of which may be there without the others."""
    return SourceFile(
        source="viewers",
        name=name,
        file_names=(name, f"{name}.gz"),
        layouts=(Layout("MovieLens", columns_named(columns)),),
        delimiter=",",
        is_quoted=True,
        key=row._fields[:key_size],
        table=f"viewers_{name.removesuffix('.csv')}",
        fields=row._fields,
        is_required=False,
        least_rows=0,
        max_bytes=4 * GIB,
    )


FILES = (
    _declare("movies.csv", "movieId title genres", Movie, 1),
    _declare("links.csv", "movieId imdbId tmdbId", Link, 1),
    _declare("ratings.csv", "userId movieId rating timestamp", Rating, 2),
    _declare("viewings.csv", "userId movieId timestamp [minutes]", Viewing, 3),
)

# Programs that know no empty whole number write 7.0.
_NUMBER = re.compile(r"([1-9][0-9]{0,8})(?:\.0)?")
_STARS = re.compile(r"[1-4](?:\.[05])?|5(?:\.0)?|0\.5")
_EPOCH = re.compile(r"([0-9]{1,11})(?:\.0)?")
# A whole block of ratings in the order of the contract. Possessive, so that a flaw costs no second look.
_RATINGS = re.compile(rb"(?:[1-9][0-9]{0,8}+,[1-9][0-9]{0,8}+,(?:[1-4](?:\.[05])?+|5(?:\.0)?+|0\.5),[0-9]{1,11}+\n)++")
_TITLE_AND_YEAR = re.compile(r"(.*\S)\s*\(([0-9]{4})(?:[-–][0-9]{0,4})?\)")
NO_GENRES = "(no genres listed)"

Make = Callable[[list[str], list[str]], tuple]


def read_rows(file: SourceFile, header: Header, stream: BinaryIO, reading: Reading) -> Iterator[tuple | bytes]:
    """Rows of one file, each key once, the first wins; of ratings also whole blocks as lines of COPY text."""
    if file.name in _OF_FILMS:
        return _films(file, header, stream, reading)
    make, columns = _OF_VIEWERS[file.name]
    return _Stream(file, header, reading, make, columns).rows(stream)


read_texts = row_by_row(read_rows)


# --- films: small files ---------------------------------------------------------------------------------


def _films(file: SourceFile, header: Header, stream: BinaryIO, reading: Reading) -> Iterator[tuple]:
    seen: set[int] = set()
    for line_number, fields, raw in csv_records(file, header, stream, reading):
        problems: list[str] = []
        text = {name: fields[place] for name, place in header.places.items()}
        row = _OF_FILMS[file.name](text, line_number, problems)
        if problems:
            reading.reject(line_number, problems, raw)
        elif row[0] in seen:
            reading.rows_duplicate += 1
        else:
            seen.add(row[0])
            yield row


def _movie(text: dict[str, str], line_number: int, problems: list[str]) -> Movie:
    title = title_or_none(text["title"])
    if title is None:
        refuse(problems, "title", "a title", text["title"])
    match = _TITLE_AND_YEAR.fullmatch(title or "")
    year = int(match[2]) if match else None
    has_year = year is not None and FIRST_YEAR <= year <= LAST_YEAR
    genres = [] if trimmed(text["genres"]) == NO_GENRES else map(text_or_none, text["genres"].split("|"))
    return Movie(
        movie_number=_number(text["movieId"], "movieId", problems),
        line_number=line_number,
        title=match[1] if has_year else title or "",
        release_year=year if has_year else None,
        genres=list(dict.fromkeys(genre for genre in genres if genre is not None)),
    )


def _link(text: dict[str, str], line_number: int, problems: list[str]) -> Link:
    return Link(
        movie_number=_number(text["movieId"], "movieId", problems),
        line_number=line_number,
        imdb_title_number=count_or_none(text["imdbId"].strip().removeprefix("tt"), "imdbId", problems) or None,
        tmdb_number=count_or_none(text["tmdbId"], "tmdbId", problems) or None,
    )


_OF_FILMS: dict[str, Callable[[dict[str, str], int, list[str]], tuple]] = {"movies.csv": _movie, "links.csv": _link}


# --- viewers: large files -------------------------------------------------------------------------------


@dataclass(slots=True)
class _Stream:
    """One reading of a large file: the viewer it is at, and the keys that this viewer has had."""

    file: SourceFile
    header: Header
    reading: Reading
    make: Make
    columns: tuple[str, ...]
    viewer: int = 0
    had: set = field(default_factory=set)

    def rows(self, stream: BinaryIO) -> Iterator[tuple | bytes]:
        is_as_declared = list(self.header.places.values()) == list(range(self.header.width))
        may_be_whole = self.file.name == "ratings.csv" and is_as_declared
        line_number = 2
        for block in blocks_of_lines(stream):
            if self.header.is_crlf:
                block = block.replace(b"\r\n", b"\n")
            count = block.count(b"\n")
            if may_be_whole and _RATINGS.fullmatch(block) and self._takes_whole(block):
                self.reading.rows_in += count
                yield block.replace(b",", b"\t")
            else:
                yield from self._by_line(block, line_number)
            line_number += count

    def _takes_whole(self, block: bytes) -> bool:
        """Whether no row of a flawless block repeats a key or goes back to an earlier viewer; if so it is noted."""
        values = np.fromstring(block.replace(b"\n", b","), dtype=np.float64, sep=",").reshape(-1, 4)
        viewers, movies = values[:, 0].astype(np.int64), values[:, 1].astype(np.int64)
        if viewers[0] < self.viewer or (np.diff(viewers) < 0).any():
            return False
        keys = viewers << 30 | movies
        if len(np.unique(keys)) < len(keys):
            return False
        if viewers[0] == self.viewer and not self.had.isdisjoint(movies[viewers == self.viewer].tolist()):
            return False
        last = int(viewers[-1])
        had = set(movies[viewers == last].tolist())
        self.had = self.had | had if last == self.viewer else had
        self.viewer = last
        return True

    def _by_line(self, block: bytes, first: int) -> Iterator[tuple]:
        pick = itemgetter(*(self.header.places.get(column, -1) for column in self.columns))
        is_clean = text_problem(block) is None
        for line_number, line in enumerate(block[:-1].split(b"\n"), first):
            if not line:
                continue
            self.reading.rows_in += 1
            problem = None if is_clean else text_problem(line)
            fields = [] if problem else line.decode().replace('"', "").split(",")
            if problem is None and len(fields) != self.header.width:
                problem = f"record: expected {self.header.width} columns, found {len(fields)}"
            if problem:
                self.reading.reject(line_number, [problem], line)
                continue
            problems: list[str] = []
            # The last place is that of a column which the file may lack.
            row = self.make(pick([*fields, ""]), problems)
            if problems:
                self.reading.reject(line_number, problems, line)
            elif self._is_first(row):
                yield row

    def _is_first(self, row: tuple) -> bool:
        """Whether a row goes on: repeats are counted, rows of a viewer who comes back are set aside."""
        if row[0] < self.viewer:
            self.reading.set_aside(row)
            return False
        if row[0] > self.viewer:
            self.viewer, self.had = row[0], set()
        key = row[1] if len(self.file.key) == 2 else row[1:3]
        if key in self.had:
            self.reading.rows_duplicate += 1
            return False
        self.had.add(key)
        return True


def _rating(fields: list[str], problems: list[str]) -> Rating:
    viewer, movie, stars, moment = fields
    if not _STARS.fullmatch(stars):
        refuse(problems, "rating", "half a star to five in halves", stars)
        stars = "1"
    return Rating(
        _number(viewer, "userId", problems), _number(movie, "movieId", problems), Decimal(stars),
        _epoch(moment, problems),
    )  # fmt: skip


def _viewing(fields: list[str], problems: list[str]) -> Viewing:
    viewer, movie, moment, minutes = fields
    return Viewing(
        _number(viewer, "userId", problems), _number(movie, "movieId", problems), _epoch(moment, problems),
        count_or_none(minutes, "minutes", problems, most=SMALLINT),
    )  # fmt: skip


_OF_VIEWERS: dict[str, tuple[Make, tuple[str, ...]]] = {
    "ratings.csv": (_rating, ("userId", "movieId", "rating", "timestamp")),
    "viewings.csv": (_viewing, ("userId", "movieId", "timestamp", "minutes")),
}


def _number(text: str, column: str, problems: list[str]) -> int:
    match = _NUMBER.fullmatch(text)
    if match:
        return int(match[1])
    refuse(problems, column, f"a number 1–{LARGEST_NUMBER}", text)
    return 0


def _epoch(text: str, problems: list[str]) -> int:
    match = _EPOCH.fullmatch(text)
    if match:
        return int(match[1])
    refuse(problems, "timestamp", "seconds since 1970", text)
    return 0
