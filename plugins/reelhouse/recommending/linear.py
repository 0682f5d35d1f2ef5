"""EASE: which liked titles speak for which others, from what all viewers have seen, in closed form.

    B = I - P / diag(P),  P = inverse(X'X + RIDGE * I),  score of a viewer = weights of the likes x B

X has a row for each viewer: 1 for what is liked, UNLIKED for what was seen and is not, because it was chosen, too.

With fewer viewers than titles the small matrix of viewers is inverted instead, and P is made row by row: no square
of titles is ever held. Otherwise P is inverted in place by Cholesky in single precision, over the titles that enough
viewers like. Of each title only the `KEPT` strongest ties stay.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.linalg import lapack

from reelhouse.recommending.events import Events

# Both sets of development users have their best, or next to it, here (benchmarks/recommending.py).
RIDGE = 200.0
UNLIKED = 0.5
# How many likes back a like counts e-fold less; None counts all alike. The first is taken without viewers to ask.
RECENCIES: tuple[float | None, ...] = (None, 5.0, 10.0, 20.0)
# What the oldest like still counts beside the newest.
LASTING = 0.15
KEPT = 200
# Where titles are inverted: likes that a title needs, and how many titles at most (four bytes for each pair).
LEAST_LIKES, MOST_TITLES = 5, 12_000
_ROWS = 256


@dataclass(frozen=True, slots=True)
class Ties:
    """What each liked title adds to others.

    titles  keys of the rows and columns, ascending
    matrix  row: liked; column: target
    """

    titles: np.ndarray
    matrix: sparse.csr_matrix


def fit(events: Events, targets: np.ndarray | None = None, without: np.ndarray | None = None) -> Ties:
    """Ties between liked titles from what all viewers have seen.

    Takes   targets  keys of the titles that may be recommended; all by default
            without  events that are left out; they are no likes
    """
    titles, counts = np.unique(events.title[events.is_like], return_counts=True)
    viewers = len(events.starts())
    is_primal = viewers > len(titles) or viewers > MOST_TITLES
    if is_primal:
        enough = np.flatnonzero(counts >= LEAST_LIKES)
        enough = enough[np.lexsort((titles[enough], -counts[enough]))][:MOST_TITLES]
        titles = np.sort(titles[enough])
    if not titles.size:
        return Ties(titles, sparse.csr_matrix((0, 0), dtype=np.float64))
    seen = events.seen_matrix(titles, UNLIKED, without)
    shown = np.arange(len(titles)) if targets is None else np.flatnonzero(np.isin(titles, targets))
    rows = _primal_rows(seen) if is_primal else _dual_rows(seen, shown)
    parts = [
        _strongest(first, block if block.shape[1] == len(shown) else block[:, shown], diagonal, shown)
        for first, block, diagonal in rows
    ]
    return Ties(titles, sparse.vstack(parts, format="csr"))


def _primal_rows(seen: sparse.csr_matrix):
    """Blocks of rows of P, through the square of titles; inverted in place."""
    gram = np.zeros((seen.shape[1],) * 2, dtype=np.float32, order="F")
    together = seen.T.tocsr()
    for first in range(0, seen.shape[1], _ROWS):
        # Symmetric, so columns are filled instead of rows: they lie in one piece.
        gram[:, first : first + _ROWS] = (together[first : first + _ROWS] @ seen).toarray().T
    gram[np.diag_indices_from(gram)] += np.float32(RIDGE)
    factor, wrong = lapack.spotrf(gram, lower=1, overwrite_a=1, clean=0)
    inverse, wrong_too = lapack.spotri(factor, lower=1, overwrite_c=1)
    if wrong or wrong_too:
        raise ArithmeticError(f"X'X + {RIDGE} I: expected a positive definite matrix, found a flaw at {wrong}.")
    diagonal = inverse.diagonal().copy()
    for first in range(0, len(diagonal), _ROWS):
        last = min(first + _ROWS, len(diagonal))
        # Only the lower triangle holds the inverse: row i is that row up to i, and column i from there on.
        block = np.concatenate(
            [inverse[first:last, :first], np.zeros((last - first, len(diagonal) - first), np.float32)], 1
        )
        square = np.tril(inverse[first:last, first:last])
        block[:, first:last] = square + np.tril(square, -1).T
        block[:, last:] = inverse[last:, first:last].T
        yield first, block, diagonal


def _dual_rows(seen: sparse.csr_matrix, shown: np.ndarray):
    """Blocks of rows of P = (I - X' inverse(XX' + RIDGE I) X) / RIDGE, the columns of what may be shown."""
    gram = (seen @ seen.T).toarray().astype(np.float64)
    gram[np.diag_indices_from(gram)] += RIDGE
    inverse = np.linalg.inv(gram)
    columns = seen.T.tocsr().astype(np.float64)
    # Diagonal first: sum over pairs of viewers who have seen the title.
    half = columns @ inverse
    diagonal = (1.0 - np.asarray(columns.multiply(half).sum(axis=1)).ravel()) / RIDGE
    seen_of_shown = seen[:, shown]
    for first in range(0, seen.shape[1], _ROWS):
        block = -(half[first : first + _ROWS] @ seen_of_shown) / RIDGE
        row, column = _to_itself(first, len(block), shown)
        block[row, column] += 1.0 / RIDGE
        yield first, block, diagonal


def _to_itself(first: int, rows: int, shown: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where in a block of rows, with columns of what may be shown, a title meets itself."""
    column = np.flatnonzero((shown >= first) & (shown < first + rows))
    return shown[column] - first, column


def _strongest(first: int, block: np.ndarray, diagonal: np.ndarray, shown: np.ndarray) -> sparse.csr_matrix:
    """Rows of B from rows of P: the strongest ties of each to what may be shown, without the tie to itself."""
    ties = -block.astype(np.float64) / diagonal[shown]
    ties[_to_itself(first, len(ties), shown)] = 0.0
    # Whole millionths: what is smaller than the error of single precision decides nothing.
    ties = np.round(ties, 6)
    if ties.shape[1] > KEPT:
        weakest = -np.partition(-np.abs(ties), KEPT - 1, axis=1)[:, KEPT - 1 : KEPT]
        ties[np.abs(ties) < weakest] = 0.0
    found = sparse.csr_matrix(ties)
    return sparse.csr_matrix((found.data, shown[found.indices], found.indptr), shape=(len(ties), len(diagonal)))


def like_weights(count: int, recency: float | None) -> np.ndarray:
    """What each like of a viewer counts, oldest first.

    >>> like_weights(3, 1.0).round(2).tolist(), like_weights(2, None).tolist()
    ([0.29, 0.52, 1.15], [1.0, 1.0])
    """
    if recency is None:
        return np.ones(count)
    return np.round(np.exp(-np.arange(count - 1, -1, -1) / recency) + LASTING, 6)


def weighted_likes(events: Events, ties: Ties, recency: float | None) -> tuple[np.ndarray, sparse.csr_matrix]:
    """Viewers who like anything, and the weights of their likes as rows over `ties.titles`."""
    likes = events.likes
    users, counts = np.unique(likes.user, return_counts=True)
    weights = np.concatenate([like_weights(count, recency) for count in counts]) if counts.size else np.empty(0)
    known = np.isin(likes.title, ties.titles)
    rows = np.repeat(np.arange(len(users)), counts)[known]
    columns = np.searchsorted(ties.titles, likes.title[known])
    shape = (len(users), len(ties.titles))
    return users, sparse.csr_matrix((weights[known], (rows, columns)), shape=shape)
