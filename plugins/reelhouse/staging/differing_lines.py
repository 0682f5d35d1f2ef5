"""Lines in which two texts differ, found without taking the lines apart: what is equal is passed over in large pieces.

Each text is read into a buffer of its own, in which both are walked side by side. Where they differ, the next line that
both have is looked for near by; when there is none, all lines in sight count as differing. So every pair of lines that
is passed over is equal byte for byte, whatever the order of the texts, and texts in the same order cost least.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

# So much of each text is in memory, unless a line is longer.
ROOM_BYTES = 5 << 17
# Compared at once: large enough that few pieces are needed, small enough that little behind a difference is looked at.
PIECE_BYTES = 1 << 13
# With less than that before its end a text is read on.
MARGIN_BYTES = 1 << 17
# Behind a text: the newline that its last line may lack, and what is read together with the last bytes.
PAD = bytes(16)
# Lines ahead that are searched for one that both have, a few first.
LINES_AHEAD = (8, 128, 4096)
# After an edited line both go on alike when so much of the next line is the same: an id, and where in its group it is.
LIKE_BYTES = 16


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of both texts. The next one is read into the same memory.

    former, present            text of which the stretch is the beginning; what lies behind it comes again
    former_size, present_size  bytes of the stretch, whole lines
    departed, arrived          from where to where lines of the one, of the other differ
    former_same, same, size    where equal pieces begin in the former text and in the present one, and their bytes
    """

    former: bytearray
    present: bytearray
    former_size: int
    present_size: int
    departed: np.ndarray
    arrived: np.ndarray
    former_same: np.ndarray
    same: np.ndarray
    size: np.ndarray


class _Side:
    """One text, of which only what is not compared yet is in memory.

    text         buffer for it; `view` and `codes` are the same memory
    filled, end  how far there is text, and how far whole lines
    """

    def __init__(self, stream: BinaryIO) -> None:
        self.stream, self.is_over = stream, False
        self.filled = self.end = 0
        self._have(bytearray(ROOM_BYTES) + PAD)

    def fill(self) -> None:
        """Read on until there is no more room, or no more text. A last line without newline gets one."""
        room = len(self.text) - len(PAD)
        while self.filled < room and not self.is_over:
            size = self.stream.readinto(self.view[self.filled : room])
            self.is_over = not size
            self.filled += size
        self.end = self.text.rfind(b"\n", 0, self.filled) + 1
        if self.is_over and self.end < self.filled:
            self.text[self.filled] = ord("\n")
            self.end = self.filled = self.filled + 1

    def leave(self, size: int) -> None:
        """Go on behind so many bytes."""
        self.view[: self.filled - size] = self.view[size : self.filled]
        self.filled -= size

    def widen(self) -> None:
        self._have(self.text + bytes(len(self.text)))

    def _have(self, text: bytearray) -> None:
        self.text, self.view, self.codes = text, memoryview(text), np.frombuffer(text, np.uint8)


def differing_lines(former: BinaryIO, present: BinaryIO) -> Iterator[Stretch]:
    """Both texts in stretches, with what differs in each."""
    left, right = _Side(former), _Side(present)
    while True:
        left.fill()
        right.fill()
        if left.is_over and right.is_over and not left.end and not right.end:
            return
        stretch = _walk(left, right)
        if stretch.former_size or stretch.present_size:
            yield stretch
            left.leave(stretch.former_size)
            right.leave(stretch.present_size)
        else:
            # A line longer than what is in memory.
            left.widen()
            right.widen()


