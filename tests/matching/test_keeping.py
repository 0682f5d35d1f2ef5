"""A published link survives small disturbances, gives way to big ones, and every change is logged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_star import Imdb, Netflix, Row, run_day, stage_rows

from reelhouse.day import Day
from reelhouse.matching.assigning import assign
from reelhouse.matching.candidates import find_candidates
from reelhouse.matching.decisions import decide_matches
from reelhouse.matching.explaining import explain
from reelhouse.matching.keeping import KEEP_MARGIN, settle
from reelhouse.matching.overriding import NO_MATCH, NewOverride, add_override

SCORES = st.dictionaries(
    st.integers(0, 8), st.dictionaries(st.integers(100, 108), st.floats(-12, 20), max_size=6), max_size=8
)
PUBLISHED = st.dictionaries(st.integers(0, 8), st.integers(100, 108), max_size=8)


def test_a_title_that_is_a_little_better_does_not_replace_the_published_one() -> None:
    settled = settle({1: {7: 5.0, 8: 6.0}}, {1: 7})[1]
    assert (settled.title, settled.is_kept, settled.kept_over) == (7, True, 8)
    assert settled.probability == pytest.approx(0.268, abs=0.01)


def test_a_title_that_is_better_by_the_margin_replaces_it() -> None:
    settled = settle({1: {7: 5.0, 8: 5.0 + KEEP_MARGIN + 0.01}}, {1: 7})[1]
    assert (settled.title, settled.is_kept, settled.kept_over) == (8, False, None)


def test_two_works_that_could_as_well_be_swapped_stay_as_they_are() -> None:
    scores = {1: {7: 9.0, 8: 9.5}, 2: {7: 9.5, 8: 9.0}}
    assert {work: each.title for work, each in settle(scores, {}).items()} == {1: 8, 2: 7}
    assert {work: each.title for work, each in settle(scores, {1: 7, 2: 8}).items()} == {1: 7, 2: 8}


def test_a_published_title_that_is_less_likely_than_none_is_not_kept() -> None:
    assert not settle({1: {7: -0.5}}, {1: 7})[1].is_kept
    assert settle({1: {7: 0.5}}, {1: 7})[1].is_kept


@given(SCORES)
def test_without_anything_published_the_likeliest_set_is_taken(scores) -> None:
    assert {work: (each.title, each.probability) for work, each in settle(scores, {}).items()} == {
        work: (each.title, each.probability) for work, each in assign(scores).items()
    }


@given(SCORES, PUBLISHED)
def test_deciding_again_on_what_was_decided_changes_nothing(scores, published) -> None:
    first = settle(scores, published)
    assert len({each.title for each in first.values()}) == len(first)
    again = settle(scores, {work: each.title for work, each in first.items()})
    likely = {work for work, each in first.items() if scores[work][each.title] > 0}
    assert {work: again[work].title for work in likely} == {work: first[work].title for work in likely}


# --- in the database ------------------------------------------------------------------------------------

DAY = date(2021, 9, 25)
ANN = ((10, "Ann Lee", "director"), (11, "Bo Ray", "actor"))
ROW = Netflix("s1", "Alpha", 2019, imdb=1, directors=("Ann Lee",), actors=("Bo Ray",))
TITLE = Imdb(1, "Alpha", 2019, credits=ANN)
OTHER = Imdb(3, "Zeta", 1980)


@pytest.fixture
def next_day(conn: psycopg.Connection, make_day: Callable[..., Day]) -> Callable[[Sequence[Row]], dict]:
    """Publish the row as it is linked, then match other rows on the day after."""
    run_day(conn, make_day(DAY), [TITLE, OTHER, ROW])

    def match(rows: Sequence[Row]) -> dict[str, object]:
        day = make_day(DAY + timedelta(1))
        stage_rows(conn, day, rows)
        find_candidates(conn, day)
        return decide_matches(conn, day)

    return match


def _decided(conn: psycopg.Connection) -> tuple:
    return conn.execute(
        "select imdb_title_number, band, is_kept, kept_over_number from matching.title_decision where source_id = 's1'"
    ).fetchone()


def _changes(conn: psycopg.Connection) -> list[tuple]:
    return conn.execute(
        "select source_id, from_imdb_title_number, to_imdb_title_number, reason, gap from matching.decision_change"
    ).fetchall()


def test_the_same_day_again_changes_and_logs_nothing(conn, next_day) -> None:
    assert next_day([TITLE, OTHER, ROW])["changed"] == 0
    assert _decided(conn) == (1, "match", True, None)
    assert _changes(conn) == []


def test_a_new_namesake_does_not_unlink_what_is_published(conn, next_day) -> None:
    # Of the two IMDb titles the new one is a little better: it has the actor too.
    rows = [Imdb(1, "Alpha", 2019, credits=ANN[:1]), Imdb(2, "Alpha", 2019, credits=ANN), ROW]
    assert next_day(rows)["changed"] == 0
    assert _decided(conn) == (1, "match", True, 2)
    assert _changes(conn) == []
    (kept,) = [each for each in explain(conn, "netflix", "s1") if each.what == "kept"]
    assert kept.words.startswith("today tt0000002 Alpha (movie, 2019) would be the assignment, but not by the margin")
    assert conn.execute("select kept_count from ops.match_quality order by load_id desc").fetchone() == (1,)


def test_a_much_better_title_replaces_the_published_one_and_the_change_is_logged(conn, next_day) -> None:
    rows = [Imdb(1, "Alpha", 2012, credits=((12, "Cy Dee", "director"),)), Imdb(2, "Alpha", 2019, credits=ANN), ROW]
    assert next_day(rows)["changed"] == 1
    assert _decided(conn) == (2, "match", False, None)
    ((source_id, former, new, reason, gap),) = _changes(conn)
    assert (source_id, former, new, reason) == ("s1", 1, 2, "the former title is less likely than none")
    assert gap > KEEP_MARGIN


def test_a_title_that_disappears_is_logged_as_unlinked(conn, next_day) -> None:
    assert next_day([OTHER, ROW])["changed"] == 1
    assert _changes(conn) == [("s1", 1, None, "the former title is no candidate any more", None)]


def test_a_renumbered_row_is_decided_on_its_own(conn, next_day) -> None:
    zeta = Netflix("s1", "Zeta", 1980, imdb=3)
    rows = [TITLE, OTHER, zeta, Netflix("s2", "Alpha", 2019, directors=("Ann Lee",), actors=("Bo Ray",))]
    assert next_day(rows)["changed"] == 0
    assert _changes(conn) == []


def test_a_person_s_decision_changes_at_once_and_is_logged_as_theirs(conn, next_day, make_day) -> None:
    rows = [TITLE, OTHER, ROW]
    next_day(rows)
    add_override(conn, NewOverride("netflix", "movie", "Alpha", 2019, NO_MATCH, None, "ann", "another film"))
    day = make_day(DAY + timedelta(1))
    find_candidates(conn, day)
    decide_matches(conn, day)
    assert [(former, new, reason) for _, former, new, reason, _ in _changes(conn)] == [
        (1, None, "a person decided so")
    ]  # fmt: skip


def test_a_load_that_readers_have_keeps_its_log(conn, next_day, make_day) -> None:
    next_day([OTHER, ROW])
    day = make_day(DAY + timedelta(1), force=True)
    conn.execute("update warehouse.publication set load_id = (select max(load_id) from ops.load)")
    find_candidates(conn, day)
    decide_matches(conn, day)
    assert len(_changes(conn)) == 1
