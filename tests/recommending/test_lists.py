"""The lists as a pure function of the catalogue: exact, safe, varied, explained, and the same on every run."""

from __future__ import annotations

import json
import math
import os
import random
import subprocess
import sys
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from catalogues import make_title, random_catalogue, random_events, random_title
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from reelhouse.recommending import lists as listing
from reelhouse.recommending import nearest, selecting, stop_words
from reelhouse.recommending.content import NEARNESS, WEIGHTS, Features, Title, features_of, nearness, tokens_of
from reelhouse.recommending.franchises import franchise_keys
from reelhouse.recommending.lists import Lists
from reelhouse.recommending.methods import with_likes
from reelhouse.settings import PACKAGE

PG = 8


def compute_lists(titles: list[Title], child_limit: int) -> Lists:
    """The lists of a catalogue without viewers."""
    features = features_of(titles)
    franchise = listing.franchise_numbers(features)
    return listing.lists_of(features, franchise, selecting.choose(features, franchise, child_limit))


def brute_force_scores(titles: list[Title], sources: range) -> np.ndarray:
    """Scores by the formula, pair by pair, with nothing of the module but its tokens."""
    fields = [{name: tokens_of(title, name) for name in WEIGHTS} for title in titles]
    counts = {name: Counter(token for row in fields for token, _ in row[name]) for name in WEIGHTS}
    total = len(titles)

    def vector(name: str, row: dict) -> dict[str, float]:
        common = max(20, {"description": 0.05, "title word": 0.002}.get(name, 1) * total)
        weights = {
            token: 1.0 if name == "year" else math.log((1 + total) / (1 + counts[name][token])) + 1
            for token, _ in row[name]
            if counts[name][token] <= common
        }
        norm = math.sqrt(sum(weight**2 for weight in weights.values()))
        if name == "title word":
            norm = max(norm, math.log((1 + total) / 3) + 1)
        return {token: weight / norm for token, weight in weights.items()}

    vectors = [{name: vector(name, row) for name in WEIGHTS} for row in fields]
    fame = [math.nan if not t.vote_count else round(math.log1p(t.vote_count), 1) for t in titles]
    top = max(value for value in fame if not math.isnan(value))
    ratings = [None if t.weighted_of_10 is None else round(t.weighted_of_10, 1) for t in titles]
    low, high = (pick(r for r in ratings if r is not None) for pick in (min, max))
    known = [(r - low) / (high - low) for r in ratings if r is not None]
    neutral = round(sum(known) / len(known), 2)
    scores = np.full((len(sources), total), -np.inf)
    for i in sources:
        for j in range(total):
            content = sum(
                WEIGHTS[name] * sum(weight * vectors[j][name].get(token, 0) for token, weight in own.items())
                for name, own in vectors[i].items()
            ) / sum(WEIGHTS.values())
            near = 0.0 if math.isnan(fame[i]) else 0.5 if math.isnan(fame[j]) else 1 - abs(fame[i] - fame[j]) / top
            popularity = 0.0 if math.isnan(fame[j]) else fame[j] / top
            quality = neutral if ratings[j] is None else (ratings[j] - low) / (high - low)
            if i != j:
                share = max(0.2, 0.0 if math.isnan(fame[i]) else (fame[i] / top) ** 2)
                scores[i, j] = content + share * (0.4 * popularity + 0.25 * quality + 0.35 * near)
    return scores


