"""Lists for viewers: a pure function of a model and of what the viewers rated and watched.

One viewer's list comes out the same alone as among all: every number of it depends on that viewer's events and on the
model only. With five likes or more, 17 of 20 places go to EASE and 3 to titles that nobody has rated yet, by the
fields of what the viewer liked; with fewer, what is similar to each like and what is popular are ranked together;
without any, popular titles stand in.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from reelhouse.recommending.events import Events
from reelhouse.recommending.exact import UNITS
from reelhouse.recommending.variety import told_apart_by
from reelhouse.recommending.viewers.fusion import by_fusion, filled
from reelhouse.recommending.viewers.model import LIST_LENGTH, Chosen, Model, Place, batches, unseen
from reelhouse.recommending.viewers.order import capped
from reelhouse.recommending.viewers.profile import COLD_PLACES, by_profile, fame_of
from reelhouse.recommending.viewers.ties import by_ties

ENOUGH_LIKES = 5


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


def popular_places(model: Model, length: int) -> Iterator[Place]:
    """The popular titles as one list for everybody."""
    for rank, row in enumerate(capped(model, model.popular.tolist(), length, ()), start=1):
        place = model.popular.tolist().index(row)
        share = round(model.popular_score[place] * UNITS) / UNITS
        reasons = [{"kind": "popular", "value": model.popular_why[place], "share": share}]
        score = round(1 - place / len(model.popular), 4)
        yield Place(0, rank, int(model.titles[row]), score, "percentile", share, False, reasons)


def as_json(reasons: list[dict[str, object]]) -> str:
    return json.dumps(reasons, ensure_ascii=False)


def _lists(model: Model, viewers: Iterable[Events], is_told: bool) -> Iterator[list[Chosen]]:
    is_cold, fame = ~model.is_warm, fame_of(model)
    content = told_apart_by(model.content, model.labels)
    for batch in batches(model, viewers):
        likes = [int(own.is_like.sum()) for own in batch]
        enough = [own for own, count in zip(batch, likes, strict=True) if count >= ENOUGH_LIKES]
        is_open = unseen(model, enough)
        cold = by_profile(model, content, enough, is_open & is_cold, fame, is_told)
        lists = iter(map(_with_cold, by_ties(model, content, enough, is_open, cold, is_told), cold))
        for own, count in zip(batch, likes, strict=True):
            found = next(lists) if count >= ENOUGH_LIKES else by_fusion(model, own) if count else []
            yield found if len(found) == LIST_LENGTH else filled(model, own, found)


def _with_cold(warm: list[Chosen], cold: list[Chosen]) -> list[Chosen]:
    """Cold titles on their places among the others."""
    found, waiting = list(warm), list(cold)
    for place in COLD_PLACES:
        if waiting and place <= len(found) + 1:
            found.insert(place - 1, waiting.pop(0))
    return (found + waiting)[:LIST_LENGTH]
