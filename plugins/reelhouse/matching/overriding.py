"""Overriding: what people decide about a row, which comes last and wins over the model.

Two places, one rule: the lines of manual_matches.csv and after them the rows of matching.override. Both are
keyed by title, kind and year, because Netflix renumbers its ids in every edition. Of decisions that contradict
each other the later one holds.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg

from reelhouse.errors import SettingsWrong
from reelhouse.matching.gathering import SourceRow
from reelhouse.matching.keys import imdb_id, title_forms

THIS_PAIR, NOT_THIS_PAIR, NO_MATCH = "this pair", "not this pair", "no match"
MANUAL_COLUMNS = ("source", "kind", "title", "release_year", "imdb_id", "decided_by", "why")
NIL = "NIL"
NOT = "not "


@dataclass(frozen=True, slots=True)
class ManualMatch:
    """A person's decision about the rows of one title.

    release_year       None: whatever the row's year
    imdb_title_number  None says that IMDb has no such title
    override_id        number in matching.override; None for a line of the file
    """

    source: str
    kind: str
    folded_title: str
    release_year: int | None
    imdb_title_number: int | None
    verdict: str = THIS_PAIR
    decided_by: str = ""
    why: str = ""
    override_id: int | None = None

    def is_about(self, row: SourceRow) -> bool:
        return (
            (self.source, self.kind, self.folded_title) == (row.source, row.kind, row.folded_title)
            and self.release_year in (None, row.release_year)
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rulings:
    """What people's decisions come to, by index of the source row.

    title   the title of each row that a person has decided; None: it has none
    barred  titles that a row must not get
    """

    title: dict[int, int | None]
    barred: dict[int, frozenset[int]]


def read_decisions_of_people(conn: psycopg.Connection, path: Path) -> list[ManualMatch]:
    """All that people have decided, in the order in which it counts: the file, then the table.

    Raises  SettingsWrong when the file cannot be read; nothing was decided then
    """
    return [*read_manual_matches(path), *read_overrides(conn)]


def read_manual_matches(path: Path) -> list[ManualMatch]:
    """The lines of manual_matches.csv.

    Raises  SettingsWrong when a column is missing or a value is not usable; nothing was decided then
    """
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != MANUAL_COLUMNS:
            raise SettingsWrong(f"{path}: expected columns {', '.join(MANUAL_COLUMNS)}, found {reader.fieldnames}.")
        return [_manual_match(path, reader.line_num, line) for line in reader]


def _manual_match(path: Path, line_number: int, line: dict[str, str]) -> ManualMatch:
    text, year = (line["imdb_id"] or "").strip(), (line["release_year"] or "").strip()
    try:
        verdict, number = parse_verdict(text)
    except ValueError:
        verdict = None
    if verdict is None or line["kind"] not in ("movie", "series") or (year and not year.isdecimal()):
        raise SettingsWrong(
            f"{path}:{line_number}: expected kind movie or series, a year or nothing, and an imdb_id like tt0133093,"
            f" `not tt0133093` or NIL, found {line['kind']!r}, {year!r}, {text!r}. Correct the line."
        )
    return ManualMatch(
        line["source"], line["kind"], title_forms(line["title"]).folded, int(year) if year else None, number, verdict,
        (line["decided_by"] or "").strip(), (line["why"] or "").strip(),
    )  # fmt: skip


def parse_verdict(text: str) -> tuple[str, int | None]:
    """What an imdb_id of manual_matches.csv says.

    >>> parse_verdict("tt0133093"), parse_verdict("not tt0133093"), parse_verdict("NIL")
    (('this pair', 133093), ('not this pair', 133093), ('no match', None))
    """
    if text == NIL:
        return NO_MATCH, None
    if text.startswith(NOT):
        return NOT_THIS_PAIR, parse_imdb_id(text.removeprefix(NOT).strip())
    return THIS_PAIR, parse_imdb_id(text)


def parse_imdb_id(text: str) -> int:
    """The number in a tconst.

    Raises  ValueError when it is none
    """
    digits = text.removeprefix("tt")
    # The number is an integer of the database.
    if text == digits or not (digits.isascii() and digits.isdecimal()) or int(digits) >= 2**31:
        raise ValueError(f"expected an IMDb id like tt0133093, found {text!r}")
    return int(digits)


def read_overrides(conn: psycopg.Connection) -> list[ManualMatch]:
    """The rows of matching.override that hold, oldest first."""
    rows = conn.execute(
        "select source, kind, folded_title, release_year, imdb_title_number, verdict, decided_by, why, override_id"
        " from matching.override where withdrawn_at is null order by override_id"
    ).fetchall()
    return [ManualMatch(*row) for row in rows]


def rule(rows: Sequence[SourceRow], manual: Sequence[ManualMatch]) -> Rulings:
    """What people's decisions come to for each row: the last that speaks of a row and a title holds. Pure."""
    title: dict[int, int | None] = {}
    barred: dict[int, set[int]] = defaultdict(set)
    for position, match in _about(rows, manual):
        number = match.imdb_title_number
        if match.verdict == NOT_THIS_PAIR:
            barred[position].add(number)
            if title.get(position) == number:
                del title[position]
        else:
            title[position] = number
            barred[position].discard(number)
    return Rulings(title, {position: frozenset(numbers) for position, numbers in barred.items() if numbers})