@pytest.mark.parametrize(("first", "batch", "seed"), [(1024, 128, 1), (11, 3, 2), (16, 7, 3)])
def test_the_best_targets_are_exactly_those_of_the_formula(monkeypatch, first: int, batch: int, seed: int) -> None:
    # A short first look sets a low floor, small batches a narrow one: every way of leaving targets out is compared.
    monkeypatch.setattr(nearest, "_FIRST", first)
    monkeypatch.setattr(nearest, "BATCH", batch)
    monkeypatch.setattr(nearest, "_ROWS", 40)
    chance = random.Random(seed)
    titles = [random_title(chance, key) for key in range(1, 401)]
    titles = [t for t in titles if t.fields["genre"]]
    features = features_of(titles)
    sources = range(40)
    expected = brute_force_scores(titles, sources)
    keys = best_targets(features, np.array(sources), 10)
    row_of_tie = np.argsort(features.tie_rank)
    chosen = row_of_tie[(1 << 24) - 1 - (keys & ((1 << 24) - 1))]
    for source in sources:
        best = np.sort(expected[source])[::-1][:10]
        assert np.allclose(keys[source] >> 24, best * 1e9, atol=2)
        assert np.allclose(expected[source, chosen[source]], best, atol=2e-9)
        assert len(set(chosen[source])) == 10


def best_targets(features: Features, sources: np.ndarray, count: int) -> np.ndarray:
    """Order keys of the best of all titles, by the search that leaves most of them out."""
    parts = nearest.parts_of(features)
    search = nearest.Search(parts, np.arange(len(features.titles)), count)
    batches = [sources[first : first + nearest.BATCH] for first in range(0, len(sources), nearest.BATCH)]
    return np.concatenate([search.best(nearest.Beside.of(parts, batch)) for batch in batches])


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.integers(20, 120), st.booleans(), st.booleans())
def test_leaving_targets_out_changes_no_list(seed: int, size: int, by_content: bool, has_viewers: bool) -> None:
    catalogue = random_catalogue(seed, size, people=12)
    features = features_of(catalogue)
    if has_viewers:
        features = with_likes(features, random_events(seed, [t.title_key for t in features.titles], 30))
    features = replace(features, weight=0.0) if by_content else features
    rows = np.flatnonzero(~features.is_bare)
    titles = np.arange(len(features.titles))
    content = (features.matrix @ features.matrix.T).toarray()
    near = nearness(features.fame[:, None], features.fame)
    scores = content + features.weight_of(titles)[:, None] * (features.prior + NEARNESS * near)
    if features.together is not None:
        scores += features.together.toarray()
    pairs = (np.repeat(rows, size), np.tile(titles, len(rows)))
    every = nearest.order_keys(features, *pairs, scores[pairs]).reshape(len(rows), size)
    expected = np.pad(-np.sort(-every, axis=1), ((0, 0), (0, 9)), constant_values=-1)[:, :9]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nearest, "_FIRST", 10)
        patch.setattr(nearest, "BATCH", 8)
        patch.setattr(nearest, "_ROWS", 16)
        assert (best_targets(features, rows, 9) == expected).all()


def test_a_target_that_only_nearness_lifts_is_found(monkeypatch) -> None:
    # Thirty famous titles outscore the obscure one before nearness is counted, and fill the first look.
    monkeypatch.setattr(nearest, "_FIRST", 4)
    famous = {"genre": ["Drama"], "vote_count": 1_000_000, "weighted_of_10": 5.0}
    titles = [make_title(1, genre=["Drama"], vote_count=100, weighted_of_10=1.0)]
    titles += [make_title(2, genre=["Drama"], vote_count=100, weighted_of_10=7.5)]
    titles += [make_title(key, **famous) for key in range(3, 33)]
    titles += [make_title(99, vote_count=100, weighted_of_10=10.0)]
    features = features_of(titles)
    (keys,) = best_targets(features, np.array([0]), 2)
    best = np.argsort(features.tie_rank)[(1 << 24) - 1 - (int(keys[0]) & ((1 << 24) - 1))]
    assert features.titles[best].title_key == 2


