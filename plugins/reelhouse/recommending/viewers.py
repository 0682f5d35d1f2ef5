"""Lists for viewers: a pure function of a model and of what the viewers rated and watched.

One viewer's list comes out the same alone as among all: every number of it depends on that viewer's events and on the
model only. With five likes or more, 17 of 20 places go to EASE and 3 to titles that nobody has rated yet, by the
fields of what the viewer liked; with fewer, what is similar to each like and what is popular are ranked together;
without any, popular titles stand in.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import numpy as np
from scipy import sparse

from reelhouse.recommending.events import Events, places_in
from reelhouse.recommending.linear import like_weights

LIST_LENGTH, COLD_PLACES = 20, (7, 14, 20)
ENOUGH_LIKES = 5
POOL = 60
FRANCHISE_AT_MOST = 2
# Share of the score, as a share of the viewer's best, against likeness to what is already on the list.
RELEVANCE = 0.8
# What a title that was disliked, or broken off, takes from a profile.
DISLIKED = -0.3
FUSION = 60
WATCHED_SHOWN, FIELDS_SHOWN = 3, 4
_UNITS = 10**8
_STEPS = 10**9
_TIE_BITS = 24
_NEVER = -(2**62)
_BATCH = 256


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


class _Chosen(NamedTuple):
    row: int
    units: int
    score: float
    score_kind: str
    is_cold: bool
    reasons: list[dict[str, object]]


def recommend(model: Model, events: Events, users: Sequence[int] | None = None) -> Iterator[Place]:
    """The lists of viewers, one after the other, best first.

    Takes   users  whose lists; those without an event get popular titles. By default all who have events
    """
    wanted = events.user[events.starts()].tolist() if users is None else list(users)
    for user, found in zip(wanted, _lists(model, (events.of_user(user) for user in wanted), is_told=True), strict=True):
        for rank, chosen in enumerate(found, start=1):
            yield Place(
                user, rank, int(model.titles[chosen.row]), chosen.score, chosen.score_kind,
                chosen.units / _UNITS, chosen.is_cold, chosen.reasons,
            )  # fmt: skip


def blend_rankings(model: Model, viewers: Iterable[Events]) -> Iterator[list[int]]:
    """Rows of the same lists, without what is told of each place: half of the work."""
    for found in _lists(model, viewers, is_told=False):
        yield [chosen.row for chosen in found]


def _lists(model: Model, viewers: Iterable[Events], is_told: bool) -> Iterator[list[_Chosen]]:
    is_warm, fame = model.is_warm, _fame(model)
    viewers = iter(viewers)
    while batch := list(islice(viewers, _BATCH)):
        for own, scores in zip(batch, _scores(model, batch), strict=True):
            yield _list_of(model, own, scores, is_warm, fame, is_told)


def popular_places(model: Model, length: int) -> Iterator[Place]:
    """The popular titles as one list for everybody."""
    for rank, row in enumerate(_capped(model, model.popular.tolist(), length, ()), start=1):
        place = model.popular.tolist().index(row)
        share = round(model.popular_score[place] * _UNITS) / _UNITS
        reasons = [{"kind": "popular", "value": model.popular_why[place], "share": share}]
        score = round(1 - place / len(model.popular), 4)
        yield Place(0, rank, int(model.titles[row]), score, "percentile", share, False, reasons)


def as_json(reasons: list[dict[str, object]]) -> str:
    return json.dumps(reasons, ensure_ascii=False)


def liked_weights(model: Model, own: Events) -> tuple[np.ndarray, np.ndarray]:
    """Rows of `model.ties` that a viewer likes, oldest first, and what each counts."""
    likes = own.title[own.is_like]
    weights = like_weights(len(likes), model.recency)
    rows = places_in(model.liked, likes)
    return rows[rows >= 0], weights[rows >= 0]


def unseen(model: Model, own: Events) -> np.ndarray:
    """Which titles a viewer may be shown."""
    is_open = model.may_be_shown.copy()
    rows = places_in(model.titles, own.title)
    is_open[rows[rows >= 0]] = False
    return is_open


def _scores(model: Model, batch: Sequence[Events]) -> np.ndarray:
    rows, columns, values = [], [], []
    for place, own in enumerate(batch):
        liked, weights = liked_weights(model, own)
        order = np.argsort(liked)
        rows += [place] * len(liked)
        columns += liked[order].tolist()
        values += weights[order].tolist()
    weighted = sparse.csr_matrix((values, (rows, columns)), shape=(len(batch), len(model.liked)), dtype=np.float64)
    return (weighted @ model.ties).toarray()


def _list_of(
    model: Model, own: Events, scores: np.ndarray, is_warm: np.ndarray, fame: np.ndarray, is_told: bool
) -> list[_Chosen]:
    is_open = unseen(model, own)
    likes = int(own.is_like.sum())
    if likes >= ENOUGH_LIKES:
        cold = _by_profile(model, own, is_open & ~is_warm, fame)
        by_ties = _by_ties(model, own, scores, is_open, cold, is_told)
        found = _with_cold(by_ties, cold)
    elif likes:
        found = _by_fusion(model, own, is_open)
    else:
        found = []
    return _filled(model, found, is_open)


# --- EASE -----------------------------------------------------------------------------------------------


def _by_ties(
    model: Model, own: Events, scores: np.ndarray, is_open: np.ndarray, cold: Sequence[_Chosen], is_told: bool
) -> list[_Chosen]:
    steps = np.rint(scores * _STEPS).astype(np.int64)
    steps[~is_open] = _NEVER
    pool = _best(model, steps, POOL)
    picks = _varied(model, pool, steps[pool] / _STEPS, LIST_LENGTH - len(cold), [chosen.row for chosen in cold])
    if not is_told:
        return [_Chosen(row, 0, 0.0, "", False, []) for row in picks.tolist()]
    liked, weights = liked_weights(model, own)
    chosen = []
    without: dict[int, np.ndarray] = {}
    ties = model.ties[liked][:, picks].toarray() * weights[:, None]
    for place, row in enumerate(picks.tolist()):
        main, units, reasons = _watched(model, liked, ties[:, place])
        if main not in without:
            without[main] = _steps_without(model, scores, is_open, liked[main], weights[main])
        reasons[0]["rank_without"] = rank_of(model, without[main], row)
        chosen.append(_Chosen(row, units, *_probability(model, units / _UNITS, steps), False, reasons))
    return chosen


def _watched(model: Model, liked: np.ndarray, parts: np.ndarray) -> tuple[int, int, list[dict[str, object]]]:
    """What each liked title gives: the three that give most by name, the rest as one; first, which gives most."""
    units = np.rint(parts * _UNITS).astype(np.int64)
    order = np.lexsort((liked, -units))[:WATCHED_SHOWN].tolist()
    # The first is named whatever it gives: every row has a reason.
    order = [place for place in order if units[place] > 0] or order[:1]
    reasons = [
        {
            "kind": "watched",
            "value": model.liked_names[liked[place]],
            "title_key": int(model.liked[liked[place]]),
            "share": int(units[place]) / _UNITS,
        }
        for place in order
    ]
    total = int(units.sum())
    rest = total - sum(int(units[place]) for place in order)
    if rest:
        others = int(np.count_nonzero(units)) - len(reasons)
        reasons.append({"kind": "other", "value": f"{others} more of yours", "share": rest / _UNITS})
    return order[0], total, reasons


def _steps_without(model: Model, scores: np.ndarray, is_open: np.ndarray, liked_row: int, weight: float) -> np.ndarray:
    """Scores in steps, had one like counted nothing."""
    start, end = model.ties.indptr[liked_row : liked_row + 2]
    left = scores.copy()
    left[model.ties.indices[start:end]] -= weight * model.ties.data[start:end]
    steps = np.rint(left * _STEPS).astype(np.int64)
    steps[~is_open] = _NEVER
    return steps


def rank_of(model: Model, steps: np.ndarray, row: int) -> int:
    """Place of a title by score alone."""
    is_before = (steps > steps[row]) | ((steps == steps[row]) & (model.tie_rank < model.tie_rank[row]))
    return 1 + int(np.count_nonzero(is_before))


def _probability(model: Model, score: float, steps: np.ndarray) -> tuple[float, str]:
    """A raw score as a share of 1: of such that were liked, where that was measured; else of titles not above it."""
    knots, shares = model.score_knots
    if len(knots):
        return round(float(np.interp(score, knots, shares)), 4), "p_like"
    return _percentile(score, steps), "percentile"


def _percentile(score: float, steps: np.ndarray) -> float:
    candidates = steps[steps > _NEVER]
    return round(float(np.count_nonzero(candidates <= round(score * _STEPS) + 10)) / max(1, len(candidates)), 4)


# --- profile --------------------------------------------------------------------------------------------


def _fame(model: Model) -> np.ndarray:
    """What a title's votes are worth beside a profile."""
    return model.popularity**4


