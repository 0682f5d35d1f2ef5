"""What a raw score means: the share of such scores that viewers liked, never falling as scores rise (isotonic)."""

from __future__ import annotations

import numpy as np

Knots = tuple[np.ndarray, np.ndarray]


def isotonic(score: np.ndarray, hit: np.ndarray) -> Knots:
    """Scores, ascending, and the never falling shares of hits that lie nearest to what was seen (least squares).

    Scores between two others of the same share are left out: a straight line gives them back.
    """
    known, place = np.unique(score, return_inverse=True)
    counts = np.bincount(place)
    # Neighbours whose means fall are one from there on: the pools so far, each with its sum, its size and its scores.
    sums, sizes, lengths = [], [], []
    for total, size in zip(np.bincount(place, weights=hit).tolist(), counts.tolist(), strict=True):
        length = 1
        while sums and sums[-1] * size >= total * sizes[-1]:
            total, size, length = total + sums.pop(), size + sizes.pop(), length + lengths.pop()
        sums.append(total)
        sizes.append(size)
        lengths.append(length)
    share = np.repeat(np.array(sums) / np.array(sizes), lengths)
    stays = np.ones(len(share), dtype=bool)
    stays[1:-1] = (share[1:-1] != share[:-2]) | (share[1:-1] != share[2:])
    return known[stays], share[stays]


def told_and_error(owner: np.ndarray, score: np.ndarray, hit: np.ndarray) -> tuple[Knots, float]:
    """Shares of raw scores that were liked, and how far such shares are off for viewers they were not taken from.

    Takes   owner  number of the viewer that each score belongs to
    """
    fit = owner % 2 == 0
    if not hit[fit].any() or not hit[~fit].any():
        return (np.empty(0), np.empty(0)), float("nan")
    told = np.interp(score[~fit], *isotonic(score[fit], hit[fit]))
    bins = np.array_split(np.argsort(told, kind="stable"), 10)
    error = sum(abs(told[places].mean() - hit[~fit][places].mean()) * len(places) for places in bins) / len(told)
    scores, shares = isotonic(score, hit)
    return (np.round(scores, 9), np.round(shares, 6)), float(error)
