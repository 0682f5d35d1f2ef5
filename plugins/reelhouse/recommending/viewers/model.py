"""What lists for viewers are made from, and what their parts share: places, open titles, scores in whole steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import numpy as np
from scipy import sparse

from reelhouse.recommending.events import Events, places_in
from reelhouse.recommending.exact import STEPS

LIST_LENGTH = 20
# The steps of what may not be shown.
NEVER = -(2**62)
# Viewers at once, as long as that is no more than so many scores: of each viewer there is one for every title, and that
# three times over.
_BATCH, _MOST_SCORES = 64, 1 << 20


@dataclass(frozen=True, slots=True)
class Model:
    """What lists for viewers are made from. Row r of all catalogue arrays is the title `titles[r]`, keys ascending.

    names         of the catalogue titles
    may_be_shown  neither adult nor for adults only
    content       catalogue x tokens, rows of length one
    labels        (field, value) of each token
    popularity    0 to 1, by IMDb votes
    franchise     number of the franchise
    tie_rank      place in the fixed order (votes, key)
    similar       catalogue x 10: rows of the list beside each title, -1 where it is shorter
    popular       rows of the popular titles, best first; popular_score and popular_why belong to them
    liked         keys of titles that viewers like, ascending, in the catalogue or not; liked_names belong to them
    ties          liked x catalogue
    recency       see linear.like_weights
    score_knots   raw scores of EASE, ascending, and the share of such that were liked; empty when not measured
    """

    titles: np.ndarray
    names: Sequence[str]
    may_be_shown: np.ndarray
    content: sparse.csr_matrix
    labels: Sequence[tuple[str, str]]
    popularity: np.ndarray
    franchise: np.ndarray
    tie_rank: np.ndarray
    similar: np.ndarray
    popular: np.ndarray
    popular_score: np.ndarray
    popular_why: Sequence[str]
    liked: np.ndarray
    liked_names: Sequence[str]
    ties: sparse.csr_matrix
    recency: float | None
    score_knots: tuple[np.ndarray, np.ndarray]

    @property
    def is_warm(self) -> np.ndarray:
        """Which catalogue titles some viewer's like speaks for."""
        return np.isin(self.titles, self.liked)


class Place(NamedTuple):
    """One place on a viewer's list."""

    user_key: int
    rank: int
    title_key: int
    score: float
    score_kind: str
    score_raw: float
    is_cold: bool
    reasons: list[dict[str, object]]


class Chosen(NamedTuple):
    """A title chosen for a list: its row, its raw score in whole 1/UNITS, and what is told of it."""

    row: int
    units: int
    score: float
    score_kind: str
    is_cold: bool
    reasons: list[dict[str, object]]


def untold(row: int) -> Chosen:
    """A choice of which nothing is told but the title."""
    return Chosen(row, 0, 0.0, "", False, [])


def batches(model: Model, viewers: Iterable[Events]) -> Iterator[list[Events]]:
    """As many viewers at once as memory is set aside for."""
    waiting = iter(viewers)
    at_once = min(max(_MOST_SCORES // max(len(model.titles), 1), 1), _BATCH)
    while batch := list(islice(waiting, at_once)):
        yield batch


def unseen(model: Model, viewers: Sequence[Events]) -> np.ndarray:
    """Which titles each viewer may be shown."""
    is_open = np.repeat(model.may_be_shown[None], len(viewers), axis=0)
    for place, own in enumerate(viewers):
        rows = places_in(model.titles, own.title)
        is_open[place, rows[rows >= 0]] = False
    return is_open


def in_steps(scores: np.ndarray, is_open: np.ndarray) -> np.ndarray:
    """Scores in whole steps, those of what may not be shown below all others."""
    steps = np.rint(scores * STEPS).astype(np.int64)
    steps[~is_open] = NEVER
    return steps


def percentile(score: float, candidates: np.ndarray) -> float:
    """Share of the candidates, in steps, that a raw score is not below."""
    return round(float(np.count_nonzero(candidates <= round(score * STEPS) + 10)) / max(1, len(candidates)), 4)
