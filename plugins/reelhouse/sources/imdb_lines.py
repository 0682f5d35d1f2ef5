"""IMDb's files line by line: the rule of what is wanted, what is valid, and the row a line makes.

Only a fifth of the titles and an eighth of the principals are wanted, so the filter splits no more of a line than
it looks at; only what it lets through is decoded and made a row.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from operator import itemgetter

from reelhouse.sources import SourceFile
from reelhouse.sources.number_set import LARGEST_NUMBER, NumberSet
from reelhouse.sources.reading import FIELD_BYTES, Header, Reading, text_problem
from reelhouse.sources.values import FIRST_YEAR, INTEGER, LAST_YEAR, SMALLINT, refuse, trimmed

Make = Callable[..., tuple]


def rows_of_lines(
    file: SourceFile, header: Header, lines: Iterator[tuple[int, bytes]], reading: Reading, known: NumberSet | None
) -> Iterator[tuple[int, tuple]]:
    """Rows, with their line numbers, of numbered lines that may be anything; repeats are not looked for.

    Takes   known  the numbers that `file.keep_referenced` asks for
    """
    make, pick = ROWS[file.name], itemgetter(*(header.places[column] for column in columns_of(file)))
    for line_number, line in _wanted_lines(file, header, _clean_lines(lines, reading), reading, known):
        problems: list[str] = []
        row = make(*pick(line.decode().split("\t")), problems)
        if problems:
            reading.reject(line_number, problems, line)
        else:
            yield line_number, row


def columns_of(file: SourceFile) -> tuple[str, ...]:
    """The columns that a row is made of, in the order in which its fields are staged."""
    return tuple(column.name for column in file.layouts[0].columns if column.is_required)


# --- the filter ------------------------------------------------------------------------------------------


def _clean_lines(lines: Iterator[tuple[int, bytes]], reading: Reading) -> Iterator[tuple[int, bytes]]:
    for line_number, line in lines:
        problem = text_problem(line)
        if problem is None and max(map(len, line.split(b"\t"))) > FIELD_BYTES:
            problem = f"record: expected fields of at most {FIELD_BYTES} bytes, found a longer one"
        if problem:
            reading.reject(line_number, [problem], line)
        else:
            yield line_number, line


def _wanted_lines(
    file: SourceFile, header: Header, lines: Iterator[tuple[int, bytes]], reading: Reading, known: NumberSet | None
) -> Iterator[tuple[int, bytes]]:
    """The lines that pass the filter; all others are counted or rejected."""
    tabs = header.width - 1
    word_place = header.places[file.keep.column] if file.keep else -1
    id_place = header.places[file.keep_referenced.column] if file.keep_referenced else -1
    wanted = frozenset(value.encode() for value in file.keep.values) if file.keep else frozenset()
    left_out = frozenset(value.encode() for value in file.keep.left_out) if file.keep else frozenset()
    for line_number, line in lines:
        if line.count(b"\t") != tabs:
            found = line.count(b"\t") + 1
            reading.reject(line_number, [f"record: expected {tabs + 1} columns, found {found}"], line)
            continue
        fields = line.split(b"\t", max(word_place, id_place) + 1)
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
            if number and number not in known:
                reading.rows_filtered += 1
                continue
        yield line_number, line


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


# --- rows: text to values -------------------------------------------------------------------------------

NO_VALUE = frozenset({"\\N", ""})
_YEARS: dict[str, int | None] = {str(year): year for year in range(FIRST_YEAR, LAST_YEAR + 1)} | {"\\N": None, "": None}
_BOOLEANS = {"0": False, "1": True}
_RATING = re.compile(r"(?:[1-9]\.[0-9]|10\.0|[1-9]|10)")
_ANY_YEAR = re.compile(r"-?[0-9]{1,4}")
# A text with quotes as programs write it that quote what has quotes: in these files a quote is a letter, never doubled.
_QUOTED = re.compile(r'"((?:[^"]|"")*"")"|"(""(?:[^"]|"")*)"|"((?:[^"]|"")+""(?:[^"]|"")+)"')


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


def _plain(text: str) -> str:
    """A text without the quotes that a program has put around it and doubled in it.

    >>> [_plain(text) for text in ('"Old ""Swing"" days"', '"Swing it" magistern', '"Heroes"')]
    ['Old "Swing" days', '"Swing it" magistern', '"Heroes"']
    """
    return text[1:-1].replace('""', '"') if _QUOTED.fullmatch(text) and '""' in text[1:-1] else text


def _unpointed(text: str) -> str:
    # Programs that know no empty whole number write 1994.0.
    return text.removesuffix(".0")


def _whole(text: str, column: str, problems: list[str], most: int = INTEGER) -> int:
    text = _unpointed(text)
    if text.isascii() and text.isdigit() and len(text) <= 18 and (number := int(text)) <= most:
        return number
    refuse(problems, column, f"a whole number 0–{most}", text)
    return 0


def _year(text: str, column: str, problems: list[str]) -> int | None:
    text = _unpointed(text)
    if text not in _YEARS:
        refuse(problems, column, f"a year {FIRST_YEAR}–{LAST_YEAR} or \\N", text)
        return None
    return _YEARS[text]


def _life_year(text: str, column: str, problems: list[str]) -> int | None:
    """A year of birth or death: Shakespeare and Homer are credited too."""
    text = _unpointed(text)
    if text in _YEARS:
        return _YEARS[text]
    if _ANY_YEAR.fullmatch(text) and int(text) <= LAST_YEAR:
        return int(text)
    refuse(problems, column, f"a year up to {LAST_YEAR} or \\N", text)
    return None


def _required(text: str, column: str, problems: list[str]) -> str:
    text = _plain(text)
    if text in NO_VALUE or not trimmed(text):
        refuse(problems, column, "a text", text)
    return text


def _optional(text: str) -> str | None:
    return None if text in NO_VALUE else text


def _words(text: str) -> list[str]:
    return [] if text in NO_VALUE else list(dict.fromkeys(filter(None, text.split(","))))


def _boolean(text: str, column: str, problems: list[str]) -> bool:
    text = _unpointed(text)
    if text not in _BOOLEANS:
        refuse(problems, column, "0 or 1", text)
    return _BOOLEANS.get(text, False)


def _characters(text: str, problems: list[str]) -> list[str]:
    """Characters played, from JSON text such as `["Neo"]`."""
    if text in NO_VALUE:
        return []
    text = _plain(text)
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
        _optional(_plain(original)),
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


ROWS: dict[str, Make] = {
    "title.basics.tsv.gz": _title,
    "title.ratings.tsv.gz": _rating,
    "title.principals.tsv.gz": _principal,
    "title.crew.tsv.gz": _crew,
    "title.akas.tsv.gz": _aka,
    "name.basics.tsv.gz": _person,
}
