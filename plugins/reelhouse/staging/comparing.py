"""A later day of a file held against the landed file of what is staged: only lines that differ are taken apart.

A line that both files have has the fate it had, but for three cases, in which it is read again on both sides: an id
that the filter lets through on one of the days only, a key that occurs more than once, and a line that was rejected,
because its number is told. What that takes of the former staging is kept beside the landed files.
"""

from __future__ import annotations

import struct
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from isal import igzip, isal_zlib

from reelhouse.copying import CopyText
from reelhouse.sources import SourceFile
from reelhouse.sources.byte_columns import TAB, newlines, ranges
from reelhouse.sources.imdb_blocks import BlockReader
from reelhouse.sources.number_set import NumberSet
from reelhouse.sources.reading import Header, Reading, open_landed, read_header
from reelhouse.staging.differing_lines import Stretch, differing_lines
from reelhouse.staging.kept import LEVEL, Portion

# Of lines that differ so much is taken apart at once.
BATCH_BYTES = 1 << 19
# With more than that differing, taking all apart is cheaper.
MOST_SHARE = 0.25
LEAST_TO_GIVE_UP = 64 << 20
# Ids are two letters and eight or seven digits; a line with another one is read again.
LETTERS, DIGITS = 2, 8
# Of eight digits, and of seven and a tab. Other signs with these upper halves make no id: no filter decides about
# such a line.
_HIGH_NIBBLES, _ZEROS, _SEVEN_ZEROS = map(np.uint64, (0xF0F0F0F0F0F0F0F0, 0x3030303030303030, 0x3030303030303000))
_NO_LEADING_ZERO = np.uint64(ord("1") << 8 * (DIGITS - 1))


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


@dataclass(slots=True)
class Found:
    """What came of comparing.

    is_whole           whether all was compared; if not, nothing here is of use
    departed, arrived  how many rows are of one day only
    repeated           first numbers of keys that occur more than once
    """

    is_whole: bool = False
    departed: int = 0
    arrived: int = 0
    repeated: frozenset[int] = frozenset()


class _Batch:
    """Lines of one side, taken apart when there are enough of them."""

    def __init__(self, reader: BlockReader) -> None:
        self.reader = reader
        self.rows = self.bytes = self.size = 0
        self.texts: list[bytes] = []
        self.numbers: list[np.ndarray] = []

    def add(self, text: bytes, numbers: np.ndarray | None = None) -> None:
        self.texts.append(text)
        self.size += len(text)
        if numbers is not None:
            self.numbers.append(numbers)

    def read(self) -> list[CopyText]:
        if not self.texts:
            return []
        numbers = np.concatenate(self.numbers) if self.numbers else None
        portions = list(self.reader.read(b"".join(self.texts), numbers))
        self.rows += sum(portion.rows for portion in portions)
        self.bytes, self.size, self.texts, self.numbers = self.bytes + self.size, 0, [], []
        return portions


def compare(
    file: SourceFile,
    former: Former,
    header: Header,
    stream: BinaryIO,
    reading: Reading,
    known: NumberSet | None,
    came: NumberSet | None,
    left: NumberSet | None,
    found: Found,
) -> Iterator[Portion]:
    """Hold a file against what is staged of it. `reading` has the account of the whole file afterwards.

    Takes   known  the numbers that the filter lets through now
            came   set to which the numbers are added that later files are filtered by, of rows that are new
            left   the same of rows that are gone
            found  is filled at the end; it is not whole when the files are not to be compared: another header, a cut
                   file, keys that the database must decide
    """
    moved = known.apart(former.known) if known else NumberSet()
    moved.add(np.array(sorted(former.repeated), np.int64))
    again = Again(moved.numbers())
    del moved
    before = Reading(0)
    rows_in = None
    try:
        with open_landed(former.path) as (other, _):
            if header.is_crlf or read_header(file, other) != header:
                return
            old = _Batch(BlockReader(file, header, before, former.known, left))
            new = _Batch(BlockReader(file, header, reading, known, came))
            most = max(MOST_SHARE * former.path.stat().st_size * 4, LEAST_TO_GIVE_UP)
            rows_in = yield from _walk(differing_lines(other, stream), old, new, former, again, most)
    except (OSError, EOFError, isal_zlib.error):
        return
    finally:
        before.close()
    if rows_in != former.account[0] or before.rows_quarantined != former.account[3]:
        return
    if reading.rows_aside or before.rows_aside:
        return
    reading.rows_in += former.account[0] - before.rows_in
    reading.rows_filtered += former.account[2] - before.rows_filtered
    reading.rows_duplicate += former.account[4] - before.rows_duplicate
    found.departed, found.arrived, found.repeated = old.rows, new.rows, former.repeated | new.reader.repeated
    found.is_whole = True


