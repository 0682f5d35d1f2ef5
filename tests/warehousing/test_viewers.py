"""Viewers in the star: which works they rated and watched, and what an app sent stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import psycopg
from small_star import Imdb, Netflix, run_day, stage_rows

from reelhouse.day import Day
from reelhouse.warehousing.building import build_warehouse
from reelhouse.warehousing.checks import check_warehouse
from reelhouse.warehousing.publishing import publish_warehouse

DAY = date(2026, 1, 31)
ROWS = (
    Imdb(11, "The Harbour", 2010, rating=(7.0, 900)),
    Imdb(12, "Quiet Street", 2011),
    Imdb(13, "Twice Told", 2012),
    Imdb(14, "Twice Told", 2012),
    Netflix("s1", "Owl & Otter", 2014),
)


def publish_with_viewers(conn: psycopg.Connection, day: Day, ratings: list[tuple], rows: tuple = ROWS) -> dict:
    """Stage the rows with five films of the viewers files, and publish them."""
    stage_rows(conn, day, rows)
    for movie, title, year, imdb in (
        (1, "Harbour, The", 2010, 11),
        (2, "Quiet Street", 2011, None),
        (3, "Twice Told", 2012, None),
        (4, "Owl  & Otter", 2014, None),
        (5, "Harbour, The", 2010, None),
    ):
        conn.execute("insert into staging.viewers_movies values (%s, 1, %s, %s, '{}')", (movie, title, year))
        conn.execute("insert into staging.viewers_links values (%s, 1, %s, null)", (movie, imdb))
    conn.cursor().executemany("insert into staging.viewers_ratings values (%s, %s, %s, %s)", ratings)
    conn.execute("insert into staging.viewers_viewings values (900000001, 1, 86400, 90)")
    build_warehouse(conn, day)
    check_warehouse(conn, day)
    return publish_warehouse(conn, day)


def test_ratings_belong_to_the_work_with_that_imdb_id_or_with_that_name_and_year_alone(
    conn: psycopg.Connection, make_day: Callable[..., Day]
) -> None:
    ratings = [(7, 1, 4.5, 100), (7, 2, 3, 200), (7, 3, 5, 300), (7, 4, 4, 400), (8, 1, 2, 100), (8, 5, 4, 200)]
    publish_with_viewers(conn, make_day(DAY), ratings)
    found = conn.execute(
        "select user_key, title, rating_of_5::float, extract(epoch from rated_at)::int from warehouse.fact_user_rating"
        " inner join warehouse.dim_title using (title_key) order by 1, 2"
    ).fetchall()
    assert found == [
        (7, "Owl & Otter", 4.0, 400),
        (7, "Quiet Street", 3.0, 200),
        (7, "The Harbour", 4.5, 100),
        # Both films of the file are this work: the newest rating holds. Of two works named alike neither is guessed.
        (8, "The Harbour", 4.0, 200),
    ]
    assert conn.execute("select user_key, is_synthetic from warehouse.dim_user order by 1").fetchall() == [
        (7, False),
        (8, False),
        (900000001, True),
    ]
    assert conn.execute("select title_key, viewed_min from warehouse.fact_viewing").fetchall() == [(11, 90)]


def test_a_work_that_turned_out_to_be_another_is_no_second_one_of_its_name(
    conn: psycopg.Connection, make_day: Callable[..., Day]
) -> None:
    publish_with_viewers(conn, make_day(DAY), [(7, 4, 4, 400)])
    linked = (*ROWS[:-1], Imdb(15, "Owl & Otter", 2014), Netflix("s1", "Owl & Otter", 2014, imdb=15))
    publish_with_viewers(conn, make_day(DAY + timedelta(1)), [(7, 4, 4, 400)], linked)
    found = conn.execute("select title_key, rating_of_5 from warehouse.fact_user_rating").fetchall()
    assert found == [(15, 4)]


def test_what_an_app_sent_outlives_a_publish_and_what_left_the_files_goes(
    conn: psycopg.Connection, make_day: Callable[..., Day]
) -> None:
    publish_with_viewers(conn, make_day(DAY), [(7, 1, 4, 100), (8, 1, 4, 100)])
    conn.execute("insert into warehouse.dim_user values (500, 'app', false)")
    conn.execute(
        "insert into warehouse.fact_viewing values (500, 12, %s, null, 'app'), (8, 12, %s, 5, 'app')",
        (datetime(2026, 1, 30, tzinfo=UTC),) * 2,
    )
    again = publish_with_viewers(conn, make_day(DAY), [(7, 1, 4, 100)], (*ROWS, Imdb(15, "New", 2020)))
    assert again["tables"]["fact_user_rating"] == {"inserted": 0, "updated": 0, "deleted": 1}
    assert "fact_viewing" not in again["tables"]
    assert conn.execute("select user_key, source from warehouse.dim_user order by 1").fetchall() == [
        (7, "viewers"),
        (8, "app"),
        (500, "app"),
        (900000001, "viewers"),
    ]


def test_without_viewers_there_are_none(conn: psycopg.Connection, make_day: Callable[..., Day]) -> None:
    run_day(conn, make_day(DAY), ROWS)
    assert conn.execute("select count(*) from warehouse.dim_user").fetchone() == (0,)
