"""Chosen pairs of titles as lists with scores and reasons."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reelhouse.recommending import franchises, reasons, selecting
from reelhouse.recommending.content import Features


@dataclass(frozen=True, slots=True)
class Lists:
    """All lists of a refresh, one row for each place on one.

    franchise_repeats  mean number of targets of the source's own franchise on a list
    """

    source: list[int]
    rank: list[int]
    target: list[int]
    score: list[float]
    score_raw: list[float]
    is_cold: list[bool]
    reasons: list[str]
    franchise_repeats: float


def lists_of(features: Features, franchise: np.ndarray, choices: selecting.Choices) -> Lists:
    """Chosen pairs with their scores and reasons."""
    score_raw, why = reasons.explain(features, choices)
    keys = np.array([title.title_key for title in features.titles], dtype=np.int64)
    repeats = franchise[choices.source] == franchise[choices.target]
    return Lists(
        source=keys[choices.source].tolist(),
        rank=choices.rank.tolist(),
        target=keys[choices.target].tolist(),
        score=reasons.percentiles(score_raw).tolist(),
        score_raw=score_raw.tolist(),
        is_cold=features.is_bare[choices.source].tolist(),
        reasons=why,
        franchise_repeats=float(repeats.sum() / max(1, len(np.unique(choices.source)))),
    )


def franchise_numbers(features: Features) -> np.ndarray:
    keys = franchises.franchise_keys([title.title for title in features.titles])
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    return np.array([numbers[key] for key in keys], dtype=np.int64)
