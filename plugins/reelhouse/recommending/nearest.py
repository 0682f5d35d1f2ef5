"""The best targets of many sources, exactly, without scoring every pair.

A score is a sum, and most of its parts depend on few values: which genres a title has, of which years it is, how well
known and rated. Targets of the same value share that part, so it is computed once for the value (a table: values x
sources). Parts of the other kind, people, words and viewers' likes, are there for few pairs, and all of those are
computed. A batch of sources that are much alike then leaves out every target whose largest sum of table rows lies
below the scores that each of them has found already: no bound is guessed, so that no target is missed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from reelhouse.recommending.content import NEARNESS, YEAR_STEP, Features, nearness
from reelhouse.recommending.exact import STEPS, TIE_BITS

# Fields whose values many titles share. What is in no table is a rare part.
TABLED = ("genre", "category", "country", "year")
_KEY_BITS = 56
# The first look is in whole numbers of two bytes, this for the largest sum there can be: half the memory to go through
# of single precision. Whatever may reach the bound after rounding is looked at in double precision.
_LARGEST = 32_000
# Sources at once: with _KEY_BITS for a key, a number has room for so many, and the columns of all their pools stay in a
# cache. And the promising targets whose scores set the first bound.
BATCH, _FIRST = 128, 1024
# Each table more is a pass over all targets; one of more values has to be made anew for each batch.
_TITLES_A_VALUE = 32
# Of so many values, what each gives beside each takes 50 MB.
_VALUES_KEPT = 2500
# Targets at once: their scores beside a batch stay in a cache.
_ROWS = 2048


_Table = tuple[sparse.csr_matrix, np.ndarray]  # the distinct values, and which of them each title has


@dataclass(frozen=True, slots=True)
class Parts:
    """The features of a catalogue, by how many titles share them.

    values      of each table: the distinct rows of its columns; value_of says which one a title has
    alike       what each value gives beside each; None where there are too many to keep all of that
    prior       what a title brings along whatever the source, see Features.prior
    standings   rows of titles, one for each distinct pair of fame and prior; standing_of says which one a title has
    fames       distinct ones; fame_of says which one a standing has
    rare        columns of all other fields
    """

    features: Features
    values: tuple[sparse.csr_matrix, ...]
    value_of: tuple[np.ndarray, ...]
    alike: tuple[np.ndarray | None, ...]
    prior: np.ndarray
    standings: np.ndarray
    standing_of: np.ndarray
    fames: np.ndarray
    fame_of: np.ndarray
    rare: sparse.csr_matrix


def parts_of(features: Features) -> Parts:
    field_of = np.array([field for field, _ in features.columns])
    columns = features.matrix.tocsc()
    tables = [_distinct(columns[:, np.flatnonzero(field_of == name)].tocsr()) for name in TABLED]
    tables = _joined(tables, len(features.titles) // _TITLES_A_VALUE)
    prior = features.prior
    known = np.column_stack([np.nan_to_num(features.fame, nan=-1.0), prior])
    _, standings, standing_of = np.unique(known, axis=0, return_index=True, return_inverse=True)
    return Parts(
        features,
        tuple(values for values, _ in tables),
        tuple(value_of for _, value_of in tables),
        tuple(_products(values, values) if values.shape[0] <= _VALUES_KEPT else None for values, _ in tables),
        prior,
        standings,
        standing_of.ravel().astype(np.int32),
        *np.unique(features.fame[standings], return_inverse=True),
        columns[:, np.flatnonzero(~np.isin(field_of, TABLED))].tocsr(),
    )


def _products(values: sparse.csr_matrix, others: sparse.csr_matrix) -> np.ndarray:
    return (values @ others.T).toarray()


def _joined(tables: list[_Table], values_at_most: int) -> list[_Table]:
    """Tables, those with many values first; the small ones made one as long as that has few values itself."""
    tables = sorted(tables, key=lambda table: -table[0].shape[0])
    while len(tables) > 1:
        (values, value_of), (more, more_of) = tables[-2:]
        pairs, joined_of = np.unique(value_of.astype(np.int64) * more.shape[0] + more_of, return_inverse=True)
        if len(pairs) > max(values_at_most, values.shape[0], more.shape[0]):
            break
        first, second = np.divmod(pairs, more.shape[0])
        joined = sparse.hstack([values[first], more[second]], format="csr")
        tables[-2:] = [(joined, joined_of.astype(np.int32))]
    return tables


def _distinct(matrix: sparse.csr_matrix) -> _Table:
    """The distinct rows of a matrix, and which of them each row is."""
    matrix.sort_indices()
    amounts, amount_of = np.unique(matrix.data, return_inverse=True)
    entries = matrix.indices.astype(np.int64) * len(amounts) + amount_of
    starts, sizes = matrix.indptr[:-1], np.diff(matrix.indptr)
    value_of = np.zeros(len(sizes), dtype=np.int64)
    # Entry by entry: rows that are the same so far, told apart by their next one, none of it being one, too.
    for place in range(int(sizes.max(initial=0))):
        more = np.zeros(len(sizes), dtype=np.int64)
        goes_on = np.flatnonzero(sizes > place)
        _, more[goes_on] = np.unique(entries[starts[goes_on] + place], return_inverse=True)
        more[goes_on] += 1
        _, value_of = np.unique(value_of * (len(sizes) + 1) + more, return_inverse=True)
    _, firsts = np.unique(value_of, return_index=True)
    return matrix[firsts], value_of.astype(np.int32)


def alike_first(parts: Parts, sources: np.ndarray) -> np.ndarray:
    """Sources in an order that puts those with much the same targets beside one another."""
    fame = np.nan_to_num(parts.features.fame[sources], nan=-1.0)
    years = np.array([(parts.features.titles[row].release_year or 0) // YEAR_STEP for row in sources.tolist()])
    # Fame and year first: what they give falls with the distance, so that one far source lifts many targets. Genres
    # have the most values.
    return sources[np.lexsort((parts.value_of[0][sources], years, np.round(fame, 1), parts.features.is_bare[sources]))]


@dataclass(frozen=True, slots=True)
class Beside:
    """What values and standings give beside some sources: the same for all searches.

    sources rows
    exact   of each table of Parts: what each value gives beside those that the sources have; which one each has
    tables  the same in whole numbers, values x sources, and one of the standings where these count
    most    of each of those, the most that a value gives beside any of the sources
    scale   of the whole numbers: the largest sum of a row of each table is below the largest there is
    """

    sources: np.ndarray
    exact: list[tuple[np.ndarray, np.ndarray]]
    tables: list[np.ndarray]
    most: list[np.ndarray]
    scale: float

    @classmethod
    def of(cls, parts: Parts, sources: np.ndarray) -> Beside:
        """What values and standings give.

        Takes   sources  BATCH at most, best in the order of `alike_first`: the more alike they are, the fewer targets
                         are looked at
        """
        features = parts.features
        is_bare = features.is_bare[sources]
        exact = []
        for values, alike, value_of in zip(parts.values, parts.alike, parts.value_of, strict=True):
            own, column_of = np.unique(value_of[sources], return_inverse=True)
            exact.append((_products(values, values[own]) if alike is None else alike.take(own, axis=1), column_of))
        standing = _standing(parts, sources) if features.weight else np.zeros(0, np.float32)
        largest = sum(float(table.max(initial=0.0)) for table in (*(table for table, _ in exact), standing))
        scale = _LARGEST / max(largest, 1e-9)
        tables = [np.rint(table * scale).astype(np.int16).take(column_of, axis=1) for table, column_of in exact]
        for table in tables:
            table[:, is_bare] = 0
        if features.weight:
            standing *= np.float32(scale)
            tables.append(np.rint(standing, out=standing).astype(np.int16))
        return cls(sources, exact, tables, [table.max(axis=1, initial=0) for table in tables], scale)

    @property
    def off(self) -> np.int16:
        """How far a sum of rounded numbers may be off: half a step for each table, and one for single precision."""
        return np.int16(len(self.tables) // 2 + 2)


def _standing(parts: Parts, sources: np.ndarray) -> np.ndarray:
    """What fame and prior of each standing give beside each source."""
    features = parts.features
    near = NEARNESS * nearness(features.fame[sources], parts.fames[:, None])
    near[:, features.is_bare[sources]] = 0.0
    standing = near.astype(np.float32)[parts.fame_of]
    standing += parts.prior[parts.standings].astype(np.float32)[:, None]
    standing *= features.weight_of(sources).astype(np.float32)
    return standing


class Search:
    """The `count` best of some targets, for any sources."""

    def __init__(self, parts: Parts, targets: np.ndarray, count: int) -> None:
        self._parts, self._features = parts, parts.features
        self._targets, self._count = targets, count
        kinds = (*parts.value_of, parts.standing_of) if self._features.weight else parts.value_of
        self._value_of = [value_of[targets] for value_of in kinds]
        self._rare = parts.rare[targets].T.tocsr()
        # Those of the same values stand together: their rows of tables are then at hand.
        tried = self._of_each_kind()
        self._tried = tried[np.lexsort([value_of[tried] for value_of in self._value_of[::-1]])]
        self._tried_value_of = [value_of[self._tried] for value_of in self._value_of]
        self._room = np.empty((2, max(_ROWS, _FIRST), BATCH), dtype=np.int16)
        # All false between two batches.
        self._is_rare = np.zeros((BATCH, len(targets)), dtype=bool)

    def _of_each_kind(self) -> np.ndarray:
        """Targets without those that stand behind enough others of the very same values: no table lifts them."""
        kind = np.zeros(len(self._targets), dtype=np.int64)
        for value_of in self._value_of:
            _, kind = np.unique(kind * (int(value_of.max(initial=0)) + 1) + value_of, return_inverse=True)
        order = np.lexsort((self._features.tie_rank[self._targets], kind))
        starts = np.searchsorted(kind[order], kind[order])
        # One more than asked for: the source itself may be among them.
        return np.sort(order[np.arange(len(order)) - starts <= self._count])

    def best(self, beside: Beside) -> np.ndarray:
        """Order keys (see `order_keys`) of the best targets of each source, best first, -1 where none is left."""
        sources = beside.sources
        if not self._targets.size:
            return np.full((len(sources), self._count), -1, dtype=np.int64)
        floor, place, source = self._by_tables(beside)
        rare_place, rare_source, rare_part = self._rare_parts(sources)
        may = self._ceiling(beside, rare_place, rare_source) + beside.scale * rare_part >= floor[rare_source]
        rare_place, rare_source, rare_part = rare_place[may], rare_source[may], rare_part[may]
        rare_score = self._sums(beside, rare_place, rare_source) + rare_part
        stays = rare_score >= (floor / beside.scale)[rare_source]
        rare_place, rare_source, rare_score = rare_place[stays], rare_source[stays], rare_score[stays]
        # Rare parts only add, so that a pair which has one and reaches the floor without it is among those above.
        self._is_rare[rare_source, rare_place] = True
        is_new = ~self._is_rare[source, place]
        self._is_rare[rare_source, rare_place] = False
        place, source = place[is_new], source[is_new]
        score = np.concatenate([self._sums(beside, place, source), rare_score])
        source = np.concatenate([source, rare_source])
        target = self._targets[np.concatenate([place, rare_place])]
        keys = order_keys(self._features, sources[source], target, score)
        return _first_of_each(keys, source, len(sources), self._count)

    def _by_tables(self, beside: Beside) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """A floor below the last score that each source needs, and all pairs whose table rows reach it."""
        most = np.zeros(len(self._tried), dtype=np.int16)
        for most_of_value, value_of in zip(beside.most, self._tried_value_of, strict=True):
            most += most_of_value[value_of]
        first = np.argpartition(most, -_FIRST)[-_FIRST:] if len(most) > _FIRST else np.arange(len(most))
        floor = np.full(len(beside.sources), -1, dtype=np.int16)
        if len(first) > self._count:
            # One more than asked for: the source itself may be among them. The sum that sets the floor is off, and the
            # one that is compared with it.
            last = len(first) - self._count - 1
            floor = np.partition(self._rectangle(beside, first), last, axis=0)[last] - 2 * beside.off
        may = np.flatnonzero(most >= floor.min())
        places, columns = [], []
        for start in range(0, len(may), _ROWS):
            rows = may[start : start + _ROWS]
            row, column = _places_of(self._rectangle(beside, rows) >= floor)
            places.append(self._tried[rows[row]])
            columns.append(column)
        return floor, np.concatenate(places), np.concatenate(columns)

    def _ceiling(self, beside: Beside, place: np.ndarray, source: np.ndarray) -> np.ndarray:
        """More than table rows give to pairs: what the table of most values gives, and of the others what they may."""
        others = np.full(len(self._targets), beside.off)
        for most_of_value, value_of in zip(beside.most[1:], self._value_of[1:], strict=True):
            others += most_of_value[value_of]
        return beside.tables[0][self._value_of[0][place], source] + others[place]

    def _rectangle(self, beside: Beside, tried: np.ndarray) -> np.ndarray:
        """Sums of table rows, targets x sources; the next call writes over it."""
        total, more = (room[: len(tried), : len(beside.sources)] for room in self._room)
        for place, (table, value_of) in enumerate(zip(beside.tables, self._tried_value_of, strict=True)):
            # Clipping looks at no index twice, and writes where it is told to.
            np.take(table, value_of[tried], axis=0, out=more if place else total, mode="clip")
            if place:
                total += more
        return total

    def _sums(self, beside: Beside, place: np.ndarray, source: np.ndarray) -> np.ndarray:
        """The same sums in double precision, pair by pair."""
        features, target = self._features, self._targets[place]
        asking = beside.sources[source]
        total = np.zeros(len(place))
        for (exact, column_of), value_of in zip(beside.exact, self._value_of, strict=False):
            total += exact[value_of[place], column_of[source]]
        total[features.is_bare[asking]] = 0.0
        if not features.weight:
            return total
        near = NEARNESS * nearness(features.fame[asking], features.fame[target])
        near[features.is_bare[asking]] = 0.0
        return total + features.weight_of(beside.sources)[source] * (self._parts.prior[target] + near)

    def _rare_parts(self, sources: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Pairs that have more in common than tables tell: target, source, and what it gives."""
        features = self._features
        found = self._parts.rare[sources] @ self._rare
        if features.together is not None:
            found = found + features.together[sources][:, self._targets]
        found = found.tocoo()
        is_compared = ~features.is_bare[sources]
        if is_compared.all():
            return found.col, found.row, found.data
        stays = is_compared[found.row]
        return found.col[stays], found.row[stays], found.data[stays]


