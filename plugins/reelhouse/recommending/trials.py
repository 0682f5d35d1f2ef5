"""How good lists for viewers are: each viewer's newest fifth is hidden, and looked for on the list made without it.

All titles of the catalogue are ranked, seen ones never. Invented viewers do not count. Every figure is that of one
split of one day; compare within it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from reelhouse.recommending import linear
from reelhouse.recommending.events import FIRST_SYNTHETIC, Events, places_in
from reelhouse.recommending.modelling import Tuned
from reelhouse.recommending.viewers import ENOUGH_LIKES, blend_rankings
from reelhouse.recommending.viewers.model import LIST_LENGTH, Model
from reelhouse.recommending.viewers.profile import profile_rankings
from reelhouse.recommending.viewers.ties import ties_rankings

HIDDEN_SHARE = 0.2
VIEWERS_AT_MOST = 500
# Below this many viewers a ratio says nothing, and nothing is chosen by it.
VIEWERS_AT_LEAST = 20
SAMPLES = 1000
GAIN_LENGTH = 10
FORMER_AT_LEAST = 0.95
CLEARLY = 0.01
METHODS = ("popular", "ease", "profile", "blend")
GATED = ("ease", "blend")


class Split(NamedTuple):
    """What lists of a trial may be made from, and what is looked for.

    known   all events; those that are hidden count as no likes. Nothing is copied: there may be eleven million
    taken   which of them are hidden
    own     events of each viewer of the trial without the hidden ones
    hidden  titles that each of them likes, among the hidden ones
    """

    known: Events
    taken: np.ndarray
    own: dict[int, Events]
    hidden: dict[int, set[int]]


class Metric(NamedTuple):
    """One figure of a method with its 95 % intervals; ratios are to showing popular titles, and to readers' version."""

    method: str
    metric: str
    value: float
    subjects: int
    limits: tuple[float | None, float | None] = (None, None)
    versus_popular: tuple[float | None, float | None, float | None] = (None, None, None)
    versus_former: tuple[float | None, float | None, float | None] = (None, None, None)
    is_ok: bool = True


@dataclass(frozen=True, slots=True)
class Trial:
    """What one trial found.

    users      of the trial; gains: nDCG@10 of each of them, by method
    recencies  chosen by all of them, and by each half
    """

    tuned: Tuned
    metrics: list[Metric]
    users: list[int]
    gains: dict[str, list[float]]
    recencies: list[float | None]


def split(events: Events, targets: np.ndarray) -> Split:
    """Hide the newest fifth of up to 500 viewers who have enough likes before it and one that may be found in it."""
    hidden: dict[int, set[int]] = {}
    own: dict[int, Events] = {}
    targets = np.sort(targets)
    taken = np.zeros(len(events.user), dtype=bool)
    starts = events.starts()
    users, ends = events.user[starts], np.append(starts[1:], len(events.user))
    # A fixed draw: the same viewers every day, as long as they are there.
    for place in np.argsort(drawn(users), kind="stable").tolist():
        start, end = int(starts[place]), int(ends[place])
        cut = end - max(1, round(HIDDEN_SHARE * (end - start)))
        late = events.between(cut, end).likes.title
        found = set(late[places_in(targets, late) >= 0].tolist())
        if found and events.is_like[start:cut].sum() >= ENOUGH_LIKES and users[place] < FIRST_SYNTHETIC:
            hidden[int(users[place])] = found
            own[int(users[place])] = events.between(start, cut)
            taken[cut:end] = True
        if len(hidden) == VIEWERS_AT_MOST:
            break
    known = replace(events, is_like=events.is_like & ~taken)
    return Split(known, taken, dict(sorted(own.items())), dict(sorted(hidden.items())))


