"""Why a title is recommended: every part of its score, by name. The parts add up to the score."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy import sparse

from reelhouse.recommending.content import NEARNESS, POPULARITY, QUALITY, Features, nearness
from reelhouse.recommending.exact import UNITS
from reelhouse.recommending.selecting import Choices

SHOWN_AT_MOST = 10
# Scores are below 4, and a part of one has 29 bits.
_UNIT_BITS = 29
_MOST_UNITS = (1 << _UNIT_BITS) - 1
# Pairs at once: the parts of all of them together would take more memory than the lists.
_BATCH = 8192


class _Parts(NamedTuple):
    """Parts of pairs: pair, what it gives in units, and number of its label."""

    pair: np.ndarray
    units: np.ndarray
    label: np.ndarray


class _Labels:
    """Kinds of parts with their values, by number; those of the columns of the features first."""

    def __init__(self, columns: Sequence[tuple[str, str]]) -> None:
        self.known = list(columns)
        self._order = self._rank = np.empty(0, dtype=np.int64)
        self._opened: dict[int, str] = {}

    def add(self, kind: str, values: Sequence[str]) -> int:
        """Number of the first of some values of one kind."""
        self.known += [(kind, value) for value in values]
        return len(self.known) - len(values)

    def ranks(self, labels: np.ndarray) -> np.ndarray:
        """Places of labels in the order of kind and value."""
        if len(self._rank) != len(self.known):
            self._order = np.array(sorted(range(len(self.known)), key=self.known.__getitem__), dtype=np.int64)
            self._rank = np.empty(len(self._order), dtype=np.int64)
            self._rank[self._order] = np.arange(len(self._order))
        return self._rank[labels]

    def at(self, ranks: np.ndarray) -> np.ndarray:
        """The labels at some places of that order."""
        return self._order[ranks]

    def opened(self, label: int) -> str:
        """The JSON of a part up to its share, as json.dumps writes it: the same in thousands of reasons."""
        text = self._opened.get(label)
        if text is None:
            kind, value = self.known[label]
            self._opened[label] = text = _opened(kind, value)
        return text


def explain(features: Features, choices: Choices) -> tuple[np.ndarray, list[str]]:
    """Raw scores of the chosen pairs, and their reasons as JSON: largest part first, small ones together at the end."""
    raw, texts = np.empty(len(choices.source)), []
    sources = _Sources(features)
    for first in range(0, len(raw), _BATCH):
        batch = slice(first, first + _BATCH)
        units, found = _explained(sources, choices.source[batch], choices.target[batch])
        raw[batch] = units / UNITS
        texts += found
    return raw, texts


def percentiles(score_raw: np.ndarray) -> np.ndarray:
    """Share of all scores of the refresh that are not above each, in steps of 1e-4."""
    if not score_raw.size:
        return score_raw
    return np.round(np.searchsorted(np.sort(score_raw), score_raw, side="right") / score_raw.size, 4)


class _Sources:
    """Where parts come from: the features of a catalogue, and a label for everything that they can give."""

    def __init__(self, features: Features) -> None:
        self.features = features
        self.labels = _Labels(features.columns)
        titles = features.titles
        self.is_year = np.array([kind == "year" for kind, _ in features.columns], dtype=bool)
        self.years, self.year_of = np.unique([title.release_year or 0 for title in titles], return_inverse=True)
        self.popularity = self.labels.add("popularity", [votes_in_words(title.vote_count) for title in titles])
        self.quality = self.labels.add("quality", [rating_in_words(title.weighted_of_10) for title in titles])
        self.nearness = self.labels.add(
            "nearness", ["about as well known" if title.vote_count else "fame not known" for title in titles]
        )
        self.together = self.labels.add("together", ["liked by the same viewers"])
        self.year = self.labels.add("year", [_years(one, other) for one in self.years for other in self.years])
        self.popular = self.labels.add("popular", ["popular title of the same kind"])
        self.nothing = self.labels.add("other", ["nothing in common"])


def _explained(sources: _Sources, source: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Units and JSON of some pairs."""
    is_bare = sources.features.is_bare[source]
    given = [*_content_parts(sources, source, target, is_bare), *_prior_parts(sources, source, target, is_bare)]
    parts = _Parts(*(np.concatenate(column) for column in zip(*given, strict=True)))
    total = np.zeros(len(source), dtype=np.int64)
    np.add.at(total, parts.pair, parts.units)
    is_named = (parts.units > 0) & ~is_bare[parts.pair]
    bare = np.flatnonzero(is_bare)
    shown = _Parts(
        np.concatenate([parts.pair[is_named], bare]),
        np.concatenate([parts.units[is_named], total[bare]]),
        np.concatenate([parts.label[is_named], np.full(len(bare), sources.popular)]),
    )
    return total, _texts(sources, shown, len(source))


