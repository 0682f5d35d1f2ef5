"""Columns of tab-separated text as numpy sees them: a block of bytes, where its fields begin and end, eight bytes
at a time as one number.

Nothing here decides what a value means. A test of many fields at once answers "certainly good" or "perhaps not";
what is perhaps not is read again line by line by those who know the reasons.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import numpy as np

TAB, NEWLINE, QUOTE, COMMA, BACKSLASH = 9, 10, 34, 44, 92
# Bytes after the text, so that eight can be read at once at its very end, and marks put behind its last line.
PAD = b"\0" * 32

# Marks that stand for an edit; a line with bytes below 32 of its own never gets here.
DROP, OPEN_LIST, CLOSE_LIST, CLOSE_LAST_LIST, CLOSE_AND_OPEN, CLOSE_AND_DROP = 1, 2, 3, 4, 5, 6
_MEANINGS = {
    OPEN_LIST: b"\t{",
    CLOSE_LIST: b"}\t",
    CLOSE_LAST_LIST: b"}\n",
    CLOSE_AND_OPEN: b"}\t{",
    CLOSE_AND_DROP: b"}",
}
_LOW_NIBBLES = np.uint64(0x0F0F0F0F0F0F0F0F)
_HIGH_NIBBLES = np.uint64(0xF0F0F0F0F0F0F0F0)
_SIXES = np.uint64(0x0606060606060606)
_ZEROS = np.uint64(0x3030303030303030)
# By length of a number: how far its digits move up, and the zeros that go before them.
_SHIFTS = np.array([56, *range(56, -8, -8)], np.uint64)
_LEADING = np.array([0x3030303030303030 & ((1 << int(shift)) - 1) for shift in _SHIFTS], np.uint64)
# By length of a word: which of eight bytes belong to it.
_OWN_BYTES = np.array([(1 << 8 * size) - 1 for size in range(9)], np.uint64)

# A one in one of eight bytes, times this, has the place of that byte in its last one.
_PLACE_OF_BYTE = np.uint64(sum(place << 8 * (7 - place) for place in range(8)))


class Grid:
    """Lines of which each has the same number of fields.

    text    the lines, and PAD
    starts  where each line begins
    ends    lines x fields: where each field ends
    """

    def __init__(self, text: bytes, starts: np.ndarray, ends: np.ndarray) -> None:
        self.text = text
        self.size = len(text) - len(PAD)
        self.starts = starts
        self.ends = ends
        self.codes = np.frombuffer(text, np.uint8, self.size)
        self.pairs = np.ndarray(self.size, "<u2", text, strides=(1,))
        self.eights = np.ndarray(self.size + 16, "<u8", text, strides=(1,))

    def __len__(self) -> int:
        return len(self.ends)

    def start(self, place: int) -> np.ndarray:
        return self.ends[:, place - 1] + 1 if place else self.starts

    def end(self, place: int) -> np.ndarray:
        return self.ends[:, place]

    def is_null(self, place: int) -> np.ndarray:
        r"""Which fields are `\N`."""
        start = self.start(place)
        return (self.end(place) - start == 2) & (self.pairs[start] == 0x4E5C)

    def line(self, row: int) -> bytes:
        return self.text[self.starts[row] : self.ends[row, -1]]

    def take(self, rows: np.ndarray) -> Grid:
        """These lines alone, one behind the other."""
        if len(rows) == len(self):
            return self
        if not len(rows):
            return Grid(PAD, rows, self.ends[:0])
        # Wanted lines come in runs, which are copied whole.
        breaks = np.flatnonzero(np.diff(rows) != 1)
        first, last = rows[np.r_[0, breaks + 1]], rows[np.r_[breaks, len(rows) - 1]]
        runs = zip(self.starts[first].tolist(), (self.ends[last, -1] + 1).tolist(), strict=True)
        text = b"".join([*(self.text[begin:end] for begin, end in runs), PAD])
        ends = self.ends[rows]
        sizes = ends[:, -1] + 1 - self.starts[rows]
        starts = np.cumsum(sizes) - sizes
        return Grid(text, starts, ends - (self.starts[rows] - starts)[:, None])

    @cached_property
    def line_ends(self) -> np.ndarray:
        return np.ascontiguousarray(self.ends[:, -1])

    def rows_at(self, positions: np.ndarray) -> np.ndarray:
        """In which lines these positions lie."""
        return np.searchsorted(self.line_ends, positions)

    @cached_property
    def commas(self) -> np.ndarray:
        """Where commas are."""
        return np.flatnonzero(self.codes == COMMA)

    def items(self, place: int, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The comma-separated items of a field of these lines: in which line, from where, to where."""
        start, end = self.start(place)[rows], self.end(place)[rows]
        first, last = np.searchsorted(self.commas, start), np.searchsorted(self.commas, end)
        commas = self.commas[ranges(first, last)]
        counts = last - first + 1
        # An item ends at a comma, but for the last of its line; the next one begins behind it.
        is_last = np.zeros(len(commas) + len(rows), bool)
        is_last[np.cumsum(counts) - 1] = True
        ends, starts = np.empty(len(is_last), np.int64), np.empty(len(is_last), np.int64)
        ends[is_last], ends[~is_last] = end, commas
        is_first = np.roll(is_last, 1)
        starts[is_first], starts[~is_first] = start, commas + 1
        return np.repeat(rows, counts), starts, ends


