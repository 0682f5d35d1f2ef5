"""The questions of include/sql/8_questions, run as they stand on a few titles whose answers are known."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from small_star import Imdb, Netflix, RottenTomatoes, run_day, stage_rows

from reelhouse.database import connect, run_file
from reelhouse.day import Day
from reelhouse.matching.editions import compare_editions
from reelhouse.matching.works import link_sources
from reelhouse.operating.bench import load_benchmark
from reelhouse.settings import read_settings
from reelhouse.warehousing.building import build_warehouse
from reelhouse.warehousing.checks import check_warehouse
from reelhouse.warehousing.publishing import publish_warehouse

SQL = read_settings({}).sql / "8_questions"
DAY = date(2021, 9, 25)
ROWS = [
    # Horror on Netflix after 2016, liked by critics: two of them, the second with the better IMDb score.
    Imdb(1, "Old House", 2018, rating=(6.5, 900), genres=("Horror",),
         credits=((10, "Ann Lee", "director"), (10, "Ann Lee", "actress"), (11, "Bo Ray", "actor"))),
    Imdb(2, "New House", 2017, rating=(7.5, 9000), genres=("Horror", "Drama"), credits=((11, "Bo Ray", "actor"),)),
    Imdb(3, "Too Old", 2016, rating=(9.0, 9000), genres=("Horror",)),
    Imdb(4, "Not Liked", 2019, rating=(5.0, 100), genres=("Horror",)),
    Imdb(5, "Not On Netflix", 2019, rating=(8.0, 100), genres=("Horror",)),
    Imdb(6, "Not Horror", 2019, rating=(9.9, 9), genres=("Drama",)),
    Netflix("s1", "Old House", 2018, imdb=1, categories=("Horror Movies",), certification="R",
            countries=("Soviet Union", "United States")),
    Netflix("s2", "New House", 2017, imdb=2, certification="R"),
    Netflix("s3", "Too Old", 2016, imdb=3),
    Netflix("s4", "Not Liked", 2019, imdb=4, certification="PG-13", countries=("India",)),
    Netflix("s5", "Not Horror", 2019, imdb=6, certification="TV-G"),
    Netflix("s6", "Self Made", 2020, kind="series", directors=("Cy Dee",), actors=("Cy Dee",), imdb=6, band="review",
            certification="NR"),
    RottenTomatoes("old_house", "Old House", 2018, imdb=1, critics=(71, 30), audience=(60, 5000)),
    RottenTomatoes("new_house", "New House", 2017, imdb=2, critics=(95, 100), audience=(35, 2000)),
    RottenTomatoes("too_old", "Too Old", 2016, imdb=3, critics=(99, 100), audience=(90, 2000)),
    RottenTomatoes("not_liked", "Not Liked", 2019, imdb=4, critics=(70, 50), audience=(75, 999)),
    RottenTomatoes("not_on_netflix", "Not On Netflix", 2019, imdb=5, critics=(90, 50)),
]  # fmt: skip


@pytest.fixture(scope="module")
def star(module_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[psycopg.Connection]:
    """The rows above as readers see them; nobody writes here."""
    settings = read_settings(
        {"REELHOUSE_HOME": str(tmp_path_factory.mktemp("home")), "REELHOUSE_WAREHOUSE_DSN": module_dsn}
    )
    with connect(module_dsn, "reelhouse test", autocommit=True) as conn:
        run_day(conn, Day(DAY, settings), ROWS)
        yield conn


@pytest.fixture
def ask(star: psycopg.Connection) -> Callable[[str], list[tuple]]:
    return lambda question: run_file(star, SQL / f"{question}.sql").fetchall()


@pytest.fixture
def ask_later(conn: psycopg.Connection, make_day) -> Callable[[str], list[tuple]]:
    """The same in a database of the test's own, which it may change."""
    run_day(conn, make_day(DAY), ROWS)
    return lambda question: run_file(conn, SQL / f"{question}.sql").fetchall()


def columns(rows: list[tuple], *places: int) -> list[tuple]:
    return [tuple(row[place] for place in places) for row in rows]


def test_horror_films_that_critics_liked_by_imdb_score(ask):
    assert columns(ask("horror_films_critics_liked"), 0, 2, 4, 6) == [
        ("New House", 95, Decimal("7.5"), Decimal("7.41")), ("Old House", 71, Decimal("6.5"), Decimal("6.20")),
    ]  # fmt: skip


def test_critics_score_of_each_year(ask):
    assert columns(ask("critics_score_by_year"), 0, 1, 2) == [
        (2016, 1, Decimal("99.0")), (2017, 1, Decimal("95.0")), (2018, 1, Decimal("71.0")), (2019, 2, Decimal("80.0")),
    ]  # fmt: skip


