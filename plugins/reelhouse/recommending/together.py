"""Titles that the same viewers like."""

from __future__ import annotations

import numpy as np
from scipy import sparse

# Added to the square root of both counts of likes: two viewers who agree by chance make no pair.
SHRINKAGE = 5.0
KEPT = 100
# Titles at once: beside each, nearly all titles of a large audience have a number for a moment.
_ROWS = 128


def liked_together(likes: sparse.csr_matrix, kept: int = KEPT, rows: np.ndarray | None = None) -> sparse.csr_matrix:
    """Shrunk cosine of the likes of two titles: n(i, j) / (sqrt(n(i) n(j)) + 5), the `kept` largest of each row.

    Takes   likes  viewers x titles, see Events.matrix
            rows   places of the titles that are wanted as rows; all by default
    """
    counts = np.asarray(likes.sum(axis=0, dtype=np.float64)).ravel()
    columns = likes.T.tocsr()
    rows = np.arange(likes.shape[1]) if rows is None else rows
    parts = []
    for first in range(0, len(rows), _ROWS):
        wanted = rows[first : first + _ROWS]
        # Whole numbers up to 2^24 are exact in single precision.
        block = (columns[wanted] @ likes).tocoo()
        is_pair = wanted[block.row] != block.col
        row, column, both = block.row[is_pair], block.col[is_pair], block.data[is_pair].astype(np.float64)
        value = np.round(both / (np.sqrt(counts[wanted[row]] * counts[column]) + SHRINKAGE), 6)
        # Largest first within each row, equals by column: the first `kept` of each stay.
        order = np.lexsort((column, -value, row))
        row, column, value = row[order], column[order], value[order]
        starts = np.searchsorted(row, np.arange(block.shape[0]))
        stays = np.arange(len(row)) - starts[row] < kept
        shape = block.shape
        parts.append(sparse.csr_matrix((value[stays], (row[stays], column[stays])), shape=shape))
    return sparse.vstack(parts, format="csr") if parts else sparse.csr_matrix((0, 0))
