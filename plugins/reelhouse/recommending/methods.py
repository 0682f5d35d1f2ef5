"""The lists of every method that is kept: for titles, for viewers, for everybody."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import repeat, starmap
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from reelhouse.recommending import (
    clusters,
    likeness_trials,
    linear,
    modelling,
    own,
    selecting,
    trials,
    variety,
    viewers,
)
from reelhouse.recommending.content import Features, Title, features_of
from reelhouse.recommending.events import FIRST_SYNTHETIC, Events
from reelhouse.recommending.lists import Lists, franchise_numbers, lists_of
from reelhouse.recommending.reasons import percentiles
from reelhouse.recommending.together import liked_together

SIMILAR_HYBRID, CONTENT_FIELDS, SIMILAR_CF, EASE, PROFILE, POPULAR, BLEND = range(1, 8)
POPULAR_SHOWN = 50


class Row(NamedTuple):
    """A row of build.fact_recommendation, but for its load."""

    method_key: int
    source_title_key: int | None
    user_key: int | None
    rank: int
    recommended_title_key: int
    score: float
    score_kind: str
    score_raw: float
    is_cold: bool
    reasons: str


@dataclass(frozen=True, slots=True)
class Computed:
    """What a refresh shows: `of_titles` by method, the model for viewers, and what was measured on viewers."""

    of_titles: dict[int, Lists]
    model: viewers.Model
    trial: trials.Trial
    agreement: likeness_trials.Agreement | None
    clustered: clusters.Clustered
    events: Events

    def rows(self) -> Iterator[Row]:
        for method, lists in self.of_titles.items():
            count = len(lists.source)
            columns = zip(
                repeat(method, count), lists.source, repeat(None, count), lists.rank, lists.target, lists.score,
                repeat("percentile", count), lists.score_raw, lists.is_cold, lists.reasons, strict=True,
            )  # fmt: skip
            yield from starmap(Row, columns)
        for place in viewers.popular_places(self.model, POPULAR_SHOWN):
            yield row_of(POPULAR, place)
        for place in viewers.recommend(self.model, self.events):
            yield row_of(BLEND, place)


def row_of(method: int, place: viewers.Place) -> Row:
    """A place on a list as a row; viewer 0 is everybody."""
    return Row(
        method, None, place.user_key or None, place.rank, place.title_key, place.score, place.score_kind,
        place.score_raw, place.is_cold, viewers.as_json(place.reasons),
    )  # fmt: skip


@contextmanager
def _in_one_thread() -> Iterator[None]:
    """Threads of OpenMP and BLAS wait for one another awake: beside other tasks that costs six times the work."""
    # A limit holds for what is loaded by then.
    import sklearn.cluster  # noqa: F401

    with threadpool_limits(limits=1):
        yield


@_in_one_thread()
def compute(
    titles: list[Title],
    events: Events,
    names: dict[int, str],
    child_limit: int,
    former: dict[str, dict[int, float]],
    former_recencies: Sequence[float | None] = (),
    former_clusters: Mapping[int, int] = MappingProxyType({}),
    sent: Sequence[own.Own] = (),
    tell: Callable[[str], None] = lambda message: None,
) -> Computed:
    """All lists: a pure function of the catalogue and the events.

    Takes   names        of the titles that viewers like, in the catalogue or not
            child_limit  highest least age that is shown beside a children's title
            former, former_recencies see trials.run
            former_clusters see clusters.cluster
            sent         methods of one's own
    """
    features = features_of(titles)
    keys = np.array([title.title_key for title in features.titles], dtype=np.int64)
    franchise = franchise_numbers(features)
    real = events.between(0, int(np.searchsorted(events.user, FIRST_SYNTHETIC)))
    tell(f"comparing {len(titles)} titles")
    similar, of_titles = _lists_beside_titles(features, franchise, child_limit, real, sent)
    tell(f"learning from {len(events.user)} ratings and viewings")
    # Invented viewers teach nobody, unless there are no others.
    teachers = real if len(real.user) else events
    ties = linear.fit(teachers, keys)

    def model_of(found: linear.Ties, tuned: modelling.Tuned) -> viewers.Model:
        return modelling.make_model(features, franchise, similar, found, names, tuned)

    trial = trials.run(real, keys, model_of, former, former_recencies)
    clustered = clusters.cluster(features, former_clusters)
    return Computed(
        of_titles, model_of(ties, trial.tuned), trial, _agreement(titles, real, keys, sent), clustered, events
    )


def _lists_beside_titles(
    features: Features, franchise: np.ndarray, child_limit: int, events: Events, sent: Sequence[own.Own]
) -> tuple[selecting.Choices, dict[int, Lists]]:
    """The lists of every method for titles, by method; and the chosen pairs of the one that is shown."""
    hybrid, by_content = with_likes(features, events), replace(features, weight=0.0)
    similar = selecting.choose(hybrid, franchise, child_limit)
    found = {
        SIMILAR_HYBRID: lists_of(hybrid, franchise, similar),
        CONTENT_FIELDS: lists_of(by_content, franchise, selecting.choose(by_content, franchise, child_limit)),
    }
    if hybrid.together is not None:
        found[SIMILAR_CF] = similar_cf(hybrid, franchise, child_limit)
    for each in sent:
        found[each.method_key] = lists_by_scores(
            features, franchise, child_limit, each, "own", f"scored by {each.method}"
        )
    return similar, found


def _agreement(
    titles: list[Title], events: Events, keys: np.ndarray, sent: Sequence[own.Own]
) -> likeness_trials.Agreement | None:
    """How well each way of finding similar titles agrees with the viewers, on the titles that they rated."""
    rated = set(np.unique(events.title).tolist())
    ranked = [title for title in titles if title.title_key in rated and title.description]
    scores = {each.method: (keys[each.source], keys[each.target], each.score) for each in sent}
    return likeness_trials.measure(features_of(ranked), events, scores) if ranked else None


def with_likes(features: Features, events: Events) -> Features:
    """A catalogue with what its titles have in common by the viewers who like them; as it is without any."""
    keys = np.array([title.title_key for title in features.titles], dtype=np.int64)
    likes = events.matrix(keys)
    together = liked_together(likes) if likes.nnz else None
    if together is None or not together.nnz:
        return features
    return replace(features, together=together)


def similar_cf(features: Features, franchise: np.ndarray, child_limit: int) -> Lists:
    """Lists by the viewers alone, for titles that some like."""
    together = features.together.tocoo()
    shares = own.Own(SIMILAR_CF, "similar_cf", together.row, together.col, together.data)
    return lists_by_scores(features, franchise, child_limit, shares, "together", "liked by the same viewers")


def lists_by_scores(
    features: Features, franchise: np.ndarray, child_limit: int, scores: own.Own, kind: str, value: str
) -> Lists:
    """Lists by scores that are there already, in one reason each."""
    found = [
        place
        for row, fit in own.ranked(features, scores, child_limit)
        for place in _capped(features, franchise, row, fit)
    ]
    source, rank, target, share = zip(*found, strict=True) if found else ((),) * 4
    keys = np.array([title.title_key for title in features.titles], dtype=np.int64)
    raw = np.array(share, dtype=np.float64)
    return Lists(
        source=keys[list(source)].tolist(),
        rank=list(rank),
        target=keys[list(target)].tolist(),
        score=percentiles(raw).tolist(),
        score_raw=raw.tolist(),
        is_cold=[False] * len(found),
        reasons=[viewers.as_json([{"kind": kind, "value": value, "share": value_of}]) for value_of in share],
        franchise_repeats=0.0,
    )


def _capped(
    features: Features, franchise: np.ndarray, row: int, fit: list[tuple[int, float]]
) -> list[tuple[int, int, int, float]]:
    """Ten of the best, two of a franchise and two of the other kind at most."""
    counts: dict[int, int] = {}
    across, places = 0, []
    for target, share in fit:
        is_across = (features.titles[target].kind == "series") != (features.titles[row].kind == "series")
        own = int(franchise[target])
        if counts.get(own, 0) >= variety.FRANCHISE_AT_MOST or (is_across and across >= variety.ACROSS_KINDS_AT_MOST):
            continue
        counts[own] = counts.get(own, 0) + 1
        across += is_across
        places.append((row, len(places) + 1, target, share))
        if len(places) == selecting.LIST_LENGTH:
            break
    return places
