"""Kept lines: the COPY text of the rows that staging holds of a file, compressed beside the landed files.

Two days of a source tell nearly the same. So the next day's text is compared with the kept lines while it streams by,
and only the lines that differ reach the database. Lines are compared as they are, whatever their order; those not
matched yet are in memory, up to a limit, and beyond it in temporary files.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import psycopg
from isal import igzip, igzip_threaded, isal_zlib
from psycopg import sql

from reelhouse.ahead import ahead
from reelhouse.copying import CopyText, copy_texts
from reelhouse.database import identifiers
from reelhouse.fetching.parts import PART_PREFIX
from reelhouse.sources import SourceFile
from reelhouse.sources.reading import open_spool
from reelhouse.storage import Storage

SUFFIX = ".kept.gz"
BLOCK_BYTES = 1 << 18
# As fast as none at all, and a tenth smaller.
LEVEL = 1
# Larger changes go through temporary files; a line takes about a hundred bytes of memory.
MOST_UNMATCHED = 50_000
# Of a portion's last lines one is looked for among the kept lines; when one in ten differed, all would once in 10^20.
LINES_LOOKED_FOR = 20
NEWLINE = 10


@dataclass(frozen=True, slots=True)
class Changes:
    """How what staging holds of a file differs from what it held before; None when there was nothing to compare with.

    new      rows with a key that was not there
    changed  rows with a key that was there, with another value
    gone     keys that are not there any more
    """

    new: int | None
    changed: int | None
    gone: int | None


def path_in(folder: Path, staged_sha256: str, file: SourceFile, code: str = "") -> Path:
    """Where a provider's folder of landing has the kept lines of one staging, for these fields of the table.

    Takes   code  digest of the code, when something else than lines is kept that only the same code understands
    """
    version = hashlib.sha256(f"{staged_sha256} {' '.join(file.fields)}{code}".encode()).hexdigest()[:16]
    return folder / f"{file.name}.{version}{SUFFIX}"


def remove_others(path: Path, file: SourceFile, storage: Storage) -> None:
    """Only with what staging holds now is anything compared; other kept lines of the file are of no use."""
    for other in storage.named(path.parent, f"{file.name}.", SUFFIX):
        if other != path:
            storage.remove(other)


class Keeper:
    """Writes down text as it goes by; `keep` gives it its name, otherwise it is gone in the end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.part = path.with_name(f"{PART_PREFIX}{uuid.uuid4().hex}")
        self.rows = 0

    def __enter__(self) -> Keeper:
        return self

    def __exit__(self, *error: object) -> None:
        self.part.unlink(missing_ok=True)

    def passing(self, texts: Iterable[CopyText]) -> Iterator[CopyText]:
        """The same portions, written down."""
        with closing(igzip_threaded.open(self.part, "wb", compresslevel=LEVEL)) as out:
            for portion in texts:
                out.write(portion.text)
                self.rows += portion.rows
                yield portion

    def counting(self, texts: Iterable[CopyText]) -> Iterator[CopyText]:
        """The same portions, only counted."""
        for portion in texts:
            self.rows += portion.rows
            yield portion

    def texts(self) -> Iterator[CopyText]:
        """What was written down, in portions."""
        with igzip.open(self.part, "rb") as stream:
            yield from _texts(stream)

    def keep(self) -> None:
        self.part.replace(self.path)


def _texts(stream: BinaryIO) -> Iterator[CopyText]:
    while lines := _lines(stream, BLOCK_BYTES):
        yield CopyText(lines.count(b"\n"), lines)


def _lines(stream: BinaryIO, size: int) -> bytes:
    """About so many bytes, up to the end of a line."""
    return stream.read(size) + stream.readline()


# --- comparing ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Portion:
    """Rows on one side only, as COPY text: those that departed and those that arrived."""

    departed: Iterable[CopyText]
    arrived: Iterable[CopyText]


@dataclass(slots=True)
class Differences:
    """Lines that are on one side only.

    departed, arrived  of the kept lines, of the new ones
    rows               how many kept lines there were
    is_whole           whether the kept lines could be read to their end; if not, nothing here is of use
    """

    departed: BinaryIO = field(default_factory=open_spool)
    arrived: BinaryIO = field(default_factory=open_spool)
    rows: int = 0
    is_whole: bool = True

    def close(self) -> None:
        self.departed.close()
        self.arrived.close()

    def portions(self) -> Iterator[Portion]:
        """All of it, as `apply` takes it."""
        for spool in (self.departed, self.arrived):
            spool.seek(0)
        yield Portion(_texts(self.departed), _texts(self.arrived))


def compare(kept: Path, texts: Iterable[CopyText]) -> Differences:
    """Take all of the new text and hold it against the kept lines, side by side."""
    found = Differences()
    departed: set[bytes] = set()
    arrived: set[bytes] = set()
    with igzip.open(kept, "rb") as stream, ahead(texts) as portions:
        former = _Former(stream, found)
        for portion in portions:
            _match(portion.text, former.beside(portion.text), departed, arrived)
            if len(departed) + len(arrived) > MOST_UNMATCHED:
                _write_down(found, departed, arrived)
        while rest := former.take(BLOCK_BYTES):
            _match(b"", rest, departed, arrived)
    _write_down(found, departed, arrived)
    return found


