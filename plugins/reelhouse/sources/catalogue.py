"""Catalogues of twelve columns: Netflix', and those of other platforms that were published in its layout.

They share the layout, not the care: durations stand in the column `rating`, dates are written in three ways, a
director is called "1" or is a description, and a platform may know no cast at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import BinaryIO, NamedTuple

from reelhouse.sources import Column, Layout, SourceFile
from reelhouse.sources.reading import Header, Reading, csv_records, row_by_row
from reelhouse.sources.values import (
    SMALLINT,
    date_or_none,
    is_same_name,
    mended_texts,
    refuse,
    shown,
    split_list,
    text_or_none,
    title_or_none,
    united,
    year_or_none,
)  # fmt: skip


class Row(NamedTuple):
    """A row of a catalogue's staging table."""

    source_id: str
    line_number: int
    kind: str
    title: str
    directors: list[str]
    actors: list[str]
    countries: list[str]
    added_date: date | None
    release_year: int | None
    certification: str | None
    runtime_min: int | None
    season_count: int | None
    categories: list[str]
    description: str | None
    repairs: list[str]


COLUMNS = (
    "show_id", "type", "title", "director", "cast", "country", "date_added", "release_year", "rating", "duration",
    "listed_in", "description",
)  # fmt: skip

# Some editions of the other platforms say in a column of their own whose catalogue it is.
OTT = Column("OTT", is_required=False)
KINDS = {"movie": "movie", "tv show": "series"}
LISTS = ("directors", "actors", "countries", "categories")
SHIFTED = "shifted_rating_duration"
NUMBERED = "number_for_person"
DESCRIBED = "description_for_director"

_ID = re.compile(r"\S{1,100}")
_MINUTES = re.compile(r"([0-9]{1,5})\s?min(?:ute)?s?\.?", re.IGNORECASE)
_SEASONS = re.compile(r"([0-9]{1,5})\s?seasons?", re.IGNORECASE)


def declare(source: str, name: str, *others: str, columns: tuple[Column, ...] = ()) -> SourceFile:
    """The one file of a platform.

    Takes   others   what it may also be called
            columns  beyond the twelve
    """
    names = (name, *others)
    return SourceFile(
        source=source,
        name=name,
        file_names=(*names, *(f"{each}.gz" for each in names)),
        layouts=(Layout("12 columns", (*(Column(each) for each in COLUMNS), *columns)),),
        delimiter=",",
        is_quoted=True,
        key=("source_id",),
        table=f"{source}_titles",
        fields=Row._fields,
    )


def read_rows(file: SourceFile, header: Header, stream: BinaryIO, reading: Reading) -> Iterator[Row]:
    """Rows of the catalogue, each show_id once: of repeats the lists are united, for the rest the first row wins.

    A show_id under which another title stood before is no repeat: whose it is nobody knows.
    """
    rows: dict[str, Row] = {}
    for line_number, fields, raw in csv_records(file, header, stream, reading):
        problems: list[str] = []
        texts, notes = mended_texts(fields)
        row = _row({name: texts[place] for name, place in header.places.items()}, line_number, problems)
        if row and notes:
            row = row._replace(repairs=[*row.repairs, *notes])
        first = rows.get(row.source_id) if row else None
        if first and not (first.kind == row.kind and is_same_name(first.title, row.title)):
            found = f"{shown(row.source_id)} again, of {shown(first.title)} on line {first.line_number}"
            problems.append(f"show_id: expected an id that no title before has, found {found}")
        if problems:
            reading.reject(line_number, problems, raw)
        elif first:
            reading.rows_duplicate += 1
            rows[row.source_id] = first._replace(
                **{name: united(getattr(first, name), getattr(row, name)) for name in LISTS}
            )
        else:
            rows[row.source_id] = row
    reading.rows_repaired = sum(1 for row in rows.values() if row.repairs)
    yield from rows.values()


read_texts = row_by_row(read_rows)


def _row(text: dict[str, str], line_number: int, problems: list[str]) -> Row | None:
    show_id = text_or_none(text["show_id"]) or ""
    if not _ID.fullmatch(show_id):
        refuse(problems, "show_id", "an id of 1 to 100 characters without spaces", text["show_id"])
    kind = KINDS.get((text_or_none(text["type"]) or "").lower())
    if kind is None:
        refuse(problems, "type", "Movie or TV Show", text["type"])
    title = title_or_none(text["title"])
    if title is None:
        refuse(problems, "title", "a title", text["title"])
    certification, duration, repairs = _unshifted(text_or_none(text["rating"]), text_or_none(text["duration"]))
    description = text_or_none(text["description"])
    if description is not None and text_or_none(text["director"]) == description:
        directors, repairs = [], [*repairs, DESCRIBED]
    else:
        directors = split_list(text["director"])
    actors = split_list(text["cast"])
    if any(map(str.isdecimal, (*directors, *actors))):
        directors, actors = ([name for name in names if not name.isdecimal()] for names in (directors, actors))
        repairs = [*repairs, NUMBERED]
    row = Row(
        source_id=show_id,
        line_number=line_number,
        kind=kind or "",
        title=title or "",
        directors=directors,
        actors=actors,
        countries=split_list(text["country"]),
        added_date=date_or_none(text["date_added"], "date_added", problems),
        release_year=year_or_none(text["release_year"], "release_year", problems),
        certification=certification,
        runtime_min=_counted(_MINUTES, duration),
        season_count=_counted(_SEASONS, duration),
        categories=split_list(text["listed_in"]),
        description=description,
        repairs=repairs,
    )
    is_nothing = duration is None or _is_zero(duration)
    if not is_nothing and row.runtime_min is None and row.season_count is None:
        refuse(problems, "duration", "such as '90 min' or '2 Seasons', or nothing", duration)
    return None if problems else row


def _unshifted(rating: str | None, duration: str | None) -> tuple[str | None, str | None, list[str]]:
    """Rating and duration, each in its place: in some rows the duration stands in `rating`."""
    if rating is not None and (_MINUTES.fullmatch(rating) or _SEASONS.fullmatch(rating)):
        return None, duration or rating, [SHIFTED]
    return rating, duration, []


def _is_zero(duration: str) -> bool:
    # A title of 0 minutes is one whose runtime nobody knows.
    match = _MINUTES.fullmatch(duration)
    return match is not None and int(match[1]) == 0


def _counted(pattern: re.Pattern[str], duration: str | None) -> int | None:
    match = pattern.fullmatch(duration or "")
    number = int(match[1]) if match else 0
    return number if 0 < number <= SMALLINT else None