def test_equal_scores_stand_in_the_order_of_votes_then_key() -> None:
    titles = [make_title(key, f"{word}", genre=["Drama"]) for key, word in enumerate(("a", "b", "c", "d"), start=1)]
    lists = compute_lists(titles, PG)
    assert lists_of(lists)[3] == [1, 2, 4]


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.integers(2, 70))
def test_every_list_keeps_every_promise(seed: int, size: int) -> None:
    chance = random.Random(seed)
    titles = {key: random_title(chance, key, people=8) for key in range(1, size + 1)}
    franchise = dict(zip(titles, franchise_keys([t.title for t in titles.values()]), strict=True))
    lists = compute_lists(list(titles.values()), PG)
    for source_key, targets in lists_of(lists).items():
        source = titles[source_key]
        shown = [titles[key] for key in targets]
        assert source_key not in targets
        assert len(set(targets)) == len(targets) <= 10
        assert not any(target.is_adult for target in shown)
        assert sum((target.kind == "series") != (source.kind == "series") for target in shown) <= 2
        assert max(Counter(franchise[key] for key in targets).values()) <= 2
        assert all(is_fit(source, target) for target in shown)
    assert_reasons_add_up(lists)
    assert all(0 < score <= 1 for score in lists.score)

    shuffled = list(titles.values())
    chance.shuffle(shuffled)
    assert compute_lists(shuffled, PG) == lists


def is_fit(source: Title, target: Title) -> bool:
    age, limit = target.least_age, source.least_age
    if limit is not None and limit <= 7:
        return age is not None and age <= PG
    if limit == PG and ("Family", "Family") in source.fields["genre"]:
        return age is not None and age < 17
    return age is None or age < 18 or (limit is not None and limit >= 17)


def lists_of(lists: Lists) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for source, rank, target in zip(lists.source, lists.rank, lists.target, strict=True):
        found.setdefault(source, []).append(target)
        assert rank == len(found[source])
    return found


def assert_reasons_add_up(lists: Lists) -> None:
    for text, score_raw in zip(lists.reasons, lists.score_raw, strict=True):
        parts = json.loads(text)
        assert 1 <= len(parts) <= 10
        assert math.isclose(sum(part["share"] for part in parts), score_raw, abs_tol=1e-6)
        named = [part["share"] for part in parts if part["kind"] != "other"]
        assert named == sorted(named, reverse=True)
        assert all(part["kind"] != "other" for part in parts[:-1])


def test_a_named_person_or_genre_is_on_both_titles() -> None:
    catalogue = random_catalogue(11, 300)
    titles = {title.title_key: title for title in catalogue}
    lists = compute_lists(catalogue, PG)
    named = Counter()
    for source, target, text in zip(lists.source, lists.target, lists.reasons, strict=True):
        for part in json.loads(text):
            if part["kind"] in ("cast", "director", "genre", "country", "category"):
                named[part["kind"]] += 1
                for key in (source, target):
                    assert (part["value"], part["value"]) in titles[key].fields[part["kind"]]
    assert named["cast"] > 100
    assert named["genre"] > 100


def test_what_is_shown_beside_a_childrens_title_is_safe_for_children() -> None:
    same = {"genre": ["Family"], "cast": ["Ada"], "release_year": 2015}
    titles = [
        make_title(1, "Pip the Owl", least_age=0, **same),
        make_title(2, "Unrated Owls", least_age=None, **same),
        make_title(3, "Owls of Blood", least_age=17, **same),
        make_title(4, "Teenage Owls", least_age=13, **same),
        make_title(5, "Owl School", least_age=8, **same),
        make_title(6, "Owls Undressed", least_age=0, is_adult=True, **same),
    ]
    assert lists_of(compute_lists(titles, PG))[1] == [5]


def test_adults_only_is_shown_to_nobody_but_the_grown_up() -> None:
    titles = [make_title(key, least_age=age, genre=["Drama"]) for key, age in enumerate((18, 17, 14, None), start=1)]
    lists = lists_of(compute_lists(titles, PG))
    assert 1 in lists[2]
    assert 1 not in lists[3]
    assert 1 not in lists[4]


def test_a_franchise_has_two_places_at_most() -> None:
    words = ["Amber", "Birch", "Cedar", "Dune", "Elm", "Fir", "Gorse", "Heath", "Ivy", "Juniper", "Kelp", "Larch"]
    saga = [make_title(key, f"Star Storm {key}", genre=["Sci-Fi"], cast=["Ada", "Bo"]) for key in range(1, 8)]
    others = [make_title(key, f"{word} Film", genre=["Sci-Fi"]) for key, word in enumerate(words, start=8)]
    found = lists_of(compute_lists(saga + others, PG))[1]
    assert sum(key < 8 for key in found) == 2
    assert len(found) == 10