def test_correlations_are_those_of_the_pairs(ask):
    # By numpy: corrcoef of (6.5, 7.5, 9, 5, 8) with (71, 95, 99, 70, 90), and so on.
    assert ask("score_correlation") == [
        ("IMDb with critics", 5, Decimal("0.903")),
        ("critics with audience", 4, Decimal("-0.028")),
        ("IMDb with audience", 4, Decimal("0.148")),
    ]


def test_who_directed_and_acted(ask):
    assert columns(ask("directed_and_acted"), 0, 2, 3) == [
        ("Old House", "Ann Lee", False),
        ("Self Made", "Cy Dee", True),
    ]


def test_disagreement_needs_enough_voices(ask):
    # Of thirty critics 71 % may as well be 60 %; nobody's audience (Not On Netflix) disagrees with nobody.
    assert columns(ask("critics_against_audience"), 0, 4, 7) == [
        ("New House", 60, Decimal("51.70")), ("Too Old", 9, Decimal("3.31")), ("Not Liked", -5, Decimal("0")),
        ("Old House", 11, Decimal("0")),
    ]  # fmt: skip


def test_what_critics_like_most_is_what_many_of_them_like(ask):
    assert columns(ask("critics_favourites"), 0, 3, 5) == [
        ("Too Old", 99, 100), ("New House", 95, 100), ("Not On Netflix", 90, 50), ("Not Liked", 70, 50),
        ("Old House", 71, 30),
    ]  # fmt: skip


def test_no_title_of_unknown_age_is_for_a_child(ask):
    assert columns(ask("for_a_child_of_seven"), 0, 2, 3) == [("Not Horror", "TV-G", 0)]


def test_countries_that_are_no_more_are_counted_as_themselves(ask):
    assert ask("countries_on_netflix") == [
        ("India", "IN", False, 1), ("Soviet Union", "SUHH", True, 1), ("United States", "US", False, 1),
    ]  # fmt: skip


def test_genres_on_netflix_count_works(ask):
    assert columns(ask("genres_on_netflix"), 0, 1) == [("Horror", 4), ("Drama", 2)]


def test_people_with_most_titles_are_known_people(ask):
    assert ask("people_with_most_titles") == [
        ("Bo Ray", "nm0000011", 2, ["actor"]), ("Ann Lee", "nm0000010", 1, ["actress", "director"]),
    ]  # fmt: skip


def test_certifications_of_the_catalogue(ask):
    assert ask("certification_by_kind") == [
        ("TV-G", 0, 1, 0), ("PG-13", 13, 1, 0), ("R", 17, 2, 0), ("NR", None, 0, 1), (None, None, 1, 0),
    ]  # fmt: skip


def test_nine_votes_do_not_win(ask):
    assert columns(ask("best_on_netflix"), 0)[:2] == [("Too Old",), ("New House",)]


def test_what_waits_for_review(ask):
    assert columns(ask("titles_waiting_for_review"), 0, 1, 2) == [("netflix", "s6", "Self Made")]


def test_counts_accounts_rates_and_checks(ask):
    assert dict(ask("rows_by_table"))["bridge_title_source"] == 11
    assert columns(ask("rows_by_file"), 0, 3, -1) == [("imdb", 6, 0), ("netflix", 6, 0), ("rotten_tomatoes", 5, 0)]
    assert columns(ask("match_rate_by_source"), 0, 1, 2, 3, 4) == [
        ("netflix", "movie", 5, 5, 0), ("netflix", "series", 1, 0, 1), ("rotten_tomatoes", "movie", 5, 5, 0),
    ]  # fmt: skip
    assert not any(row[4] for row in ask("checks_of_newest_load") if row[2] == "fail")


def test_changes_between_editions_by_verdict(ask_later, conn, make_day):
    compare_editions(conn, make_day(DAY, force=True))
    later = make_day(DAY + timedelta(1))
    left_out = ("s1", "s2", "s5")
    changed = [row for row in ROWS if not isinstance(row, Netflix) or row.source_id not in left_out]
    changed += [
        Netflix("s7", "The Old House", 2018, imdb=1),
        Netflix("s8", "New House", 1999),
        Netflix("s9", "Newer", 2020),
    ]
    stage_rows(conn, later, changed)
    compare_editions(conn, later)
    build_warehouse(conn, later)
    check_warehouse(conn, later)
    publish_warehouse(conn, later)
    days = ("netflix", DAY, later.batch_date)
    assert ask_later("changes_between_editions") == [
        (*days, "added", 2, 1), (*days, "removed", 2, 1), (*days, "renamed", 1, 0),
    ]  # fmt: skip


