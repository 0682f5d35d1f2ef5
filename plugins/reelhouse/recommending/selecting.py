"""From scores to lists: who may be shown to whom, the exact best candidates, variety, ranks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sparse_dot_topn import sp_matmul_topn

from reelhouse.recommending.content import NEARNESS, Features, Title, nearness

LIST_LENGTH = 10
ACROSS_KINDS_AT_MOST = 2
FRANCHISE_AT_MOST = 2
# Candidates that variety chooses from: the best of the same kind and the best of the other.
SAME_KIND_POOL, OTHER_KIND_POOL = 48, 12
# Share of the score against likeness to what is already on the list. Measured: costs 2 % of recall.
RELEVANCE = 0.8

CHILD_AGE = 7
GROWN_UP_AGE = 17

# Sources at once: memory must not grow with the catalogue.
_SOURCES = 8192
_FIRST_WIDTH = 64
_DENSE_CELLS = 2_000_000
# Small enough that the columns of all pools of a batch stay in a cache.
_BATCH = 64
# Scores are compared in steps of 1e-9, far above the error of a sum of floats and far below any real difference.
_STEPS = 1e9
_TIE_BITS = 24


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
    found = [
        _choose_for(features, franchises, is_series, sources, audience)
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
        for first in range(0, len(rows), _SOURCES):
            yield np.array(rows[first : first + _SOURCES], dtype=np.int64), audience


def _choose_for(
    features: Features, franchises: np.ndarray, is_series: np.ndarray, sources: np.ndarray, audience: Audience
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    allowed = allowed_targets(features, audience)
    is_same_kind = is_series == is_series[sources[0]]
    pools = [best_targets(features, sources, np.flatnonzero(allowed & is_same_kind), SAME_KIND_POOL)]
    # Popular titles stand in with their own kind only.
    if not features.is_bare[sources[0]]:
        pools.append(best_targets(features, sources, np.flatnonzero(allowed & ~is_same_kind), OTHER_KIND_POOL))
    keys = np.concatenate(pools, axis=1)
    if not keys.shape[1]:
        return _none(), _none(), _none()
    keys = -np.sort(-keys, axis=1)
    parts = [
        _diversify(features, franchises, is_same_kind, sources[at : at + _BATCH], keys[at : at + _BATCH])
        for at in range(0, len(sources), _BATCH)
    ]
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))


def best_targets(features: Features, sources: np.ndarray, targets: np.ndarray, count: int) -> np.ndarray:
    """The best targets of each source, exactly, as order keys (see `order_keys`), best first, -1 where none is left.

    Content and what a target brings along are one sparse product. Nearness is not, so more products than asked for
    are taken first: nothing outside them can score above the last of them plus the most that nearness gives.
    Rows where that bound does not settle it are computed in full.
    """
    if not targets.size:
        return np.full((len(sources), 0), -1, dtype=np.int64)
    left, right = _product_sides(features, sources, targets)
    width = min(len(targets), max(_FIRST_WIDTH, 3 * count))
    product = sp_matmul_topn(left, right, top_n=width, sort=False)
    columns, values = _padded(product, width)
    keys = order_keys(features, sources, np.where(columns >= 0, targets[columns], -1), values)
    best = _largest(keys, count)
    last = np.where(columns[:, -1] >= 0, np.where(columns >= 0, values, np.inf).min(axis=1), 0.0)
    bound = last + np.where(np.isnan(features.fame[sources]), 0.0, features.weight_of(sources) * NEARNESS)
    is_settled = (width == len(targets)) & (columns[:, -1] >= 0)
    is_settled |= (best[:, -1] >> _TIE_BITS) > np.ceil(bound * _STEPS) + 1
    open_rows = np.flatnonzero(~is_settled)
    step = max(1, _DENSE_CELLS // max(1, len(targets)))
    for at in range(0, len(open_rows), step):
        rows = open_rows[at : at + step]
        dense = (left[rows] @ right).toarray()
        best[rows] = _largest(order_keys(features, sources[rows], np.broadcast_to(targets, dense.shape), dense), count)
    return best


def _product_sides(
    features: Features, sources: np.ndarray, targets: np.ndarray
) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """Two matrices whose product is content plus what the target brings along."""
    weight = sparse.csr_matrix(features.weight_of(sources)[:, None])
    content = sparse.csr_matrix(features.matrix[sources])
    is_bare = bool(features.is_bare[sources[0]])
    if is_bare:
        content = sparse.csr_matrix(content.shape, dtype=np.float64)
    left = sparse.hstack([content, weight], format="csr")
    prior = sparse.csr_matrix(features.prior[targets][:, None])
    right = sparse.hstack([features.matrix[targets], prior], format="csr")
    if features.together is not None and features.together.nnz and not is_bare:
        left = sparse.hstack([left, features.together[sources]], format="csr")
        right = sparse.hstack([right, sparse.identity(len(features.titles), format="csr")[targets]], format="csr")
    return left, right.T.tocsr()


def _padded(product: sparse.csr_matrix, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows of a sparse matrix as two rectangles of columns and values, -1 and 0 where a row is shorter."""
    lengths = np.diff(product.indptr)
    inside = np.arange(width) < lengths[:, None]
    columns = np.full(inside.shape, -1, dtype=np.int64)
    values = np.zeros(inside.shape)
    columns[inside], values[inside] = product.indices, product.data
    return columns, values


def order_keys(features: Features, sources: np.ndarray, targets: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Whole numbers that sort as the lists do: score in steps of 1e-9, then votes and title_key; -1 is no candidate.

    Takes   targets, values  rectangles: one row for each source; value is the score without nearness
    """
    near = nearness(features.fame[sources][:, None], features.fame[targets])
    near[features.is_bare[sources]] = 0.0
    steps = np.rint((values + features.weight_of(sources)[:, None] * NEARNESS * near) * _STEPS).astype(np.int64)
    keys = (steps << _TIE_BITS) | ((1 << _TIE_BITS) - 1 - features.tie_rank[targets])
    is_none = (targets < 0) | (targets == sources[:, None])
    # By content alone, titles that have nothing in common are no candidates.
    return np.where(is_none | (steps <= 0) if not features.weight else is_none, -1, keys)


def _largest(keys: np.ndarray, count: int) -> np.ndarray:
    """The `count` largest of each row, largest first."""
    if keys.shape[1] > count:
        keys = np.partition(keys, keys.shape[1] - count, axis=1)[:, -count:]
    return -np.sort(-keys, axis=1)


def _diversify(
    features: Features, franchises: np.ndarray, is_same_kind: np.ndarray, sources: np.ndarray, keys: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ten of each pool by maximal marginal relevance, within the caps on franchises and on the other kind."""
    row_of_tie = np.argsort(features.tie_rank)
    pool = np.where(keys >= 0, row_of_tie[(1 << _TIE_BITS) - 1 - (keys & ((1 << _TIE_BITS) - 1))], -1)
    score = (keys >> _TIE_BITS) / _STEPS
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
        content = features.matrix[np.maximum(pool, 0).ravel()]
        owner = np.repeat(
            np.arange(len(pool)), np.add.reduceat(np.diff(content.indptr), np.arange(0, pool.size, pool.shape[1]))
        )
        self._content = sparse.csr_matrix(
            (content.data, content.indices + owner * content.shape[1], content.indptr),
            shape=(pool.size, len(pool) * content.shape[1]),
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
