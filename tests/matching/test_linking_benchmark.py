"""The judge of links between sources: what it counts as found, as right, and as not to be known."""

from __future__ import annotations

from reelhouse.operating.bench import load_benchmark

bench = load_benchmark("linking_sources")
NETFLIX, AMAZON, HULU, JUSTWATCH = ("netflix", "s1"), ("amazon", "s1"), ("hulu", "s1"), ("justwatch", "tm1")


def figures(truth: dict, placed: dict, stated: dict | None = None) -> dict[str, object]:
    works = {row: bench.Placed(key, None) for row, key in placed.items()}
    return bench._figures("all", list(bench._judge(truth, stated or {}, works)))


def test_rows_of_one_withheld_title_that_find_each_other_are_found_and_right() -> None:
    found = figures({NETFLIX: 7, AMAZON: 7, HULU: 7}, {NETFLIX: "a", AMAZON: "a", HULU: "b"})
    assert (found["pairs"], found["joined"], found["precision"], found["recall"]) == (3, 1, 1.0, 0.3333)


def test_rows_of_two_titles_that_are_joined_are_wrong() -> None:
    found = figures({NETFLIX: 7, AMAZON: 8}, {NETFLIX: "a", AMAZON: "a"})
    assert (found["pairs"], found["joined"], found["precision"], found["recall"]) == (0, 1, 0.0, None)


def test_a_partner_that_was_never_linked_is_judged_by_the_id_it_states_or_not_at_all() -> None:
    placed = {NETFLIX: "a", AMAZON: "a", JUSTWATCH: "a"}
    found = figures({NETFLIX: 7}, placed, {JUSTWATCH: 8})
    assert (found["joined"], found["judged"], found["precision"]) == (2, 1, 0.0)


def test_rows_that_went_to_another_imdb_title_are_not_joined_by_linking() -> None:
    found = figures({NETFLIX: 7, AMAZON: 7}, {NETFLIX: "tt0000009", AMAZON: "tt0000009"})
    assert (found["joined"], found["recall"]) == (0, 0.0)
