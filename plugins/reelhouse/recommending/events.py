"""What viewers rated and watched, as columns of numbers."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import psycopg
from scipy import sparse

from reelhouse.errors import OutOfStep

FIRST_SYNTHETIC = 900_000_000
# A row of COPY's binary format: the number of columns, then each with its length before it.
_ROW = np.dtype([
    ("columns", ">i2"), ("user_bytes", ">i4"), ("user", ">i8"), ("title_bytes", ">i4"), ("title", ">i8"),
    ("is_like_bytes", ">i4"), ("is_like", "u1"), ("moment_bytes", ">i4"), ("moment", ">i8"),
])  # fmt: skip
_KEPT_AS = {"user": np.int64, "title": np.int64, "is_like": bool, "moment": np.int64}
_HEADER_BYTES, _END_BYTES = 19, 2
_BATCH = 100_000
# Events whose places are looked for at once.
_BLOCK = 1_000_000


@dataclass(frozen=True, slots=True)
class Events:
    """One row for each viewer and title, by viewer, then moment, then title.

    user, title  their keys
    is_like      rated four and more, or watched to the half
    moment       of the last rating or viewing, seconds since 1970
    """

    user: np.ndarray
    title: np.ndarray
    is_like: np.ndarray
    moment: np.ndarray

    @classmethod
    def of(cls, user: object, title: object, is_like: object, moment: object) -> Events:
        """Events of any order, brought into theirs."""
        user, title, moment = (np.asarray(column, dtype=np.int64) for column in (user, title, moment))
        is_like = np.asarray(is_like, dtype=bool)
        if _stand_in_order(user, moment, title):
            return cls(user, title, is_like, moment)
        order = np.lexsort((title, moment, user))
        return cls(user[order], title[order], is_like[order], moment[order])

    def where(self, chosen: np.ndarray) -> Events:
        """Some of the events; all of them are not copied."""
        if chosen.dtype == bool and chosen.all():
            return self
        return Events(self.user[chosen], self.title[chosen], self.is_like[chosen], self.moment[chosen])

    @property
    def likes(self) -> Events:
        return self.where(self.is_like)

    def starts(self) -> np.ndarray:
        """Where the events of each viewer begin. Viewers stand together, so that nothing has to be sorted."""
        is_first = np.ones(len(self.user), dtype=bool)
        np.not_equal(self.user[1:], self.user[:-1], out=is_first[1:])
        return np.flatnonzero(is_first)

    def of_user(self, user: int) -> Events:
        """The events of one viewer, without a copy."""
        return self.between(*np.searchsorted(self.user, [user, user + 1]).tolist())

    def between(self, start: int, end: int) -> Events:
        """Events by place, without a copy."""
        return Events(self.user[start:end], self.title[start:end], self.is_like[start:end], self.moment[start:end])

    def likes_of(self, titles: np.ndarray) -> tuple[np.ndarray, sparse.csr_matrix]:
        """Viewers who like any of some titles, and their likes as ones: rows are these viewers, columns the titles.

        Takes   titles  keys, ascending
        """
        return self._matrix(titles, self.is_like, 1.0)

    def matrix(self, titles: np.ndarray) -> sparse.csr_matrix:
        """Likes as a matrix of ones: a row for each viewer who likes any, a column for each of `titles` (ascending)."""
        return self.likes_of(titles)[1]

    def seen_matrix(self, titles: np.ndarray, unliked: float, without: np.ndarray | None) -> sparse.csr_matrix:
        """The same of all that was seen: likes as ones, what is not liked as `unliked`.

        Takes   without  events that are left out, as truths
        """
        chosen = np.ones(len(self.user), dtype=bool) if without is None else ~without
        return self._matrix(titles, chosen, unliked)[1]

    def _matrix(self, titles: np.ndarray, chosen: np.ndarray, unliked: float) -> tuple[np.ndarray, sparse.csr_matrix]:
        users, columns = [self.user[:0]], [np.empty(0, dtype=np.int32)]
        values = [np.empty(0, dtype=np.float32)]
        # Block by block: a copy of eleven million events and of their places would take 400 MB.
        for first in range(0, len(self.user), _BLOCK):
            block, taken = self.between(first, first + _BLOCK), chosen[first : first + _BLOCK]
            place = places_in(titles, block.title[taken])
            is_known = place >= 0
            users.append(block.user[taken][is_known])
            columns.append(place[is_known].astype(np.int32))
            values.append(np.where(block.is_like[taken][is_known], np.float32(1), np.float32(unliked)))
        found = Events(np.concatenate(users), np.concatenate(columns), np.empty(0, dtype=bool), np.empty(0))
        starts = found.starts()
        parts = np.concatenate(values), found.title, np.append(starts, len(found.user)).astype(np.int32)
        matrix = sparse.csr_matrix(parts, shape=(len(starts), len(titles)))
        matrix.sum_duplicates()
        return found.user[starts], matrix


def places_in(keys: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Places of some keys among ascending ones, -1 for those that are not there."""
    if not keys.size:
        return np.full(len(wanted), -1)
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[places] == wanted, places, -1)


def _stand_in_order(*columns: np.ndarray) -> bool:
    """Whether rows ascend by the first column, equal ones by the next, and so on."""
    is_tied = np.ones(max(0, len(columns[0]) - 1), dtype=bool)
    for column in columns:
        if (is_tied & (column[1:] < column[:-1])).any():
            return False
        is_tied &= column[1:] == column[:-1]
    return True


def read_events(conn: psycopg.Connection, sql_folder: Path, user_key: int | None = None) -> Events:
    """Events of all viewers, or of one.

    Copied as PostgreSQL's own bytes, which become columns without a Python object for each number: of eleven million
    ratings those would take 3 GB.
    """
    query = (sql_folder / "4_recommendation" / "viewer_events.sql").read_text().rstrip().removesuffix(";")
    parts: dict[str, list[np.ndarray]] = {name: [np.empty(0, dtype=kind)] for name, kind in _KEPT_AS.items()}
    with conn.cursor() as cursor, cursor.copy(
        f"copy ({query}) to stdout (format binary)", {"user_key": user_key}
    ) as copy:  # fmt: skip
        rows, start = iter(copy), _HEADER_BYTES
        while some := b"".join(islice(rows, _BATCH)):
            count, rest = divmod(len(some) - start, _ROW.itemsize)
            if rest not in (0, _END_BYTES):
                raise OutOfStep(
                    f"viewer_events.sql: expected rows of {_ROW.itemsize} bytes without a null, found"
                    f" {len(some) - start} bytes. Columns and their types must be those of events.py."
                )
            block = np.frombuffer(some, dtype=_ROW, count=count, offset=start)
            for name, kind in _KEPT_AS.items():
                parts[name].append(block[name].astype(kind))
            start = 0
    # One column at a time, so that no two copies of all of them are there together.
    return Events.of(*(np.concatenate(parts.pop(name)) for name in _KEPT_AS))