class _Former:
    """The kept lines, read in step with the new text; `held` are those that it has not come to."""

    def __init__(self, stream: BinaryIO, found: Differences) -> None:
        self.stream, self.found, self.held = stream, found, b""

    def beside(self, text: bytes) -> bytes:
        """The kept lines up to the last one that the text has too; without such a line about as much as the text is."""
        self._read(2 * len(text) + BLOCK_BYTES)
        for line in reversed(text[:-1].rsplit(b"\n", LINES_LOOKED_FOR)[1:]):
            at = self.held.find(line + b"\n")
            if at == 0 or (at > 0 and self.held[at - 1] == NEWLINE):
                return self.take(at + len(line) + 1)
        return self.take(len(text))

    def take(self, size: int) -> bytes:
        """At least so many bytes, up to the end of a line; fewer at the end."""
        self._read(size)
        end = self.held.find(b"\n", size - 1) + 1 or len(self.held)
        lines, self.held = self.held[:end], self.held[end:]
        self.found.rows += lines.count(b"\n")
        return lines

    def _read(self, size: int) -> None:
        if len(self.held) >= size or not self.found.is_whole:
            return
        try:
            self.held += _lines(self.stream, size - len(self.held))
        except (OSError, EOFError, isal_zlib.error):
            self.found.is_whole, self.held = False, b""


def _match(new: bytes, former: bytes, departed: set[bytes], arrived: set[bytes]) -> None:
    """Take out of both sides what is in both."""
    if new == former:
        return
    ours, theirs = set(new.split(b"\n")), set(former.split(b"\n"))
    same = ours & theirs
    ours -= same
    theirs -= same
    late = ours & departed
    ours -= late
    departed -= late
    late = theirs & arrived
    theirs -= late
    arrived -= late
    departed |= theirs
    arrived |= ours


def _write_down(found: Differences, departed: set[bytes], arrived: set[bytes]) -> None:
    for lines, spool in ((departed, found.departed), (arrived, found.arrived)):
        lines.discard(b"")
        spool.writelines(line + b"\n" for line in lines)
        lines.clear()


# --- applying -------------------------------------------------------------------------------------------


# What a portion has, and what all of them had.
NOW, ALL = ("departed_now", "arrived_now"), ("departed", "arrived")


def apply(conn: psycopg.Connection, file: SourceFile, portions: Iterable[Portion]) -> Changes | None:
    """Make the differences in the staging table, portion by portion, while the next ones are looked for.

    Gives   None when the table does not hold the rows that departed, or holds a key that arrived; it has to be
            filled anew then
    """
    # A hundredth of a table is found by key; the planner would read all of it.
    conn.execute("set local random_page_cost = 1.1")
    for name in (*NOW, *ALL):
        conn.execute(
            _of(file, f"create temporary table {name} on commit drop as select {{fields}} from {{table}} limit 0")
        )
    is_right, arrived, added = True, 0, 0
    for portion in portions:
        gone, came, put_in = _apply_portion(conn, file, portion)
        is_right &= gone
        arrived, added = arrived + came, added + put_in
        if not is_right:
            break
    if is_right and added < arrived:
        # A line that moved up arrives before it departs; there is room for it now.
        added += conn.execute(_of(file, _INSERT.format("arrived"))).rowcount
    changes = _count_changes(conn, file) if is_right and added == arrived else None
    conn.execute("drop table departed_now, arrived_now, departed, arrived")
    return changes


_INSERT = "insert into {{table}} ({{fields}}) select {{fields}} from {} on conflict do nothing"


def _apply_portion(conn: psycopg.Connection, file: SourceFile, portion: Portion) -> tuple[bool, int, int]:
    """Gives whether all that departed was there, how many rows arrived, and how many of them found room."""
    conn.execute("truncate departed_now, arrived_now")
    departed = copy_texts(conn, NOW[:1], file.fields, portion.departed)
    arrived = copy_texts(conn, NOW[1:], file.fields, portion.arrived)
    if departed and arrived:
        same = _drop_equals(conn, file, NOW)
        departed, arrived = departed - same, arrived - same
    gone = added = 0
    if departed:
        # Joined, not asked for with `in`: that would look the rows up in the order of a hash, each in another page.
        same_key = " and ".join(f"departed_now.{name} = staged.{name}" for name in file.key)
        query = f"delete from {{table}} as staged using departed_now where {same_key}"
        gone = conn.execute(_of(file, query)).rowcount
    if arrived:
        added = conn.execute(_of(file, _INSERT.format("arrived_now"))).rowcount
    for name, of_portion in zip(ALL, NOW, strict=True):
        conn.execute(_of(file, f"insert into {name} ({{fields}}) select {{fields}} from {of_portion}"))
    return gone == departed, arrived, added


def _count_changes(conn: psycopg.Connection, file: SourceFile) -> Changes:
    _drop_equals(conn, file, ALL)
    departed, arrived, changed = conn.execute(
        _of(
            file,
            "select (select count(*) from departed), (select count(*) from arrived),"
            " (select count(*) from departed where ({key}) in (select {key} from arrived))",
        )
    ).fetchone()
    return Changes(arrived - changed, changed, departed - changed)


def _drop_equals(conn: psycopg.Connection, file: SourceFile, names: tuple[str, str]) -> int:
    """Take out rows that are on both sides: lines far apart in the two files, or the same values in other words.

    Gives   how many those are, on each side
    """
    same = conn.execute(
        _of(
            file,
            "create temporary table same on commit drop as"
            f" select {{fields}} from {names[0]} intersect select {{fields}} from {names[1]}",
        )
    ).rowcount
    for name in names if same else ():
        conn.execute(_of(file, f"delete from {name} where ({{key}}) in (select {{key}} from same)"))
    conn.execute("drop table same")
    return same


def _of(file: SourceFile, statement: str) -> sql.Composed:
    table = sql.Identifier("staging", file.table)
    return sql.SQL(statement).format(table=table, key=identifiers(file.key), fields=identifiers(file.fields))
