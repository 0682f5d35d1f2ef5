"""IMDb's files by blocks: the lines of about a megabyte are filtered, tested and made COPY text together by numpy.

A line is taken here only when every test says that it is certainly good. A block that is not clean, and each line
that is not certainly good, goes to `imdb_lines`, which knows the reasons; so both give the same rows, the same
account and the same quarantine. Memory does not depend on the size of the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import BinaryIO

import numpy as np

from reelhouse.copying import CopyText, copy_line
from reelhouse.sources import SourceFile
from reelhouse.sources.byte_columns import (
    QUOTE,
    Edits,
    Grid,
    first_bytes,
    grid_of,
    has_plain_bytes,
    ids,
    is_characters,
    is_one_of,
    numbers,
    ranges,
    repeats_in_line,
    rows_mask,
)
from reelhouse.sources.imdb_lines import columns_of, rows_of_lines
from reelhouse.sources.number_set import NumberSet
from reelhouse.sources.reading import FIELD_BYTES, Header, Reading, blocks_of_lines, text_problem
from reelhouse.sources.values import FIRST_YEAR, LAST_YEAR, SMALLINT, trimmed

KEPT, DUPLICATE, ASIDE = 0, 1, 2
_PREFIXES = {"tconst": b"tt", "titleId": b"tt", "nconst": b"nm"}


@dataclass(frozen=True, slots=True)
class Tested:
    """What is known of the lines of a grid.

    good       which are certainly good
    keys       their keys: one array for each field of the key
    mentions   numbers that another file is filtered by, and the line each is in; None when there are none
    """

    good: np.ndarray
    keys: tuple[np.ndarray, ...]
    mentions: tuple[np.ndarray, np.ndarray] | None = None


Found = list[tuple[int, tuple]]


def read_texts(
    file: SourceFile,
    header: Header,
    stream: BinaryIO,
    reading: Reading,
    known: NumberSet | None = None,
    mentioned: NumberSet | None = None,
    repeated: set[int] | None = None,
) -> Iterator[CopyText]:
    """The wanted rows of one file, each key once, as COPY text.

    Takes   known      the numbers that `file.keep_referenced` asks for
            mentioned  set to which the numbers are added that later files are filtered by: the titles of
                       title.basics, the people of title.principals and title.crew
            repeated   set to which the first numbers of keys are added that occur more than once
    """
    reader = BlockReader(file, header, reading, known, mentioned)
    reader.repeated = set() if repeated is None else repeated
    for block in blocks_of_lines(stream):
        yield from reader.read(block.replace(b"\r\n", b"\n") if header.is_crlf else block)


class BlockReader:
    """One file while it is read; the next line's number, and the keys that were met, go from block to block.

    repeated  first numbers of the keys of which a row before was met
    """

    def __init__(
        self, file: SourceFile, header: Header, reading: Reading, known: NumberSet | None, mentioned: NumberSet | None
    ) -> None:
        self.file, self.header, self.reading = file, header, reading
        self.known, self.mentioned = known, mentioned
        self.line_number = 2
        self.form = FORMS[file.name]
        self.keys = OnceInGroup() if len(file.key) == 2 else Once()
        self.places = [header.places[column] for column in columns_of(file)]
        # Text is edited where it stands, so the columns must stand as they are staged; others may lie between.
        self.is_in_order = self.places[0] == 0 and self.places == sorted(self.places)
        self.repeated: set[int] = set()

    def read(self, block: bytes, numbers: np.ndarray | None = None) -> Iterator[CopyText]:
        """The rows of a block, in portions.

        Takes   numbers  of its lines, when they do not follow those of the block before
        """
        grid = self._clean_grid(block)
        if grid is None:
            lines = block[:-1].split(b"\n")
            self.reading.rows_in += len(lines)
            found = self._found(enumerate(lines), numbers)
            yield from self._first_of_keys(None, np.zeros(0, np.int64), None, found)
            self.line_number += len(lines)
            return
        self.reading.rows_in += len(grid)
        wanted, doubtful = self._sift(grid)
        self.reading.rows_filtered += len(grid) - len(wanted) - len(doubtful)
        kept = grid.take(wanted)
        tested = self.form.test(kept, self.places)
        good = tested.good & has_plain_bytes(kept)
        doubtful = np.sort(np.concatenate((doubtful, wanted[~good])))
        found = self._found(((line, grid.line(line)) for line in doubtful.tolist()), numbers)
        yield from self._first_of_keys(kept, wanted, tested, found, good)
        self.line_number += len(grid)

    def _found(self, lines: Iterator[tuple[int, bytes]], numbers: np.ndarray | None) -> Found:
        """The rows of lines that are read one by one, each with its place in the block."""
        if numbers is None:
            first = self.line_number
            numbered = ((first + place, line) for place, line in lines)
            return [(number - first, row) for number, row in self._rows(numbered)]
        numbered = ((int(numbers[place]), line) for place, line in lines)
        return [(int(np.searchsorted(numbers, number)), row) for number, row in self._rows(numbered)]

    def _clean_grid(self, block: bytes) -> Grid | None:
        if not self.is_in_order or text_problem(block) is not None:
            return None
        grid = grid_of(block, self.header.width)
        if grid is None or int((grid.line_ends - grid.starts).max()) > FIELD_BYTES:
            return None
        return grid

    def _rows(self, lines: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, tuple]]:
        return rows_of_lines(self.file, self.header, lines, self.reading, self.known)

    def _sift(self, grid: Grid) -> tuple[np.ndarray, np.ndarray]:
        """The lines that are wanted, and those of which that is not certain."""
        wanted, is_doubtful = np.ones(len(grid), bool), np.zeros(len(grid), bool)
        keep, referenced = self.file.keep, self.file.keep_referenced
        if keep:
            place = self.header.places[keep.column]
            wanted = is_one_of(grid, place, [word.encode() for word in keep.values])
            others = np.flatnonzero(~wanted)
            is_left_out = is_one_of(grid, place, [word.encode() for word in keep.left_out], others)
            is_doubtful[others[~is_left_out]] = True
        if referenced:
            rows = np.flatnonzero(wanted)
            place = self.header.places[referenced.column]
            start, end = grid.start(place)[rows], grid.end(place)[rows]
            number, is_id = ids(grid, start, end, _PREFIXES[referenced.column])
            is_doubtful[rows[~is_id]] = True
            wanted[rows] = is_id & self.known.holds(np.where(is_id, number, 0))
        return np.flatnonzero(wanted), np.flatnonzero(is_doubtful)

    def _first_of_keys(
        self,
        kept: Grid | None,
        lines: np.ndarray,
        tested: Tested | None,
        found: Found,
        good: np.ndarray | None = None,
    ) -> Iterator[CopyText]:
        """Rows whose key is new, of those tested together and those found one by one, as they stand in the file."""
        rows = np.flatnonzero(good) if good is not None else np.zeros(0, np.int64)
        fates = self._fates(lines[rows], [key[rows] for key in tested.keys] if tested else [], found)
        if fates.any():
            self._note_repeats(tested, rows, found, fates)
        if (fates == ASIDE).any():
            self._set_aside(kept, lines[rows], rows, found, fates)
        if kept is not None and len(rows):
            yield from self._text(kept, tested, rows[fates[: len(rows)] == KEPT])
        single = [row for (_, row), fate in zip(found, fates[len(rows) :], strict=True) if fate == KEPT]
        if single:
            self._mention_of_rows(single)
            yield CopyText(len(single), b"".join(map(copy_line, single)))

    def _note_repeats(self, tested: Tested | None, rows: np.ndarray, found: Found, fates: np.ndarray) -> None:
        self.reading.rows_duplicate += int(np.count_nonzero(fates == DUPLICATE))
        if tested:
            self.repeated.update(tested.keys[0][rows[fates[: len(rows)] != KEPT]].tolist())
        self.repeated.update(row[0] for (_, row), fate in zip(found, fates[len(rows) :], strict=True) if fate != KEPT)

    def _fates(self, lines: np.ndarray, keys: Sequence[np.ndarray], found: Found) -> np.ndarray:
        """Of each row whether it is kept: first those tested together, then those found one by one."""
        if not found:
            return self.keys.fates(*keys) if keys else np.zeros(0, np.int8)
        width = len(self.file.key)
        single = [np.array([row[field] for _, row in found], np.int64) for field in range(width)]
        both = [np.concatenate(pair) for pair in zip(keys, single, strict=True)] if keys else single
        order = np.argsort(np.concatenate((lines, np.array([line for line, _ in found], np.int64))), kind="stable")
        fates = np.empty(len(order), np.int8)
        fates[order] = self.keys.fates(*(key[order] for key in both))
        return fates

    def _set_aside(
        self, kept: Grid | None, lines: np.ndarray, rows: np.ndarray, found: Found, fates: np.ndarray
    ) -> None:
        """Rows whose key may be a repeat, in file order."""
        aside = [pair for pair, fate in zip(found, fates[len(rows) :], strict=True) if fate == ASIDE]
        for place in np.flatnonzero(fates[: len(rows)] == ASIDE).tolist():
            row = next(self._rows(iter([(0, kept.line(int(rows[place])))])))[1]
            aside.append((int(lines[place]), row))
        for _, row in sorted(aside, key=lambda pair: pair[0]):
            self.reading.set_aside(row)

    def _text(self, kept: Grid, tested: Tested, rows: np.ndarray) -> Iterator[CopyText]:
        if not len(rows):
            return
        if self.mentioned is not None and tested.mentions is not None:
            mentions, in_row = tested.mentions
            self.mentioned.add(mentions[rows_mask(len(kept), rows)[in_row]])
        yield CopyText(len(rows), self._edited(kept.take(rows)))

    def _edited(self, grid: Grid) -> bytes:
        edits = Edits(grid)
        for place in range(self.header.width):
            if place not in self.places:
                edits.drop_field(place)
        self.form.edit(edits, grid, self.places)
        return edits.text()

    def _mention_of_rows(self, rows: list[tuple]) -> None:
        if self.mentioned is not None and self.form.mention:
            self.mentioned.add(np.array([number for row in rows for number in self.form.mention(row)], np.int64))


# --- each key once --------------------------------------------------------------------------------------


class Once:
    """Keys of one number; the first of each is kept."""

    def __init__(self) -> None:
        self.seen = NumberSet()

    def fates(self, numbers: np.ndarray) -> np.ndarray:
        fates = np.where(self.seen.holds(numbers), DUPLICATE, KEPT).astype(np.int8)
        if not _is_rising(numbers):
            first = np.zeros(len(numbers), bool)
            first[np.unique(numbers, return_index=True)[1]] = True
            fates[~first] = DUPLICATE
        self.seen.add(numbers)
        return fates


class OnceInGroup:
    """Keys of two numbers in a file that is grouped by the first; only one group's keys are held in memory.

    Rows of a group that comes back later in the file are set aside, and the database tells the repeats.
    """

    def __init__(self) -> None:
        self.seen = NumberSet()
        self.current, self.orders = -1, set()

    def fates(self, numbers: np.ndarray, orders: np.ndarray) -> np.ndarray:
        if not len(numbers):
            return np.zeros(0, np.int8)
        is_start = np.r_[numbers[0] != self.current, numbers[1:] != numbers[:-1]]
        groups = numbers[is_start]
        rises = (orders[1:] > orders[:-1]) | is_start[1:]
        goes_on = bool(is_start[0]) or int(orders[0]) > max(self.orders, default=-1)
        is_once = _is_rising(groups) or len(np.unique(groups)) == len(groups)
        is_new = is_once and not self.seen.holds(groups).any()
        if not (rises.all() and goes_on and is_new):
            return self._one_by_one(numbers, orders)
        self.seen.add(groups)
        last = int(np.flatnonzero(is_start)[-1]) if len(groups) else 0
        self.orders = set(orders[last:].tolist()) | (set() if len(groups) else self.orders)
        self.current = int(numbers[-1])
        return np.zeros(len(numbers), np.int8)

    def _one_by_one(self, numbers: np.ndarray, orders: np.ndarray) -> np.ndarray:
        fates = np.zeros(len(numbers), np.int8)
        for place, (number, order) in enumerate(zip(numbers.tolist(), orders.tolist(), strict=True)):
            if number != self.current:
                if number in self.seen:
                    fates[place] = ASIDE
                    continue
                self.current, self.orders = number, set()
                self.seen.add(np.array([number]))
            if order in self.orders:
                fates[place] = DUPLICATE
            else:
                self.orders.add(order)
        return fates


def _is_rising(numbers: np.ndarray) -> bool:
    return bool((numbers[1:] > numbers[:-1]).all())


# --- tests of one column --------------------------------------------------------------------------------


def _is_text(grid: Grid, place: int) -> np.ndarray:
    """A text that begins with something to be seen, not a quote.

    Backslashes and control bytes are looked for elsewhere.
    """
    # What follows an empty field is a blank, too.
    is_blank = _may_be_blank()[grid.pairs[grid.start(place)]]
    return ~is_blank & ~grid.is_null(place) & _is_unquoted(grid, place)


@cache
def _may_be_blank() -> np.ndarray:
    """Of each two bytes whether a character that shows nothing, written in UTF-8, may begin with them."""
    found = np.zeros((256, 256), bool)
    for blank in (text for text in map(chr, range(1 << 16)) if not trimmed(text)):
        first, *more = blank.encode()
        found[more[0] if more else slice(None), first] = True
    return found.reshape(-1)


def _is_unquoted(grid: Grid, place: int) -> np.ndarray:
    # Some programs quote what has quotes; most texts that begin with one are not theirs, but those are few.
    return grid.codes[grid.start(place)] != QUOTE


def _is_filled(grid: Grid, place: int) -> np.ndarray:
    return grid.end(place) > grid.start(place)


def _whole(grid: Grid, place: int) -> tuple[np.ndarray, np.ndarray]:
    return numbers(grid, grid.start(place), grid.end(place))


def _is_year(grid: Grid, place: int, least: int) -> np.ndarray:
    value, good = _whole(grid, place)
    good &= (grid.end(place) - grid.start(place) == 4) & (value >= least) & (value <= LAST_YEAR)
    return good | grid.is_null(place)


def _is_boolean(grid: Grid, place: int) -> np.ndarray:
    start = grid.start(place)
    return (grid.end(place) - start == 1) & ((grid.codes[start] | 1) == ord("1"))


def _is_words(grid: Grid, place: int) -> np.ndarray:
    """A list of different plain words, or no value."""
    is_null = grid.is_null(place)
    rows = np.flatnonzero(~is_null)
    good = np.ones(len(grid), bool)
    in_row, start, end = grid.items(place, rows)
    first = first_bytes(grid, start, end)
    # PostgreSQL takes the word null, however written, for no value.
    is_null_word = (end - start == 4) & ((first | np.uint64(0x20202020)) == np.uint64(0x6C6C756E))
    good[in_row[(end <= start) | is_null_word]] = False
    good[repeats_in_line(in_row, first, end - start)] = False
    positions = ranges(grid.start(place)[rows], grid.end(place)[rows])
    good[grid.rows_at(positions[~_WORD_BYTES[grid.codes[positions]]])] = False
    return good


_WORD_BYTES = np.zeros(256, bool)
_WORD_BYTES[[*b"-_,", *range(48, 58), *range(65, 91), *range(97, 123)]] = True


def _id_lists(grid: Grid, place: int, prefix: bytes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lists of different ids: which lines hold such a list or no value; the numbers, and the line each is in."""
    rows = np.flatnonzero(~grid.is_null(place))
    good = np.ones(len(grid), bool)
    in_row, start, end = grid.items(place, rows)
    number, is_id = ids(grid, start, end, prefix)
    good[in_row[~is_id]] = False
    good[repeats_in_line(in_row, number)] = False
    return good, number, in_row