def run(
    events: Events,
    targets: np.ndarray,
    model_of: Callable[[linear.Ties, Tuned], Model],
    former: dict[str, dict[int, float]],
    former_recencies: Sequence[float | None] = (),
) -> Trial:
    """Choose the recency, measure every method, calibrate EASE.

    Takes   targets           keys of the catalogue
            model_of          makes a model from ties
            former            nDCG@10 by method and viewer of the version that readers have
            former_recencies  `recencies` of that version's trial
    """
    known, taken, own, hidden = split(events, targets)
    users = list(hidden)
    if len(users) < VIEWERS_AT_LEAST:
        return Trial(Tuned(), [], [], {}, [])
    model = model_of(linear.fit(known, targets, taken), Tuned())
    by_recency = {
        recency: dict(
            zip(users, ties_rankings(replace(model, recency=recency), list(own.values()), LIST_LENGTH), strict=True)
        )
        for recency in linear.RECENCIES
    }
    gains = {
        recency: [gain(list(rows), hidden[user], model.titles) for user, (rows, _) in found.items()]
        for recency, found in by_recency.items()
    }
    # What is told of EASE is of viewers who had no part in the choice.
    halves = half_of(np.array(users))
    places = (np.arange(len(users)), *(np.flatnonzero(halves == half) for half in (0, 1)))
    recencies = [_best_of(gains, some, former_recencies[number : number + 1]) for number, some in enumerate(places)]
    recency, *of_half = recencies
    ranked = {
        "popular": {user: _popular(model, own[user]) for user in users},
        "ease": {
            user: by_recency[of_half[1 - half]][user][0] for user, half in zip(users, halves.tolist(), strict=True)
        },
        "profile": dict(zip(users, profile_rankings(model, list(own.values()), LIST_LENGTH), strict=True)),
    }
    model = replace(model, recency=recency)
    ranked["blend"] = dict(zip(users, blend_rankings(model, own.values()), strict=True))
    knots, error = _calibrated([by_recency[recency][user] for user in users], [hidden[user] for user in users], model)
    metrics, by_method = _metrics(model, known, ranked, hidden, former)
    metrics.append(Metric("ease", "calibration_error", error, len(users)))
    return Trial(Tuned(recency, knots), metrics, users, by_method, recencies)


def gain(rows: Sequence[int], hidden: set[int], titles: np.ndarray) -> float:
    """nDCG@10 of a ranking."""
    found = sum(1 / np.log2(rank + 2) for rank, row in enumerate(rows[:GAIN_LENGTH]) if int(titles[row]) in hidden)
    return float(found / sum(1 / np.log2(rank + 2) for rank in range(min(GAIN_LENGTH, len(hidden)))))


def ratio_interval(ours: np.ndarray, theirs: np.ndarray) -> tuple[float, float, float]:
    """Ratio of two means over the same subjects, and its 95 % interval by paired bootstrap."""
    draws = np.random.default_rng(1).integers(0, len(ours), (SAMPLES, len(ours)))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = ours[draws].mean(axis=1) / theirs[draws].mean(axis=1)
        whole = ours.mean() / theirs.mean()
    low, high = np.nanquantile(ratios, [0.025, 0.975])
    return float(whole), float(low), float(high)


def drawn(keys: np.ndarray) -> np.ndarray:
    """A fixed shuffle: for each key its place in the order of drawing, of 2^32. Whoever comes moves no other.

    Knuth's multiplicative hash tears neighbours apart: neighbours by number may be neighbours in time.
    """
    return keys * 2654435761 % 2**32


def half_of(users: np.ndarray) -> np.ndarray:
    """Which half of a fixed shuffle each viewer is in."""
    return drawn(users) // 2**16 % 2


def _best_of(
    gains: dict[float | None, list[float]], places: np.ndarray, former: Sequence[float | None]
) -> float | None:
    """The recency with the best mean. All likes count alike unless another is better by CLEARLY of it.

    Takes   former  what was chosen before, or nothing. It is kept unless another is better by twice as much: else one
                    viewing may turn the choice, and with it what all viewers see
    """
    means = {recency: float(np.mean([values[place] for place in places])) for recency, values in gains.items()}
    best = max(means, key=lambda recency: means[recency])
    kept, margin = (former[0], 2 * CLEARLY) if former and former[0] in means else (None, CLEARLY)
    return best if means[best] > (1 + margin) * means[kept] else kept


def _popular(model: Model, own: Events) -> list[int]:
    is_seen = np.isin(model.titles[model.popular], own.title)
    return model.popular[~is_seen][:LIST_LENGTH].tolist()


