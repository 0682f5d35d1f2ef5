"""What people decide wins, wherever it is written down, and is heard again when files are renumbered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import psycopg
import pytest
from source_files import write_sources
from works import Works

from reelhouse.day import SOURCES, Day
from reelhouse.errors import SettingsWrong
from reelhouse.landing import land_source
from reelhouse.matching.overriding import (
    NO_MATCH,
    NOT_THIS_PAIR,
    THIS_PAIR,
    NewOverride,
    add_override,
    withdraw_override,
)
from reelhouse.staging.filling import stage_source
from reelhouse.staging.opening import open_load

ANN = ["Ann Ash"]


def _decide(works: Works, verdict: str, number: int | None, title: str = "Alpha", year: int | None = 2020) -> int:
    return add_override(
        works.conn, NewOverride("netflix", "movie", title, year, verdict, number, "ann", "the director told us")
    )


def _put_alpha(works: Works, source_id: str = "s1") -> None:
    works.netflix(source_id, "Alpha", 2020, directors=ANN, runtime=90)
    works.imdb(1, "Alpha", 2020, directors=ANN, runtime=90)
    works.imdb(2, "Quite Another Name", 2001)


@pytest.mark.parametrize(
    ("verdict", "number", "decided"),
    [(THIS_PAIR, 2, (2, "match")), (NO_MATCH, None, (None, "no match")), (NOT_THIS_PAIR, 1, (None, "no match"))],
)
def test_an_override_wins_and_survives_renumbering(works: Works, verdict: str, number: int | None, decided) -> None:
    _decide(works, verdict, number)
    for source_id in ("s1", "s999"):
        works.conn.execute("truncate staging.netflix_titles, staging.imdb_titles, staging.imdb_principals")
        _put_alpha(works, source_id)
        works.match()
        assert works.decided() == {source_id: decided}


@pytest.mark.parametrize(
    ("imdb_id", "decided"), [("tt0000002", (2, "match")), ("NIL", (None, "no match")), ("not tt1", (None, "no match"))]
)
def test_a_line_of_the_file_says_the_same(with_manual, imdb_id: str, decided) -> None:
    works = with_manual(f"netflix,movie,Alpha,2020,{imdb_id},ann,the director told us")
    _put_alpha(works)
    works.match()
    assert works.decided() == {"s1": decided}


def test_what_it_is_not_leaves_the_next_best_to_the_model(works: Works) -> None:
    _put_alpha(works)
    works.imdb(3, "Alpha", 2020, runtime=90)
    works.match()
    assert works.decided()["s1"][0] == 1
    _decide(works, NOT_THIS_PAIR, 1)
    works.match()
    assert works.decided()["s1"][0] == 3
    decided_by, runner_up = works.conn.execute(
        "select decided_by, runner_up_number from matching.title_decision"
    ).fetchone()
    assert (decided_by, runner_up) == ("model", None)


def test_what_one_row_of_a_work_is_not_none_of_them_is(works: Works) -> None:
    works.netflix("s1", "Alpha", 2020, directors=ANN, runtime=90, description="One story.")
    works.netflix("s2", "Alpha (Hindi Version)", 2020, directors=ANN, runtime=90, description="One story.")
    works.imdb(1, "Alpha", 2020, directors=ANN, runtime=90)
    _decide(works, NOT_THIS_PAIR, 1)
    works.match()
    assert works.decided() == {"s1": (None, "no match"), "s2": (None, "no match")}


def test_of_two_decisions_the_later_one_holds_and_the_table_comes_after_the_file(with_manual) -> None:
    works = with_manual("netflix,movie,Alpha,2020,tt0000002,ann,thought so")
    _put_alpha(works)
    _decide(works, NOT_THIS_PAIR, 2)
    works.match()
    assert works.decided() == {"s1": (1, "match")}
    _decide(works, THIS_PAIR, 2)
    works.match()
    assert works.decided() == {"s1": (2, "match")}


def test_a_decision_taken_back_counts_no_more_but_stays_recorded(works: Works) -> None:
    _put_alpha(works)
    number = _decide(works, NO_MATCH, None)
    works.match()
    assert withdraw_override(works.conn, number, "bo") == "Alpha"
    works.match()
    assert works.decided() == {"s1": (1, "match")}
    kept = works.conn.execute("select decided_by, why, withdrawn_by from matching.override").fetchall()
    assert kept == [("ann", "the director told us", "bo")]
    with pytest.raises(SettingsWrong, match="expected one that holds"):
        withdraw_override(works.conn, number, "bo")


def test_a_year_tells_which_film_is_meant(works: Works) -> None:
    _put_alpha(works)
    works.netflix("s2", "Alpha", 1990, directors=["Bo Quill"], runtime=70)
    works.imdb(3, "Alpha", 1990, directors=["Bo Quill"], runtime=70)
    _decide(works, NO_MATCH, None, year=1990)
    works.match()
    assert works.decided() == {"s1": (1, "match"), "s2": (None, "no match")}


def test_a_target_or_a_row_that_is_gone_is_told_loudly(works: Works) -> None:
    _put_alpha(works)
    _decide(works, THIS_PAIR, 9)
    _decide(works, NO_MATCH, None, title="No Such Row")
    figures = works.match()
    assert (figures["manual_targets_absent"], figures["manual_without_row"]) == (["tt0000009"], 1)
    assert works.linked("s1") == 1
    ruled = works.conn.execute("select row_count, is_target_there from matching.ruling order by 1 desc").fetchall()
    assert ruled == [(1, False), (0, True)]


def test_a_number_that_is_no_imdb_id_is_refused(with_manual) -> None:
    for imdb_id in ("tt99999999999", "not", "not nm0000001", "tt12x"):
        works = with_manual(f"netflix,movie,Alpha,2020,{imdb_id},ann,typing error")
        with pytest.raises(SettingsWrong, match=r"manual_matches\.csv:2"):
            works.match()


def test_a_new_decision_makes_another_load_of_the_same_files(
    conn: psycopg.Connection, make_day: Callable[..., Day], tmp_path
) -> None:
    day = make_day(date(2026, 1, 5))
    day = Day(day.batch_date, type(day.settings)(day.settings.home, write_sources(tmp_path / "data"),
                                                  day.settings.include, day.settings.warehouse_dsn, None))  # fmt: skip
    for source in SOURCES:
        land_source(conn, day, source)
        stage_source(conn, day, source)
    first = open_load(conn, day)["load_id"]
    assert open_load(conn, day)["load_id"] == first
    number = add_override(conn, NewOverride("netflix", "movie", "A", None, NO_MATCH, None, "ann", "why"))
    second = open_load(conn, day)["load_id"]
    assert second != first
    withdraw_override(conn, number, "ann")
    assert open_load(conn, day)["load_id"] == first
