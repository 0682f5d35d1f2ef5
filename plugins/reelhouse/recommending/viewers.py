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
from reelhouse.recommending.exact import STEPS, TIE_BITS, UNITS
from reelhouse.recommending.linear import like_weights
from reelhouse.recommending.variety import FRANCHISE_AT_MOST, told_apart_by, varied

LIST_LENGTH, COLD_PLACES = 20, (7, 14, 20)
ENOUGH_LIKES = 5
POOL = 60
# What a title that was disliked, or broken off, takes from a profile.
DISLIKED = -0.3
# Added to a rank before its part is 1 over it, so that first places do not outweigh all others (mart.recommend_for and
# mart.beside_titles have the same), and how many popular titles take part.
FUSION, POPULAR_FUSED = 60, 50
WATCHED_SHOWN, FIELDS_SHOWN = 3, 4
_NEVER = -(2**62)
# Viewers at once, as long as that is no more than so many scores: of each viewer there is one for every title, and that
# three times over.
_BATCH, _MOST_SCORES = 64, 1 << 20


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
                chosen.units / UNITS, chosen.is_cold, chosen.reasons,
            )  # fmt: skip


def blend_rankings(model: Model, viewers: Iterable[Events]) -> Iterator[list[int]]:
    """Rows of the same lists, without what is told of each place: half of the work."""
    for found in _lists(model, viewers, is_told=False):
        yield [chosen.row for chosen in found]


def _lists(model: Model, viewers: Iterable[Events], is_told: bool) -> Iterator[list[_Chosen]]:
    is_cold, fame = ~model.is_warm, _fame(model)
    content = told_apart_by(model.content, model.labels)
    for batch in _batches(model, viewers):
        likes = [int(own.is_like.sum()) for own in batch]
        enough = [own for own, count in zip(batch, likes, strict=True) if count >= ENOUGH_LIKES]
        is_open = unseen(model, enough)
        cold = _by_profile(model, content, enough, is_open & is_cold, fame, is_told)
        lists = iter(map(_with_cold, _by_ties(model, content, enough, is_open, cold, is_told), cold))
        for own, count in zip(batch, likes, strict=True):
            found = next(lists) if count >= ENOUGH_LIKES else _by_fusion(model, own) if count else []
            yield found if len(found) == LIST_LENGTH else _filled(model, own, found)