def _metrics(
    model: Model, known: Events, ranked: dict, hidden: dict[int, set[int]], former: dict[str, dict[int, float]]
) -> tuple[list[Metric], dict[str, list[float]]]:
    users = list(hidden)
    liked, counts = np.unique(known.title[known.is_like], return_counts=True)
    likes = dict(zip(liked.tolist(), counts.tolist(), strict=True))
    viewers = len(known.starts())
    gains = {m: np.array([gain(ranked[m][user], hidden[user], model.titles) for user in users]) for m in METHODS}
    recalls = {
        m: np.array([
            len({int(model.titles[row]) for row in ranked[m][user]} & hidden[user]) / len(hidden[user])
            for user in users
        ])
        for m in METHODS
    }  # fmt: skip
    metrics: list[Metric] = []
    for method in METHODS:
        metrics.append(
            with_intervals(
                method, "ndcg_at_10", gains[method], gains["popular"], users, former.get(method), method in GATED
            )
        )
        metrics.append(with_intervals(method, "recall_at_20", recalls[method], recalls["popular"], users, None))
        shown = np.bincount(
            np.array([row for user in users for row in ranked[method][user]], dtype=np.int64),
            minlength=len(model.titles),
        )
        bits = [
            -np.log2((likes.get(int(model.titles[row]), 0) + 1) / (viewers + 1))
            for user in users
            for row in ranked[method][user]
        ]
        may = shown[model.may_be_shown]
        for metric, value in (
            ("coverage_of_viewers", float(np.count_nonzero(may)) / max(1, len(may))),
            ("novelty_bits", float(np.mean(bits)) if bits else 0.0),
            ("gini", _gini(may)),
        ):
            metrics.append(Metric(method, metric, value, len(users)))
    return metrics, {method: np.round(values, 6).tolist() for method, values in gains.items()}


def with_intervals(
    method: str,
    metric: str,
    values: np.ndarray,
    popular: np.ndarray,
    subjects: Sequence,
    former: Mapping | None = None,
    is_gated: bool = False,
) -> Metric:
    """A metric with its intervals, beside what popularity and the former version have on the same subjects."""
    draws = np.random.default_rng(1).integers(0, len(values), (SAMPLES, len(values)))
    low, high = np.quantile(values[draws].mean(axis=1), [0.025, 0.975])
    beside_popular: tuple = (None, None, None)
    if method != "popular" and popular.any():
        beside_popular = ratio_interval(values, popular)
    beside_former: tuple = (None, None, None)
    if former:
        places = [place for place, subject in enumerate(subjects) if subject in former]
        before = np.array([former[subjects[place]] for place in places])
        if len(places) >= VIEWERS_AT_LEAST and before.any():
            beside_former = ratio_interval(values[places], before)
    is_below = is_gated and (
        (beside_popular[2] is not None and beside_popular[2] < 1)
        # A version that is no worse on the same viewers is not held for the width of its interval.
        or (beside_former[1] is not None and beside_former[0] < 1 and beside_former[1] < FORMER_AT_LEAST)
    )  # fmt: skip
    return Metric(
        method, metric, float(values.mean()), len(subjects), (float(low), float(high)), beside_popular, beside_former,
        not is_below,
    )  # fmt: skip


def _gini(shown: np.ndarray) -> float:
    """0: all titles are shown equally often; 1: one takes all.

    >>> round(_gini(np.array([1, 1, 1])), 3), round(_gini(np.array([0, 0, 9])), 3)
    (0.0, 0.667)
    """
    values = np.sort(shown).astype(np.float64)
    if not values.sum():
        return 0.0
    ranks = np.arange(1, len(values) + 1)
    return float((2 * ranks - len(values) - 1) @ values / (len(values) * values.sum()))


def _calibrated(
    found: list[tuple[np.ndarray, np.ndarray]], hidden: list[set[int]], model: Model
) -> tuple[tuple[np.ndarray, np.ndarray], float]:
    """Shares of raw scores that were liked, and how far such shares are off for viewers they were not taken from."""
    # Named late: see clusters.py.
    from sklearn.isotonic import IsotonicRegression

    owner = np.repeat(np.arange(len(found)), [len(rows) for rows, _ in found])
    score = np.concatenate([scores for _, scores in found])
    hit = np.array(
        [int(model.titles[row]) in hidden[place] for place, (rows, _) in enumerate(found) for row in rows], dtype=float
    )
    fit = owner % 2 == 0
    if not hit[fit].any() or not hit[~fit].any():
        return (np.empty(0), np.empty(0)), float("nan")
    told = IsotonicRegression(out_of_bounds="clip").fit(score[fit], hit[fit]).predict(score[~fit])
    bins = np.array_split(np.argsort(told, kind="stable"), 10)
    error = sum(abs(told[places].mean() - hit[~fit][places].mean()) * len(places) for places in bins) / len(told)
    whole = IsotonicRegression(out_of_bounds="clip").fit(score, hit)
    return (np.round(whole.X_thresholds_, 9), np.round(whole.y_thresholds_, 6)), float(error)
