"""JustWatch's list of what Netflix had: titles, credits, and four "Best …" lists made from them.

Its `imdb_id` is a hint that is sometimes wrong, so it is staged and nothing is linked by it. A credit of a title
that titles.csv does not have (or that was refused there) hangs in the air and is quarantined.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import BinaryIO, NamedTuple

import numpy as np

from reelhouse.copying import CopyText, texts_of
from reelhouse.sources import KeepReferenced, Layout, SourceFile, columns_named
from reelhouse.sources.number_set import NumberSet
from reelhouse.sources.reading import Header, Reading, csv_records
from reelhouse.sources.values import (
    SMALLINT,
    count_or_none,
    mended_texts,
    quoted_items,
    refuse,
    text_or_none,
    title_or_none,
    trimmed,
    united,
    year_or_none,
)  # fmt: skip


class Title(NamedTuple):
    """A row of staging.justwatch_titles."""

    source_id: str
    line_number: int
    kind: str
    title: str
    description: str | None
    release_year: int | None
    certification: str | None
    runtime_min: int | None
    season_count: int | None
    genres: list[str]
    countries: list[str]
    imdb_id: str | None
    imdb_rating_of_10: Decimal | None
    imdb_vote_count: int | None
    tmdb_rating_of_10: Decimal | None
    tmdb_popularity: Decimal | None


class Credit(NamedTuple):
    """A row of staging.justwatch_credits."""

    source_id: str
    person_number: int
    role: str
    line_number: int
    person_name: str
    characters: list[str]


class Best(NamedTuple):
    """A row of one of the four staging.justwatch_best_… tables."""

    list_rank: int
    line_number: int
    title: str
    release_year: int | None
    rating_of_10: Decimal | None
    vote_count: int | None
    runtime_min: int | None
    season_count: int | None
    main_genre: str | None
    main_country: str | None


def _declare(
    name: str, others: tuple[str, ...], columns: str, table: str, key: tuple[str, ...], row: type, **more: object
) -> SourceFile:
    """One of the files; the columns in brackets are those that not every edition has."""
    return SourceFile(
        source="justwatch",
        name=name,
        file_names=(name, *others, f"{name}.gz"),
        layouts=(Layout("JustWatch", columns_named(columns)),),
        delimiter=",",
        is_quoted=True,
        key=key,
        table=table,
        fields=row._fields,
        **more,
    )


def _declare_best(name: str, table: str) -> SourceFile:
    return _declare(
        name,
        (name.removesuffix(" Netflix.csv") + ".csv",),
        "index TITLE RELEASE_YEAR SCORE [NUMBER_OF_VOTES] [DURATION] [NUMBER_OF_SEASONS] MAIN_GENRE MAIN_PRODUCTION",
        table,
        ("list_rank",),
        Best,
        is_required=False,
        least_rows=0,
    )


FILES = (
    _declare(
        "titles.csv",
        ("raw_titles.csv",),
        "[index] id title type [description] release_year age_certification runtime genres production_countries"
        " seasons imdb_id imdb_score imdb_votes [tmdb_popularity] [tmdb_score]",
        "justwatch_titles",
        ("source_id",),
        Title,
    ),
    _declare(
        "credits.csv",
        ("raw_credits.csv",),
        "[index] person_id id name character role",
        "justwatch_credits",
        ("source_id", "person_number", "role"),
        Credit,
        is_required=False,
        least_rows=0,
        depends_on=("titles.csv",),
        keep_referenced=KeepReferenced("id", "justwatch_title_numbers.sql"),
    ),
    _declare_best("Best Movies Netflix.csv", "justwatch_best_movies"),
    _declare_best("Best Shows Netflix.csv", "justwatch_best_shows"),
    _declare_best("Best Movie by Year Netflix.csv", "justwatch_best_movies_by_year"),
    _declare_best("Best Show by Year Netflix.csv", "justwatch_best_shows_by_year"),
)

KINDS = {"MOVIE": "movie", "SHOW": "series"}
ROLES = {"ACTOR": "actor", "DIRECTOR": "director"}

_ID = re.compile(r"(tm|ts)([1-9][0-9]{0,6})")
_IMDB_ID = re.compile(r"tt[0-9]{7,10}")
_DECIMAL = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,20})?")
# The warehouse counts places from 1.
LAST_INDEX = SMALLINT - 1

Make = Callable[[dict[str, str], int, NumberSet | None, list[str]], tuple]


def read_texts(
    file: SourceFile,
    header: Header,
    stream: BinaryIO,
    reading: Reading,
    known: NumberSet | None = None,
    mentioned: NumberSet | None = None,
) -> Iterator[CopyText]:
    """The rows of `read_rows` as COPY text.

    Takes   known, mentioned  titles by `title_number`: those that credits must belong to, those that are staged
    """
    rows = read_rows(file, header, stream, reading, known)
    return texts_of(rows if mentioned is None else _mentioned(rows, mentioned))


def _mentioned(titles: Iterator[tuple], mentioned: NumberSet) -> Iterator[tuple]:
    for title in titles:
        mentioned.add(np.array([title_number(title[0])]))
        yield title


def read_rows(
    file: SourceFile, header: Header, stream: BinaryIO, reading: Reading, known: NumberSet | None = None
) -> Iterator[tuple]:
    """Rows of one file, each key once: the first wins; the characters of a repeated credit are united.

    Takes   known  the staged titles, by `title_number`; for credits
    """
    make, size = _MAKERS.get(file.name, _best), len(file.key)
    nothing = {column.name: "" for column in file.layouts[0].columns}
    rows: dict[tuple, tuple] = {}
    for line_number, fields, raw in csv_records(file, header, stream, reading):
        problems: list[str] = []
        texts, notes = mended_texts(fields)
        text = nothing | {name: texts[place] for name, place in header.places.items()}
        row = make(text, line_number, known, problems)
        key = row[:size]
        if problems:
            reading.reject(line_number, problems, raw)
        elif key in rows:
            reading.rows_duplicate += 1
            if isinstance(row, Credit):
                first = rows[key]
                rows[key] = first._replace(characters=united(first.characters, row.characters))
        else:
            rows[key] = row
            reading.rows_repaired += bool(notes)
    yield from rows.values()


def title_number(source_id: str) -> int:
    """The number of a title by which credits find it: films are even, series odd; 0 when it is no id.

    include/sql/1_staging/justwatch_title_numbers.sql says the same.

    >>> title_number("tm84618"), title_number("ts7"), title_number("tt1")
    (169236, 15, 0)
    """
    match = _ID.fullmatch(source_id)
    return 2 * int(match[2]) + (match[1] == "ts") if match else 0


def quoted_list(text: str, column: str, problems: list[str]) -> list[str]:
    """Items of a list as Python writes it, read and never evaluated.

    >>> quoted_list("['drama', \\"children's\\"]", "genres", []), quoted_list("[]", "genres", [])
    (['drama', "children's"], [])
    """
    value = text_or_none(text)
    if value is None:
        return []
    quoted = quoted_items(value)
    if quoted is not None:
        return united([], [item for item in map(_word, quoted) if item is not None])
    refuse(problems, column, "a list such as ['drama', 'crime'] or nothing", text)
    return []


def _title(text: dict[str, str], line_number: int, _: NumberSet | None, problems: list[str]) -> Title:
    kind = KINDS.get(text["type"].strip().upper())
    if kind is None:
        refuse(problems, "type", "MOVIE or SHOW", text["type"])
    imdb_id = text_or_none(text["imdb_id"])
    if imdb_id is not None and not _IMDB_ID.fullmatch(imdb_id):
        refuse(problems, "imdb_id", "tt and a number or nothing", imdb_id)
    return Title(
        source_id=_source_id(text["id"], problems),
        line_number=line_number,
        kind=kind or "",
        title=_named(text["title"], "title", problems),
        description=text_or_none(text["description"]),
        release_year=year_or_none(text["release_year"], "release_year", problems),
        certification=text_or_none(text["age_certification"]),
        runtime_min=_minutes(text["runtime"], "runtime", problems),
        season_count=count_or_none(text["seasons"], "seasons", problems, most=SMALLINT),
        genres=quoted_list(text["genres"], "genres", problems),
        countries=quoted_list(text["production_countries"], "production_countries", problems),
        imdb_id=imdb_id,
        imdb_rating_of_10=_decimal(text["imdb_score"], "imdb_score", problems, most=10, places=1),
        imdb_vote_count=count_or_none(text["imdb_votes"], "imdb_votes", problems),
        tmdb_rating_of_10=_decimal(text["tmdb_score"], "tmdb_score", problems, most=10),
        tmdb_popularity=_decimal(text["tmdb_popularity"], "tmdb_popularity", problems, most=999_999),
    )


def _credit(text: dict[str, str], line_number: int, known: NumberSet | None, problems: list[str]) -> Credit:
    source_id = _source_id(text["id"], problems)
    if not problems and title_number(source_id) not in known:
        refuse(problems, "id", "a title that titles.csv has", source_id)
    person_number = count_or_none(text["person_id"], "person_id", problems)
    if person_number is None:
        refuse(problems, "person_id", "a number", text["person_id"])
    role = ROLES.get(text["role"].strip().upper())
    if role is None:
        refuse(problems, "role", "ACTOR or DIRECTOR", text["role"])
    character = text_or_none(text["character"])
    return Credit(
        source_id=source_id,
        person_number=person_number or 0,
        role=role or "",
        line_number=line_number,
        person_name=_named(text["name"], "name", problems),
        characters=[] if character is None else [character],
    )


def _best(text: dict[str, str], line_number: int, _: NumberSet | None, problems: list[str]) -> Best:
    list_rank = count_or_none(text["index"], "index", problems, most=LAST_INDEX)
    if list_rank is None and not problems:
        refuse(problems, "index", f"a place 0–{LAST_INDEX}", text["index"])
    return Best(
        list_rank=list_rank or 0,
        line_number=line_number,
        title=_named(text["TITLE"], "TITLE", problems),
        release_year=year_or_none(text["RELEASE_YEAR"], "RELEASE_YEAR", problems),
        rating_of_10=_decimal(text["SCORE"], "SCORE", problems, most=10, places=1),
        vote_count=count_or_none(text["NUMBER_OF_VOTES"], "NUMBER_OF_VOTES", problems),
        runtime_min=_minutes(text["DURATION"], "DURATION", problems),
        season_count=count_or_none(text["NUMBER_OF_SEASONS"], "NUMBER_OF_SEASONS", problems, most=SMALLINT),
        main_genre=text_or_none(text["MAIN_GENRE"]),
        main_country=_word(text["MAIN_PRODUCTION"]),
    )


_MAKERS: dict[str, Make] = {"titles.csv": _title, "credits.csv": _credit}


def _source_id(text: str, problems: list[str]) -> str:
    source_id = text.strip()
    if not title_number(source_id):
        refuse(problems, "id", "tm or ts and a number of up to 7 digits", text)
    return source_id


def _word(text: str) -> str | None:
    # Countries are codes: NA is Namibia.
    return "NA" if trimmed(text) == "NA" else text_or_none(text)


def _named(text: str, column: str, problems: list[str]) -> str:
    name = title_or_none(text)
    if name is None:
        refuse(problems, column, "a name", text)
    return name or ""


def _minutes(text: str, column: str, problems: list[str]) -> int | None:
    # 0 minutes: nobody knows how long it is.
    return count_or_none(text, column, problems, most=SMALLINT) or None


def _decimal(text: str, column: str, problems: list[str], most: int, places: int | None = None) -> Decimal | None:
    """A number from 0 to `most`, with as many places as the table keeps, or None for no value."""
    value = text_or_none(text)
    if value is None:
        return None
    if _DECIMAL.fullmatch(value) and (number := Decimal(value)) <= most:
        return number if places is None else round(number, places)
    refuse(problems, column, f"a number 0–{most} or nothing", text)
    return None
