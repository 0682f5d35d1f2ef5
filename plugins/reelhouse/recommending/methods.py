"""The lists of every method that is kept: for titles, for viewers, for everybody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from reelhouse.recommending import likeness_trials, linear, modelling, selecting, trials, viewers
from reelhouse.recommending.content import PRIOR_BESIDE_LIKES, Features, Title, features_of
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
    events: Events

    def rows(self) -> Iterator[Row]:
        for method, lists in self.of_titles.items():
            for row in zip(
                lists.source,
                lists.rank,
                lists.target,
                lists.score,
                lists.score_raw,
                lists.is_cold,
                lists.reasons,
                strict=True,
            ):
                yield Row(method, row[0], None, row[1], row[2], row[3], "percentile", *row[4:])
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


def compute(
    titles: list[Title],
    events: Events,
    names: dict[int, str],
    child_limit: int,
    former: dict[str, dict[int, float]],
    tell: Callable[[str], None] = lambda message: None,
) -> Computed:
    """All lists: a pure function of the catalogue and the events.

    Takes   names        of the titles that viewers like, in the catalogue or not
            child_limit  highest least age that is shown beside a children's title
            former       see trials.run
    """
    features = features_of(titles)
    keys = np.array([title.title_key for title in features.titles], dtype=np.int64)
    franchise = franchise_numbers(features)
    real = events.where(events.user < FIRST_SYNTHETIC)
    tell(f"comparing {len(titles)} titles")
    hybrid = with_likes(features, real)
    similar = selecting.choose(hybrid, franchise, child_limit)
    of_titles = {SIMILAR_HYBRID: lists_of(hybrid, franchise, similar)}
    by_content = replace(features, weight=0.0)
    of_titles[CONTENT_FIELDS] = lists_of(by_content, franchise, selecting.choose(by_content, franchise, child_limit))
    if hybrid.together is not None:
        of_titles[SIMILAR_CF] = similar_cf(hybrid, franchise, child_limit)
    tell(f"learning from {len(events.user)} ratings and viewings")
    # Invented viewers teach nobody, unless there are no others.
    teachers = real if len(real.user) else events
    ties = linear.fit(teachers, keys)

    def model_of(found: linear.Ties, tuned: modelling.Tuned) -> viewers.Model:
        return modelling.make_model(features, franchise, similar, found, names, tuned)

    trial = trials.run(real, keys, model_of, former)
    return Computed(of_titles, model_of(ties, trial.tuned), trial, _agreement(titles, real), events)


def _agreement(titles: list[Title], events: Events) -> likeness_trials.Agreement | None:
    """How well each way of finding similar titles agrees with the viewers, on the titles that they rated."""
    rated = set(np.unique(events.title).tolist())
    ranked = [title for title in titles if title.title_key in rated and title.description]
    return likeness_trials.measure(features_of(ranked), events) if ranked else None


def with_likes(features: Features, events: Events) -> Features:
    """A catalogue with what its titles have in common by the viewers who like them; as it is without any."""
    keys = np.array([title.title_key for title in features.titles], dtype=np.int64)
    together = liked_together(events, keys) if events.is_like.any() and len(keys) else None
    if together is None or not together.nnz:
        return features
    return replace(features, weight=PRIOR_BESIDE_LIKES, together=together)


def similar_cf(features: Features, franchise: np.ndarray, child_limit: int) -> Lists:
    """Lists by the viewers alone, for titles that some like."""
    keys = np.array([title.title_key for title in features.titles], dtype=np.int64)
    allowed: dict[selecting.Audience, np.ndarray] = {}
    found: list[tuple[int, int, int, float]] = []
    for row in np.flatnonzero(np.diff(features.together.indptr)).tolist():
        audience = selecting.audience_of(features.titles[row], child_limit, bool(features.is_bare[row]))
        if audience not in allowed:
            allowed[audience] = selecting.allowed_targets(features, audience)
        start, end = features.together.indptr[row : row + 2]
        targets, shares = features.together.indices[start:end], features.together.data[start:end]
        order = np.lexsort((features.tie_rank[targets], -shares))
        fit = [(int(targets[place]), float(shares[place])) for place in order if allowed[audience][targets[place]]]
        found += _capped(features, franchise, row, fit)
    source, rank, target, share = zip(*found, strict=True) if found else ((),) * 4
    raw = np.array(share, dtype=np.float64)
    return Lists(
        source=keys[list(source)].tolist(),
        rank=list(rank),
        target=keys[list(target)].tolist(),
        score=percentiles(raw).tolist(),
        score_raw=raw.tolist(),
        is_cold=[False] * len(found),
        reasons=[
            viewers.as_json([{"kind": "together", "value": "liked by the same viewers", "share": value}])
            for value in share
        ],
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
        if counts.get(own, 0) >= selecting.FRANCHISE_AT_MOST or (
            is_across and across >= selecting.ACROSS_KINDS_AT_MOST
        ):
            continue
        counts[own] = counts.get(own, 0) + 1
        across += is_across
        places.append((row, len(places) + 1, target, share))
        if len(places) == selecting.LIST_LENGTH:
            break
    return places
