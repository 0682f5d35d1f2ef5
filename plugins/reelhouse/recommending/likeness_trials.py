"""How well lists beside titles agree with what the same viewers like: measured on viewers who had no part in them.

The viewers are halved. Of each half, the ten titles with the largest shrunk cosine of likes are taken beside each
title that five of them like; what a method puts among its ten is compared with them. A method that learns from
viewers learns from the other half, then the halves change places. All titles that any viewer rated are ranked.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from scipy import sparse

from reelhouse.recommending import baselines
from reelhouse.recommending.content import NEARNESS, Features, nearness
from reelhouse.recommending.events import Events
from reelhouse.recommending.together import liked_together
from reelhouse.recommending.trials import drawn, half_of, ratio_interval

LENGTH = 10
LEAST_LIKES = 5
# Of each half, drawn by their keys: enough for an interval, and never a square of all titles.
SOURCES_AT_MOST = 300
# Below this many titles a share says nothing.
TITLES_AT_LEAST = 50


class Agreement(NamedTuple):
    """Share of the reference that each method found, title by title of both halves; subjects say which."""

    found: dict[str, np.ndarray]
    subjects: list[str]

    def mean(self, method: str) -> float:
        return float(self.found[method].mean())

    def ratio(self, method: str, other: str) -> tuple[float, float, float]:
        return ratio_interval(self.found[method], self.found[other])


def measure(
    features: Features,
    events: Events,
    sent: Mapping[str, tuple[np.ndarray, np.ndarray, np.ndarray]] = MappingProxyType({}),
) -> Agreement | None:
    """Agreement of every method; None when there are too few titles that viewers like.

    Takes   features  of the titles to rank, without any part of viewers
            sent      by method of one's own: keys of titles, of titles beside them, and scores
    """
    keys = np.array([title.title_key for title in features.titles], dtype=np.int64)
    users, likes = events.likes_of(keys)
    halves = half_of(users)
    parts: dict[str, list[np.ndarray]] = {}
    subjects: list[str] = []
    for half in (0, 1):
        sources, reference = _reference(likes[halves == half], keys)
        if not sources.size:
            return None
        subjects += [f"{half} {key}" for key in keys[sources].tolist()]
        given = {name: _rectangle(keys, sources, *scores) for name, scores in sent.items()}
        for name, scores in (given | _all_scores(features, likes[halves != half], sources)).items():
            # Earlier projects put equal scores in no order; ours would lend them the votes that they never looked at.
            ties = np.arange(len(keys)) if name in baselines.METHODS else features.tie_rank
            found = _hits(ties, sources, scores, reference)
            parts.setdefault(name, []).append(found)
    found = {name: np.concatenate(values) for name, values in parts.items()}
    return Agreement(found, subjects) if len(next(iter(found.values()))) >= TITLES_AT_LEAST else None


def _reference(likes: sparse.csr_matrix, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of titles that enough viewers like, and which ten are nearest to each."""
    liked = np.flatnonzero(np.bincount(likes.indices, minlength=len(keys)) >= LEAST_LIKES)
    together = liked_together(likes[:, liked], LENGTH)
    places = np.flatnonzero(np.diff(together.indptr) == LENGTH)
    first = np.argsort(drawn(keys[liked[places]]), kind="stable")[:SOURCES_AT_MOST]
    places = np.sort(places[first])
    nearest = np.array(
        [liked[together.indices[together.indptr[place] : together.indptr[place + 1]]] for place in places],
        dtype=np.int64,
    )
    return liked[places], nearest.reshape(len(places), LENGTH)


def _all_scores(features: Features, learnt: sparse.csr_matrix, sources: np.ndarray) -> dict[str, np.ndarray]:
    content = (features.matrix[sources] @ features.matrix.T).toarray()
    with_prior = content + _prior(features, sources)
    together = liked_together(learnt, learnt.shape[1], sources).toarray()
    return {
        "popular": np.broadcast_to(features.popularity, content.shape),
        "content_fields": content,
        "content with prior": with_prior,
        "similar_cf": together,
        "similar_hybrid": with_prior + together,
        **{name: score(features, sources) for name, score in baselines.METHODS.items()},
    }


def _rectangle(
    keys: np.ndarray, sources: np.ndarray, source: np.ndarray, target: np.ndarray, score: np.ndarray
) -> np.ndarray:
    """Scores of pairs as a rectangle, 0 where there is none."""
    is_there = np.isin(source, keys[sources]) & np.isin(target, keys)
    found = np.zeros((len(sources), len(keys)))
    rows = np.searchsorted(keys[sources], source[is_there])
    found[rows, np.searchsorted(keys, target[is_there])] = score[is_there]
    return found


def _prior(features: Features, sources: np.ndarray) -> np.ndarray:
    near = nearness(features.fame[sources][:, None], features.fame)
    return features.weight_of(sources)[:, None] * (features.prior + NEARNESS * near)


def _hits(ties: np.ndarray, sources: np.ndarray, scores: np.ndarray, reference: np.ndarray) -> np.ndarray:
    scores = scores.copy()
    scores[np.arange(len(sources)), sources] = -np.inf
    order = np.lexsort((np.broadcast_to(ties, scores.shape), -np.round(scores, 9)), axis=1)[:, :LENGTH]
    return np.array([len(set(ours) & set(theirs)) / LENGTH for ours, theirs in zip(order, reference, strict=True)])