def _content_parts(sources: _Sources, source: np.ndarray, target: np.ndarray, is_bare: np.ndarray) -> Iterator[_Parts]:
    """What shared tokens give, and shared spans of years as one part. Nothing is shared with a title of few fields."""
    features = sources.features
    shared = sparse.csr_matrix(features.matrix[source].multiply(features.matrix[target]))
    pair = np.repeat(np.arange(len(source)), np.diff(shared.indptr))
    units = np.rint(shared.data * UNITS).astype(np.int64)
    is_year = sources.is_year[shared.indices]
    is_token = ~is_year & ~is_bare[pair]
    yield _Parts(pair[is_token], units[is_token], shared.indices[is_token].astype(np.int64))
    of_years = np.zeros(len(source), dtype=np.int64)
    np.add.at(of_years, pair[is_year], units[is_year])
    near = np.flatnonzero((of_years > 0) & ~is_bare)
    label = sources.year + sources.year_of[source] * len(sources.years) + sources.year_of[target]
    yield _Parts(near, of_years[near], label[near])
    if features.together is not None:
        shares = np.asarray(features.together[source, target]).ravel()
        liked = np.flatnonzero(~is_bare)
        yield _Parts(liked, np.rint(shares[liked] * UNITS).astype(np.int64), np.full(len(liked), sources.together))


def _years(one: int, other: int) -> str:
    return str(one) if one == other else f"{one} and {other}"


def _prior_parts(sources: _Sources, source: np.ndarray, target: np.ndarray, is_bare: np.ndarray) -> Iterator[_Parts]:
    """What popularity, quality and nearness in fame give to each pair."""
    features = sources.features
    near = np.where(is_bare, 0.0, nearness(features.fame[source], features.fame[target]))
    weight = features.weight_of(source)
    for first, share in (
        (sources.popularity, weight * POPULARITY * features.popularity[target]),
        (sources.quality, weight * QUALITY * features.quality[target]),
        (sources.nearness, weight * NEARNESS * near),
    ):
        yield _Parts(np.arange(len(source)), np.rint(share * UNITS).astype(np.int64), first + target)


def _texts(sources: _Sources, shown: _Parts, count: int) -> list[str]:
    """JSON of each pair: the largest parts by name, then the rest as one, whatever it weighs."""
    # One number for each part, by pair, then the largest first, then by name: sorted faster than three.
    ranks = sources.labels.ranks(shown.label)
    rank_bits = len(sources.labels.known).bit_length()
    sorted_parts = np.sort((((shown.pair << _UNIT_BITS) + _MOST_UNITS - shown.units) << rank_bits) + ranks)
    units = _MOST_UNITS - ((sorted_parts >> rank_bits) & _MOST_UNITS)
    ends = np.cumsum(np.bincount(shown.pair, minlength=count)).tolist()
    # The same part is in several reasons: two of three need not be written again.
    codes, which = np.unique(((sorted_parts & ((1 << rank_bits) - 1)) << _UNIT_BITS) + units, return_inverse=True)
    # They stand by name, so that each is opened once.
    names, times = np.unique(codes >> _UNIT_BITS, return_counts=True)
    opened = np.array([sources.labels.opened(label) for label in sources.labels.at(names).tolist()], dtype=object)
    shares = ((codes & _MOST_UNITS) / UNITS).tolist()
    opened_of = opened.repeat(times).tolist()
    written = np.array([f"{text}{share!r}}}" for text, share in zip(opened_of, shares, strict=True)], dtype=object)
    parts = written[which].tolist()
    before = [0, *np.cumsum(units).tolist()]
    texts = []
    for start, end in zip([0, *ends[:-1]], ends, strict=True):
        named = parts[start:end]
        if end - start > SHOWN_AT_MOST:
            rest = start + SHOWN_AT_MOST - 1
            other = (before[end] - before[rest]) / UNITS
            named = [*parts[start:rest], f"{_opened('other', f'{end - rest} smaller parts')}{other}}}"]
        elif not named:
            named = [f"{sources.labels.opened(sources.nothing)}0.0}}"]
        texts.append(f"[{', '.join(named)}]")
    return texts


@lru_cache(maxsize=100_000)
def votes_in_words(votes: int | None) -> str:
    """Votes as coarsely as they count (steps of .1 in the logarithm), so that the text changes when the score does.

    >>> votes_in_words(1841066), votes_in_words(1850000), votes_in_words(None)
    ('about 1,800,000 IMDb votes', 'about 1,800,000 IMDb votes', 'no votes')
    """
    if not votes:
        return "no votes"
    coarse = float(np.expm1(round(np.log1p(votes), 1)))
    return f"about {int(float(f'{coarse:.2g}')):,} IMDb votes"


def rating_in_words(weighted_of_10: float | None) -> str:
    return "no rating, taken as average" if weighted_of_10 is None else f"rated {weighted_of_10:.1f} of 10"


@lru_cache(maxsize=100_000)
def _opened(kind: str, value: str) -> str:
    """The JSON of a part up to its share."""
    return json.dumps({"kind": kind, "value": value}, ensure_ascii=False)[:-1] + ', "share": '