def _walk(left: _Side, right: _Side) -> Stretch:
    """The way through what is in memory of both texts; i and j are how far it has come."""
    former, present = left.text, right.text
    last_i = left.end if left.is_over else left.end - MARGIN_BYTES
    last_j = right.end if right.is_over else right.end - MARGIN_BYTES
    unlike = bytearray(PIECE_BYTES)
    marks = np.frombuffer(unlike, bool)
    spans: list[tuple[int, int, int, int]] = []
    i = j = begin = 0
    is_whole = True
    while is_whole and i < last_i and j < last_j:
        size = min(PIECE_BYTES, left.end - i, right.end - j)
        np.not_equal(left.codes[i : i + size], right.codes[j : j + size], out=marks[:size])
        place, shift, base, end = unlike.find(1, 0, size), j - i, i, i + size
        i, j = end, end + shift
        # An edit that leaves the line as long as it was leaves what is known of the rest of the piece, too.
        while place >= 0:
            start = former.rfind(b"\n", begin, base + place) + 1 or begin
            found = _next_common(left, right, start, start + shift)
            if found is None:
                i, j, is_whole = start, start + shift, False
                break
            i, j = found
            spans.append((start, i, start + shift, j))
            begin = i
            if j - i != shift or i >= end:
                break
            place = unlike.find(1, i - base, size)
            if place < 0:
                i, j = end, end + shift
    # Pieces may end within a line; what follows is looked at again.
    shift = j - i
    i = former.rfind(b"\n", begin, i) + 1 or begin
    j = i + shift
    if i == left.end and left.is_over and j < right.end:
        spans.append((i, i, j, right.end))
        j = right.end
    if j == right.end and right.is_over and i < left.end:
        spans.append((i, left.end, j, j))
        i = left.end
    return _stretch(former, present, i, j, np.array(spans, np.int64).reshape(-1, 4))


def _stretch(former: bytearray, present: bytearray, former_size: int, size: int, spans: np.ndarray) -> Stretch:
    """What is between the spans is equal."""
    departed, arrived = spans[:, :2], spans[:, 2:]
    former_same, same = np.concatenate(([0], departed[:, 1])), np.concatenate(([0], arrived[:, 1]))
    sizes = np.concatenate((departed[:, 0], [former_size])) - former_same
    is_some = sizes > 0
    return Stretch(
        former, present, former_size, size, departed[departed[:, 0] < departed[:, 1]],
        arrived[arrived[:, 0] < arrived[:, 1]], former_same[is_some], same[is_some], sizes[is_some],
    )  # fmt: skip


def _next_common(left: _Side, right: _Side, i: int, j: int) -> tuple[int, int] | None:
    """Where both texts go on alike after lines that differ; None when a line is not whole in memory."""
    former, present = left.text, right.text
    after_i, after_j = former.find(b"\n", i, left.end) + 1, present.find(b"\n", j, right.end) + 1
    if not after_i or not after_j:
        return None
    if after_i < left.end and former[after_i : after_i + LIKE_BYTES] == present[after_j : after_j + LIKE_BYTES]:
        return after_i, after_j
    # Nearly always one line was edited, put in or taken out.
    then_i, then_j = former.find(b"\n", after_i, left.end) + 1, present.find(b"\n", after_j, right.end) + 1
    next_i, next_j = former[after_i:then_i], present[after_j:then_j]
    if next_i and next_i == next_j:
        return after_i, after_j
    if then_j and next_j == former[i:after_i]:
        return i, after_j
    if then_i and next_i == present[j:after_j]:
        return after_i, j
    for count in LINES_AHEAD:
        ours, theirs = _lines(left, i, count), _lines(right, j, count)
        places = {line: place for place, line in reversed(list(enumerate(ours)))}
        steps = [(place + places[line], place, places[line]) for place, line in enumerate(theirs) if line in places]
        if steps:
            _, behind, before = min(steps)
            return i + _size(ours[:before]), j + _size(theirs[:behind])
    return i + _size(ours), j + _size(theirs)


def _lines(side: _Side, start: int, count: int) -> list[bytes]:
    """So many lines from there, or as many as are whole; without their ends."""
    size = 256 * count
    while True:
        end = min(start + size, side.end)
        lines = bytes(side.view[start:end]).split(b"\n", count)
        if len(lines) > count or end == side.end:
            return lines[:-1]
        size *= 2


def _size(lines: list[bytes]) -> int:
    return sum(map(len, lines)) + len(lines)
