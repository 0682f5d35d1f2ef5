"""How files are read: header, lines and records as a stream, and the account of what was met.

Memory stays bounded at any size: records are read one by one or in blocks of 1 MiB, and what has to wait
(rejected records, rows set aside) waits in temporary files.
"""

from __future__ import annotations

import csv
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from isal import igzip

from reelhouse.copying import CopyText, copy_line, texts_of
from reelhouse.errors import ContractBroken
from reelhouse.sources import Layout, SourceFile
from reelhouse.sources.number_set import NumberSet
from reelhouse.sources.values import shown
from reelhouse.unpacking import unpacked

BLOCK_BYTES = 1 << 20
FIELD_BYTES = 1 << 20
LINE_BYTES = 8 << 20
SPOOL_BYTES = 1 << 20
# A process takes some 30 ms to begin; unpacking as much as this takes as long.
UNPACKED_BESIDE_BYTES = 4 << 20
BOM = b"\xef\xbb\xbf"
ZIP_MAGIC = b"PK\x03\x04"

# The csv module has one limit for the process; its default of 128 kB is too small for some fields and is an
# error in mid-file, ours is the contract's.
csv.field_size_limit(FIELD_BYTES)


def open_spool() -> tempfile.SpooledTemporaryFile:
    """What has to wait: in memory while it is little, else in a temporary file."""
    return tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES)


@dataclass(slots=True)
class Reading:
    """What was met while one file was read: the account, the rejected records, the rows set aside.

    rows_in           records met, header not counted
    rows_filtered     valid, not wanted
    rows_quarantined  not valid; each is in `rejected`
    rows_duplicate    a row before has their key
    rows_repaired     kept, with a note of what was mended
    rejected          lines of COPY text for quarantine.rejected_row
    aside             lines of COPY text of rows whose key may be a repeat; the database decides
    """

    file_id: int
    rows_in: int = 0
    rows_filtered: int = 0
    rows_quarantined: int = 0
    rows_duplicate: int = 0
    rows_repaired: int = 0
    rejected: tempfile.SpooledTemporaryFile = field(default_factory=open_spool)
    aside: tempfile.SpooledTemporaryFile = field(default_factory=open_spool)
    rows_aside: int = 0

    def reject(self, line_number: int, reasons: list[str], raw: bytes) -> None:
        """Put a record into quarantine as it stands in the file."""
        self.rows_quarantined += 1
        raw = raw.rstrip(b"\r\n")
        text = _as_text(raw)
        row = (self.file_id, line_number, reasons, text, raw if text is None else None)
        self.rejected.write(copy_line(row))

    def set_aside(self, row: tuple) -> None:
        self.rows_aside += 1
        self.aside.write(copy_line((self.rows_aside, *row)))

    def close(self) -> None:
        self.rejected.close()
        self.aside.close()


def row_by_row(read_rows: Callable[..., Iterable[tuple | bytes]]) -> Callable[..., Iterator[CopyText]]:
    """A provider's `read_texts`, of a reader of rows for which no other file's numbers matter."""

    def read_texts(
        file: SourceFile, header: Header, stream: BinaryIO, reading: Reading, *_numbers: NumberSet | None
    ) -> Iterator[CopyText]:
        return texts_of(read_rows(file, header, stream, reading))

    return read_texts


def _as_text(raw: bytes) -> str | None:
    try:
        return None if b"\0" in raw else raw.decode()
    except UnicodeDecodeError:
        return None


def text_problem(raw: bytes) -> str | None:
    """Why these bytes are not text that PostgreSQL holds, or None."""
    if b"\0" in raw:
        return f"record: expected text, found a NUL byte at byte {raw.index(0)}"
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        return f"record: expected UTF-8, found 0x{raw[error.start]:02x} at byte {error.start}"
    return None


@contextmanager
def open_landed(path: Path, *, is_read_whole: bool = True) -> Iterator[tuple[BinaryIO, Callable[[], int]]]:
    """A landed file for reading: its unpacked bytes, and what tells how many of those on the disk are read."""
    if not path.name.endswith(".gz"):
        with path.open("rb") as file:
            yield file, file.tell
    elif is_read_whole and path.stat().st_size > UNPACKED_BESIDE_BYTES:
        with unpacked(path) as (stream, unpacking):
            yield stream, lambda: unpacking.packed_bytes
    else:
        with path.open("rb") as file, igzip.IGzipFile(fileobj=file, mode="rb") as stream:
            yield stream, file.tell


# --- header ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Header:
    """Where a file's columns are.

    layout  the layout it has
    width   number of columns in the file
    places  column of the contract -> its place; optional columns that are not there are left out
    added   columns that no contract names, as written
    is_crlf whether lines end the Windows way
    """

    layout: str
    width: int
    places: Mapping[str, int]
    added: tuple[str, ...]
    is_crlf: bool = False


