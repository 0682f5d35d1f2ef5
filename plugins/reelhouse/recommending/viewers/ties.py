"""By ties (EASE): what each liked title gives to others that the same viewers liked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from scipy import sparse

from reelhouse.recommending.events import Events, places_in
from reelhouse.recommending.exact import STEPS, UNITS
from reelhouse.recommending.linear import like_weights
from reelhouse.recommending.viewers.model import (
    LIST_LENGTH,
    NEVER,
    Chosen,
    Model,
    batches,
    in_steps,
    percentile,
    unseen,
    untold,
)
from reelhouse.recommending.viewers.order import best, best_with_variety, sort_keys

WATCHED_SHOWN = 3


def by_ties(
    model: Model,
    content: sparse.csr_matrix,
    viewers: Sequence[Events],
    is_open: np.ndarray,
    cold: Sequence[Sequence[Chosen]],
    is_told: bool,
) -> list[list[Chosen]]:
    """The titles that a viewer's likes give most to, as many as the cold ones leave room for.

    Takes   content  as `variety.told_apart_by` makes it
            cold     for each viewer what stands on the list already
    """
    scores = _scores(model, viewers)
    steps = in_steps(scores, is_open)
    picked = best_with_variety(model, content, steps, LIST_LENGTH, cold)
    if not is_told:
        return [[untold(row) for row in rows.tolist()] for rows in picked]
    return [_told_by_ties(model, *of_one) for of_one in zip(viewers, picked, scores, steps, strict=True)]


def ties_rankings(model: Model, viewers: Sequence[Events], length: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rows of the best titles of each viewer by EASE alone, and their raw scores."""
    for batch in batches(model, viewers):
        scores = _scores(model, batch)
        for own, steps in zip(scores, in_steps(scores, unseen(model, batch)), strict=True):
            rows = best(model, steps, length)
            yield rows, own[rows]


def _scores(model: Model, viewers: Sequence[Events]) -> np.ndarray:
    rows, columns, values = [], [], []
    for place, own in enumerate(viewers):
        liked, weights = liked_weights(model, own)
        order = np.argsort(liked)
        rows += [place] * len(liked)
        columns += liked[order].tolist()
        values += weights[order].tolist()
    weighted = sparse.csr_matrix((values, (rows, columns)), shape=(len(viewers), len(model.liked)), dtype=np.float64)
    return (weighted @ model.ties).toarray()


def liked_weights(model: Model, own: Events) -> tuple[np.ndarray, np.ndarray]:
    """Rows of `model.ties` that a viewer likes, oldest first, and what each counts."""
    likes = own.title[own.is_like]
    weights = like_weights(len(likes), model.recency)
    rows = places_in(model.liked, likes)
    return rows[rows >= 0], weights[rows >= 0]


def _told_by_ties(model: Model, own: Events, picked: np.ndarray, scores: np.ndarray, steps: np.ndarray) -> list[Chosen]:
    """Titles with what each like gives to them, and the rank they would have without the one that gives most."""
    if not picked.size:
        return []
    liked, weights = liked_weights(model, own)
    parts = model.ties[liked][:, picked].toarray() * weights[:, None]
    units = np.rint(parts * UNITS).astype(np.int64)
    first = np.lexsort((np.broadcast_to(liked[:, None], units.shape), -units), axis=0)[:WATCHED_SHOWN]
    most = zip(liked[first].T.tolist(), np.take_along_axis(units, first, axis=0).T.tolist(), strict=True)
    ranks = _ranks_without(model, picked, liked[first[0]], weights[first[0]], scores, steps).tolist()
    chosen = []
    for row, total, count, rank, (rows, shares) in zip(
        picked.tolist(), units.sum(axis=0).tolist(), np.count_nonzero(units, axis=0).tolist(), ranks, most, strict=True
    ):
        reasons = _watched(model, rows, shares, total, count)
        reasons[0]["rank_without"] = rank
        score, kind = _probability(model, total / UNITS, steps)
        chosen.append(Chosen(row, total, score, kind, False, reasons))
    return chosen


def _watched(model: Model, rows: list[int], shares: list[int], total: int, count: int) -> list[dict[str, object]]:
    """What the liked titles give: those that give most by name, the rest as one."""
    # The first is named whatever it gives: every row has a reason.
    named = [(row, share) for row, share in zip(rows, shares, strict=True) if share > 0] or [(rows[0], shares[0])]
    reasons = [
        {
            "kind": "watched",
            "value": model.liked_names[row],
            "title_key": int(model.liked[row]),
            "share": share / UNITS,
        }
        for row, share in named
    ]
    rest = total - sum(share for _, share in named)
    if rest:
        reasons.append({"kind": "other", "value": f"{count - len(reasons)} more of yours", "share": rest / UNITS})
    return reasons


def _ranks_without(
    model: Model, picked: np.ndarray, liked: np.ndarray, weights: np.ndarray, scores: np.ndarray, steps: np.ndarray
) -> np.ndarray:
    """Places of titles by score alone, had one like counted nothing: each has its own.

    Takes   liked, weights  row and weight of the like that is left out, for each title
    """
    is_open = steps > NEVER
    keys = np.where(is_open, sort_keys(model, np.where(is_open, steps, 0), slice(None)), NEVER)
    ordered = np.sort(keys[is_open])
    ranks = np.empty(len(picked), dtype=np.int64)
    for one in np.unique(liked).tolist():
        of_one = np.flatnonzero(liked == one)
        start, end = model.ties.indptr[one : one + 2]
        # Only what is tied to that like moves.
        moved, ties = model.ties.indices[start:end], model.ties.data[start:end]
        moved, ties = moved[is_open[moved]], ties[is_open[moved]]
        before = keys[moved]
        without = np.rint((scores[moved] - weights[of_one[0]] * ties) * STEPS).astype(np.int64)
        keys[moved] = sort_keys(model, without, moved)
        own = keys[picked[of_one]][:, None]
        above = len(ordered) - np.searchsorted(ordered, own.ravel(), side="right")
        above += (keys[moved] > own).sum(axis=1) - (before > own).sum(axis=1)
        ranks[of_one] = 1 + above
        keys[moved] = before
    return ranks


def _probability(model: Model, score: float, steps: np.ndarray) -> tuple[float, str]:
    """A raw score as a share of 1: of such that were liked, where that was measured; else of titles not above it."""
    knots, shares = model.score_knots
    if len(knots):
        return round(float(np.interp(score, knots, shares)), 4), "p_like"
    return percentile(score, steps[steps > NEVER]), "percentile"