# --- files ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Form:
    """How the lines of one file are tested and edited.

    test     of a grid and the places of its columns
    edit     puts edits that make its text COPY text of the columns staged
    mention  the numbers of a single row that other files are filtered by
    """

    test: Callable[[Grid, list[int]], Tested]
    edit: Callable[[Edits, Grid, list[int]], None]
    mention: Callable[[tuple], Sequence[int]] | None = None


def _test_titles(grid: Grid, at: list[int]) -> Tested:
    number, good = ids(grid, grid.start(at[0]), grid.end(at[0]), b"tt")
    runtime, is_runtime = _whole(grid, at[7])
    good &= _is_text(grid, at[2]) & _is_filled(grid, at[3]) & _is_unquoted(grid, at[3])
    good &= _is_boolean(grid, at[4])
    good &= _is_year(grid, at[5], FIRST_YEAR) & _is_year(grid, at[6], FIRST_YEAR)
    # A runtime of 0 is one that nobody knows.
    good &= (is_runtime & (runtime > 0)) | grid.is_null(at[7])
    good &= _is_words(grid, at[8])
    return Tested(good, (number,), (number, np.arange(len(grid))))


def _edit_titles(edits: Edits, grid: Grid, at: list[int]) -> None:
    edits.drop_prefixes(grid.start(at[0]))
    edits.put_braces(at[8])


