"""A refresh of a day that is not the newest any more, and of one that an older day came after."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import psycopg
import pytest
from small_star import Imdb, Netflix, Row, run_day
from twelve_titles import refresh

from reelhouse.day import Day
from reelhouse.errors import Held
from reelhouse.recommending.refreshing import build_recommendations, check_recommendations, publish_recommendations
from reelhouse.warehousing import holds
from reelhouse.warehousing.publishing import publish_warehouse

DAY = date(2021, 9, 25)
NEXT = DAY + timedelta(1)


def titles(count: int) -> list[Row]:
    return [row for number in range(1, count + 1) for row in title(number)]


def title(number: int) -> list[Row]:
    return [
        Imdb(number, f"Title {number}", genres=("Drama",), credits=((10, "Ann Lee", "actress"),)),
        Netflix(f"s{number}", f"Title {number}", imdb=number, actors=("Ann Lee",), categories=("Dramas",)),
    ]


def listed(conn: psycopg.Connection) -> list[tuple]:
    return conn.execute(
        "select method_key, subject_key, rank, recommended_title_key, load_id, xmin::text"
        " from warehouse.fact_recommendation order by 1, 2, 3"
    ).fetchall()


@pytest.fixture
def later_day(conn: psycopg.Connection, make_day: Callable[..., Day]) -> Day:
    """A day that readers have, whose lists were never computed: the next one came with its own."""
    run_day(conn, make_day(DAY), titles(4))
    run_day(conn, make_day(NEXT), titles(5))
    refresh(conn, make_day(NEXT))
    return make_day(DAY)


def test_the_lists_of_an_older_day_whose_file_came_back_are_computed(
    conn: psycopg.Connection, make_day: Callable[..., Day]
) -> None:
    run_day(conn, make_day(DAY), titles(4))
    refresh(conn, make_day(DAY))
    run_day(conn, make_day(NEXT), titles(5))
    refresh(conn, make_day(NEXT))
    for count in (3, 4, 3):
        run_day(conn, make_day(DAY), titles(count))
        assert "unchanged" not in refresh(conn, make_day(DAY))
        assert refresh(conn, make_day(DAY))["unchanged"] is True


def test_a_day_that_a_newer_one_came_after_has_nothing_to_refresh(conn: psycopg.Connection, later_day: Day) -> None:
    before = listed(conn)
    expected = {"unchanged": True, "newer_day": str(NEXT)}
    for step in (build_recommendations, check_recommendations, publish_recommendations):
        assert step(conn, later_day).items() >= expected.items()
    assert listed(conn) == before
    assert conn.execute(
        "select count(*) from ops.load where part = 'recommendations' and batch_date = %s", (DAY,)
    ).fetchone() == (0,)


def test_lists_that_a_newer_day_came_between_are_left(conn: psycopg.Connection, make_day: Callable[..., Day]) -> None:
    run_day(conn, make_day(DAY), titles(4))
    build_recommendations(conn, make_day(DAY))
    check_recommendations(conn, make_day(DAY))
    run_day(conn, make_day(NEXT), titles(5))
    assert publish_recommendations(conn, make_day(DAY)) == {
        "lists_changed": 0, "rows_changed": 0, "unchanged": True, "newer_day": str(NEXT),
    }  # fmt: skip
    assert listed(conn) == []


def test_nobody_is_asked_about_lists_that_a_newer_day_has_replaced(
    conn: psycopg.Connection, make_day: Callable[..., Day]
) -> None:
    run_day(conn, make_day(DAY), titles(4))
    build_recommendations(conn, make_day(DAY))
    conn.execute("delete from build.fact_recommendation")
    with pytest.raises(Held):
        check_recommendations(conn, make_day(DAY))
    (load_id,) = holds.waiting_loads(conn)
    run_day(conn, make_day(NEXT), titles(5))
    refresh(conn, make_day(NEXT))
    refresh(conn, make_day(DAY))
    assert holds.waiting_loads(conn) == []
    assert holds.found_instead(conn, load_id) == f"failed: readers have {NEXT}"


def test_an_older_day_that_was_loaded_again_is_refreshed(conn: psycopg.Connection, later_day: Day) -> None:
    run_day(conn, later_day, titles(3))
    assert "unchanged" not in refresh(conn, later_day)


def test_the_newest_day_is_refreshed_although_an_older_one_was_loaded_since(
    conn: psycopg.Connection, make_day: Callable[..., Day]
) -> None:
    run_day(conn, make_day(DAY), titles(4))
    run_day(conn, make_day(NEXT), titles(5))
    run_day(conn, make_day(DAY), titles(3))
    assert publish_warehouse(conn, make_day(NEXT))["unchanged"] is True
    assert refresh(conn, make_day(NEXT))["lists_changed"] > 0
