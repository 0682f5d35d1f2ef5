"""A later day of a file held against the landed file of what is staged: only lines that differ are taken apart.

A line that both files have has the fate it had, but for three cases, in which it is read again on both sides: an id
that the filter lets through on one of the days only, a key that occurs more than once, and a line that was rejected,
because its number is told. What that takes of the former staging is kept beside the landed files.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from isal import igzip, isal_zlib

from reelhouse.ahead import ahead
from reelhouse.kept import LEVEL, Differences
from reelhouse.sources import SourceFile
from reelhouse.sources.byte_columns import PAD, TAB, Grid, ids
from reelhouse.sources.differing_lines import Stretch, differing_lines
from reelhouse.sources.imdb_blocks import BlockReader
from reelhouse.sources.number_set import NumberSet
from reelhouse.sources.reading import Header, Reading, blocks_of_lines, open_landed, read_header

BATCH_BYTES = 1 << 19
# With more than that differing, taking all apart is cheaper.
MOST_SHARE = 0.25
LEAST_TO_GIVE_UP = 64 << 20
# Ids are two letters and eight or seven digits; a line with another one is read again.
ID_SIZES = (10, 9)
NEWLINE = 10


@dataclass(frozen=True, slots=True)
class Former:
    """What is staged of a file.

    path      the landed file
    known     the numbers that its filter let through
    repeated  first numbers of keys that occur more than once in it
    account   rows_in, rows_staged, rows_filtered, rows_quarantined, rows_duplicate
    rejected  numbers of its lines in quarantine, in order
    sha256    of the landed file
    digest    of what is staged
    """

    path: Path
    known: NumberSet
    repeated: frozenset[int]
    account: tuple[int, ...]
    rejected: np.ndarray
    sha256: str
    digest: str


def write_notes(path: Path, known: NumberSet | None, repeated: set[int]) -> None:
    """Keep what the next day needs to know of a staging."""
    numbers = np.array(sorted(repeated), np.int64).tobytes()
    bits = known.used().tobytes().rstrip(b"\0") if known else b""
    path.write_bytes(igzip.compress(struct.pack("<q", len(repeated)) + numbers + bits, compresslevel=LEVEL))


def read_notes(path: Path) -> tuple[NumberSet, frozenset[int]] | None:
    """What was kept, or None when it is not whole."""
    try:
        text = igzip.decompress(path.read_bytes())
        (count,) = struct.unpack_from("<q", text)
        repeated = np.frombuffer(text, np.int64, count, 8)
    except (OSError, EOFError, ValueError, struct.error, isal_zlib.error):
        return None
    known = NumberSet().unite(np.frombuffer(text, np.uint8, offset=8 + 8 * count))
    return known, frozenset(repeated.tolist())


# --- comparing ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Found:
    """Rows of one day only, how many they are, and the first numbers of keys that occur more than once."""

    differences: Differences
    departed: int
    arrived: int
    repeated: frozenset[int]


class _Batch:
    """Lines of one side, taken apart when there are enough of them; their rows go into a temporary file."""

    def __init__(self, reader: BlockReader, rows: BinaryIO) -> None:
        self.reader, self.into = reader, rows
        self.rows = self.bytes = self.size = 0
        self.texts: list[bytes] = []
        self.numbers: list[np.ndarray] = []

    def add(self, text: bytes, spans: np.ndarray, numbers: np.ndarray | None = None) -> None:
        self.texts += [text[start:end] for start, end in spans.tolist()]
        self.size += int((spans[:, 1] - spans[:, 0]).sum())
        if numbers is not None:
            self.numbers.append(numbers)
        if self.size >= BATCH_BYTES:
            self.read()

    def read(self) -> None:
        if not self.texts:
            return
        numbers = np.concatenate(self.numbers) if self.numbers else None
        for portion in self.reader.read(b"".join(self.texts), numbers):
            self.into.write(portion.text)
            self.rows += portion.rows
        self.bytes, self.size, self.texts, self.numbers = self.bytes + self.size, 0, [], []


def compare(
    file: SourceFile,
    former: Former,
    header: Header,
    stream: BinaryIO,
    reading: Reading,
    known: NumberSet | None,
    came: NumberSet | None = None,
    left: NumberSet | None = None,
) -> Found | None:
    """Hold a file against what is staged of it. `reading` has the account of the whole file afterwards.

    Takes   known  the numbers that the filter lets through now
            came   set to which the numbers are added that later files are filtered by, of rows that are new
            left   the same of rows that are gone
    Gives   None when the files are not to be compared: another header, a cut file, keys that the database must decide
    """
    again = known.apart(former.known) if known else NumberSet()
    again.add(np.array(sorted(former.repeated), np.int64))
    before = Reading(0)
    found = Differences()
    try:
        with open_landed(former.path) as (other, _):
            if header.is_crlf or read_header(file, other) != header:
                return None
            old = _Batch(BlockReader(file, header, before, former.known, left), found.departed)
            new = _Batch(BlockReader(file, header, reading, known, came), found.arrived)
            most = max(MOST_SHARE * former.path.stat().st_size * 4, LEAST_TO_GIVE_UP)
            with ahead(blocks_of_lines(other)) as left_blocks, ahead(blocks_of_lines(stream)) as right_blocks:
                rows_in = _walk(differing_lines(left_blocks, right_blocks), old, new, former, again, most)
    except (OSError, EOFError, isal_zlib.error):
        return None
    finally:
        before.close()
    if rows_in != former.account[0] or before.rows_quarantined != former.account[3]:
        return None
    if reading.rows_aside or before.rows_aside:
        return None
    reading.rows_in += former.account[0] - before.rows_in
    reading.rows_filtered += former.account[2] - before.rows_filtered
    reading.rows_duplicate += former.account[4] - before.rows_duplicate
    return Found(found, old.rows, new.rows, former.repeated | new.reader.repeated)


def _walk(
    stretches: Iterator[Stretch], old: _Batch, new: _Batch, former: Former, again: NumberSet, most: float
) -> int | None:
    """Take apart what differs, and what is to be read again. Gives the lines of the former text; None: too much."""
    first_old = first_new = 2
    is_any_again = bool(again.used().any())
    for stretch in stretches:
        starts, old_starts = _line_starts(stretch.present), None
        places = _again(stretch.present, starts, again) if is_any_again else starts[:0]
        departed, arrived = stretch.departed, stretch.arrived
        begin, count = np.searchsorted(former.rejected, first_old), _count_lines(stretch.former)
        rejected = former.rejected[begin : np.searchsorted(former.rejected, first_old + count)] - first_old
        if len(places):
            departed, arrived = _with_both(stretch, places, departed, arrived)
        if len(rejected):
            old_starts = _line_starts(stretch.former)
            arrived, departed = _with_both(_turned(stretch), old_starts[rejected], arrived, departed)
        if len(departed):
            old.add(stretch.former, departed)
        if len(arrived):
            begins, ends = np.searchsorted(starts, arrived[:, 0]), np.searchsorted(starts, arrived[:, 1])
            numbers = np.concatenate([np.arange(a, b) for a, b in zip(begins.tolist(), ends.tolist(), strict=True)])
            new.add(stretch.present, arrived, numbers + first_new)
        first_old += count
        first_new += len(starts)
        if old.bytes + new.bytes > most:
            return None
    old.read()
    new.read()
    return first_old - 2


def _count_lines(text: bytes) -> int:
    return int(np.count_nonzero(np.frombuffer(text, np.uint8) == NEWLINE))


def _line_starts(text: bytes) -> np.ndarray:
    starts = np.flatnonzero(np.frombuffer(text, np.uint8) == NEWLINE) + 1
    starts[1:] = starts[:-1]
    starts[:1] = 0
    return starts


def _again(text: bytes, starts: np.ndarray, again: NumberSet) -> np.ndarray:
    """Where lines begin whose id is in the set, or is not written as ids are."""
    grid = Grid(text + PAD, starts, starts[:0, None])
    ends = np.full(len(starts), -1)
    for size in ID_SIZES:
        place = starts + size
        ends = np.where(grid.codes[np.minimum(place, grid.size - 1)] == TAB, place, ends)
    number, is_id = ids(grid, starts, np.maximum(ends, starts), text[:2])
    return starts[~is_id | again.holds(np.where(is_id, number, 0))]


def _with_both(
    stretch: Stretch, places: np.ndarray, departed: np.ndarray, arrived: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What differs, and the lines that begin at these places of the present text, if they are in both texts."""
    piece = np.searchsorted(stretch.same, places, "right") - 1
    is_same = piece >= 0
    if len(stretch.same):
        is_same &= places < stretch.same[piece] + stretch.size[piece]
    else:
        is_same[:] = False
    places, piece = places[is_same], piece[is_same]
    ends = np.array([stretch.present.index(b"\n", place) + 1 for place in places.tolist()], np.int64)
    shift = stretch.former_same[piece] - stretch.same[piece]
    return _merged(departed, places + shift, ends + shift), _merged(arrived, places, ends)


def _merged(spans: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Spans and more of them, in order; what is there already is not put in twice."""
    return np.unique(np.concatenate((spans, np.column_stack((starts, ends)))), axis=0)


def _turned(stretch: Stretch) -> Stretch:
    return Stretch(
        stretch.present, stretch.former, stretch.arrived, stretch.departed,
        stretch.same, stretch.former_same, stretch.size,
    )  # fmt: skip