def _test_ratings(grid: Grid, at: list[int]) -> Tested:
    number, good = ids(grid, grid.start(at[0]), grid.end(at[0]), b"tt")
    start, end = grid.start(at[1]), grid.end(at[1])
    text = first_bytes(grid, start, end)
    codes = [(text >> np.uint64(8 * place)) & np.uint64(255) for place in range(3)]
    is_rating = (end - start == 3) & (codes[0] >= 49) & (codes[0] <= 57) & (codes[1] == 46)
    is_rating &= (codes[2] >= 48) & (codes[2] <= 57)
    is_rating |= text == np.uint64(int.from_bytes(b"10.0", "little"))
    return Tested(good & is_rating & _whole(grid, at[2])[1], (number,))


def _edit_number(edits: Edits, grid: Grid, at: list[int]) -> None:
    edits.drop_prefixes(grid.start(at[0]))


def _test_principals(grid: Grid, at: list[int]) -> Tested:
    number, good = ids(grid, grid.start(at[0]), grid.end(at[0]), b"tt")
    order, is_order = _whole(grid, at[1])
    person, is_person = ids(grid, grid.start(at[2]), grid.end(at[2]), b"nm")
    good &= is_order & (order <= SMALLINT) & is_person & is_characters(grid, at[4])
    return Tested(good, (number, order), (person, np.arange(len(grid))))


