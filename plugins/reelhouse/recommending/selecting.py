"""From scores to lists: who may be shown to whom, the exact best candidates, ranks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from reelhouse.recommending.content import Features, Title
from reelhouse.recommending.exact import STEPS, TIE_BITS
from reelhouse.recommending.nearest import BATCH, Beside, Parts, Search, alike_first, parts_of
from reelhouse.recommending.variety import told_apart_by, varied

LIST_LENGTH = 10
# Candidates that variety chooses from: the best of the same kind and the best of the other.
SAME_KIND_POOL, OTHER_KIND_POOL = 48, 12
# So many times as many for those whose list is not full then.
WIDER = 8

CHILD_AGE = 7
GROWN_UP_AGE = 17


@dataclass(frozen=True, slots=True)
class Audience:
    """What a source's viewers may be shown.

    oldest     highest least age of a target, None for no bound
    is_strict  targets must have a known certification: unknown is not safe
    """

    oldest: int | None
    is_strict: bool


@dataclass(frozen=True, slots=True)
class Choices:
    """Chosen pairs, row by row: sources in the order of the catalogue, ranks from 1."""

    source: np.ndarray
    target: np.ndarray
    rank: np.ndarray


def audience_of(title: Title, child_limit: int, is_bare: bool) -> Audience:
    """Who may be shown what beside a title.

    Takes   child_limit  highest least age that is shown beside a title for small children
            is_bare      popular titles stand in for a likeness we cannot see

    Small children: nothing above `child_limit`. A family film of that limit: nothing for the grown-up. Titles that
    merely stand in keep to the certification of the source itself. Nobody but the grown-up: nothing for adults only.
    """
    if title.least_age is None:
        return Audience(GROWN_UP_AGE, False)
    if title.least_age <= CHILD_AGE:
        return Audience(child_limit, True)
    if is_bare:
        return Audience(title.least_age, True)
    if title.least_age <= child_limit and any(label == "Family" for _, label in title.fields.get("genre", ())):
        return Audience(GROWN_UP_AGE - 1, True)
    return Audience(None if title.least_age >= GROWN_UP_AGE else GROWN_UP_AGE, False)


def allowed_targets(features: Features, audience: Audience) -> np.ndarray:
    """Which titles an audience may be shown. Adult titles nobody."""
    allowed = [
        not title.is_adult
        and (not audience.is_strict if title.least_age is None
             else audience.oldest is None or title.least_age <= audience.oldest)
        for title in features.titles
    ]  # fmt: skip
    return np.array(allowed, dtype=bool)


def choose(features: Features, franchises: np.ndarray, child_limit: int) -> Choices:
    """The lists of all titles.

    Takes   franchises   number of the franchise of each title
            child_limit  highest least age that is shown beside a children's title
    """
    is_series = np.array([title.kind == "series" for title in features.titles], dtype=bool)
    parts = parts_of(features)
    content = told_apart_by(features.matrix, features.columns)
    found = [
        _choose_for(parts, content, franchises, is_series, sources, audience)
        for sources, audience in _groups(features, is_series, child_limit)
    ]
    source, target, rank = (np.concatenate(parts) for parts in zip(*found, strict=True)) if found else (_none(),) * 3
    order = np.lexsort((rank, source))
    return Choices(source[order], target[order], rank[order])


def _none() -> np.ndarray:
    return np.empty(0, dtype=np.int64)


def _groups(features: Features, is_series: np.ndarray, child_limit: int) -> Iterator[tuple[np.ndarray, Audience]]:
    """Sources that may be shown the same targets: one kind, one audience, comparable or not."""
    groups: dict[tuple, list[int]] = {}
    for row, title in enumerate(features.titles):
        is_bare = bool(features.is_bare[row])
        if is_bare and not features.weight:
            continue
        audience = audience_of(title, child_limit, is_bare)
        groups.setdefault((bool(is_series[row]), is_bare, audience), []).append(row)
    for (_, _, audience), rows in groups.items():
        yield np.array(rows, dtype=np.int64), audience


def _choose_for(
    parts: Parts,
    content: sparse.csr_matrix,
    franchises: np.ndarray,
    is_series: np.ndarray,
    sources: np.ndarray,
    audience: Audience,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    features = parts.features
    allowed = allowed_targets(features, audience)
    is_same_kind = is_series == is_series[sources[0]]
    targets = [(np.flatnonzero(allowed & is_same_kind), SAME_KIND_POOL)]
    # Popular titles stand in with their own kind only.
    if not features.is_bare[sources[0]]:
        targets.append((np.flatnonzero(allowed & ~is_same_kind), OTHER_KIND_POOL))
    row_of_tie = np.argsort(features.tie_rank)
    sources, wider = alike_first(parts, sources), 1
    found = []
    while len(sources):
        searches = [Search(parts, rows, wider * count) for rows, count in targets]
        short = []
        size = max(BATCH // wider, 1)
        for at in range(0, len(sources), size):
            batch = sources[at : at + size]
            beside = Beside.of(parts, batch)
            best = [search.best(beside) for search in searches]
            keys = -np.sort(-np.concatenate(best, axis=1), axis=1)
            pool = np.where(keys >= 0, row_of_tie[(1 << TIE_BITS) - 1 - (keys & ((1 << TIE_BITS) - 1))], -1)
            picks = varied(content, franchises, pool, (keys >> TIE_BITS) / STEPS, LIST_LENGTH, ~is_same_kind[pool])
            # A franchise may fill all of it ("15-Minute Yoga Workout 1.0" and a hundred more), and has two places.
            is_short = (picks[:, -1] < 0) & (best[0][:, -1] >= 0)
            short.append(batch[is_short])
            place, rank = np.nonzero((picks >= 0) & ~is_short[:, None])
            found.append((batch[place], pool[place, picks[place, rank]], rank + 1))
        sources, wider = np.concatenate(short), wider * WIDER
    return tuple(np.concatenate(column) for column in zip(*found, strict=True))
