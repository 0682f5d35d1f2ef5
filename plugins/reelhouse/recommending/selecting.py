"""From scores to lists: who may be shown to whom, the exact best candidates, variety, ranks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from reelhouse.recommending.content import Features, Title
from reelhouse.recommending.nearest import STEPS, TIE_BITS, Parts, Search, alike_first, parts_of

LIST_LENGTH = 10
ACROSS_KINDS_AT_MOST = 2
FRANCHISE_AT_MOST = 2
# Candidates that variety chooses from: the best of the same kind and the best of the other.
SAME_KIND_POOL, OTHER_KIND_POOL = 48, 12
# Share of the score against likeness to what is already on the list. Measured: costs 2 % of recall.
RELEVANCE = 0.8

CHILD_AGE = 7
GROWN_UP_AGE = 17

# Sources at once: small enough that the columns of all their pools stay in a cache.
_BATCH, _POOLS = 128, 16


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
    found = [
        _choose_for(parts, franchises, is_series, sources, audience)
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
    parts: Parts, franchises: np.ndarray, is_series: np.ndarray, sources: np.ndarray, audience: Audience
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    features = parts.features
    allowed = allowed_targets(features, audience)
    is_same_kind = is_series == is_series[sources[0]]
    searches = [Search(parts, np.flatnonzero(allowed & is_same_kind), SAME_KIND_POOL)]
    # Popular titles stand in with their own kind only.
    if not features.is_bare[sources[0]]:
        searches.append(Search(parts, np.flatnonzero(allowed & ~is_same_kind), OTHER_KIND_POOL))
    row_of_tie = np.argsort(features.tie_rank)
    sources = alike_first(parts, sources)
    found = []
    for at in range(0, len(sources), _BATCH):
        batch = sources[at : at + _BATCH]
        keys = -np.sort(-np.concatenate([search.best(batch) for search in searches], axis=1), axis=1)
        pool = np.where(keys >= 0, row_of_tie[(1 << TIE_BITS) - 1 - (keys & ((1 << TIE_BITS) - 1))], -1)
        found.append(_diversify(features, franchises, is_same_kind, batch, pool, (keys >> TIE_BITS) / STEPS))
    return tuple(np.concatenate(column) for column in zip(*found, strict=True))


def _diversify(
    features: Features,
    franchises: np.ndarray,
    is_same_kind: np.ndarray,
    sources: np.ndarray,
    pool: np.ndarray,
    score: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ten of each pool by maximal marginal relevance, within the caps on franchises and on the other kind."""
    alike = _Likeness(features, pool)
    own = franchises[pool]
    is_open = pool >= 0
    most_alike = np.zeros(pool.shape)
    rows = np.arange(len(sources))
    picked: list[tuple[np.ndarray, ...]] = []
    across = np.zeros(len(sources), dtype=np.int64)
    franchise_count = np.zeros(pool.shape, dtype=np.int64)
    for rank in range(1, LIST_LENGTH + 1):
        value = np.where(is_open, RELEVANCE * score - (1 - RELEVANCE) * most_alike, -np.inf)
        # The first of equals: the pool stands in the fixed order. Rounded, so that the last bit decides nothing.
        pick = np.argmax(np.round(value, 9), axis=1)
        is_found = is_open[rows, pick]
        picked.append((sources[is_found], pool[rows, pick][is_found], np.full(is_found.sum(), rank, dtype=np.int64)))
        if rank == LIST_LENGTH:
            break
        is_open[rows, pick] = False
        most_alike = np.maximum(most_alike, alike.to(pick))
        across += is_found & ~is_same_kind[pool[rows, pick]]
        franchise_count += is_found[:, None] & (own == own[rows, pick][:, None])
        is_open &= franchise_count < FRANCHISE_AT_MOST
        is_open &= is_same_kind[pool] | (across < ACROSS_KINDS_AT_MOST)[:, None]
    return tuple(np.concatenate(column) for column in zip(*picked, strict=True))


class _Likeness:
    """Content scores between the candidates of each pool and one of them, when it is asked for.

    Each pool has columns of its own, so that one product with one vector answers for all pools of a batch.
    """

    def __init__(self, features: Features, pool: np.ndarray) -> None:
        self._shape = pool.shape
        candidates, row = np.unique(np.maximum(pool, 0).ravel(), return_inverse=True)
        content = _columns_of_several(features.matrix[candidates])[row]
        # A few pools at a time: what is counted then stays in a cache.
        rows = _POOLS * pool.shape[1]
        parts = [_shared(content[first : first + rows], pool.shape[1]) for first in range(0, pool.size, rows)]
        width = np.cumsum([0, *(part.shape[1] for part in parts)], dtype=np.int32)
        ends = np.cumsum([0, *(part.nnz for part in parts)], dtype=np.int32)
        columns = [part.indices + first for part, first in zip(parts, width[:-1], strict=True)]
        starts = [part.indptr[:-1] + first for part, first in zip(parts, ends[:-1], strict=True)]
        self._content = sparse.csr_matrix(
            (
                np.concatenate([part.data for part in parts]),
                np.concatenate(columns),
                np.append(np.concatenate(starts), ends[-1]),
            ),
            shape=(pool.size, int(width[-1])),
        )
        self._asked = np.zeros(self._content.shape[1])

    def to(self, place: np.ndarray) -> np.ndarray:
        """Likeness of all candidates to the one at `place` of each pool."""
        rows = np.arange(len(place)) * self._shape[1] + place
        starts = self._content.indptr[rows]
        lengths = self._content.indptr[rows + 1] - starts
        before = np.cumsum(lengths) - lengths
        entries = np.arange(lengths.sum()) + np.repeat(starts - before, lengths)
        columns = self._content.indices[entries]
        self._asked[columns] = self._content.data[entries]
        found = (self._content @ self._asked).reshape(self._shape)
        self._asked[columns] = 0.0
        return found


def _shared(content: sparse.csr_matrix, size: int) -> sparse.csr_matrix:
    """What candidates have in common with others of their pool, in columns that no two pools share.

    What one has alone, half of all there is, makes it like no other. The rest keeps its order, and sums their last bit.

    Takes   size  rows of a pool
    """
    owner = np.repeat(np.arange(content.shape[0] // size), np.diff(content.indptr[::size]))
    place = content.indices + owner * content.shape[1]
    wide = sparse.csr_matrix(
        (content.data, place, content.indptr), shape=(content.shape[0], int(place.max(initial=-1)) + 1)
    )
    return _columns_of_several(wide)


def _columns_of_several(content: sparse.csr_matrix) -> sparse.csr_matrix:
    """Rows without the columns that none or one of them has."""
    is_of_several = np.bincount(content.indices, minlength=content.shape[1]) > 1
    stays = is_of_several[content.indices]
    column = (np.cumsum(is_of_several, dtype=np.int32) - 1)[content.indices[stays]]
    starts = np.concatenate([[0], np.cumsum(stays, dtype=np.int32)])[content.indptr]
    shape = (content.shape[0], np.count_nonzero(is_of_several))
    return sparse.csr_matrix((content.data[stays], column, starts), shape=shape)