def _about(rows: Sequence[SourceRow], manual: Sequence[ManualMatch]) -> Iterator[tuple[int, ManualMatch]]:
    """Each row with each decision about it, in the order of the decisions."""
    about: dict[tuple[str, str], list[ManualMatch]] = defaultdict(list)
    for match in manual:
        about[match.source, match.folded_title].append(match)
    for position, row in enumerate(rows):
        for match in about.get((row.source, row.folded_title), ()):
            if match.is_about(row):
                yield position, match


def keep_rulings(
    conn: psycopg.Connection, rows: Sequence[SourceRow], manual: Sequence[ManualMatch], load_id: int
) -> tuple[list[ManualMatch], dict[str, object]]:
    """Note in matching.ruling what people decided, and set aside what names a title that is not there.

    Gives   the decisions that can be followed; figures: ids of the titles that are gone, and how many decisions
            are about no row of this edition
    """
    wanted = [match.imdb_title_number for match in manual if match.imdb_title_number is not None]
    found = conn.execute(
        "select imdb_title_number from staging.imdb_titles where imdb_title_number = any(%s)", (wanted,)
    ).fetchall()
    there = {None, *(row[0] for row in found)}
    # By place and not by value: one decision may have been made twice.
    row_count = dict.fromkeys(range(len(manual)), 0)
    places = {id(match): place for place, match in enumerate(manual)}
    for _, match in _about(rows, manual):
        row_count[places[id(match)]] += 1
    conn.execute("truncate matching.ruling")
    conn.cursor().executemany(
        "insert into matching.ruling values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            (
                place + 1, "file" if match.override_id is None else "table", match.override_id, match.source,
                match.kind, match.folded_title, match.release_year, match.verdict, match.imdb_title_number,
                match.decided_by, match.why, row_count[place], match.imdb_title_number in there, load_id,
            )
            for place, match in enumerate(manual)
        ],
    )  # fmt: skip
    absent = sorted({imdb_id(number) for number in wanted if number not in there})
    figures = {"manual_targets_absent": absent, "manual_without_row": list(row_count.values()).count(0)}
    return [match for match in manual if match.imdb_title_number in there], figures


# --- making and taking back -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewOverride:
    """A decision to be recorded.

    release_year  None: whatever the row's year
    """

    source: str
    kind: str
    title: str
    release_year: int | None
    verdict: str
    imdb_title_number: int | None
    decided_by: str
    why: str


def add_override(conn: psycopg.Connection, new: NewOverride) -> int:
    """Record a decision; it counts from the next run on. Gives its number."""
    row = conn.execute(
        "insert into matching.override (source, kind, title, folded_title, release_year, verdict, imdb_title_number,"
        " decided_by, why) values (%s, %s, %s, %s, %s, %s, %s, %s, %s) returning override_id",
        (
            new.source, new.kind, new.title, title_forms(new.title).folded, new.release_year, new.verdict,
            new.imdb_title_number, new.decided_by, new.why,
        ),
    ).fetchone()  # fmt: skip
    return row[0]


def withdraw_override(conn: psycopg.Connection, override_id: int, withdrawn_by: str) -> str:
    """Take a decision back; it stays in the table, with who took it back.

    Gives   the title it was about
    Raises  SettingsWrong when no decision of that number holds
    """
    row = conn.execute(
        "update matching.override set withdrawn_by = %s, withdrawn_at = clock_timestamp()"
        " where override_id = %s and withdrawn_at is null returning title",
        (withdrawn_by, override_id),
    ).fetchone()
    if row is None:
        raise SettingsWrong(
            f"Override {override_id}: expected one that holds, found none. `reelhouse override list` shows them."
        )
    return row[0]
