"""Decisions: complete, one-to-one, the same in any order, and people's own come first."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from works import Works

from reelhouse import loads
from reelhouse.errors import OutOfStep, SettingsWrong
from reelhouse.matching.assigning import assign
from reelhouse.matching.decisions import decide_matches

SCORES = st.dictionaries(
    st.integers(0, 8), st.dictionaries(st.integers(100, 108), st.floats(-12, 20), max_size=6), max_size=8
)


@given(SCORES)
def test_no_two_works_get_one_title(scores: dict[int, dict[int, float]]) -> None:
    titles = [assignment.title for assignment in assign(scores).values()]
    assert len(titles) == len(set(titles))


@given(SCORES, st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(scores: dict[int, dict[int, float]], random) -> None:
    shuffled = {work: dict(random.sample(list(titles.items()), len(titles))) for work, titles in scores.items()}
    shuffled = dict(random.sample(list(shuffled.items()), len(shuffled)))
    one, other = assign(scores), assign(shuffled)
    assert {work: assignment.title for work, assignment in one.items()} == {
        work: assignment.title for work, assignment in other.items()
    }
    assert all(math.isclose(one[work].probability, other[work].probability, abs_tol=1e-9) for work in one)


@given(SCORES)
def test_probabilities_are_probabilities(scores: dict[int, dict[int, float]]) -> None:
    assert all(0 <= assignment.probability <= 1 for assignment in assign(scores).values())


@given(SCORES)
def test_the_set_taken_is_as_likely_as_the_one_that_a_solver_finds(scores: dict[int, dict[int, float]]) -> None:
    gain = np.zeros((9, 9))
    for work, titles in scores.items():
        for title, score in titles.items():
            gain[work, title - 100] = max(score, 0)
    taken = sum(max(scores[work][each.title], 0) for work, each in assign(scores).items())
    assert math.isclose(taken, gain[linear_sum_assignment(gain, maximize=True)].sum(), abs_tol=1e-6)


def test_the_likeliest_set_is_taken_not_the_best_pair_first() -> None:
    assert {work: each.title for work, each in assign({1: {7: 12.0, 8: 11.9}, 2: {7: 11.8}}).items()} == {1: 8, 2: 7}


def test_two_works_that_could_as_well_be_swapped_are_no_better_than_even() -> None:
    assignments = assign({1: {7: 9.0, 8: 9.0}, 2: {7: 9.0, 8: 9.0}})
    assert all(assignment.probability == pytest.approx(0.5, abs=0.01) for assignment in assignments.values())


def test_every_source_row_has_exactly_one_decision(works: Works) -> None:
    works.netflix("s1", "Alpha", 2020)
    works.netflix("s2", "Beta", 2020, "series")
    works.rotten_tomatoes("gamma", "Gamma", 2020)
    works.imdb(1, "Alpha", 2020)
    figures = works.match()
    assert set(works.decided()) == {"s1", "s2", "gamma"}
    assert sum(sum(bands.values()) for bands in figures["bands"].values()) == 3


def test_empty_staging_is_decided_too(works: Works) -> None:
    assert works.match()["bands"] == {}


def test_terms_add_up_to_the_score(works: Works) -> None:
    works.netflix("s1", "Alpha", 2020, directors=["Ann Ash"], runtime=90)
    works.imdb(1, "Alpha", 2020, directors=["Ann Ash"], runtime=90)
    works.match()
    rows = works.conn.execute(
        "select score, (select sum(value::numeric) from jsonb_each_text(terms)) from matching.match_evidence"
    ).fetchall()
    assert len(rows) == 1
    assert all(score == pytest.approx(float(total), abs=1e-4) for score, total in rows)


def test_a_second_run_decides_the_same(works: Works) -> None:
    works.netflix("s1", "Alpha", 2020, directors=["Ann Ash"])
    works.netflix("s2", "Alfa", 2020, directors=["Ann Ash"])
    works.imdb(1, "Alpha", 2020, directors=["Ann Ash"])
    works.match()
    first = works.conn.execute("select * from matching.title_decision order by 1, 2").fetchall()
    works.match()
    assert works.conn.execute("select * from matching.title_decision order by 1, 2").fetchall() == first


@pytest.mark.parametrize("order", [(1, 2, 3, 4, 5, 6), (6, 5, 4, 3, 2, 1), (3, 6, 1, 5, 2, 4)])
def test_rows_may_come_in_any_order_and_ties_go_to_review(works: Works, order: tuple[int, ...]) -> None:
    for number in order:
        works.netflix(f"s{number}", "The Night", 2021, runtime=80 + number % 2)
        works.imdb(number, "The Night", 2021, runtime=80 + number % 2)
    works.match()
    assert works.decided() == {f"s{number}": (number, "review") for number in range(1, 7)}


def test_people_are_resolved_through_the_matched_title_only(works: Works) -> None:
    works.netflix(
        "s1", "Alpha", 2020, directors=["Ann Ash"], actors=["Tom Holland", "Bo Quill", "Ed Vance"], runtime=90
    )
    works.netflix("s2", "Zeta Without Match", 2020, actors=["Tom Holland"])
    works.imdb(1, "Alpha", 2020, directors=["Ann Ash"], actors=["Tom Holland", "Ed Vance"], runtime=90)
    works.imdb(2, "Other", 1950, actors=["Bo Quill"])
    # A second person of one name in the same title: nobody can say which one Netflix means.
    works.conn.execute("insert into staging.imdb_people values (900, 'Ed Vance', null, null, '{}', '{}')")
    works.conn.execute("insert into staging.imdb_principals values (1, 90, 900, 'actor', '{}')")
    works.match()
    query = "select source_id, person_name, imdb_person_number from matching.source_person"
    assert {(source_id, name): number for source_id, name, number in works.conn.execute(query)} == {
        ("s1", "Ann Ash"): works.people["Ann Ash"],
        ("s1", "Tom Holland"): works.people["Tom Holland"],
        ("s1", "Bo Quill"): None,
        ("s1", "Ed Vance"): None,
        ("s2", "Tom Holland"): None,
    }


def test_a_manual_match_wins_and_survives_renumbering(with_manual) -> None:
    works = with_manual("netflix,movie,Alpha,2020,tt0000002,ann,the director told us")
    for source_id in ("s1", "s999"):
        works.conn.execute("truncate staging.netflix_titles, staging.imdb_titles")
        works.netflix(source_id, "Alpha", 2020, runtime=90)
        works.imdb(1, "Alpha", 2020, runtime=90)
        works.imdb(2, "Quite Another Name", 2001)
        works.match()
        assert works.decided() == {source_id: (2, "match")}
    assert works.conn.execute("select decided_by from matching.title_decision").fetchone() == ("manual",)


def test_a_manual_nil_unlinks(with_manual) -> None:
    works = with_manual("netflix,movie,Alpha,,NIL,ann,another film")
    works.netflix("s1", "Alpha", 2020, directors=["Ann Ash"], runtime=90)
    works.imdb(1, "Alpha", 2020, directors=["Ann Ash"], runtime=90)
    works.match()
    assert works.decided() == {"s1": (None, "no match")}


def test_a_manual_match_reserves_its_title(with_manual) -> None:
    works = with_manual("netflix,movie,Alpha,2020,tt0000001,ann,seen it")
    works.netflix("s1", "Alpha", 2020)
    works.netflix("s2", "Beta", 2020, directors=["Ann Ash"], runtime=90)
    works.imdb(1, "Beta", 2020, directors=["Ann Ash"], runtime=90)
    works.match()
    assert (works.linked("s1"), works.linked("s2")) == (1, None)


def test_a_manual_match_without_its_target_is_told_loudly(with_manual) -> None:
    works = with_manual("netflix,movie,Alpha,2020,tt0000009,ann,gone since")
    works.netflix("s1", "Alpha", 2020, directors=["Ann Ash"], runtime=90)
    works.imdb(1, "Alpha", 2020, directors=["Ann Ash"], runtime=90)
    assert works.match()["manual_targets_absent"] == ["tt0000009"]
    assert works.linked("s1") == 1


def test_a_manual_line_that_cannot_be_read_stops_the_step(with_manual) -> None:
    works = with_manual("netflix,film,Alpha,2020,tt0000009,ann,wrong kind")
    with pytest.raises(SettingsWrong, match=r"manual_matches\.csv:2"):
        works.match()


def test_candidates_of_another_load_are_refused(works: Works) -> None:
    works.match()
    loads.open_load(works.conn, "warehouse", works.day.batch_date, "1" * 64)
    with pytest.raises(OutOfStep, match="candidates"):
        decide_matches(works.conn, works.day)


def test_new_candidates_take_the_decisions_out_of_step(works: Works) -> None:
    works.match()
    works.find()
    assert works.conn.execute("select load_id from ops.layer where layer = 'matching'").fetchone() == (None,)


@pytest.mark.parametrize(("one", "other"), [
    # With and without the article, numbers in letters and digits; another copy's length.
    ({"title": "The Flying Duo", "year": 1939, "runtime": 69}, {"title": "Flying Duo", "year": 1939, "runtime": 75}),
    ({"title": "Part Two", "year": 1939, "runtime": 69}, {"title": "Part 2", "year": 1939, "runtime": 69}),
    # One of them dated by its copy.
    ({"title": "Hitch-Hiker", "year": 1953, "runtime": 71}, {"title": "Hitch Hiker", "year": 2011, "runtime": 71}),
])  # fmt: skip
def test_rows_of_one_film_share_its_title(works: Works, one: dict, other: dict) -> None:
    people = {"directors": ["Ann Ash"], "actors": ["Ada Lark", "Bo Quill"]}
    works.netflix("s1", **one, **people)
    works.netflix("s2", **other, **people)
    works.imdb(1, one["title"], one["year"], runtime=69, votes=7_000, **people)
    works.match()
    assert [works.linked("s1"), works.linked("s2")] == [1, 1]


def test_rows_of_seasons_of_one_series_share_its_title(works: Works) -> None:
    cast = ["Ada Lark", "Bo Quill", "Cy Thorne"]
    works.netflix("s1", "Orphan Black", 2017, "series", actors=cast, seasons=2)
    works.netflix("s2", "Orphan Black [4K UHD]", 2014, "series", actors=cast, seasons=2)
    works.imdb(1, "Orphan Black", 2013, "tvSeries", actors=cast, votes=100_000)
    works.match()
    assert [works.linked("s1"), works.linked("s2")] == [1, 1]


@pytest.mark.parametrize(("one", "other"), [
    # A director's own remake has another length.
    ({"title": "Alpha", "year": 1997, "runtime": 109}, {"title": "Alpha", "year": 2007, "runtime": 112}),
    # A year in a title tells the two series apart.
    ({"title": "Alpha (1993)", "year": 1993, "kind": "series"}, {"title": "Alpha", "year": 2019, "kind": "series"}),
    # Parts of unknown length, by the same people.
    ({"title": "Alpha", "year": 1959}, {"title": "Alpha", "year": 1961}),
])  # fmt: skip
def test_two_works_of_one_name_and_people_do_not_share_a_title(works: Works, one: dict, other: dict) -> None:
    people = {"directors": ["Ann Ash"], "actors": ["Ada Lark", "Bo Quill"]}
    works.netflix("s1", **one, **people)
    works.netflix("s2", **other, **people)
    title_type = "tvSeries" if one.get("kind") else "movie"
    works.imdb(1, "Alpha", one["year"], title_type, runtime=one.get("runtime"), votes=7_000, **people)
    works.match()
    assert works.linked("s2") is None


def test_a_film_of_rotten_tomatoes_is_no_candidate_of_a_series(works: Works) -> None:
    people = ["Ada Lark", "Bo Quill"]
    works.rotten_tomatoes("orphan_black", "Orphan Black", 2013, directors=people)
    works.netflix("s1", "Orphan Black", 2013, "series", directors=people)
    works.imdb(1, "Orphan Black", 2013, "tvSeries", directors=people)  # by its name
    works.imdb(2, "Another Name", 2013, "tvSeries", directors=people)  # by its people
    works.imdb(3, "Orphan Blacks", 2013, "tvSeries")  # by how its name begins
    works.match()
    pairs = set(works.conn.execute("select source, imdb_title_number from matching.candidate_pair"))
    assert pairs == {("netflix", 1), ("netflix", 2), ("netflix", 3)}
