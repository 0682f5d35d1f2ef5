"""Variety: the best of a pool one after the other, each at its worth less what it is like of those before it.

Maximal marginal relevance (Carbonell and Goldstein, 1998) for many pools at once, with caps on franchises and on
titles of the other kind. What is chosen of a pool depends on that pool alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse

# Share of the worth against likeness to what is already on the list. Measured: costs 2 % of recall.
RELEVANCE = 0.8
FRANCHISE_AT_MOST = 2
ACROSS_KINDS_AT_MOST = 2


def told_apart_by(content: sparse.csr_matrix, columns: Sequence[tuple[str, str]]) -> sparse.csr_matrix:
    """Titles x tokens without the words of descriptions: half of all numbers, and nobody sees variety in them.

    Takes   columns  (field, label) of each column
    """
    kept = [number for number, (field, _) in enumerate(columns) if field != "description"]
    return content[:, kept].tocsr()


def varied(
    content: sparse.csr_matrix,
    franchises: np.ndarray,
    pool: np.ndarray,
    worth: np.ndarray,
    length: int,
    is_across: np.ndarray | None = None,
    franchise_count: np.ndarray | None = None,
) -> np.ndarray:
    """Places in each pool of what is chosen, best first, -1 where nothing is left: pools x length.

    Takes   content          see told_apart_by; two titles are as like as the product of their rows
            franchises       number of the franchise of each title
            pool             pools x candidates: rows of titles, best first, -1 where there are fewer
            worth            of each candidate
            is_across        which candidates are of the other kind than what is asked about
            franchise_count  of each candidate: how many of its franchise there are already
    """
    rows = np.arange(len(pool))
    picks = np.full((len(pool), length), -1, dtype=np.int64)
    if not pool.size:
        return picks
    alike = _Likeness(content, pool)
    own = franchises[pool]
    most_alike = np.zeros(pool.shape)
    across = np.zeros(len(pool), dtype=np.int64)
    count = np.zeros(pool.shape, dtype=np.int64) if franchise_count is None else franchise_count.copy()
    is_open = (pool >= 0) & (count < FRANCHISE_AT_MOST)
    for place in range(length):
        value = np.where(is_open, RELEVANCE * worth - (1 - RELEVANCE) * most_alike, -np.inf)
        # The first of equals: the pool stands in the fixed order. Rounded, so that the last bit decides nothing.
        pick = np.argmax(np.round(value, 9), axis=1)
        is_found = is_open[rows, pick]
        picks[is_found, place] = pick[is_found]
        if place == length - 1 or not is_found.any():
            break
        is_open[rows, pick] = False
        most_alike = np.maximum(most_alike, alike.to(pick))
        count += is_found[:, None] & (own == own[rows, pick][:, None])
        is_open &= count < FRANCHISE_AT_MOST
        if is_across is not None:
            across += is_found & is_across[rows, pick]
            is_open &= ~is_across | (across < ACROSS_KINDS_AT_MOST)[:, None]
    return picks


class _Likeness:
    """Content scores between the candidates of each pool and one of them, when it is asked for.

    Each pool has columns of its own, so that one product with one vector answers for all of them; and they lie beside
    one another, so that the numbers of a pool stay in a cache.
    """

    def __init__(self, content: sparse.csr_matrix, pool: np.ndarray) -> None:
        self._shape = pool.shape
        candidates, row = np.unique(np.maximum(pool, 0).ravel(), return_inverse=True)
        known = _columns_of_several(content[candidates])[row]
        entries = np.diff(known.indptr[:: pool.shape[1]])
        first = np.arange(len(pool), dtype=known.indices.dtype) * known.shape[1]
        columns = known.indices + np.repeat(first, entries)
        shape = (pool.size, len(pool) * known.shape[1])
        self._content = sparse.csr_matrix((known.data, columns, known.indptr), shape=shape)
        self._asked = np.zeros(shape[1])

    def to(self, place: np.ndarray) -> np.ndarray:
        """Likeness of all candidates to the one at `place` of each pool."""
        rows = np.arange(len(place)) * self._shape[1] + place
        starts = self._content.indptr[rows]
        lengths = self._content.indptr[rows + 1] - starts
        before = np.cumsum(lengths) - lengths
        entries = np.arange(lengths.sum()) + np.repeat(starts - before, lengths)
        columns = self._content.indices[entries]
        self._asked[columns] = self._content.data[entries]
        found = (self._content @ self._asked).reshape(self._shape)
        self._asked[columns] = 0.0
        return found


def _columns_of_several(content: sparse.csr_matrix) -> sparse.csr_matrix:
    """Rows without columns of none or one of them, which make nothing alike. The others keep their order."""
    is_of_several = np.bincount(content.indices, minlength=content.shape[1]) > 1
    stays = is_of_several[content.indices]
    column = (np.cumsum(is_of_several, dtype=np.int32) - 1)[content.indices[stays]]
    starts = np.concatenate([[0], np.cumsum(stays, dtype=np.int32)])[content.indptr]
    shape = (content.shape[0], np.count_nonzero(is_of_several))
    return sparse.csr_matrix((content.data[stays], column, starts), shape=shape)
