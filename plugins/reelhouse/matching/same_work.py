"""Which rows of one source are one work: duplicates, and versions in other languages. Pure, no database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from reelhouse.matching.evidence import SAME_MINUTES
from reelhouse.matching.gathering import SourceRow
from reelhouse.matching.keys import title_key

# Rows with one key of the base title are one work when this share of the smaller cast and crew is the same.
SAME_PEOPLE = 0.5


def group_works(rows: Sequence[SourceRow]) -> list[int]:
    """For each row the index of the first row that is the same work.

    Equal key of the base title and kind make it possible; then the same description, or the same people in a year that
    fits, make it so. Without either the rows stay apart: homonyms are more common than bare duplicates.
    """
    first = list(range(len(rows)))
    by_key: dict[tuple[str, str], list[int]] = defaultdict(list)
    for position, row in enumerate(rows):
        by_key[row.kind, title_key(row.base_title)].append(position)
    for positions in by_key.values():
        for place, later in enumerate(positions):
            for earlier in positions[:place]:
                if _is_same_work(rows[earlier], rows[later]):
                    _join(first, positions, first[earlier], first[later])
    return first


def _join(first: list[int], positions: list[int], one: int, other: int) -> None:
    for position in positions:
        if first[position] in (one, other):
            first[position] = min(one, other)


def _is_same_work(one: SourceRow, other: SourceRow) -> bool:
    if one.description_sha256 and one.description_sha256 == other.description_sha256:
        return True
    ours, theirs = _people(one), _people(other)
    smaller = min(len(ours), len(theirs))
    return smaller > 0 and len(ours & theirs) >= SAME_PEOPLE * smaller and _years_fit(one, other)


def _years_fit(one: SourceRow, other: SourceRow) -> bool:
    """Whether two rows of the same people may be of one work: one year, or one gives the year of its copy or season."""
    if one.release_year is None or other.release_year is None:
        return False
    if abs(one.release_year - other.release_year) <= 1:
        return True
    # A year in a title is there to tell it from another.
    if one.link_year != other.link_year:
        return False
    if one.kind == "series":
        return True
    return None not in (one.runtime_min, other.runtime_min) and abs(one.runtime_min - other.runtime_min) <= SAME_MINUTES


def _people(row: SourceRow) -> set[str]:
    return {name for name in f"{row.director_names}|{row.cast_names}".split("|") if name}