def newlines(text: bytes, size: int) -> np.ndarray:
    """Where the newlines of the first bytes of a text are.

    Eight bytes are looked at together: lines are long enough that two newlines are hardly ever among them.
    """
    is_newline = np.frombuffer(text, np.uint8, size) == NEWLINE
    whole = size & ~7
    eights = is_newline[:whole].view(np.uint64)
    places = np.flatnonzero(eights != 0)
    found = eights[places]
    if (found & (found - np.uint64(1))).any():
        return np.flatnonzero(is_newline)
    before = (places << 3) + (found * _PLACE_OF_BYTE >> np.uint64(56)).view(np.int64)
    return np.concatenate((before, np.flatnonzero(is_newline[whole:]) + whole)) if whole < size else before


def rows_mask(size: int, rows: np.ndarray) -> np.ndarray:
    mask = np.zeros(size, bool)
    mask[rows] = True
    return mask


def grid_of(block: bytes, width: int) -> Grid | None:
    """A block of whole lines as a grid; None when a line has another width or holds another byte below 11."""
    codes = np.frombuffer(block, np.uint8)
    marks = np.flatnonzero(codes < 11)
    if len(marks) % width:
        return None
    ends = marks.reshape(-1, width)
    is_newline = codes[marks].reshape(-1, width)
    if not ((is_newline[:, -1] == NEWLINE).all() and (is_newline[:, :-1] == TAB).all()):
        return None
    starts = np.empty(len(ends), np.int64)
    starts[0], starts[1:] = 0, ends[:-1, -1] + 1
    return Grid(block + PAD, starts, ends)


# --- tests and values of many fields at once ------------------------------------------------------------


