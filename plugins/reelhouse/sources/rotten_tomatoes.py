"""Rotten Tomatoes' films: one CSV, in today's 22 columns or in the 2019 layout, which has no link."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from functools import reduce
from typing import BinaryIO, NamedTuple

from reelhouse.sources import Column, Layout, SourceFile, reviews
from reelhouse.sources.reading import Header, Reading, csv_records, row_by_row
from reelhouse.sources.values import (
    BIGINT,
    SMALLINT,
    count_or_none,
    date_or_none,
    is_same_name,
    mended_texts,
    refuse,
    shown,
    split_list,
    text_or_none,
    title_or_none,
    trimmed,
    united,
)  # fmt: skip


class Row(NamedTuple):
    """A row of staging.rotten_tomatoes_movies."""

    source_id: str
    line_number: int
    title: str
    synopsis: str | None
    critics_consensus: str | None
    certification: str | None
    genres: list[str]
    directors: list[str]
    writers: list[str]
    actors: list[str]
    release_date: date | None
    streaming_date: date | None
    runtime_min: int | None
    studio: str | None
    tomatometer_status: str | None
    tomatometer_pct: int | None
    tomatometer_count: int | None
    audience_status: str | None
    audience_pct: int | None
    audience_count: int | None
    top_critic_count: int | None
    fresh_count: int | None
    rotten_count: int | None
    repairs: list[str]
    said_by_line: str | None = None


TODAY = (
    "rotten_tomatoes_link", "movie_title", "movie_info", "critics_consensus", "content_rating", "genres", "directors",
    "authors", "actors", "original_release_date", "streaming_release_date", "runtime", "production_company",
    "tomatometer_status", "tomatometer_rating", "tomatometer_count", "audience_status", "audience_rating",
    "audience_count", "tomatometer_top_critics_count", "tomatometer_fresh_critics_count",
    "tomatometer_rotten_critics_count",
)  # fmt: skip

# What the 2019 layout calls today's columns. Its three `audience_…_critics_count` are misnamed: they count critics.
# It goes about whole (with a link and a poster's address), without link and counts, and without people.
IN_2019 = {
    "movie_title": "movie_title",
    "content_rating": "rating",
    "genres": "genre",
    "original_release_date": "in_theaters_date",
    "streaming_release_date": "on_streaming_date",
    "runtime": "runtime_in_minutes",
    "tomatometer_status": "tomatometer_status",
    "tomatometer_rating": "tomatometer_rating",
    "tomatometer_count": "tomatometer_count",
    "audience_rating": "audience_rating",
    "audience_count": "audience_count",
}
# Some copies have the misnamed counts under their right names.
SOMETIMES_IN_2019 = {
    "rotten_tomatoes_link": ("rotten_tomatoes_link",),
    "movie_info": ("movie_info",),
    "critics_consensus": ("critics_consensus",),
    "directors": ("directors",),
    "authors": ("writers",),
    "actors": ("cast",),
    "production_company": ("studio_name",),
    "audience_status": ("audience_status",),
    "tomatometer_top_critics_count": ("audience_top_critics_count", "tomatometer_top_critics_count"),
    "tomatometer_fresh_critics_count": ("audience_fresh_critics_count", "tomatometer_fresh_critics_count"),
    "tomatometer_rotten_critics_count": ("audience_rotten_critics_count", "tomatometer_rotten_critics_count"),
}
_LAYOUT_OF_2019 = Layout(
    "layout of 2019",
    (
        *(Column(name, headers=(former,)) for name, former in IN_2019.items()),
        *(Column(name, is_required=False, headers=former) for name, former in SOMETIMES_IN_2019.items()),
    ),
)

FILES = (
    SourceFile(
        source="rotten_tomatoes",
        name="rotten_tomatoes_movies.csv",
        file_names=("rotten_tomatoes_movies.csv", "rotten_tomatoes_movies.csv.gz"),
        layouts=(Layout("22 columns", tuple(Column(name) for name in TODAY)), _LAYOUT_OF_2019),
        delimiter=",",
        is_quoted=True,
        key=("source_id",),
        table="rotten_tomatoes_movies",
        fields=Row._fields,
    ),
    reviews.FILE,
)

LISTS = ("genres", "directors", "writers", "actors")

LONGEST_KEY = 1_000

_SLUG = re.compile(r"[^\s/]{1,300}")
_RUNTIME = re.compile(r"([0-9]{1,18})(?:\.0+)?(?: ?min(?:ute)?s?\.?)?")


def read_rows(file: SourceFile, header: Header, stream: BinaryIO, reading: Reading) -> Iterator[tuple]:
    """Rows of one file, each key once."""
    if file.name == reviews.FILE.name:
        return reviews.read_reviews(file, header, stream, reading)
    return _films(file, header, stream, reading)


read_texts = row_by_row(read_rows)


def _films(file: SourceFile, header: Header, stream: BinaryIO, reading: Reading) -> Iterator[Row]:
    """Rows of the films, each link once: of repeats the lists are united, for the rest the first row wins.

    A link under which another film stood before is no repeat: whose it is nobody knows.
    """
    rows: dict[str, Row] = {}
    repeated: dict[str, list[Row]] = {}
    nothing = dict.fromkeys(TODAY, "")
    for line_number, fields, raw in csv_records(file, header, stream, reading):
        problems: list[str] = []
        texts, notes = mended_texts(fields)
        text = nothing | {name: texts[place] for name, place in header.places.items()}
        row = _row(text, "rotten_tomatoes_link" in header.places, line_number, problems)._replace(repairs=notes)
        first = None if problems else rows.get(row.source_id)
        if first and not is_same_name(first.title, row.title):
            found = f"{shown(row.source_id)} again, of {shown(first.title)} on line {first.line_number}"
            problems.append(f"rotten_tomatoes_link: expected a link that no film before has, found {found}")
        if problems:
            reading.reject(line_number, problems, raw)
        elif first:
            reading.rows_duplicate += 1
            repeated.setdefault(row.source_id, [first]).append(row)
        else:
            rows[row.source_id] = row
    reading.rows_repaired = sum(1 for row in rows.values() if row.repairs)
    for source_id, row in rows.items():
        yield _united(repeated[source_id]) if source_id in repeated else row


def _united(rows: list[Row]) -> Row:
    """One film of several rows, which knows what each of them lists where they differ."""
    lists = [{name: getattr(row, name) for name in LISTS} for row in rows]
    whole = {name: reduce(united, (each[name] for each in lists)) for name in LISTS}
    lines = None
    if any(each != lists[0] for each in lists):
        told = ({"line": row.line_number} | each for row, each in zip(rows, lists, strict=True))
        lines = json.dumps(list(told), ensure_ascii=False)
    return rows[0]._replace(**whole, said_by_line=lines)


def _row(text: dict[str, str], has_link: bool, line_number: int, problems: list[str]) -> Row:
    title = title_or_none(text["movie_title"])
    if title is None:
        refuse(problems, "movie_title", "a title", text["movie_title"])
    release_date = date_or_none(text["original_release_date"], "original_release_date", problems, may_be_short=False)
    directors = split_list(text["directors"])
    row = Row(
        source_id=_slug(text, problems) if has_link else _unlinked(title or "", release_date, directors, problems),
        line_number=line_number,
        title=title or "",
        synopsis=text_or_none(text["movie_info"]),
        critics_consensus=text_or_none(text["critics_consensus"]),
        certification=text_or_none(text["content_rating"]),
        genres=split_list(text["genres"]),
        directors=directors,
        writers=split_list(text["authors"]),
        actors=split_list(text["actors"]),
        release_date=release_date,
        streaming_date=date_or_none(text["streaming_release_date"], "streaming_release_date", problems),
        runtime_min=_runtime(text["runtime"], problems),
        studio=text_or_none(text["production_company"]),
        tomatometer_status=text_or_none(text["tomatometer_status"]),
        tomatometer_pct=_percent(text["tomatometer_rating"], "tomatometer_rating", problems),
        tomatometer_count=count_or_none(text["tomatometer_count"], "tomatometer_count", problems),
        audience_status=text_or_none(text["audience_status"]),
        audience_pct=_percent(text["audience_rating"], "audience_rating", problems),
        audience_count=count_or_none(text["audience_count"], "audience_count", problems, most=BIGINT),
        top_critic_count=_critics(text, "top", problems),
        fresh_count=_critics(text, "fresh", problems),
        rotten_count=_critics(text, "rotten", problems),
        repairs=[],
    )
    _check_counts(row, problems)
    return row


def _slug(text: dict[str, str], problems: list[str]) -> str:
    slug = reviews.slug_of(text["rotten_tomatoes_link"])
    if not _SLUG.fullmatch(slug):
        refuse(problems, "rotten_tomatoes_link", "a link such as 'm/toy_story'", text["rotten_tomatoes_link"])
    return slug


def _unlinked(title: str, release_date: date | None, directors: list[str], problems: list[str]) -> str:
    """The key of a row without a link: its title and year, and who directed it, where the file says so.

    Two films of a title and year are not one: without the directors the second would be taken for a repeat.
    """
    folded = _folded(title)
    if len(folded) > 500:
        refuse(problems, "movie_title", "at most 500 characters", title)
    key = f"{folded}|{release_date.year if release_date else ''}"
    return "|".join((key, *sorted(map(_folded, directors))))[:LONGEST_KEY]


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _percent(text: str, column: str, problems: list[str]) -> int | None:
    return count_or_none(trimmed(text).removesuffix("%"), column, problems, most=100)


def _critics(text: dict[str, str], which: str, problems: list[str]) -> int | None:
    column = f"tomatometer_{which}_critics_count"
    return count_or_none(text[column], column, problems)


def _runtime(text: str, problems: list[str]) -> int | None:
    value = text_or_none(text)
    if value is None:
        return None
    match = _RUNTIME.fullmatch(value)
    minutes = int(match[1]) if match else SMALLINT + 1
    if minutes <= SMALLINT:
        # A film of 0 minutes is one whose runtime nobody knows.
        return minutes or None
    refuse(problems, "runtime", "minutes or nothing", text)
    return None


def _check_counts(row: Row, problems: list[str]) -> None:
    counts = (row.tomatometer_count, row.fresh_count, row.rotten_count)
    if None not in counts and row.tomatometer_count != row.fresh_count + row.rotten_count:
        problems.append(
            f"tomatometer_count: expected fresh + rotten = {row.fresh_count + row.rotten_count}, "
            f"found {row.tomatometer_count}"
        )
