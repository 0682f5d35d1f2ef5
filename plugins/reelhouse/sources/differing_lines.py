"""Lines in which two texts differ, found without taking the lines apart: what is equal is passed over in large pieces.

Both texts come in blocks of whole lines and are walked side by side. Where they differ, the next line that both have
is looked for near by; when there is none, all lines in sight count as differing. So every pair of lines that is
passed over is equal byte for byte, whatever the order of the texts, and texts in the same order cost least.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

# Compared at once: large enough that few pieces are needed, small enough that little behind a difference is looked at.
PIECE_BYTES = 1 << 13
# With less than that before its end a text is read on.
MARGIN_BYTES = 1 << 18
# Lines ahead that are searched for one that both have, a few first.
LINES_AHEAD = (8, 128, 4096)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of both texts.

    former, present          whole lines
    departed, arrived        from where to where lines of the one, of the other differ
    former_same, same, size  where equal pieces begin in the former text and in the present one, and their bytes
    """

    former: bytes
    present: bytes
    departed: np.ndarray
    arrived: np.ndarray
    former_same: np.ndarray
    same: np.ndarray
    size: np.ndarray


class _Side:
    """One text, of which only what is not compared yet is in memory."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self.blocks, self.text, self.is_over = blocks, b"", False

    def fill(self, size: int) -> None:
        """Have at least so many bytes, or all."""
        while len(self.text) < size and not self.is_over:
            block = next(self.blocks, None)
            self.is_over = block is None
            self.text += block or b""

    def take(self, size: int) -> bytes:
        taken, self.text = self.text[:size], self.text[size:]
        return taken


def differing_lines(former: Iterator[bytes], present: Iterator[bytes]) -> Iterator[Stretch]:
    """Both texts in stretches, with what differs in each.

    Takes   former, present  blocks of whole lines
    """
    left, right, wanted = _Side(former), _Side(present), 2 * MARGIN_BYTES
    while True:
        left.fill(wanted)
        right.fill(wanted)
        if not left.text and not right.text:
            return
        walk = _Walk(left, right)
        walk.go()
        if walk.i or walk.j:
            yield walk.stretch()
            wanted = 2 * MARGIN_BYTES
        else:
            # A line longer than what is in memory.
            wanted *= 2


class _Walk:
    """The way through what is in memory of both texts; i and j are how far it has come."""

    def __init__(self, left: _Side, right: _Side) -> None:
        self.left, self.right = left, right
        self.i = self.j = 0
        self.departed: list[tuple[int, int]] = []
        self.arrived: list[tuple[int, int]] = []
        self.same: list[tuple[int, int, int]] = []

    def go(self) -> None:
        former, present = self.left.text, self.right.text
        ours, theirs = np.frombuffer(former, np.uint8), np.frombuffer(present, np.uint8)
        last_i = len(former) if self.left.is_over else len(former) - MARGIN_BYTES
        last_j = len(present) if self.right.is_over else len(present) - MARGIN_BYTES
        i = j = begin = 0
        while i < last_i and j < last_j:
            unlike = ours[i : i + PIECE_BYTES]
            other = theirs[j : j + PIECE_BYTES]
            if len(unlike) != len(other):
                size = min(len(unlike), len(other))
                unlike, other = unlike[:size], other[:size]
            unlike = unlike != other
            place = int(unlike.argmax())
            if not unlike[place]:
                i += len(unlike)
                j += len(unlike)
                continue
            shift, start = j - i, former.rfind(b"\n", begin, i + place) + 1 or begin
            if start > begin:
                self.same.append((begin, begin + shift, start - begin))
            i, j = start, start + shift
            begin = i
            found = _next_common(former, present, i, j)
            if found is None:
                break
            if found[0] > i:
                self.departed.append((i, found[0]))
            if found[1] > j:
                self.arrived.append((j, found[1]))
            i, j = found
            begin = i
        if i > begin:
            # Pieces may end within a line; what follows is looked at again.
            shift = j - i
            i = former.rfind(b"\n", begin, i) + 1 or begin
            j = i + shift
            if i > begin:
                self.same.append((begin, begin + shift, i - begin))
        if i == len(former) and self.left.is_over and j < len(present):
            self.arrived.append((j, len(present)))
            j = len(present)
        if j == len(present) and self.right.is_over and i < len(former):
            self.departed.append((i, len(former)))
            i = len(former)
        self.i, self.j = i, j

    def stretch(self) -> Stretch:
        same = np.array(self.same, np.int64).reshape(-1, 3)
        return Stretch(
            self.left.take(self.i), self.right.take(self.j),
            np.array(self.departed, np.int64).reshape(-1, 2), np.array(self.arrived, np.int64).reshape(-1, 2),
            same[:, 0], same[:, 1], same[:, 2],
        )  # fmt: skip


def _next_common(former: bytes, present: bytes, i: int, j: int) -> tuple[int, int] | None:
    """Where both texts go on alike after lines that differ; None when a line is not whole in memory."""
    after_i, after_j = former.find(b"\n", i) + 1, present.find(b"\n", j) + 1
    if not after_i or not after_j:
        return None
    # Nearly always one line was edited, put in or taken out.
    then_i, then_j = former.find(b"\n", after_i) + 1, present.find(b"\n", after_j) + 1
    next_i, next_j = former[after_i:then_i], present[after_j:then_j]
    if next_i and next_i == next_j:
        return after_i, after_j
    if then_j and next_j == former[i:after_i]:
        return i, after_j
    if then_i and next_i == present[j:after_j]:
        return after_i, j
    for count in LINES_AHEAD:
        ours, theirs = _lines(former, i, count), _lines(present, j, count)
        places = {line: place for place, line in reversed(list(enumerate(ours)))}
        steps = [(place + places[line], place, places[line]) for place, line in enumerate(theirs) if line in places]
        if steps:
            _, right, left = min(steps)
            return i + _size(ours[:left]), j + _size(theirs[:right])
    return i + _size(ours), j + _size(theirs)


def _lines(text: bytes, start: int, count: int) -> list[bytes]:
    """So many lines from there, or as many as are whole; without their ends."""
    size = 256 * count
    while True:
        lines = text[start : start + size].split(b"\n", count)
        if len(lines) > count or start + size >= len(text):
            return lines[:-1]
        size *= 2


def _size(lines: list[bytes]) -> int:
    return sum(map(len, lines)) + len(lines)
