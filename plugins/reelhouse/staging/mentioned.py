"""The numbers by which files are filtered: those that other files of the source mention."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import psycopg
from psycopg import sql

from reelhouse.day import Day
from reelhouse.sources import SourceFile, files_of
from reelhouse.sources.number_set import NumberSet
from reelhouse.staging import comparing
from reelhouse.staging.landed import staged_sha256_of
from reelhouse.staging.ledger import staged_row


@dataclass(frozen=True, slots=True)
class Mentioned:
    """Numbers that files are filtered by, gathered while the files that mention them are staged.

    numbers  query of a filter -> numbers
    files    files whose numbers are all in them; what is staged already is asked of the database instead
    came     query of a filter -> numbers in rows that are new, of files that were compared with what was staged
    left     the same in rows that are gone
    formers  file that was compared -> digest of what was staged before
    """

    numbers: dict[str, NumberSet] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    came: dict[str, NumberSet] = field(default_factory=dict)
    left: dict[str, NumberSet] = field(default_factory=dict)
    formers: dict[str, str] = field(default_factory=dict)


def asked_of(file: SourceFile) -> str | None:
    """The query for numbers by which later files are filtered and which this one mentions."""
    asked = [other.keep_referenced.query for other in files_of(file.source) if file.name in other.depends_on]
    return asked[0] if asked else None


def known_of(
    conn: psycopg.Connection, day: Day, file: SourceFile, mentioned: Mentioned, former: comparing.Former | None
) -> NumberSet | None:
    """The numbers that the filter of a file lets through."""
    if not file.keep_referenced:
        return None
    query = file.keep_referenced.query
    gathered = mentioned.numbers.get(query)
    if gathered is not None and mentioned.files.issuperset(file.depends_on):
        return gathered
    text = (day.settings.sql / "1_staging" / query).read_text()
    if former is None or not _is_of_formers(conn, file, mentioned, former):
        return _known_numbers(conn, text)
    known, came, left = former.known.copy(), mentioned.came.get(query), mentioned.left.get(query)
    if came is not None:
        known.unite(came.used())
        left.take_out(came)
        # What one row does not mention any more another one may.
        known.take_out(left)
        statement = (
            f"select distinct number from ({text.rstrip().rstrip(';')}\n) as asked (number) where number = any(%s)"
        )
        still = conn.execute(statement, (left.numbers().tolist(),)).fetchall()
        known.add(np.array([number for (number,) in still], np.int64))
    return known


def _is_of_formers(conn: psycopg.Connection, file: SourceFile, mentioned: Mentioned, former: comparing.Former) -> bool:
    """Whether what is staged of a file was filtered by what was staged of the others before this run."""
    others = []
    for name in file.depends_on:
        other = next(one for one in files_of(file.source) if one.name == name)
        row = staged_row(conn, other)
        others.append(mentioned.formers.get(name) or (row[1] if row else "none"))
    return former.digest == staged_sha256_of(file.source, former.sha256, others)


def _known_numbers(conn: psycopg.Connection, query: str) -> NumberSet:
    """The numbers that a query gives, read as a stream."""
    known = NumberSet()
    statement = sql.SQL("copy ({}) to stdout").format(sql.SQL(query.rstrip().rstrip(";") + "\n"))
    rest = b""
    with conn.cursor() as cursor, cursor.copy(statement) as copy:
        for block in _joined(copy):
            lines, _, rest = (rest + block).rpartition(b"\n")
            if lines:
                known.add(np.fromstring(lines, dtype=np.int64, sep="\n"))
    return known


def _joined(blocks: Iterable[bytes | memoryview]) -> Iterator[bytes]:
    """Small pieces as larger ones: the driver hands out a row at a time."""
    waiting: list[bytes] = []
    for block in blocks:
        waiting.append(bytes(block))
        if len(waiting) == 65_536:
            yield b"".join(waiting)
            waiting = []
    yield b"".join(waiting)
