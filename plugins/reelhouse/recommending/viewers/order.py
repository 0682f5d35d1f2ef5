"""The order of a viewer's list: by score, then in the fixed order; with variety, and few titles of a franchise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from reelhouse.recommending.exact import STEPS, TIE_BITS
from reelhouse.recommending.variety import FRANCHISE_AT_MOST, varied
from reelhouse.recommending.viewers.model import Chosen, Model

POOL = 60


def sort_keys(model: Model, steps: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Whole numbers that sort as lists do: by score, then in the fixed order."""
    return (steps << TIE_BITS) + ((1 << TIE_BITS) - 1 - model.tie_rank[rows])


def best(model: Model, steps: np.ndarray, count: int) -> np.ndarray:
    """Rows of the best positive scores, best first, in the fixed order."""
    rows = np.flatnonzero(steps > 0)
    keys = sort_keys(model, steps[rows], rows)
    if len(rows) > count:
        first = np.argpartition(keys, -count)[-count:]
        rows, keys = rows[first], keys[first]
    return rows[np.argsort(-keys)]


def best_with_variety(
    model: Model, content: sparse.csr_matrix, steps: np.ndarray, length: int, before: Sequence[Sequence[Chosen]] = ()
) -> list[np.ndarray]:
    """Rows of titles for each viewer, the best with variety, `length` of them with those `before`."""
    if not steps.size:
        return [np.empty(0, dtype=np.int64)] * len(steps)
    pool = np.full((len(steps), POOL), -1, dtype=np.int64)
    for place, of_one in enumerate(steps):
        rows = best(model, of_one, POOL)
        pool[place, : len(rows)] = rows
    score = np.take_along_axis(steps, pool, axis=1) / STEPS
    # As a share of the viewer's best: what scores are worth differs from viewer to viewer.
    worth = np.where(pool >= 0, score / np.where(pool[:, :1] >= 0, score[:, :1], 1.0), 0.0)
    count = np.zeros(pool.shape, dtype=np.int64)
    for place, chosen in enumerate(before):
        has = model.franchise[[each.row for each in chosen]]
        count[place] = (model.franchise[pool[place]][:, None] == has).sum(axis=1)
    picks = varied(content, model.franchise, pool, worth, length, franchise_count=count)
    lengths = [length - len(chosen) for chosen in before] or [length] * len(pool)
    return [rows[own[own >= 0][:most]] for rows, own, most in zip(pool, picks, lengths, strict=True)]


def capped(model: Model, rows: Sequence[int], length: int, before: Sequence[int]) -> list[int]:
    """The first `length` rows with two of a franchise at most, those `before` counted."""
    counts: dict[int, int] = {}
    for row in before:
        counts[int(model.franchise[row])] = counts.get(int(model.franchise[row]), 0) + 1
    picks: list[int] = []
    for row in rows:
        franchise = int(model.franchise[row])
        if len(picks) < length and counts.get(franchise, 0) < FRANCHISE_AT_MOST:
            counts[franchise] = counts.get(franchise, 0) + 1
            picks.append(row)
    return picks