def _edit_principals(edits: Edits, grid: Grid, at: list[int]) -> None:
    edits.drop_prefixes(grid.start(at[0]))
    edits.drop_prefixes(grid.start(at[2]))
    edits.turn_brackets(at[4])


def _test_crew(grid: Grid, at: list[int]) -> Tested:
    number, good = ids(grid, grid.start(at[0]), grid.end(at[0]), b"tt")
    is_directors, directors, directed = _id_lists(grid, at[1], b"nm")
    is_writers, writers, written = _id_lists(grid, at[2], b"nm")
    mentions = np.concatenate((directors, writers)), np.concatenate((directed, written))
    return Tested(good & is_directors & is_writers, (number,), mentions)


def _edit_crew(edits: Edits, grid: Grid, at: list[int]) -> None:
    edits.drop_prefixes(grid.start(at[0]))
    for place in at[1:]:
        edits.drop_prefixes(grid.items(place, np.flatnonzero(~grid.is_null(place)))[1])
        edits.put_braces(place)


def _test_akas(grid: Grid, at: list[int]) -> Tested:
    number, good = ids(grid, grid.start(at[0]), grid.end(at[0]), b"tt")
    order, is_order = _whole(grid, at[1])
    good &= is_order & _is_text(grid, at[2]) & _is_filled(grid, at[3]) & _is_filled(grid, at[4])
    good &= _is_boolean(grid, at[5]) | grid.is_null(at[5])
    return Tested(good, (number, order))


