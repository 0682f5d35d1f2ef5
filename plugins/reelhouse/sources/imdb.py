"""IMDb's six files: tab-separated text in which a quote is a letter like any other and `\\N` is no value.

Only a fifth of the titles and an eighth of the principals are wanted, so a file goes through two stages:
`_wanted_lines` looks at blocks of bytes and at no more of a line than the filter needs, and only what it lets
through is decoded, validated and made a row. This is the rule; `imdb_blocks` does the same with many lines at
once and comes back here with every line that is not certainly good.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from operator import itemgetter
from typing import BinaryIO

import numpy as np

from reelhouse.sources import Column, Keep, KeepReferenced, Layout, SourceFile
from reelhouse.sources.reading import FIELD_BYTES, Header, Reading, blocks_of_lines, text_problem
from reelhouse.sources.values import FIRST_YEAR, INTEGER, LAST_YEAR, SMALLINT, refuse

# Ids are kept as their numbers; a set of them is a map of bytes, of which only the touched pages take memory.
LARGEST_NUMBER = 99_999_999
GIB = 1 << 30

TITLE_TYPES = Keep(
    "titleType",
    frozenset({"movie", "short", "tvMovie", "tvSeries", "tvMiniSeries", "tvSpecial", "tvShort"}),
    frozenset({"tvEpisode", "tvPilot", "video", "videoGame", "radioSeries", "radioEpisode"}),
)
CATEGORIES = Keep(
    "category",
    frozenset({"director", "writer", "actor", "actress"}),
    frozenset({
        "self", "producer", "cinematographer", "composer", "editor", "production_designer", "archive_footage",
        "archive_sound", "casting_director",
    }),
)  # fmt: skip
OF_KEPT_TITLES = "imdb_title_numbers.sql"
OF_CREDITED_PEOPLE = "imdb_person_numbers.sql"


def _declare(
    name: str, columns: str, table: str, key: tuple[str, ...], fields: tuple[str, ...], **more: object
) -> SourceFile:
    """One of the files; in `columns` those that we do not need stand in brackets."""
    names = [(word.strip("[]"), not word.startswith("[")) for word in columns.split()]
    return SourceFile(
        source="imdb",
        name=f"{name}.tsv.gz",
        file_names=(f"{name}.tsv.gz", f"{name}.tsv"),
        layouts=(Layout("datasets.imdbws.com", tuple(Column(*column) for column in names)),),
        delimiter="\t",
        is_quoted=False,
        null="\\N",
        key=key,
        table=table,
        fields=fields,
        ends_with_newline=True,
        max_bytes=32 * GIB,
        **more,
    )


FILES = (
    _declare(
        "title.basics",
        "tconst titleType primaryTitle originalTitle isAdult startYear endYear runtimeMinutes genres",
        "imdb_titles",
        ("imdb_title_number",),
        (
            "imdb_title_number", "title_type", "primary_title", "original_title", "is_adult", "start_year", "end_year",
            "runtime_min", "genres",
        ),
        keep=TITLE_TYPES,
    ),
    _declare(
        "title.ratings",
        "tconst averageRating numVotes",
        "imdb_ratings",
        ("imdb_title_number",),
        ("imdb_title_number", "imdb_rating_of_10", "imdb_vote_count"),
        depends_on=("title.basics.tsv.gz",),
        keep_referenced=KeepReferenced("tconst", OF_KEPT_TITLES),
    ),
    _declare(
        "title.principals",
        "tconst ordering nconst category [job] characters",
        "imdb_principals",
        ("imdb_title_number", "billing_order"),
        ("imdb_title_number", "billing_order", "imdb_person_number", "category", "characters"),
        depends_on=("title.basics.tsv.gz",),
        keep=CATEGORIES,
        keep_referenced=KeepReferenced("tconst", OF_KEPT_TITLES),
    ),
    _declare(
        "title.crew",
        "tconst directors writers",
        "imdb_crew",
        ("imdb_title_number",),
        ("imdb_title_number", "director_numbers", "writer_numbers"),
        depends_on=("title.basics.tsv.gz",),
        keep_referenced=KeepReferenced("tconst", OF_KEPT_TITLES),
    ),
    _declare(
        "title.akas",
        "titleId ordering title region language [types] [attributes] isOriginalTitle",
        "imdb_akas",
        ("imdb_title_number", "aka_order"),
        ("imdb_title_number", "aka_order", "title", "region", "language", "is_original"),
        is_required=False,
        least_rows=0,
        depends_on=("title.basics.tsv.gz",),
        keep_referenced=KeepReferenced("titleId", OF_KEPT_TITLES),
    ),
    _declare(
        "name.basics",
        "nconst primaryName birthYear deathYear primaryProfession knownForTitles",
        "imdb_people",
        ("imdb_person_number",),
        ("imdb_person_number", "person_name", "birth_year", "death_year", "professions", "known_for_numbers"),
        depends_on=("title.principals.tsv.gz", "title.crew.tsv.gz"),
        keep_referenced=KeepReferenced("nconst", OF_CREDITED_PEOPLE),
    ),
)  # fmt: skip

Make = Callable[..., tuple]


def read_rows(
    file: SourceFile, header: Header, stream: BinaryIO, reading: Reading, known: memoryview | None = None
) -> Iterator[tuple]:
    """The wanted rows of one file, each key once.

    Takes   known  map of the numbers that `file.keep_referenced` asks for: 1 at a number that is wanted
    """
    once = _once_in_group if len(file.key) == 2 else _once
    return once(_made_rows(file, header, stream, reading, known), reading)


def _made_rows(
    file: SourceFile, header: Header, stream: BinaryIO, reading: Reading, known: memoryview | None
) -> Iterator[tuple]:
    wanted = _wanted_lines(file, header, stream, reading, known)
    return (row for _, row in _rows_of_lines(file, header, wanted, reading))


def rows_of_lines(
    file: SourceFile, header: Header, lines: Iterator[tuple[int, bytes]], reading: Reading, known: memoryview | None
) -> Iterator[tuple[int, tuple]]:
    """Rows, with their line numbers, of numbered lines that may be anything; repeats are not looked for."""
    wanted = _sieve(file, header, reading, known)(_clean_lines(lines, reading))
    return _rows_of_lines(file, header, wanted, reading)


def _rows_of_lines(
    file: SourceFile, header: Header, lines: Iterator[tuple[int, bytes]], reading: Reading
) -> Iterator[tuple[int, tuple]]:
    make, columns = ROWS[file.name]
    pick = itemgetter(*(header.places[column] for column in columns))
    for line_number, line in lines:
        problems: list[str] = []
        row = make(*pick(line.decode().split("\t")), problems)
        if problems:
            reading.reject(line_number, problems, line)
        else:
            yield line_number, row


# --- the filter: blocks of bytes in, wanted lines out ---------------------------------------------------


def _wanted_lines(
    file: SourceFile, header: Header, stream: BinaryIO, reading: Reading, known: memoryview | None
) -> Iterator[tuple[int, bytes]]:
    """Lines that pass the filter, with their numbers; all others are counted or rejected here."""
    sieve = _sieve(file, header, reading, known)
    line_number = 2
    for block in blocks_of_lines(stream):
        if header.is_crlf:
            block = block.replace(b"\r\n", b"\n")
        lines = block[:-1].split(b"\n")
        reading.rows_in += len(lines)
        # Blocks end at the end of a line, so a clean block has only clean lines.
        numbered = enumerate(lines, line_number)
        is_clean = text_problem(block) is None and max(map(len, lines)) <= FIELD_BYTES
        yield from sieve(numbered if is_clean else _clean_lines(numbered, reading))
        line_number += len(lines)


def _clean_lines(lines: Iterator[tuple[int, bytes]], reading: Reading) -> Iterator[tuple[int, bytes]]:
    for line_number, line in lines:
        problem = text_problem(line)
        if problem is None and max(map(len, line.split(b"\t"))) > FIELD_BYTES:
            problem = f"record: expected fields of at most {FIELD_BYTES} bytes, found a longer one"
        if problem:
            reading.reject(line_number, [problem], line)
        else:
            yield line_number, line


def _sieve(
    file: SourceFile, header: Header, reading: Reading, known: memoryview | None
) -> Callable[[Iterator[tuple[int, bytes]]], Iterator[tuple[int, bytes]]]:
    """The filter of one file as a function of numbered lines; it splits no more of a line than it looks at."""
    tabs = header.width - 1
    word_place = header.places[file.keep.column] if file.keep else -1
    id_place = header.places[file.keep_referenced.column] if file.keep_referenced else -1
    wanted = frozenset(value.encode() for value in file.keep.values) if file.keep else frozenset()
    left_out = frozenset(value.encode() for value in file.keep.left_out) if file.keep else frozenset()
    splits = max(word_place, id_place) + 1

    def sieve(lines: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
        for line_number, line in lines:
            if line.count(b"\t") != tabs:
                found = line.count(b"\t") + 1
                reading.reject(line_number, [f"record: expected {tabs + 1} columns, found {found}"], line)
                continue
            fields = line.split(b"\t", splits)
            if word_place >= 0 and (word := fields[word_place]) not in wanted:
                if word in left_out or _is_word(word):
                    reading.rows_filtered += 1
                else:
                    problems: list[str] = []
                    refuse(problems, file.keep.column, "a word", word.decode())
                    reading.reject(line_number, problems, line)
                continue
            if id_place >= 0:
                number = _number_in_bytes(fields[id_place])
                # 0 is no number: such a line is let through and refused with its reason when it is made a row.
                if number and not known[number]:
                    reading.rows_filtered += 1
                    continue
            yield line_number, line

    return sieve


def _is_word(text: bytes) -> bool:
    # A type that IMDb invents tomorrow is not wanted, but it is no damage either.
    return len(text) <= 40 and text.replace(b"_", b"").isalpha()


def _number_in_bytes(text: bytes) -> int:
    """The number in b"tt0133093", 0 when it is no such id."""
    digits = text[2:]
    if not digits.isdigit() or len(digits) > 20 or text[:2] not in (b"tt", b"nm"):
        return 0
    number = int(digits)
    return number if number <= LARGEST_NUMBER else 0


# --- rows: each key once --------------------------------------------------------------------------------


def number_map() -> memoryview:
    """A map of bytes by number, all 0. Only the pages that are written to take memory."""
    return memoryview(np.zeros(LARGEST_NUMBER + 1, np.uint8))


def _once(rows: Iterator[tuple], reading: Reading) -> Iterator[tuple]:
    """Rows of a one-number key; the first of a key wins, the others are counted."""
    seen = number_map()
    for row in rows:
        if seen[row[0]]:
            reading.rows_duplicate += 1
        else:
            seen[row[0]] = 1
            yield row


def _once_in_group(rows: Iterator[tuple], reading: Reading) -> Iterator[tuple]:
    """Rows of a two-number key. Files are grouped by the first, so only one group's keys are held in memory.

    Rows of a title that comes back later in the file are set aside, and the database tells the repeats.
    """
    seen = number_map()
    current, orders = -1, set()
    for row in rows:
        if row[0] != current:
            if seen[row[0]]:
                reading.set_aside(row)
                continue
            current, orders = row[0], set()
            seen[current] = 1
        if row[1] in orders:
            reading.rows_duplicate += 1
        else:
            orders.add(row[1])
            yield row


# --- rows: text to values -------------------------------------------------------------------------------

NO_VALUE = frozenset({"\\N", ""})
_YEARS: dict[str, int | None] = {str(year): year for year in range(FIRST_YEAR, LAST_YEAR + 1)} | {"\\N": None, "": None}
_BOOLEANS = {"0": False, "1": True}
_RATING = re.compile(r"(?:[1-9]\.[0-9]|10\.0|[1-9]|10)")
_ANY_YEAR = re.compile(r"-?[0-9]{1,4}")


def _number(text: str, prefix: str, column: str, problems: list[str]) -> int:
    digits = text[2:]
    if text[:2] == prefix and digits.isascii() and digits.isdigit() and len(digits) <= 20:
        number = int(digits)
        if 0 < number <= LARGEST_NUMBER:
            return number
    refuse(problems, column, f"{prefix} and a number up to {LARGEST_NUMBER}", text)
    return 0


def _numbers(text: str, prefix: str, column: str, problems: list[str]) -> list[int]:
    if text in NO_VALUE:
        return []
    return list(dict.fromkeys(_number(item, prefix, column, problems) for item in text.split(",")))


def _whole(text: str, column: str, problems: list[str], most: int = INTEGER) -> int:
    if text.isascii() and text.isdigit() and len(text) <= 18 and (number := int(text)) <= most:
        return number
    refuse(problems, column, f"a whole number 0–{most}", text)
    return 0


def _year(text: str, column: str, problems: list[str]) -> int | None:
    if text not in _YEARS:
        refuse(problems, column, f"a year {FIRST_YEAR}–{LAST_YEAR} or \\N", text)
        return None
    return _YEARS[text]


def _life_year(text: str, column: str, problems: list[str]) -> int | None:
    """A year of birth or death: Shakespeare and Homer are credited too."""
    if text in _YEARS:
        return _YEARS[text]
    if _ANY_YEAR.fullmatch(text) and int(text) <= LAST_YEAR:
        return int(text)
    refuse(problems, column, f"a year up to {LAST_YEAR} or \\N", text)
    return None


def _required(text: str, column: str, problems: list[str]) -> str:
    if text in NO_VALUE:
        refuse(problems, column, "a text", text)
    return text


def _optional(text: str) -> str | None:
    return None if text in NO_VALUE else text


def _words(text: str) -> list[str]:
    return [] if text in NO_VALUE else list(dict.fromkeys(filter(None, text.split(","))))


def _boolean(text: str, column: str, problems: list[str]) -> bool:
    if text not in _BOOLEANS:
        refuse(problems, column, "0 or 1", text)
    return _BOOLEANS.get(text, False)


def _characters(text: str, problems: list[str]) -> list[str]:
    """Characters played, from JSON text such as `["Neo"]`."""
    if text in NO_VALUE:
        return []
    inside = text[2:-2]
    if len(text) >= 4 and text[:2] == '["' and text[-2:] == '"]' and '"' not in inside and "\\" not in inside:
        return [inside]
    try:
        names = json.loads(text)
        if isinstance(names, list) and all(isinstance(name, str) and "\0" not in name for name in names):
            "".join(names).encode()
            return names
    except (ValueError, RecursionError):
        pass
    refuse(problems, "characters", "a JSON list of texts or \\N", text)
    return []


def _title(
    tconst: str, kind: str, primary: str, original: str, adult: str, start: str, end: str, runtime: str, genres: str,
    problems: list[str],
) -> tuple:  # fmt: skip
    return (
        _number(tconst, "tt", "tconst", problems),
        kind,
        _required(primary, "primaryTitle", problems),
        _optional(original),
        _boolean(adult, "isAdult", problems),
        _year(start, "startYear", problems),
        _year(end, "endYear", problems),
        # A runtime of 0 is one that nobody knows.
        None if runtime in NO_VALUE else _whole(runtime, "runtimeMinutes", problems) or None,
        _words(genres),
    )


def _rating(tconst: str, average: str, votes: str, problems: list[str]) -> tuple:
    if not _RATING.fullmatch(average):
        refuse(problems, "averageRating", "a number 1.0–10.0", average)
        average = "1"
    return (
        _number(tconst, "tt", "tconst", problems),
        Decimal(average),
        _whole(votes, "numVotes", problems),
    )


def _principal(tconst: str, ordering: str, nconst: str, category: str, characters: str, problems: list[str]) -> tuple:
    return (
        _number(tconst, "tt", "tconst", problems),
        _whole(ordering, "ordering", problems, SMALLINT),
        _number(nconst, "nm", "nconst", problems),
        category,
        _characters(characters, problems),
    )


def _crew(tconst: str, directors: str, writers: str, problems: list[str]) -> tuple:
    return (
        _number(tconst, "tt", "tconst", problems),
        _numbers(directors, "nm", "directors", problems),
        _numbers(writers, "nm", "writers", problems),
    )


def _aka(
    title_id: str, ordering: str, title: str, region: str, language: str, is_original: str, problems: list[str]
) -> tuple:
    return (
        _number(title_id, "tt", "titleId", problems),
        _whole(ordering, "ordering", problems),
        _required(title, "title", problems),
        _optional(region),
        _optional(language),
        None if is_original in NO_VALUE else _boolean(is_original, "isOriginalTitle", problems),
    )


def _person(
    nconst: str, name: str, birth: str, death: str, professions: str, known_for: str, problems: list[str]
) -> tuple:
    return (
        _number(nconst, "nm", "nconst", problems),
        _required(name, "primaryName", problems),
        _life_year(birth, "birthYear", problems),
        _life_year(death, "deathYear", problems),
        _words(professions),
        _numbers(known_for, "tt", "knownForTitles", problems),
    )


# File -> how a row is made, and the columns it is made of.
ROWS: dict[str, tuple[Make, tuple[str, ...]]] = {
    file.name: (make, tuple(column.name for column in file.layouts[0].columns if column.is_required))
    for file, make in zip(FILES, (_title, _rating, _principal, _crew, _aka, _person), strict=True)
}