def test_works_that_imdb_does_not_have_by_the_sources_that_have_them(ask_later, conn, make_day):
    link_sources(conn, make_day(DAY, force=True))
    assert ask_later("works_without_imdb") == [(["netflix"], 1, 1, 0)]


def test_what_came_in_the_last_quarter(ask):
    titles = ("New House", "Not Horror", "Not Liked", "Old House", "Self Made", "Too Old")
    assert columns(ask("arrivals_of_the_last_quarter"), 1, 2, 5) == [("arrived", title, None) for title in titles]


def test_a_film_of_unknown_age_is_none_for_the_family(ask):
    assert columns(ask("family_film_tonight"), 0, 4, 5) == [("Not Horror", 0, 100)]


def test_judges_are_apart_as_far_as_their_bounds_are(ask):
    # IMDb's 7.5 is 72.2 % of the way from 1 to 10.
    assert columns(ask("judges_that_are_apart"), 0, 2, 3, 6)[:3] == [
        ("New House", "critics", "audience", Decimal("51.70")), ("New House", "imdb", "audience", Decimal("34.14")),
        ("Not Liked", "audience", "imdb", Decimal("18.05")),
    ]  # fmt: skip


def test_the_busiest_two_are_one_title_apart(ask):
    assert columns(ask("way_between_two_people"), 0, 1, 2) == [(0, "Ann Lee", None), (1, "Bo Ray", "Old House")]


def test_decades_count_works(ask):
    assert ask("decades_on_netflix") == [(2010, 5, Decimal("7.11"), Decimal("83.8")), (2020, 1, None, None)]


def test_length_by_genre(ask):
    assert columns(ask("length_by_genre"), 0, 1, 3) == [("Drama", 2, 100), ("Horror", 4, 100)]


def test_of_little_known_titles_the_surest_good_one_is_first(ask):
    assert columns(ask("little_known_and_good"), 0, 5) == [("Not Horror", 9), ("Not Liked", 100)]


def test_pairs_directors_and_scores_that_moved(ask_later, conn, make_day):
    assert not ask_later("pairs_that_work_together") + ask_later("directors_critics_like")
    credits = ((10, "Ann Lee", "director"), (11, "Bo Ray", "actor"))
    changed = [
        Imdb(2, "New House", 2017, rating=(7.9, 9500), genres=("Horror",), credits=credits),
        *(row for row in ROWS if not (isinstance(row, Imdb) and row.number == 2)),
    ]
    run_day(conn, make_day(DAY + timedelta(1)), changed)
    assert ask_later("pairs_that_work_together") == [("Ann Lee", "Bo Ray", 2, 2017, 2018)]
    # Of 130 reviews 71 % of 30 and 95 % of 100.
    assert columns(ask_later("directors_critics_like"), 0, 2, 3, 4) == [("Ann Lee", 2, 130, Decimal("89.5"))]
    assert ask_later("scores_that_moved") == [
        ("New House", DAY + timedelta(1), Decimal("7.9"), Decimal("0.4"), 500)
    ]  # fmt: skip


def test_every_question_runs_and_is_asked_for_in_these_tests(ask):
    asked = set(re.findall(r'ask(?:_later)?\("(\w+)"\)', Path(__file__).read_text()))
    assert {path.stem for path in SQL.glob("*.sql")} == asked


def test_trust_has_a_row_for_each_source(star):
    found = star.execute(
        "select part, source, file_date, rows_staged, match_rate, newest_state, failing_checks from mart.trust"
        " order by source"
    ).fetchall()
    assert found == [
        ("warehouse", "imdb", DAY, 6, None, "published", 0),
        ("warehouse", "netflix", DAY, 6, Decimal("0.8333"), "published", 0),
        ("warehouse", "rotten_tomatoes", DAY, 5, Decimal("1.0000"), "published", 0),
    ]


def test_catalogue_entries_are_the_rows_of_the_catalogue(star):
    assert star.execute("select platform, count(*) from mart.catalogue_entries group by 1").fetchall() == [
        ("netflix", 6)
    ]


def test_the_benchmark_times_every_question_on_the_warehouse_it_is_given(
    star: psycopg.Connection, module_dsn: str
) -> None:
    timed = load_benchmark("questions").ask_all(module_dsn, SQL.parent, rounds=1)
    assert {row["name"] for row in timed} == {path.stem for path in SQL.glob("*.sql")}
    assert all(row["ms"] > 0 for row in timed)
    rows = {row["name"]: row["rows"] for row in timed}
    assert rows["score_correlation"] == 3
