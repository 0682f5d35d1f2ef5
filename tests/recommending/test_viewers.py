"""Lists for viewers: exact, the same alone as among all, never what was seen, with parts that add up."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from catalogues import random_catalogue, random_events
from isal import isal_zlib

from reelhouse.recommending import events as events_module
from reelhouse.recommending import linear, methods, modelling, trials, viewers
from reelhouse.recommending.events import FIRST_SYNTHETIC, Events
from reelhouse.recommending.viewers.ties import liked_weights

PG = 8


@pytest.fixture(scope="module")
def computed() -> methods.Computed:
    catalogue = random_catalogue(5, 150)
    keys = [title.title_key for title in catalogue] + [10**7 + number for number in range(20)]
    return methods.compute(catalogue, random_events(1, keys, 120), {key: f"Film {key}" for key in keys}, PG, {})


def by_user(events: Events) -> list[tuple[int, Events]]:
    return [(user, events.of_user(user)) for user in np.unique(events.user).tolist()]


def shown(computed: methods.Computed) -> list[viewers.Place]:
    return list(viewers.recommend(computed.model, computed.events))


@pytest.mark.parametrize("count", [12, 80])
def test_ties_are_those_of_the_formula_whichever_matrix_is_inverted(count: int, monkeypatch) -> None:
    monkeypatch.setattr(linear, "LEAST_LIKES", 1)
    monkeypatch.setattr(linear, "_ROWS", 7)
    events = random_events(2, list(range(100, 130)), count)
    ties = linear.fit(events)
    seen = np.zeros((int(events.user.max()) + 1, len(ties.titles)))
    for user, title, is_like in zip(events.user, events.title, events.is_like, strict=True):
        seen[user, ties.titles == title] = 1 if is_like else linear.UNLIKED
    inverse = np.linalg.inv(seen.T @ seen + linear.RIDGE * np.eye(len(ties.titles)))
    expected = -inverse / np.diag(inverse)
    np.fill_diagonal(expected, 0)
    assert np.abs(ties.matrix.toarray() - expected).max() < 2e-6
    shown = ties.titles[::3]
    some = linear.fit(events, shown).matrix.toarray()
    assert np.abs(some - np.where(np.isin(ties.titles, shown), expected, 0)).max() < 2e-6


def test_a_viewers_list_is_the_same_alone_as_among_all(computed: methods.Computed) -> None:
    model = modelling.from_bytes(modelling.to_bytes(computed.model))
    together = shown(computed)
    for user, own in by_user(computed.events)[::7]:
        assert list(viewers.recommend(model, own, [user])) == [place for place in together if place.user_key == user]


def test_lists_are_the_same_however_many_are_made_at_once(computed: methods.Computed, monkeypatch) -> None:
    together = shown(computed)
    for scores in (1, 5 * len(computed.model.titles)):
        monkeypatch.setattr(viewers.model, "_MOST_SCORES", scores)
        assert shown(computed) == together


def test_a_model_that_was_kept_as_an_archive_is_still_read(computed: methods.Computed) -> None:
    kept = modelling.to_bytes(computed.model)
    archive = isal_zlib.decompress(kept)
    assert archive.startswith(b"PK")
    assert modelling.to_bytes(modelling.from_bytes(archive)) == kept


def test_trials_rank_what_viewers_get(computed: methods.Computed) -> None:
    given: dict[int, list[int]] = {}
    for place in shown(computed):
        given.setdefault(place.user_key, []).append(int(np.searchsorted(computed.model.titles, place.title_key)))
    ranked = viewers.blend_rankings(computed.model, [own for _, own in by_user(computed.events)])
    assert list(ranked) == list(given.values())


def test_likes_are_the_same_in_blocks_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    events = random_events(6, list(range(100, 140)), 30)
    titles = np.arange(101, 140, 2)
    expected: dict[int, set[int]] = {}
    for user, title, is_like in zip(events.user.tolist(), events.title.tolist(), events.is_like.tolist(), strict=True):
        if is_like and title % 2:
            expected.setdefault(user, set()).add(title)
    for size in (1, 7, 10**6):
        monkeypatch.setattr(events_module, "_BLOCK", size)
        users, likes = events.likes_of(titles)
        assert {
            user: set(titles[likes.indices[start:end]].tolist())
            for user, start, end in zip(users.tolist(), likes.indptr[:-1], likes.indptr[1:], strict=True)
        } == expected


def test_a_trial_hides_without_a_copy() -> None:
    events = random_events(7, list(range(100, 160)), 60)
    known, taken, own, hidden = trials.split(events, np.arange(159, 99, -1))
    assert known.user is events.user
    assert known.title is events.title
    assert hidden
    for user, titles in hidden.items():
        whole, left = events.of_user(user), own[user]
        late = whole.between(len(left.user), len(whole.user))
        assert set(late.likes.title.tolist()) == titles
        assert set(known.of_user(user).likes.title.tolist()) == set(left.likes.title.tolist())
        assert left.moment.max() < late.moment.min()
    others = ~np.isin(events.user, list(hidden))
    assert (known.is_like == events.is_like)[others].all()
    assert not taken[others].any()
    # Nor does anything learn from what is hidden.
    learnt, expected = linear.fit(known, None, taken), linear.fit(events.where(~taken))
    assert (learnt.titles == expected.titles).all()
    assert (learnt.matrix != expected.matrix).nnz == 0


def test_nothing_seen_nor_adult_and_two_of_a_franchise_at_most(computed: methods.Computed) -> None:
    model = computed.model
    places = shown(computed)
    for user, own in by_user(computed.events):
        rows = [int(np.searchsorted(model.titles, p.title_key)) for p in places if p.user_key == user]
        assert len(rows) == len(set(rows)) == viewers.LIST_LENGTH
        assert not set(model.titles[rows].tolist()) & set(own.title.tolist())
        assert model.may_be_shown[rows].all()
        assert np.bincount(model.franchise[rows]).max() <= 2


def test_parts_add_up_and_every_row_has_one(computed: methods.Computed) -> None:
    for place in shown(computed):
        assert place.reasons
        assert sum(part["share"] for part in place.reasons) == pytest.approx(place.score_raw, abs=1e-6)
        assert 0 <= place.score <= 1


def test_without_the_main_reason_a_title_falls_to_the_rank_that_is_told(computed: methods.Computed) -> None:
    model, told = computed.model, 0
    own_of = dict(by_user(computed.events))
    for place in shown(computed):
        main = place.reasons[0]
        if "rank_without" not in main:
            continue
        own = own_of[place.user_key]
        liked, weights = liked_weights(model, own)
        stays = model.liked[liked] != main["title_key"]
        score = np.round(weights[stays] @ model.ties[liked[stays]].toarray(), 9)
        (is_open,) = viewers.unseen(model, [own])
        row = int(np.searchsorted(model.titles, place.title_key))
        before = (score > score[row]) | ((score == score[row]) & (model.tie_rank < model.tie_rank[row]))
        assert main["rank_without"] == 1 + np.count_nonzero(before & is_open)
        told += 1
    assert told >= 1000


def test_few_likes_lead_to_what_is_similar_and_none_to_what_is_popular(computed: methods.Computed) -> None:
    liked = int(computed.model.titles[np.flatnonzero(computed.model.similar[:, 0] >= 0)[0]])
    one = Events.of([7], [liked], [True], [1])
    kinds = {part["kind"] for place in viewers.recommend(computed.model, one) for part in place.reasons}
    assert "similar to" in kinds
    disliked = Events.of([7], [liked], [False], [1])
    (first, *_) = viewers.recommend(computed.model, disliked)
    assert first.is_cold
    assert first.reasons[0]["kind"] == "popular"


def test_invented_viewers_are_never_counted_as_quality() -> None:
    catalogue = random_catalogue(5, 60)
    keys = [title.title_key for title in catalogue]
    events = random_events(1, keys, 60, FIRST_SYNTHETIC)
    found = methods.compute(catalogue, events, dict.fromkeys(keys, "x"), PG, {})
    assert found.trial.metrics == []
    assert found.of_titles.keys() == {methods.SIMILAR_HYBRID, methods.CONTENT_FIELDS}
    assert shown(found), "but they get lists"


def test_viewers_with_a_taste_are_found_and_viewers_without_are_not() -> None:
    catalogue = [title for title in random_catalogue(8, 200) if not title.is_adult]
    keys = [title.title_key for title in catalogue]
    with_taste = methods.compute(catalogue, random_events(3, keys, 150), dict.fromkeys(keys, "x"), PG, {}).trial
    chance = random.Random(4)
    drawn = [
        (user, title, True, moment) for user in range(1, 151) for moment, title in enumerate(chance.sample(keys, 25))
    ]
    noise = Events.of(*zip(*drawn, strict=True))
    without = methods.compute(catalogue, noise, dict.fromkeys(keys, "x"), PG, {}).trial
    ratio = {
        name: next(m for m in trial.metrics if (m.method, m.metric) == ("ease", "ndcg_at_10")).versus_popular
        for name, trial in (("taste", with_taste), ("noise", without))
    }
    assert ratio["taste"][1] > 1.2, "the whole interval is above popularity"
    assert ratio["noise"][1] < 1.2, "negative control"


def test_a_version_that_is_worse_than_the_former_one_is_not_ok(computed: methods.Computed) -> None:
    better = {m: {user: min(1.0, value + 0.5) for user, value in zip(computed.trial.users, gains, strict=True)}
              for m, gains in computed.trial.gains.items()}  # fmt: skip
    keys = computed.model.titles

    def model_of(ties: linear.Ties, tuned: modelling.Tuned) -> viewers.Model:
        return replace(computed.model, liked=ties.titles, ties=modelling.to_catalogue(ties, keys),
                       liked_names=["x"] * len(ties.titles), recency=tuned.recency)  # fmt: skip

    trial = trials.run(computed.events, keys, model_of, better)
    assert not all(metric.is_ok for metric in trial.metrics)


def test_a_recency_stays_until_another_is_clearly_better() -> None:
    places, gains = np.arange(4), {None: [0.2] * 4, 5.0: [0.203] * 4, 10.0: [0.2] * 4}
    # Better by one and a half of a hundred: enough to be chosen, not enough to take the place of another.
    assert trials._best_of(gains, places, []) == 5.0
    assert trials._best_of(gains, places, [None]) is None
    assert trials._best_of(gains, places, [10.0]) == 10.0
    gains[5.0] = [0.205] * 4
    assert trials._best_of(gains, places, [10.0]) == 5.0


def test_who_comes_to_the_trial_leaves_the_others_in_their_halves() -> None:
    users = np.arange(1, 400)
    kept = users[np.random.default_rng(1).random(len(users)) < 0.9]
    halves = dict(zip(users.tolist(), trials.half_of(users).tolist(), strict=True))
    assert trials.half_of(kept).tolist() == [halves[user] for user in kept.tolist()]
    assert 0.4 < np.mean(list(halves.values())) < 0.6


@pytest.mark.parametrize(
    ("factor", "noise", "is_ok"),
    [(1.0, 0.0, True), (1.02, 0.4, True), (0.8, 0.0, False), (0.8, 0.4, False), (0.97, 0.4, False)],
)
def test_what_is_worse_is_held_and_what_is_no_worse_is_not(factor: float, noise: float, is_ok: bool) -> None:
    # As many viewers, as wide a spread, as on the day with 100 titles gone. 3 % less, so uncertain, may be 10 % less.
    chance = np.random.default_rng(1)
    before = chance.random(260)
    moved = noise * chance.standard_normal(260)
    now = factor * before + moved - moved.mean()
    subjects = list(range(260))
    found = trials.with_intervals(
        "blend", "ndcg_at_10", now, np.full(260, 0.2), subjects, dict(zip(subjects, before, strict=True)), True
    )
    assert found.is_ok == is_ok
    assert noise == 0 or found.versus_former[1] < trials.FORMER_AT_LEAST, "uncertain, better or worse"