def _by_profile(model: Model, own: Events, is_open: np.ndarray, fame: np.ndarray) -> list[_Chosen]:
    """Titles that nobody has rated yet, by what their fields have in common with what the viewer liked."""
    profile = _profile(model, own)
    if profile is None or not is_open.any():
        return []
    steps = _profile_steps(model, profile, is_open, fame)
    pool = _best(model, steps, POOL)
    picks = _varied(model, pool, steps[pool] / _STEPS, len(COLD_PLACES))
    chosen = []
    for row in picks.tolist():
        start, end = model.content.indptr[row : row + 2]
        tokens = model.content.indices[start:end]
        parts = model.content.data[start:end] * profile[tokens] * fame[row]
        units, reasons = _fields(model, tokens, parts)
        chosen.append(_Chosen(row, units, _percentile(units / _UNITS, steps), "percentile", True, reasons))
    return chosen


def _profile(model: Model, own: Events) -> np.ndarray | None:
    """What a viewer's titles are like, a vector of length one; None when nothing is known of any liked one."""
    rows = places_in(model.titles, own.title)
    is_known = rows >= 0
    if not (is_known & own.is_like).any():
        return None
    rows, signs = rows[is_known], np.where(own.is_like[is_known], 1.0, DISLIKED)
    order = np.argsort(rows)
    profile = (sparse.csr_matrix(signs[order]) @ model.content[rows[order]]).toarray().ravel()
    # Not by BLAS, whose threads cost more than so short a sum.
    length = float(np.sqrt(np.sum(profile * profile)))
    return profile / length if length else None


