"""KMeans and silhouettes of a few thousand short rows, in numpy: the same centres on every machine and every day."""

from __future__ import annotations

import numpy as np

STEPS_AT_MOST = 1000


def distances(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Squared distances, rows x others."""
    between = rows @ (-2.0 * others.T)
    between += np.sum(rows * rows, axis=1)[:, None]
    between += np.sum(others * others, axis=1)
    return np.maximum(between, 0.0, out=between)


def centres_of(rows: np.ndarray, count: int, tries: int, seed: int = 1) -> np.ndarray:
    """The best of some tries at `count` centres, each begun from rows that lie far apart (k-means++)."""
    chance = np.random.default_rng(seed)
    found = []
    for _ in range(tries):
        labels, centres = settled(rows, _spread(rows, count, chance))
        found.append((float(np.sum((rows - centres[labels]) ** 2)), len(found), centres))
    return min(found)[2]


def _spread(rows: np.ndarray, count: int, chance: np.random.Generator) -> np.ndarray:
    """Rows drawn one after the other, a row the likelier the farther it lies from those that are drawn."""
    picks = [int(chance.integers(len(rows)))]
    nearest = distances(rows, rows[picks])[:, 0]
    while len(picks) < count:
        reached = np.cumsum(nearest)
        picks.append(min(int(np.searchsorted(reached, chance.random() * reached[-1], "right")), len(rows) - 1))
        nearest = np.minimum(nearest, distances(rows, rows[picks[-1:]])[:, 0])
    return rows[picks]


def settled(rows: np.ndarray, centres: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Labels that no further step changes, found from some centres, and where these end. An empty cluster stays put."""
    centres = centres.copy()
    labels = nearest_of(rows, centres)
    for _ in range(STEPS_AT_MOST):
        sums = np.zeros(centres.shape)
        np.add.at(sums, labels, rows)
        counts = np.bincount(labels, minlength=len(centres))
        has = counts > 0
        centres[has] = sums[has] / counts[has, None]
        before, labels = labels, nearest_of(rows, centres)
        if np.array_equal(before, labels):
            break
    return labels, centres


def nearest_of(rows: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Which centre is nearest to each row; the first of equals."""
    # Rounded, so that the last bit of a sum, which depends on the machine, decides nothing.
    return np.argmin(np.round(distances(rows, centres), 9), axis=1)


def silhouette(between: np.ndarray, labels: np.ndarray) -> float:
    """How much nearer rows lie to their own cluster than to the next one, -1 to 1; -1 of less than two clusters.

    Takes   between  distances of all rows to all
    """
    present, own, counts = np.unique(labels, return_inverse=True, return_counts=True)
    if not 1 < len(present) < len(labels):
        return -1.0
    rows = np.arange(len(labels))
    sums = between @ (own[:, None] == np.arange(len(present))).astype(np.float64)
    inside = sums[rows, own] / np.maximum(counts[own] - 1, 1)
    means = sums / counts
    means[rows, own] = np.inf
    outside = means.min(axis=1)
    widest = np.maximum(inside, outside)
    apart = np.divide(outside - inside, widest, out=np.zeros(len(rows)), where=widest > 0)
    # A cluster of one is neither here nor there.
    return float(np.mean(np.where(counts[own] > 1, apart, 0.0)))
