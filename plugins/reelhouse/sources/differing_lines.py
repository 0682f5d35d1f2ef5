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
MARGIN_BYTES = 1 << 17
# Lines ahead that are searched for one that both have, a few first.
LINES_AHEAD = (8, 128, 4096)
# After an edited line both go on alike when so much of the next line is the same: an id, and where in its group it is.
LIKE_BYTES = 16


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of both texts.

    former, present            text of which the stretch is the beginning; what lies behind it comes again
    former_size, present_size  bytes of the stretch, whole lines
    departed, arrived          from where to where lines of the one, of the other differ
    former_same, same, size    where equal pieces begin in the former text and in the present one, and their bytes
    """

    former: bytes
    present: bytes
    former_size: int
    present_size: int
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

    def leave(self, size: int) -> None:
        self.text = self.text[size:]


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
        stretch = _walk(left, right)
        if stretch.former_size or stretch.present_size:
            yield stretch
            left.leave(stretch.former_size)
            right.leave(stretch.present_size)
            wanted = 2 * MARGIN_BYTES
        else:
            # A line longer than what is in memory.
            wanted *= 2


def _walk(left: _Side, right: _Side) -> Stretch:
    """The way through what is in memory of both texts; i and j are how far it has come."""
    former, present = left.text, right.text
    ours, theirs = np.frombuffer(former, np.uint8), np.frombuffer(present, np.uint8)
    last_i = len(former) if left.is_over else len(former) - MARGIN_BYTES
    last_j = len(present) if right.is_over else len(present) - MARGIN_BYTES
    spans: list[tuple[int, int, int, int]] = []
    i = j = begin = 0
    is_whole = True
    while is_whole and i < last_i and j < last_j:
        size = min(PIECE_BYTES, len(former) - i, len(present) - j)
        unlike = (ours[i : i + size] != theirs[j : j + size]).tobytes()
        place, shift, base, end = unlike.find(1), j - i, i, i + size
        i, j = end, end + shift
        # An edit that leaves the line as long as it was leaves what is known of the rest of the piece, too.
        while place >= 0:
            start = former.rfind(b"\n", begin, base + place) + 1 or begin
            found = _next_common(former, present, start, start + shift)
            if found is None:
                i, j, is_whole = start, start + shift, False
                break
            i, j = found
            spans.append((start, i, start + shift, j))
            begin = i
            if j - i != shift or i >= end:
                break
            place = unlike.find(1, i - base)
            if place < 0:
                i, j = end, end + shift
    # Pieces may end within a line; what follows is looked at again.
    shift = j - i
    i = former.rfind(b"\n", begin, i) + 1 or begin
    j = i + shift
    if i == len(former) and left.is_over and j < len(present):
        spans.append((i, i, j, len(present)))
        j = len(present)
    if j == len(present) and right.is_over and i < len(former):
        spans.append((i, len(former), j, j))
        i = len(former)
    return _stretch(former, present, i, j, np.array(spans, np.int64).reshape(-1, 4))


def _stretch(former: bytes, present: bytes, former_size: int, size: int, spans: np.ndarray) -> Stretch:
    """What is between the spans is equal."""
    departed, arrived = spans[:, :2], spans[:, 2:]
    former_same, same = np.concatenate(([0], departed[:, 1])), np.concatenate(([0], arrived[:, 1]))
    sizes = np.concatenate((departed[:, 0], [former_size])) - former_same
    is_some = sizes > 0
    return Stretch(
        former, present, former_size, size, departed[departed[:, 0] < departed[:, 1]],
        arrived[arrived[:, 0] < arrived[:, 1]], former_same[is_some], same[is_some], sizes[is_some],
    )  # fmt: skip


def _next_common(former: bytes, present: bytes, i: int, j: int) -> tuple[int, int] | None:
    """Where both texts go on alike after lines that differ; None when a line is not whole in memory."""
    after_i, after_j = former.find(b"\n", i) + 1, present.find(b"\n", j) + 1
    if not after_i or not after_j:
        return None
    like = former[after_i : after_i + LIKE_BYTES]
    if like and like == present[after_j : after_j + LIKE_BYTES]:
        return after_i, after_j
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
