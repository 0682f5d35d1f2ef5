"""What viewers rated and watched, as columns of numbers."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import psycopg
from scipy import sparse

from reelhouse.database import stream_file

FIRST_SYNTHETIC = 900_000_000
_BATCH = 100_000


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
        order = np.lexsort((title, moment, user))
        return cls(user[order], title[order], np.asarray(is_like, dtype=bool)[order], moment[order])

    def where(self, chosen: np.ndarray) -> Events:
        return Events(self.user[chosen], self.title[chosen], self.is_like[chosen], self.moment[chosen])

    @property
    def likes(self) -> Events:
        return self.where(self.is_like)

    def by_user(self) -> list[tuple[int, Events]]:
        """The events of each viewer."""
        users, starts = np.unique(self.user, return_index=True)
        ends = np.append(starts, len(self.user))[1:]
        return [
            (int(user), self.where(np.arange(start, end))) for user, start, end in zip(users, starts, ends, strict=True)
        ]

    def matrix(self, titles: np.ndarray) -> sparse.csr_matrix:
        """Likes as a matrix of ones: a row for each viewer who likes any, a column for each of `titles` (ascending)."""
        likes = self.where(self.is_like & np.isin(self.title, titles))
        _, rows = np.unique(likes.user, return_inverse=True)
        columns = np.searchsorted(titles, likes.title)
        shape = (int(rows.max(initial=-1)) + 1, len(titles))
        return sparse.csr_matrix((np.ones(len(rows), dtype=np.float32), (rows, columns)), shape=shape)


def read_events(conn: psycopg.Connection, sql_folder: Path, user_key: int | None = None) -> Events:
    """Events of all viewers, or of one."""
    rows = stream_file(conn, sql_folder / "4_recommendation" / "viewer_events.sql", user_key=user_key)
    parts = [np.array(some, dtype=np.int64) for some in iter(lambda: list(islice(rows, _BATCH)), [])]
    columns = np.concatenate(parts) if parts else np.empty((0, 4), dtype=np.int64)
    return Events.of(*columns.T)
