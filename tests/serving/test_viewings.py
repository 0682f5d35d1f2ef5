"""Viewings as they are noted, and lists for viewers: what they know, under whatever key, is in none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from reelhouse.database import connect

# Works that turned out to be others: the first to be the second, and that to be Casa Vieja.
OLD, LATER = 10**12 + 1, 10**12 + 2


@pytest.fixture
def telling(served) -> Iterator[psycopg.Connection]:
    """A connection, and viewers 101 and 102, of whom nothing is left afterwards."""
    with connect(served.dsn, autocommit=True) as conn:
        conn.execute("insert into warehouse.dim_user values (101, 'app', true), (102, 'app', true)")
        yield conn
        for table in ("fact_recommendation", "fact_viewing", "fact_user_rating", "dim_user"):
            conn.execute(f"delete from warehouse.{table} where user_key > 100")


@pytest.fixture
def merged(telling: psycopg.Connection) -> Iterator[psycopg.Connection]:
    for key, now in ((OLD, LATER), (LATER, 3)):
        telling.execute(
            "insert into warehouse.dim_title (title_key, title, folded_title, kind, is_adult, is_catalogue_title,"
            " is_current, sources) values (%s, 'Casa', 'casa', 'movie', false, false, false, '{netflix}')",
            (key,),
        )
        telling.execute(
            "insert into warehouse.title_identity (title_key, natural_key, first_seen_date, merged_into)"
            " values (%s, %s, current_date, %s)",
            (key, f"netflix|movie|{key}|", now),
        )
    yield telling
    telling.execute("delete from warehouse.fact_viewing where title_key >= %s", (OLD,))
    telling.execute("delete from warehouse.fact_user_rating where title_key >= %s", (OLD,))
    telling.execute("delete from warehouse.title_identity where title_key in (%s, %s)", (OLD, LATER))
    telling.execute("delete from warehouse.dim_title where title_key in (%s, %s)", (OLD, LATER))


def put_on_the_list(conn: psycopg.Connection, user_key: int, *title_keys: int) -> None:
    for rank, title_key in enumerate(title_keys, start=1):
        conn.execute(
            "insert into warehouse.fact_recommendation (method_key, user_key, rank, recommended_title_key, score,"
            " score_kind, score_raw, is_cold, reasons, load_id) select 7, %s, %s, %s, .5, 'percentile', .5, false,"
            ' \'[{"kind": "genre", "value": "Drama", "share": 0.5}]\', max(load_id) from ops.load',
            (user_key, rank, title_key),
        )


def titles(rows: list[dict]) -> list[str]:
    return [row["title"] for row in rows]


@pytest.mark.parametrize(
    "watch_date", ["9999-12-31T23:59:59-05:00", "0001-01-01T00:00:00+01:00", "1899-12-31T23:00:00"]
)
def test_a_viewing_far_from_now_is_refused_and_the_history_can_be_read(served, telling, watch_date: str) -> None:
    client = served.client("read write")
    sent = {"movie_id": "tt0000003", "watch_date": watch_date}
    told = client.post("/api/v1/users/101/viewing_history", json=sent)
    assert told.status_code == 422
    assert "expected a moment from 1900-01-01 to a day from now, in UTC, found" in told.json()["detail"]
    assert client.get("/api/v1/users/101/viewing_history").json() == []


def test_a_day_from_now_is_the_last_moment_of_a_viewing(served, telling) -> None:
    client = served.client("read write")
    for hours, status in ((23, 201), (25, 422)):
        moment = (datetime.now(UTC) + timedelta(hours=hours)).isoformat()
        sent = {"movie_id": "tt0000003", "watch_date": moment}
        assert client.post("/api/v1/users/101/viewing_history", json=sent).status_code == status


def test_a_moment_of_no_zone_is_in_utc(served, telling) -> None:
    sent = {"movie_id": "3", "watch_date": "2026-01-03T20:00:00"}
    told = served.client("read write").post("/api/v1/users/101/viewing_history", json=sent)
    assert told.json()["watch_date"] == "2026-01-03T20:00:00Z"


def test_a_viewing_of_no_such_day_sent_by_the_page_is_told_as_a_page(served, telling) -> None:
    client = served.client(None, raise_server_exceptions=False)
    key = served.keys["read write"]
    assert client.post("/login", data={"key": key}).status_code == 303
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/viewers/101").text)[1]
    for wrong in ("9999-12-31T23:59", "0001-01-01T00:00:00+01:00", "", "yesterday"):
        sent = {"movie_id": "tt0000003", "watch_date": wrong, "csrf_token": token}
        told = client.post("/viewers/101", data=sent)
        assert (told.status_code, told.headers["content-type"]) == (422, "text/html; charset=utf-8"), wrong
        assert "watch_date" in told.text
    assert client.get("/viewers/101").status_code == 200


@pytest.mark.parametrize("movie_id", ["tt0000003", "tt3", "tt00000003", "3"])
def test_a_viewing_names_its_title_as_every_question_does(served, telling, movie_id: str) -> None:
    client = served.client("read write")
    assert client.get(f"/api/v1/movies/{movie_id}").json()["title"] == "Casa Vieja"
    sent = {"movie_id": movie_id, "watch_date": "2026-01-03T20:00:00Z"}
    told = client.post("/api/v1/users/101/viewing_history", json=sent)
    assert (told.status_code, told.json()["movie_id"]) == (201, "tt0000003")


def test_a_viewing_of_a_title_that_turned_out_to_be_another_is_one_of_that(served, merged) -> None:
    client = served.client("read write")
    sent = {"movie_id": str(OLD), "watch_date": "2026-01-03T20:00:00Z"}
    told = client.post("/api/v1/users/101/viewing_history", json=sent)
    assert (told.status_code, told.json()["movie_id"]) == (201, "tt0000003")
    assert client.post("/api/v1/users/101/viewing_history", json=sent).status_code == 409


@pytest.mark.parametrize("noted", [
    "fact_viewing values (101, %s, now(), null, 'app')", "fact_user_rating values (101, %s, 1, now(), 'app')",
])  # fmt: skip
@pytest.mark.parametrize("title_key", [3, LATER, OLD])
def test_what_was_watched_or_rated_under_any_key_is_not_recommended(ask, merged, noted: str, title_key: int) -> None:
    for user_key in (101, 102):
        put_on_the_list(merged, user_key, 3, 5)
    paths = ("/api/v1/users/101/recommendations", "/api/v1/recommend/group?user=101&user=102")
    for path in paths:
        assert titles(ask(path)) == ["Casa Vieja", "100% Wolf_Man"]
    merged.execute(f"insert into warehouse.{noted}", (title_key,))
    for path in paths:
        assert titles(ask(path)) == ["100% Wolf_Man"]


def test_without_a_list_of_their_own_viewers_get_the_popular_one_and_hear_why(ask, telling) -> None:
    popular = [
        title
        for (title,) in telling.execute(
            "select title from warehouse.fact_recommendation inner join warehouse.dim_title"
            " on recommended_title_key = title_key where method_key = 6 order by rank"
        )
    ]
    assert "Casa Vieja" not in popular, "the best rated of all is in no catalogue"
    new = ask("/api/v1/users/101/recommendations")
    assert titles(new) == popular
    assert all(row["reasons"][0]["value"].startswith("nothing watched yet") for row in new)
    telling.execute(
        "insert into warehouse.fact_user_rating select 101, title_key, 5, now(), 'app' from warehouse.dim_title"
        " where title = %s",
        (popular[0],),
    )
    left = ask("/api/v1/users/101/recommendations")
    assert titles(left) == popular[1:]
    assert [row["rank"] for row in left] == list(range(1, len(popular)))
    assert all(row["reasons"][0]["value"].startswith("nothing new on the own list") for row in left)


def test_a_list_for_a_group_names_viewers_and_one_for_titles_names_titles(ask, telling) -> None:
    telling.execute("insert into warehouse.dim_user values (1, 'app', true) on conflict do nothing")
    put_on_the_list(telling, 1, 5, 3)
    put_on_the_list(telling, 101, 3)
    shown = ask("/api/v1/recommend/group?user=1&user=101")
    assert {row["title"]: row["because_of"] for row in shown} == {
        "Casa Vieja": ["viewer 101", "viewer 1"], "100% Wolf_Man": ["viewer 1"],
    }  # fmt: skip
    telling.execute("delete from warehouse.fact_recommendation where user_key = 1")
    several = ask("/api/v1/recommend/titles?id=tt0000001&id=2&limit=5")
    assert {name for row in several for name in row["because_of"]} <= {"The Old House", "New House"}