def _test_people(grid: Grid, at: list[int]) -> Tested:
    number, good = ids(grid, grid.start(at[0]), grid.end(at[0]), b"nm")
    good &= _is_text(grid, at[1]) & _is_year(grid, at[2], 0) & _is_year(grid, at[3], 0)
    good &= _is_words(grid, at[4]) & _id_lists(grid, at[5], b"tt")[0]
    return Tested(good, (number,))


def _edit_people(edits: Edits, grid: Grid, at: list[int]) -> None:
    edits.drop_prefixes(grid.start(at[0]))
    edits.drop_prefixes(grid.items(at[5], np.flatnonzero(~grid.is_null(at[5])))[1])
    edits.put_braces(at[4])
    edits.put_braces(at[5])


FORMS = {
    "title.basics.tsv.gz": Form(_test_titles, _edit_titles, lambda row: row[:1]),
    "title.ratings.tsv.gz": Form(_test_ratings, _edit_number),
    "title.principals.tsv.gz": Form(_test_principals, _edit_principals, lambda row: row[2:3]),
    "title.crew.tsv.gz": Form(_test_crew, _edit_crew, lambda row: row[1] + row[2]),
    "title.akas.tsv.gz": Form(_test_akas, _edit_number),
    "name.basics.tsv.gz": Form(_test_people, _edit_people),
}