def _walk(
    stretches: Iterator[Stretch], old: _Batch, new: _Batch, former: Former, again: Again, most: float
) -> Generator[Portion, None, int | None]:
    """Take apart what differs, and what is to be read again. Gives the lines of the former text; None: too much."""
    first_old = first_new = 2
    for stretch in stretches:
        departed, arrived = stretch.departed, stretch.arrived
        starts = _line_starts(stretch.present, stretch.present_size)
        gone, rows = _cut(stretch.former, departed), np.searchsorted(starts, arrived)
        # Lines that are alike are as many on both sides.
        count = len(starts) - int((rows[:, 1] - rows[:, 0]).sum()) + gone.count(b"\n")
        begin, end = np.searchsorted(former.rejected, (first_old, first_old + count))
        places = starts[again.lines(stretch.present, starts)]
        if len(places):
            departed, arrived = _with_both(stretch, places, departed, arrived)
        if begin < end:
            old_starts = _line_starts(stretch.former, stretch.former_size)
            rejected = old_starts[former.rejected[begin:end] - first_old]
            arrived, departed = _with_both(_turned(stretch), rejected, arrived, departed)
        if len(places) or begin < end:
            gone, rows = _cut(stretch.former, departed), np.searchsorted(starts, arrived)
        if gone:
            old.add(gone)
        if len(rows):
            new.add(_cut(stretch.present, arrived), ranges(*rows.T) + first_new)
        first_old += count
        first_new += len(starts)
        # Both at once: a line that is read again on both sides is no difference.
        if old.size + new.size >= BATCH_BYTES:
            yield Portion(old.read(), new.read())
        if old.bytes + new.bytes > most:
            return None
    yield Portion(old.read(), new.read())
    return first_old - 2


def _cut(text: bytearray, spans: np.ndarray) -> bytes:
    return b"".join([text[start:end] for start, end in spans.tolist()])


def _line_starts(text: bytearray, size: int) -> np.ndarray:
    """Where the lines of the beginning of a text begin, which ends with a line."""
    return np.concatenate(([-1], newlines(text, size)))[:-1] + 1


class Again:
    """Numbers of ids whose lines are to be read again. They are looked for as they are written: eight bytes a line.

    As numbers, these bytes are in the order in which files nearly always are: of few lines together the ids lie near
    to one another, and hardly any number between them is asked for.
    """

    def __init__(self, numbers: np.ndarray) -> None:
        digits = np.zeros(len(numbers), np.uint64)
        for place in range(DIGITS):
            digits = digits << np.uint64(8) | (numbers // 10 ** (DIGITS - 1 - place) % 10 + ord("0")).astype(np.uint64)
        short = (digits << np.uint64(8))[numbers < 10 ** (DIGITS - 1)] | np.uint64(TAB)
        self.words = np.sort(np.concatenate((digits, short)))

    def lines(self, text: bytearray, starts: np.ndarray) -> np.ndarray:
        """Which of the lines that begin there have such an id, or one that is not written as ids are."""
        if not len(self.words) or not len(starts):
            return np.zeros(0, np.int64)
        # Bytes without a type are gathered faster, wherever they stand.
        eights = np.ndarray(len(text) - LETTERS - DIGITS, f"V{DIGITS}", text, LETTERS, (1,))[starts]
        words = eights.view(">u8").astype(np.uint64)
        high = words & _HIGH_NIBBLES
        is_long = high == _ZEROS
        is_asked = ~is_long & (high != _SEVEN_ZEROS)
        # With a ninth digit a number is too large, but for zeros before it.
        rows = np.flatnonzero(is_long & (words < _NO_LEADING_ZERO))
        is_asked[rows] |= np.frombuffer(text, np.uint8)[starts[rows] + LETTERS + DIGITS] != TAB
        first, last = self.words.searchsorted(words.min()), self.words.searchsorted(words.max(), "right")
        asked = self.words[first:last]
        if len(asked):
            is_asked |= asked[np.searchsorted(asked, words) % len(asked)] == words
        return np.flatnonzero(is_asked)


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
        stretch.present, stretch.former, stretch.present_size, stretch.former_size, stretch.arrived, stretch.departed,
        stretch.same, stretch.former_same, stretch.size,
    )  # fmt: skip