def numbers(grid: Grid, start: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fields of one to eight digits as numbers, and which of them are such."""
    size = end - start
    fits = (size > 0) & (size <= 8)
    size = np.where(fits, size, 1)
    digits = (grid.eights[start] << _SHIFTS[size]) | _LEADING[size]
    is_digits = ((digits & _HIGH_NIBBLES) == _ZEROS) & (((digits + _SIXES) & _HIGH_NIBBLES) == _ZEROS)
    value = (digits & _LOW_NIBBLES) * np.uint64(2561) >> np.uint64(8)
    value = (value & np.uint64(0x00FF00FF00FF00FF)) * np.uint64(6553601) >> np.uint64(16)
    value = (value & np.uint64(0x0000FFFF0000FFFF)) * np.uint64(42949672960001) >> np.uint64(32)
    return value.astype(np.int64), fits & is_digits


def ids(grid: Grid, start: np.ndarray, end: np.ndarray, prefix: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Fields such as tt0133093 as numbers, and which of them are such, with at most eight digits."""
    value, good = numbers(grid, start + 2, end)
    return value, good & (value > 0) & (
        grid.pairs[np.minimum(start, grid.size - 1)] == int.from_bytes(prefix, "little")
    )


def first_bytes(grid: Grid, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The first eight bytes of each field as one number, shorter ones filled with zeros."""
    return grid.eights[start] & _OWN_BYTES[np.minimum(end - start, 8)]


def is_one_of(grid: Grid, place: int, words: Iterable[bytes], rows: np.ndarray | None = None) -> np.ndarray:
    """In which lines, of all or of these, a field is exactly one of these words."""
    start, end = grid.start(place), grid.end(place)
    if rows is not None:
        start, end = start[rows], end[rows]
    size = end - start
    first = first_bytes(grid, start, end)
    found = np.zeros(len(start), bool)
    for word in words:
        same = first == np.uint64(int.from_bytes(word[:8], "little"))
        same &= size == len(word)
        if len(word) > 8:
            rows = np.flatnonzero(same)
            for offset in (*range(8, len(word) - 8, 8), len(word) - 8):
                part = np.uint64(int.from_bytes(word[offset : offset + 8], "little"))
                same[rows] &= grid.eights[start[rows] + offset] == part
        found |= same
    return found


def ranges(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """All positions of many ranges, one range behind the other."""
    sizes = end - start
    total = np.cumsum(sizes)
    return np.arange(total[-1] if len(total) else 0) + np.repeat(start - (total - sizes), sizes)


def has_plain_bytes(grid: Grid) -> np.ndarray:
    r"""Which lines need no escaping: no control bytes, and backslashes in no field but a `\N`."""
    good = np.ones(len(grid), bool)
    control = np.flatnonzero(grid.codes < 32)
    if len(control) != grid.ends.size:
        good[grid.rows_at(control[grid.codes[control] > NEWLINE])] = False
    backslashes = np.flatnonzero(grid.codes == BACKSLASH)
    before = grid.codes[np.maximum(backslashes - 1, 0)]
    # A backslash is no last byte of the text: a newline is.
    after = np.frombuffer(grid.text, np.uint8)[backslashes + 2]
    is_null = (grid.pairs[backslashes] == 0x4E5C) & ((before <= NEWLINE) | (backslashes == 0)) & (after <= NEWLINE)
    good[grid.rows_at(backslashes[~is_null])] = False
    return good


def repeats_in_line(rows: np.ndarray, *values: np.ndarray) -> np.ndarray:
    """Lines in which an item occurs twice, of items in file order."""
    found: list[np.ndarray] = []
    counts = np.bincount(rows) if len(rows) else np.zeros(1, np.int64)
    for distance in range(1, min(int(counts.max()), 4)):
        same = rows[distance:] == rows[:-distance]
        for value in values:
            same &= value[distance:] == value[:-distance]
        found.append(rows[distance:][same])
    many = np.flatnonzero(counts[rows] > 4)
    if len(many):
        order = many[np.lexsort((*(value[many] for value in values), rows[many]))]
        same = rows[order[1:]] == rows[order[:-1]]
        for value in values:
            same &= value[order[1:]] == value[order[:-1]]
        found.append(rows[order[1:]][same])
    return np.concatenate(found) if found else rows[:0]


def is_characters(grid: Grid, place: int) -> np.ndarray:
    r"""Which fields are a JSON list of texts without escapes, or `\N`; such a list is PostgreSQL's but for brackets.

    Counted from its first, each second quote of a list but the last is followed by a comma and the next quote.
    """
    start, end = grid.start(place), grid.end(place)
    begins, ends = grid.pairs[start] == 0x225B, grid.pairs[np.maximum(end - 2, 0)] == 0x5D22
    good = (end - start >= 4) & begins & ends
    quotes = np.flatnonzero(grid.codes == QUOTE)
    rows = grid.rows_at(quotes)
    inside = quotes >= start[rows]
    if place < grid.ends.shape[1] - 1:
        inside &= quotes < end[rows]
    quotes, rows = quotes[inside], rows[inside]
    counts = np.bincount(rows, minlength=len(grid))
    good &= counts % 2 == 0
    many = np.flatnonzero(counts[rows] > 2)
    if len(many):
        rank = many - (np.cumsum(counts) - counts)[rows[many]]
        closing = many[(rank % 2 == 1) & (rank < counts[rows[many]] - 1)]
        goes_on = (quotes[closing + 1] == quotes[closing] + 2) & (grid.codes[quotes[closing] + 1] == COMMA)
        good[rows[closing[~goes_on]]] = False
    return good | grid.is_null(place)


# --- edits ----------------------------------------------------------------------------------------------


class Edits:
    """Changes to a grid's text, put into it as marks and carried out at once."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.codes = grid.codes.copy()

    def drop_prefixes(self, positions: np.ndarray) -> None:
        """The two letters before the number of each id that begins here."""
        self.codes[positions] = DROP
        self.codes[positions + 1] = DROP

    def drop_field(self, place: int) -> None:
        """A field that is not the first, with the tab before it."""
        start, end = self.grid.start(place), self.grid.end(place)
        # Nearly all such fields are `\N` or short: one position of all at a time, long ones by themselves.
        size = end - start
        for offset in range(-1, min(int(size.max(initial=0)), 2)):
            self.codes[start[size > offset] + offset] = DROP
        longer = np.flatnonzero(size > 2)
        self.codes[ranges(start[longer] + 2, end[longer])] = DROP

    def put_braces(self, place: int) -> None:
        r"""A list as PostgreSQL writes it: `a,b` becomes `{a,b}` and `\N` becomes `{}`."""
        is_null = self.grid.is_null(place)
        start, end = self.grid.start(place), self.grid.end(place)
        self.codes[start[is_null]] = ord("{")
        self.codes[start[is_null] + 1] = ord("}")
        is_last = place == self.grid.ends.shape[1] - 1
        self._mark(start[~is_null] - 1, OPEN_LIST)
        self._mark(end[~is_null], CLOSE_LAST_LIST if is_last else CLOSE_LIST)

    def turn_brackets(self, place: int) -> None:
        r"""A list in brackets as one in braces; `\N` becomes the empty list."""
        self.codes[self.grid.start(place)] = ord("{")
        self.codes[self.grid.end(place) - 1] = ord("}")

    def _mark(self, positions: np.ndarray, mark: int) -> None:
        there = self.codes[positions]
        marks = np.full(len(positions), mark, np.uint8)
        # The tab between two lists closes the one and opens the other; that of a dropped field closes only.
        marks[there == CLOSE_LIST] = CLOSE_AND_OPEN
        marks[there == DROP] = CLOSE_AND_DROP
        self.codes[positions] = marks

    def text(self) -> bytes:
        text = self.codes.tobytes().translate(None, bytes([DROP]))
        for mark, meaning in _MEANINGS.items():
            text = text.replace(bytes([mark]), meaning)
        return text