def test_a_franchise_that_is_more_than_all_candidates_leaves_no_list_short() -> None:
    alike = {"genre": ["Fitness"], "cast": ["Ada"], "vote_count": 9}
    workouts = [make_title(key, f"15 Minute Workout {key}", **alike) for key in range(1, 501)]
    others = [make_title(key, f"{chr(key)} Film", genre=["Drama"], vote_count=9) for key in range(1000, 1012)]
    lists = lists_of(compute_lists(workouts + others, PG))
    assert {len(targets) for targets in lists.values()} == {10}
    assert all(sum(key < 1000 for key in targets) <= 2 for targets in lists.values())


def test_a_title_without_fields_gets_popular_titles_of_its_kind_and_certification() -> None:
    titles = [
        make_title(1, "?", least_age=13),
        make_title(2, "Known Film", genre=["Drama"], vote_count=90_000, weighted_of_10=8.0),
        make_title(3, "Best Known Film", genre=["Comedy"], vote_count=900_000, weighted_of_10=8.0),
        make_title(4, "Best Known Series", kind="series", genre=["Drama"], vote_count=2_000_000, weighted_of_10=9.0),
        make_title(5, "Harsh Film", least_age=17, genre=["Drama"], vote_count=1_000_000, weighted_of_10=8.5),
        make_title(6, "Unknown Film", genre=["Drama"]),
    ]
    lists = compute_lists(titles, PG)
    assert lists_of(lists)[1] == [3, 2, 6]
    of_cold = [row for row, source in enumerate(lists.source) if source == 1]
    assert all(lists.is_cold[row] for row in of_cold)
    assert not any(cold for row, cold in enumerate(lists.is_cold) if row not in of_cold)
    assert [part["kind"] for part in json.loads(lists.reasons[of_cold[0]])] == ["popular"]


def test_fame_of_its_own_does_not_change_what_stands_in_for_a_cold_title() -> None:
    titles = [
        make_title(1, "?", vote_count=10, weighted_of_10=8.0),
        make_title(2, "Best Known Film", genre=["Drama"], vote_count=900_000, weighted_of_10=8.0),
        make_title(3, "Hardly Known Film", genre=["Drama"], vote_count=10, weighted_of_10=8.5),
        make_title(4, "Well Made Film", genre=["Drama"], vote_count=10, weighted_of_10=9.0, least_age=17),
    ]
    assert lists_of(compute_lists(titles, PG))[1] == [2, 3]


def test_missing_fields_do_not_make_a_perfect_match() -> None:
    rich = {"genre": ["Drama"], "cast": ["Ada", "Bo"], "director": ["Cy"], "release_year": 2010, "country": ["India"]}
    titles = [make_title(1, "Alpha", **rich), make_title(2, "Beta", **rich), make_title(3, "Gamma", genre=["Drama"])]
    lists = compute_lists(titles, PG)
    raw = dict(zip(zip(lists.source, lists.target, strict=True), lists.score_raw, strict=True))
    assert raw[1, 2] > 2 * raw[1, 3]


def test_a_catalogue_of_one_or_none_has_no_lists() -> None:
    assert compute_lists([], PG).rank == []
    assert compute_lists([make_title(1, genre=["Drama"])], PG).rank == []


def test_words_that_tell_nothing_are_those_of_scikit_learn() -> None:
    assert stop_words.ENGLISH == ENGLISH_STOP_WORDS


def test_lists_and_one_viewer_s_list_do_without_what_clusters_need() -> None:
    program = (
        "import sys, reelhouse.recommending.lists, reelhouse.recommending.serving;"
        "print({'sklearn', 'scipy.optimize'} & sys.modules.keys())"
    )
    env = os.environ | {"PYTHONPATH": str(PACKAGE.parent)}
    said = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True).stdout
    assert said == "set()\n"
