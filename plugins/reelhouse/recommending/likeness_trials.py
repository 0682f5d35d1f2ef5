"""How well lists beside titles agree with what the same viewers like: measured on viewers who had no part in them.

The viewers are halved. Of each half, the ten titles with the largest shrunk cosine of likes are taken beside each
title that five of them like; what a method puts among its ten is compared with them. A method that learns from
viewers learns from the other half, then the halves change places. All titles that any viewer rated are ranked.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from reelhouse.recommending import baselines
from reelhouse.recommending.content import NEARNESS, PRIOR_BESIDE_LIKES, Features, nearness
from reelhouse.recommending.events import Events
from reelhouse.recommending.together import liked_together
from reelhouse.recommending.trials import ratio_interval

LENGTH = 10
LEAST_LIKES = 5
# Of each half, drawn by their keys: enough for an interval, and never a square of all titles.
SOURCES_AT_MOST = 300
# Below this many titles a share says nothing.
TITLES_AT_LEAST = 50


class Agreement(NamedTuple):
    """Share of the reference that each method found, title by title of both halves."""

    found: dict[str, np.ndarray]

    def mean(self, method: str) -> float:
        return float(self.found[method].mean())

    def ratio(self, method: str, other: str) -> tuple[float, float, float]:
        return ratio_interval(self.found[method], self.found[other])


def measure(features: Features, events: Events) -> Agreement | None:
    """Agreement of every method; None when there are too few titles that viewers like.

    Takes   features  of the titles to rank, without any part of viewers
    """
    keys = np.array([title.title_key for title in features.titles], dtype=np.int64)
    likes = events.where(events.is_like & np.isin(events.title, keys))
    parts: dict[str, list[np.ndarray]] = {}
    for half in (0, 1):
        # A fixed shuffle of viewers: neighbours by number may be neighbours in time.
        of_half = (likes.user * 2654435761 % 2**32) // 2**16 % 2 == half
        learnt, asked = likes.where(~of_half), likes.where(of_half)
        sources, reference = _reference(asked, keys)
        if not sources.size:
            return None
        for name, scores in _all_scores(features, learnt, keys, sources).items():
            # Earlier projects put equal scores in no order; ours would lend them the votes that they never looked at.
            ties = np.arange(len(keys)) if name in baselines.METHODS else features.tie_rank
            found = _hits(ties, sources, scores, reference)
            parts.setdefault(name, []).append(found)
    found = {name: np.concatenate(values) for name, values in parts.items()}
    return Agreement(found) if len(next(iter(found.values()))) >= TITLES_AT_LEAST else None


def _reference(events: Events, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of titles that enough viewers like, and which ten are nearest to each."""
    counts = np.bincount(np.searchsorted(keys, events.title), minlength=len(keys))
    rows = np.flatnonzero(counts >= LEAST_LIKES)
    together = liked_together(events.where(np.isin(events.title, keys[rows])), keys, LENGTH)
    rows = rows[np.diff(together.indptr)[rows] == LENGTH]
    drawn = np.argsort(keys[rows] * 2654435761 % 2**32, kind="stable")[:SOURCES_AT_MOST]
    rows = np.sort(rows[drawn])
    nearest = np.array(
        [together.indices[together.indptr[row] : together.indptr[row + 1]] for row in rows], dtype=np.int64
    )
    return rows, nearest.reshape(len(rows), LENGTH)


def _all_scores(features: Features, learnt: Events, keys: np.ndarray, sources: np.ndarray) -> dict[str, np.ndarray]:
    content = (features.matrix[sources] @ features.matrix.T).toarray()
    with_prior = content + _prior(features, sources)
    beside = replace(features, weight=PRIOR_BESIDE_LIKES)
    together = liked_together(learnt, keys, len(keys))[sources].toarray()
    return {
        "content_fields": content,
        "content with prior": with_prior,
        "similar_cf": together,
        "similar_hybrid": content + _prior(beside, sources) + together,
        **{name: score(features, sources) for name, score in baselines.METHODS.items()},
    }


def _prior(features: Features, sources: np.ndarray) -> np.ndarray:
    near = nearness(features.fame[sources][:, None], features.fame)
    return features.prior + features.weight * NEARNESS * near


def _hits(ties: np.ndarray, sources: np.ndarray, scores: np.ndarray, reference: np.ndarray) -> np.ndarray:
    scores = scores.copy()
    scores[np.arange(len(sources)), sources] = -np.inf
    order = np.lexsort((np.broadcast_to(ties, scores.shape), -np.round(scores, 9)), axis=1)[:, :LENGTH]
    return np.array([len(set(ours) & set(theirs)) / LENGTH for ours, theirs in zip(order, reference, strict=True)])