def _batches(model: Model, viewers: Iterable[Events]) -> Iterator[list[Events]]:
    waiting = iter(viewers)
    at_once = min(max(_MOST_SCORES // max(len(model.titles), 1), 1), _BATCH)
    while batch := list(islice(waiting, at_once)):
        yield batch


def popular_places(model: Model, length: int) -> Iterator[Place]:
    """The popular titles as one list for everybody."""
    for rank, row in enumerate(_capped(model, model.popular.tolist(), length, ()), start=1):
        place = model.popular.tolist().index(row)
        share = round(model.popular_score[place] * UNITS) / UNITS
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


def unseen(model: Model, viewers: Sequence[Events]) -> np.ndarray:
    """Which titles each viewer may be shown."""
    is_open = np.repeat(model.may_be_shown[None], len(viewers), axis=0)
    for place, own in enumerate(viewers):
        rows = places_in(model.titles, own.title)
        is_open[place, rows[rows >= 0]] = False
    return is_open


def _in_steps(scores: np.ndarray, is_open: np.ndarray) -> np.ndarray:
    """Scores in whole steps, those of what may not be shown below all others."""
    steps = np.rint(scores * STEPS).astype(np.int64)
    steps[~is_open] = _NEVER
    return steps


def _untold(row: int) -> _Chosen:
    return _Chosen(row, 0, 0.0, "", False, [])


# --- EASE -----------------------------------------------------------------------------------------------


def _scores(model: Model, viewers: Sequence[Events]) -> np.ndarray:
    rows, columns, values = [], [], []
    for place, own in enumerate(viewers):
        liked, weights = liked_weights(model, own)
        order = np.argsort(liked)
        rows += [place] * len(liked)
        columns += liked[order].tolist()
        values += weights[order].tolist()
    weighted = sparse.csr_matrix((values, (rows, columns)), shape=(len(viewers), len(model.liked)), dtype=np.float64)
    return (weighted @ model.ties).toarray()


def _by_ties(
    model: Model,
    content: sparse.csr_matrix,
    viewers: Sequence[Events],
    is_open: np.ndarray,
    cold: Sequence[Sequence[_Chosen]],
    is_told: bool,
) -> list[list[_Chosen]]:
    scores = _scores(model, viewers)
    steps = _in_steps(scores, is_open)
    picked = _varied(model, content, steps, LIST_LENGTH, cold)
    if not is_told:
        return [[_untold(row) for row in rows.tolist()] for rows in picked]
    return [_told_by_ties(model, *of_one) for of_one in zip(viewers, picked, scores, steps, strict=True)]


def _told_by_ties(
    model: Model, own: Events, picked: np.ndarray, scores: np.ndarray, steps: np.ndarray
) -> list[_Chosen]:
    """Titles with what each like gives to them, and the rank they would have without the one that gives most."""
    if not picked.size:
        return []
    liked, weights = liked_weights(model, own)
    parts = model.ties[liked][:, picked].toarray() * weights[:, None]
    units = np.rint(parts * UNITS).astype(np.int64)
    first = np.lexsort((np.broadcast_to(liked[:, None], units.shape), -units), axis=0)[:WATCHED_SHOWN]
    most = zip(liked[first].T.tolist(), np.take_along_axis(units, first, axis=0).T.tolist(), strict=True)
    ranks = _ranks_without(model, picked, liked[first[0]], weights[first[0]], scores, steps).tolist()
    chosen = []
    for row, total, count, rank, (rows, shares) in zip(
        picked.tolist(), units.sum(axis=0).tolist(), np.count_nonzero(units, axis=0).tolist(), ranks, most, strict=True
    ):
        reasons = _watched(model, rows, shares, total, count)
        reasons[0]["rank_without"] = rank
        score, kind = _probability(model, total / UNITS, steps)
        chosen.append(_Chosen(row, total, score, kind, False, reasons))
    return chosen


def _watched(model: Model, rows: list[int], shares: list[int], total: int, count: int) -> list[dict[str, object]]:
    """What the liked titles give: those that give most by name, the rest as one."""
    # The first is named whatever it gives: every row has a reason.
    named = [(row, share) for row, share in zip(rows, shares, strict=True) if share > 0] or [(rows[0], shares[0])]
    reasons = [
        {
            "kind": "watched",
            "value": model.liked_names[row],
            "title_key": int(model.liked[row]),
            "share": share / UNITS,
        }
        for row, share in named
    ]
    rest = total - sum(share for _, share in named)
    if rest:
        reasons.append({"kind": "other", "value": f"{count - len(reasons)} more of yours", "share": rest / UNITS})
    return reasons


def _ranks_without(
    model: Model, picked: np.ndarray, liked: np.ndarray, weights: np.ndarray, scores: np.ndarray, steps: np.ndarray
) -> np.ndarray:
    """Places of titles by score alone, had one like counted nothing: each has its own.

    Takes   liked, weights  row and weight of the like that is left out, for each title
    """
    is_open = steps > _NEVER
    keys = np.where(is_open, _keys(model, np.where(is_open, steps, 0), slice(None)), _NEVER)
    ordered = np.sort(keys[is_open])
    ranks = np.empty(len(picked), dtype=np.int64)
    for one in np.unique(liked).tolist():
        of_one = np.flatnonzero(liked == one)
        start, end = model.ties.indptr[one : one + 2]
        # Only what is tied to that like moves.
        moved, ties = model.ties.indices[start:end], model.ties.data[start:end]
        moved, ties = moved[is_open[moved]], ties[is_open[moved]]
        before = keys[moved]
        keys[moved] = _keys(model, np.rint((scores[moved] - weights[of_one[0]] * ties) * STEPS).astype(np.int64), moved)
        own = keys[picked[of_one]][:, None]
        above = len(ordered) - np.searchsorted(ordered, own.ravel(), side="right")
        above += (keys[moved] > own).sum(axis=1) - (before > own).sum(axis=1)
        ranks[of_one] = 1 + above
        keys[moved] = before
    return ranks


def _probability(model: Model, score: float, steps: np.ndarray) -> tuple[float, str]:
    """A raw score as a share of 1: of such that were liked, where that was measured; else of titles not above it."""
    knots, shares = model.score_knots
    if len(knots):
        return round(float(np.interp(score, knots, shares)), 4), "p_like"
    return _percentile(score, steps[steps > _NEVER]), "percentile"


def _percentile(score: float, candidates: np.ndarray) -> float:
    return round(float(np.count_nonzero(candidates <= round(score * STEPS) + 10)) / max(1, len(candidates)), 4)


# --- profile --------------------------------------------------------------------------------------------


def _fame(model: Model) -> np.ndarray:
    """What a title's votes are worth beside a profile."""
    return model.popularity**4


def _by_profile(
    model: Model,
    content: sparse.csr_matrix,
    viewers: Sequence[Events],
    is_open: np.ndarray,
    fame: np.ndarray,
    is_told: bool,
) -> list[list[_Chosen]]:
    """Titles that nobody has rated yet, by what their fields have in common with what each viewer liked."""
    profiles = _profiles(model, viewers)
    steps = _in_steps(_profile_scores(model, profiles, fame), is_open)
    picked = _varied(model, content, steps, len(COLD_PLACES))
    if not is_told:
        return [[_untold(row) for row in rows.tolist()] for rows in picked]
    return [_told_by_profile(model, fame, *of_one) for of_one in zip(picked, profiles, steps, strict=True)]


def _told_by_profile(
    model: Model, fame: np.ndarray, picked: np.ndarray, profile: np.ndarray, steps: np.ndarray
) -> list[_Chosen]:
    chosen = []
    candidates = steps[steps > _NEVER]
    for row in picked.tolist():
        start, end = model.content.indptr[row : row + 2]
        tokens = model.content.indices[start:end]
        parts = model.content.data[start:end] * profile[tokens] * fame[row]
        units, reasons = _fields(model, tokens, parts)
        chosen.append(_Chosen(row, units, _percentile(units / UNITS, candidates), "percentile", True, reasons))
    return chosen


def _profiles(model: Model, viewers: Sequence[Events]) -> np.ndarray:
    """What the titles of each viewer are like, vectors of length one; zeros where no title is known."""
    rows, columns, signs = [], [], []
    for place, own in enumerate(viewers):
        titles = places_in(model.titles, own.title)
        known = np.argsort(titles)[np.count_nonzero(titles < 0) :]
        rows += [place] * len(known)
        columns += titles[known].tolist()
        signs += np.where(own.is_like[known], 1.0, DISLIKED).tolist()
    signed = sparse.csr_matrix((signs, (rows, columns)), shape=(len(viewers), len(model.titles)), dtype=np.float64)
    profiles = (signed @ model.content).toarray()
    for profile in profiles:
        # Not by BLAS, whose threads cost more than so short a sum.
        profile /= float(np.sqrt(np.sum(profile * profile))) or 1.0
    return profiles


def _profile_scores(model: Model, profiles: np.ndarray, fame: np.ndarray) -> np.ndarray:
    return (model.content @ profiles.T).T * fame


def profile_rankings(model: Model, viewers: Sequence[Events], length: int) -> Iterator[list[int]]:
    """Rows of the best titles of each viewer by profile alone, warm ones too."""
    fame = _fame(model)
    for batch in _batches(model, viewers):
        for steps in _in_steps(_profile_scores(model, _profiles(model, batch), fame), unseen(model, batch)):
            yield _best(model, steps, length).tolist()


def ties_rankings(model: Model, viewers: Sequence[Events], length: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rows of the best titles of each viewer by EASE alone, and their raw scores."""
    for batch in _batches(model, viewers):
        scores = _scores(model, batch)
        for own, steps in zip(scores, _in_steps(scores, unseen(model, batch)), strict=True):
            rows = _best(model, steps, length)
            yield rows, own[rows]


def _fields(model: Model, tokens: np.ndarray, parts: np.ndarray) -> tuple[int, list[dict[str, object]]]:
    units = np.rint(parts * UNITS).astype(np.int64)
    named = [place for place in np.flatnonzero(units > 0).tolist() if model.labels[tokens[place]][1]]
    named.sort(key=lambda place: (-int(units[place]), model.labels[tokens[place]]))
    reasons: list[dict[str, object]] = []
    for place in named[:FIELDS_SHOWN]:
        kind, value = model.labels[tokens[place]]
        reasons.append({"kind": f"your {kind}", "value": value, "share": int(units[place]) / UNITS})
    total = int(units.sum())
    rest = total - sum(int(units[place]) for place in named[:FIELDS_SHOWN])
    if rest or not reasons:
        reasons.append({"kind": "other", "value": "smaller parts", "share": rest / UNITS})
    return total, reasons


# --- few likes, none ------------------------------------------------------------------------------------


def _by_fusion(model: Model, own: Events) -> list[_Chosen]:
    """Reciprocal ranks of the lists beside each like, and of the popular ones, added up."""
    sources = [(name, key, rows) for key in own.title[own.is_like].tolist() for name, rows in [_beside(model, key)]]
    parts: dict[int, list[dict[str, object]]] = {}
    for name, key, rows in sources:
        for rank, row in enumerate(rows, start=1):
            part = {"kind": "similar to", "value": name, "title_key": key, "share": _fused(rank)}
            parts.setdefault(row, []).append(part)
    for rank, row in enumerate(model.popular.tolist()[:POPULAR_FUSED], start=1):
        parts.setdefault(row, []).append(
            {"kind": "popular", "value": model.popular_why[rank - 1], "share": _fused(rank)}
        )
    (is_open,) = unseen(model, [own])
    totals = {row: sum(round(part["share"] * UNITS) for part in given) for row, given in parts.items() if is_open[row]}
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
    return round(UNITS / (FUSION + rank)) / UNITS


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
    order = np.lexsort((model.tie_rank[rows], -values))[: model.similar.shape[1]]
    return model.liked_names[place], [int(rows[at]) for at in order if values[at] > 0]


def _filled(model: Model, own: Events, found: list[_Chosen]) -> list[_Chosen]:
    """A list with popular titles on the places that are left."""
    (is_open,) = unseen(model, [own])
    has = {chosen.row for chosen in found}
    places = [place for place, row in enumerate(model.popular.tolist()) if is_open[row] and row not in has]
    rows = [int(model.popular[place]) for place in places]
    more = set(_capped(model, rows, LIST_LENGTH - len(found), [chosen.row for chosen in found]))
    why = "popular" if found else "popular, for a new viewer"
    return found + [
        _Chosen(
            row, round(model.popular_score[place] * UNITS), round(1 - place / len(model.popular), 4), "percentile",
            True, [{
                "kind": "popular", "value": f"{why}: {model.popular_why[place]}",
                "share": round(model.popular_score[place] * UNITS) / UNITS,
            }],
        )
        for place, row in zip(places, rows, strict=True)
        if row in more
    ]  # fmt: skip


# --- order ----------------------------------------------------------------------------------------------


def _keys(model: Model, steps: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Whole numbers that sort as lists do: by score, then in the fixed order."""
    return (steps << TIE_BITS) + ((1 << TIE_BITS) - 1 - model.tie_rank[rows])


def _best(model: Model, steps: np.ndarray, count: int) -> np.ndarray:
    """Rows of the best positive scores, best first, in the fixed order."""
    rows = np.flatnonzero(steps > 0)
    keys = _keys(model, steps[rows], rows)
    if len(rows) > count:
        first = np.argpartition(keys, -count)[-count:]
        rows, keys = rows[first], keys[first]
    return rows[np.argsort(-keys)]


def _varied(
    model: Model, content: sparse.csr_matrix, steps: np.ndarray, length: int, before: Sequence[Sequence[_Chosen]] = ()
) -> list[np.ndarray]:
    """Rows of titles for each viewer, the best with variety, `length` of them with those `before`."""
    if not steps.size:
        return [np.empty(0, dtype=np.int64)] * len(steps)
    pool = np.full((len(steps), POOL), -1, dtype=np.int64)
    for place, of_one in enumerate(steps):
        rows = _best(model, of_one, POOL)
        pool[place, : len(rows)] = rows
    score = np.take_along_axis(steps, pool, axis=1) / STEPS
    # As a share of the viewer's best: what scores are worth differs from viewer to viewer.
    worth = np.where(pool >= 0, score / np.where(pool[:, :1] >= 0, score[:, :1], 1.0), 0.0)
    count = np.zeros(pool.shape, dtype=np.int64)
    for place, chosen in enumerate(before):
        has = model.franchise[[each.row for each in chosen]]
        count[place] = (model.franchise[pool[place]][:, None] == has).sum(axis=1)
    picks = varied(content, model.franchise, pool, worth, length, franchise_count=count)
    lengths = [length - len(chosen) for chosen in before] or [length] * len(pool)
    return [rows[own[own >= 0][:most]] for rows, own, most in zip(pool, picks, lengths, strict=True)]


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