def read_header(file: SourceFile, stream: BinaryIO) -> Header:
    """Read the first line and hold it against the contract; columns are mapped by name.

    Raises  ContractBroken, naming file, expected and found, before the first row moves
    """
    line = stream.readline(LINE_BYTES)
    names = _header_names(file, line)
    plain = [name.strip().casefold() for name in names]
    # Spreadsheets leave columns without a name behind the last one; none of those is read.
    named = list(filter(None, plain))
    repeated = sorted({name for name in named if named.count(name) > 1}) if len(plain) < 10_000 else ["too many"]
    if repeated:
        found = ", ".join(map(shown, repeated))
        raise ContractBroken(f"{file.name}: expected each column once, found {found} repeated.")
    missing = {}
    for layout in file.layouts:
        places = _places(layout, plain)
        missing[layout] = [
            column.written[0] for column in layout.columns if column.is_required and column.name not in places
        ]
        if not missing[layout]:
            added = tuple(name for place, name in enumerate(names) if place not in places.values())
            if added and file.contract == "freeze":
                raise ContractBroken(_frozen_message(file, layout, added))
            return Header(layout.name, len(names), places, added, line.endswith(b"\r\n"))
    raise ContractBroken(_header_message(file, min(missing, key=lambda layout: len(missing[layout])), names, missing))


def _header_names(file: SourceFile, line: bytes) -> list[str]:
    if line.startswith(ZIP_MAGIC):
        raise ContractBroken(
            f"{file.name}: expected a header on the first line, found a zip archive, which a workbook of Excel is, "
            'too. Unpack it, or save it as "CSV UTF-8".'
        )
    try:
        text = line.removeprefix(BOM).decode().rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise ContractBroken(f"{file.name}: expected a header in UTF-8, found {shown(repr(line[:60]))}.") from error
    if not file.is_quoted:
        return text.split(file.delimiter)
    try:
        return next(csv.reader([text], delimiter=file.delimiter, strict=True), [])
    except csv.Error as error:
        hint = " Its lines end in CR alone: save it with LF." if "\r" in text else _guess(file, [text])
        raise ContractBroken(f"{file.name}: expected a header on the first line, found {shown(text)}.{hint}") from error


def _places(layout: Layout, names: list[str]) -> dict[str, int]:
    found = {name: place for place, name in enumerate(names)}
    places = {}
    for column in layout.columns:
        for name in column.written:
            if name.casefold() in found:
                places[column.name] = found[name.casefold()]
                break
    return places


def _header_message(file: SourceFile, closest: Layout, names: list[str], missing: Mapping[Layout, list[str]]) -> str:
    expected = ", ".join(column.written[0] for column in closest.columns if column.is_required)
    return (
        f"{file.name}: expected the columns {expected} ({closest.name}), "
        f"found {', '.join(names)[:1000]}; missing: {', '.join(missing[closest])}."
        f"{_guess(file, names)} Correct the file or its declaration; nothing was loaded."
    )


def _frozen_message(file: SourceFile, layout: Layout, added: tuple[str, ...]) -> str:
    return (
        f"{file.name}: expected no columns but those of its contract ({layout.name}), which is frozen, "
        f"found {', '.join(map(shown, added))[:1000]} added. Declare them, or let the contract evolve; "
        "nothing was loaded."
    )


def _guess(file: SourceFile, names: list[str]) -> str:
    line = file.delimiter.join(names)
    words = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
    counts = {mark: line.count(mark) for mark in words}
    best = max(counts, key=lambda mark: counts[mark])
    if best == file.delimiter or counts[best] <= counts.get(file.delimiter, 0):
        return ""
    return f" It looks as if the file were delimited by {words[best]}, not {words[file.delimiter]}."


# --- records of a CSV file ------------------------------------------------------------------------------


class _Lines:
    """Physical lines for the csv module, which can be put back; `taken` are those of the current record."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.waiting: deque[bytes] = deque()
        self.taken: list[bytes] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self.waiting.popleft() if self.waiting else self.stream.readline(LINE_BYTES)
        if not line:
            raise StopIteration
        self.taken.append(line)
        return line.decode("utf-8", "surrogateescape")

    def put_back(self) -> None:
        """All lines of the current record but its first."""
        self.waiting.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]


def csv_records(
    file: SourceFile, header: Header, stream: BinaryIO, reading: Reading
) -> Iterator[tuple[int, list[str], bytes]]:
    """The well-formed records of a CSV file, each with its physical line and its bytes; the others are rejected.

    An opened quote that is never closed would swallow the lines after it. So of a malformed record of several
    lines only the first is rejected, and reading goes on with its second. Empty lines are no records, nor are lines of
    nothing but delimiters, which spreadsheets leave behind the last row.
    """
    lines = _Lines(stream)
    reader = csv.reader(lines, delimiter=file.delimiter, strict=True)
    line_number = 2
    while True:
        lines.taken = []
        try:
            fields, problem = next(reader), None
        except StopIteration:
            return
        except csv.Error as error:
            fields, problem = [], f"record: expected well-formed CSV, found: {error}"
        if any(fields) or problem:
            reading.rows_in += 1
            if problem is None and len(fields) != header.width:
                problem = f"record: expected {header.width} columns, found {len(fields)}"
            if problem:
                lines.put_back()
            raw = b"".join(lines.taken)
            problem = text_problem(raw) or problem
            if problem:
                reading.reject(line_number, [problem], raw)
            else:
                yield line_number, fields, raw
        line_number += len(lines.taken)


# --- lines of a tab-separated file ----------------------------------------------------------------------


def blocks_of_lines(stream: BinaryIO) -> Iterator[bytes]:
    """The rest of a stream in blocks of about a megabyte that end at the end of a line.

    A last line without newline gets one.
    """
    rest: list[bytes] = []
    while block := stream.read(BLOCK_BYTES):
        end = block.rfind(b"\n") + 1
        if not end:
            rest.append(block)
            continue
        yield b"".join((*rest, block[:end]))
        rest = [block[end:]] if end < len(block) else []
    if rest:
        yield b"".join((*rest, b"\n"))