def _places_of(is_there: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the few true cells of a rectangle, looked for eight at once."""
    columns = is_there.shape[1]
    if columns % 8:
        return np.nonzero(is_there)
    eights = np.flatnonzero(is_there.reshape(-1).view(np.uint64))
    which, inside = np.nonzero(is_there.reshape(-1, 8)[eights])
    return np.divmod(eights[which] * 8 + inside, columns)


def order_keys(features: Features, sources: np.ndarray, targets: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Whole numbers that sort as the lists do: score in steps of 1e-9, then votes and title_key; -1 is no candidate."""
    steps = np.rint(scores * STEPS).astype(np.int64)
    keys = (steps << TIE_BITS) | ((1 << TIE_BITS) - 1 - features.tie_rank[targets])
    is_none = targets == sources
    # By content alone, titles that have nothing in common are no candidates.
    return np.where(is_none | (steps <= 0) if not features.weight else is_none, -1, keys)


def _first_of_each(keys: np.ndarray, source: np.ndarray, sources: int, count: int) -> np.ndarray:
    """The `count` largest keys of each source, largest first."""
    # One number for source and key: scores are below 4, so that a key has 56 bits.
    is_there = keys >= 0
    codes = np.sort((source[is_there] << _KEY_BITS) + (1 << _KEY_BITS) - 1 - keys[is_there])
    source, keys = codes >> _KEY_BITS, (1 << _KEY_BITS) - 1 - (codes & ((1 << _KEY_BITS) - 1))
    place = np.arange(len(keys)) - np.searchsorted(source, source)
    found = np.full((sources, count), -1, dtype=np.int64)
    is_first = place < count
    found[source[is_first], place[is_first]] = keys[is_first]
    return found