def _profile_steps(model: Model, profile: np.ndarray, is_open: np.ndarray, fame: np.ndarray) -> np.ndarray:
    steps = np.rint((model.content @ profile) * fame * _STEPS).astype(np.int64)
    steps[~is_open] = _NEVER
    return steps


def profile_rankings(model: Model, viewers: Iterable[Events], length: int) -> Iterator[list[int]]:
    """Rows of the best titles of each viewer by profile alone, warm ones too."""
    fame = _fame(model)
    for own in viewers:
        profile = _profile(model, own)
        if profile is None:
            yield []
        else:
            yield _best(model, _profile_steps(model, profile, unseen(model, own), fame), length).tolist()


def ties_rankings(model: Model, viewers: Sequence[Events], length: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rows of the best titles of each viewer by EASE alone, and their raw scores."""
    for at in range(0, len(viewers), _BATCH):
        batch = viewers[at : at + _BATCH]
        for own, scores in zip(batch, _scores(model, batch), strict=True):
            steps = np.rint(scores * _STEPS).astype(np.int64)
            steps[~unseen(model, own)] = _NEVER
            rows = _best(model, steps, length)
            yield rows, scores[rows]


def _fields(model: Model, tokens: np.ndarray, parts: np.ndarray) -> tuple[int, list[dict[str, object]]]:
    units = np.rint(parts * _UNITS).astype(np.int64)
    named = [place for place in np.flatnonzero(units > 0).tolist() if model.labels[tokens[place]][1]]
    named.sort(key=lambda place: (-int(units[place]), model.labels[tokens[place]]))
    reasons: list[dict[str, object]] = []
    for place in named[:FIELDS_SHOWN]:
        kind, value = model.labels[tokens[place]]
        reasons.append({"kind": f"your {kind}", "value": value, "share": int(units[place]) / _UNITS})
    total = int(units.sum())
    rest = total - sum(int(units[place]) for place in named[:FIELDS_SHOWN])
    if rest or not reasons:
        reasons.append({"kind": "other", "value": "smaller parts", "share": rest / _UNITS})
    return total, reasons


# --- few likes, none ------------------------------------------------------------------------------------


def _by_fusion(model: Model, own: Events, is_open: np.ndarray) -> list[_Chosen]:
    """Reciprocal ranks of the lists beside each like, and of the popular ones, added up."""
    sources = [(name, key, rows) for key in own.title[own.is_like].tolist() for name, rows in [_beside(model, key)]]
    parts: dict[int, list[dict[str, object]]] = {}
    for name, key, rows in sources:
        for rank, row in enumerate(rows, start=1):
            part = {"kind": "similar to", "value": name, "title_key": key, "share": _fused(rank)}
            parts.setdefault(row, []).append(part)
    for rank, row in enumerate(model.popular.tolist()[:50], start=1):
        parts.setdefault(row, []).append(
            {"kind": "popular", "value": model.popular_why[rank - 1], "share": _fused(rank)}
        )
    totals = {row: sum(round(part["share"] * _UNITS) for part in given) for row, given in parts.items() if is_open[row]}
    order = sorted(totals, key=lambda row: (-totals[row], int(model.tie_rank[row])))
    picks = _capped(model, order, LIST_LENGTH, [])
    ordered = np.sort(np.array(list(totals.values())))
    return [
        _Chosen(
            row, totals[row], round(float(np.searchsorted(ordered, totals[row], "right")) / len(ordered), 4),
            "percentile", all(part["kind"] == "popular" for part in parts[row]),
            sorted(parts[row], key=lambda part: (-part["share"], part["kind"] == "popular", str(part["value"]))),
        )
        for row in picks
    ]  # fmt: skip


def _fused(rank: int) -> float:
    return round(_UNITS / (FUSION + rank)) / _UNITS


def _beside(model: Model, key: int) -> tuple[str, list[int]]:
    """Name of a liked title and the rows of the list beside it; of one in no catalogue, its strongest ties."""
    row = int(np.searchsorted(model.titles, key))
    if row < len(model.titles) and model.titles[row] == key:
        return model.names[row], [found for found in model.similar[row].tolist() if found >= 0]
    place = int(np.searchsorted(model.liked, key))
    if place >= len(model.liked) or model.liked[place] != key:
        return "", []
    start, end = model.ties.indptr[place : place + 2]
    rows, values = model.ties.indices[start:end], model.ties.data[start:end]
    order = np.lexsort((model.tie_rank[rows], -values))[:10]
    return model.liked_names[place], [int(rows[at]) for at in order if values[at] > 0]


def _filled(model: Model, found: list[_Chosen], is_open: np.ndarray) -> list[_Chosen]:
    """A list with popular titles on the places that are left."""
    has = {chosen.row for chosen in found}
    places = [place for place, row in enumerate(model.popular.tolist()) if is_open[row] and row not in has]
    rows = [int(model.popular[place]) for place in places]
    more = set(_capped(model, rows, LIST_LENGTH - len(found), [chosen.row for chosen in found]))
    why = "popular" if found else "popular, for a new viewer"
    return found + [
        _Chosen(
            row, round(model.popular_score[place] * _UNITS), round(1 - place / len(model.popular), 4), "percentile",
            True, [{
                "kind": "popular", "value": f"{why}: {model.popular_why[place]}",
                "share": round(model.popular_score[place] * _UNITS) / _UNITS,
            }],
        )
        for place, row in zip(places, rows, strict=True)
        if row in more
    ]  # fmt: skip


# --- order ----------------------------------------------------------------------------------------------


def _best(model: Model, steps: np.ndarray, count: int) -> np.ndarray:
    """Rows of the best positive scores, best first, in the fixed order."""
    rows = np.flatnonzero(steps > 0)
    keys = (steps[rows] << _TIE_BITS) | ((1 << _TIE_BITS) - 1 - model.tie_rank[rows])
    if len(rows) > count:
        first = np.argpartition(keys, -count)[-count:]
        rows, keys = rows[first], keys[first]
    return rows[np.argsort(-keys)]


def _varied(model: Model, pool: np.ndarray, scores: np.ndarray, length: int, before: Sequence[int] = ()) -> np.ndarray:
    """`length` of a pool by maximal marginal relevance, two of a franchise at most, those `before` counted."""
    if not pool.size:
        return pool
    content = model.content[pool]
    alike = (content @ content.T).toarray()
    most_alike, is_open = np.zeros(len(pool)), np.ones(len(pool), dtype=bool)
    own = model.franchise[pool]
    count = (own[:, None] == model.franchise[np.array(before, dtype=np.int64)]).sum(axis=1)
    is_open &= count < FRANCHISE_AT_MOST
    picks: list[int] = []
    while len(picks) < length and is_open.any():
        value = np.where(is_open, RELEVANCE * scores / scores[0] - (1 - RELEVANCE) * most_alike, -np.inf)
        pick = int(np.argmax(np.round(value, 9)))
        picks.append(pick)
        is_open[pick] = False
        most_alike = np.maximum(most_alike, alike[pick])
        count += own == own[pick]
        is_open &= count < FRANCHISE_AT_MOST
    return pool[picks]


def _capped(model: Model, rows: Sequence[int], length: int, before: Sequence[int]) -> list[int]:
    """The first `length` rows with two of a franchise at most, those `before` counted."""
    counts: dict[int, int] = {}
    for row in before:
        counts[int(model.franchise[row])] = counts.get(int(model.franchise[row]), 0) + 1
    picks: list[int] = []
    for row in rows:
        franchise = int(model.franchise[row])
        if len(picks) < length and counts.get(franchise, 0) < FRANCHISE_AT_MOST:
            counts[franchise] = counts.get(franchise, 0) + 1
            picks.append(row)
    return picks


def _with_cold(warm: list[_Chosen], cold: list[_Chosen]) -> list[_Chosen]:
    """Cold titles on their places among the others."""
    found, waiting = list(warm), list(cold)
    for place in COLD_PLACES:
        if waiting and place <= len(found) + 1:
            found.insert(place - 1, waiting.pop(0))
    return (found + waiting)[:LIST_LENGTH]
