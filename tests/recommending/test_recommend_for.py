"""mart.recommend_for on cases that a person can check, and one viewer's list made anew."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from datetime import UTC, datetime

import psycopg
import pytest
from psycopg.rows import dict_row
from twelve_titles import DAY, TITLES, publish_warehouse_load, refresh

from reelhouse.database import run_file
from reelhouse.day import Day
from reelhouse.errors import OutOfStep, QueryWrong
from reelhouse.operating.recommend import expect_known
from reelhouse.recommending.events import read_events
from reelhouse.recommending.serving import record_viewing, refresh_viewer
from reelhouse.serving.asking.titles import Filters
from reelhouse.serving.asking.viewers import for_titles
from reelhouse.serving.models import Blended
from reelhouse.serving.reading import Loads, Snapshot
from reelhouse.settings import read_settings

SQL = read_settings({}).sql
OLD, LATER = 10**12 + 1, 10**12 + 2


def ask(conn: psycopg.Connection, **given) -> list[tuple]:
    words = ", ".join(f'"{name}" => %({name})s' for name in given)
    return conn.execute(f"select title_key, score_raw, reasons, why from mart.recommend_for({words})", given).fetchall()


def merge(conn: psycopg.Connection, merges: list[tuple[int, int]]) -> None:
    """Works that turned out to be other titles."""
    for old, now in merges:
        conn.execute(
            "insert into warehouse.dim_title (title_key, title, folded_title, kind, is_adult, is_catalogue_title,"
            " is_current, sources) values (%s, 'Old', 'old', 'movie', false, false, false, '{netflix}')",
            (old,),
        )
        conn.execute(
            "insert into warehouse.title_identity (title_key, natural_key, first_seen_date, merged_into)"
            " values (%s, %s, current_date, %s)",
            (old, f"netflix|movie|{old}|", now),
        )


@pytest.fixture
def viewed(conn: psycopg.Connection, make_day: Callable[..., Day], catalogue: None) -> psycopg.Connection:
    """The twelve titles, two viewers with two likes each, published."""
    conn.execute("insert into warehouse.dim_user values (1, 'viewers', false), (2, 'viewers', false)")
    conn.execute(
        "insert into warehouse.fact_user_rating values (1, 1, 5, now(), 'viewers'), (1, 2, 4, now(), 'viewers'),"
        " (2, 7, 5, now(), 'viewers'), (2, 8, 4.5, now(), 'viewers')"
    )
    refresh(conn, make_day(DAY))
    return conn


def test_one_list_for_several_titles_tells_the_share_of_each(viewed: psycopg.Connection) -> None:
    rows = ask(viewed, titles=[1, 7])
    assert not {1, 7, 11} & {row[0] for row in rows}, "neither themselves nor an adult title"
    sources = {part["value"] for row in rows for part in row[2]}
    assert {"Harbour Heist", "Owl and Otter"} <= sources
    for _, score, reasons, why in rows:
        assert sum(part["share"] for part in reasons) == pytest.approx(score, abs=1e-4)
        assert why


def test_platforms_and_genres_are_meant_in_any_case(viewed: psycopg.Connection) -> None:
    assert ask(viewed, titles=[1], platforms=[" NETFLIX "]) == ask(viewed, titles=[1], platforms=["netflix"]) != []
    assert ask(viewed, titles=[1], genres=[" DRAMA "]) == ask(viewed, titles=[1], genres=["Drama"]) != []


def test_beside_one_title_the_sentence_is_what_both_have_and_of_several_which_it_is(viewed: psycopg.Connection) -> None:
    told = dict(
        viewed.execute(
            "select recommended_title_key, why from mart.recommendations where source_title_key = 1"
        ).fetchall()
    )
    alone = {row[0]: row[3] for row in ask(viewed, titles=[1]) if row[0] in told}
    assert alone == {key: told[key] for key in alone}
    assert alone[2].startswith("shares ")
    of_one = {row[0]: row[3] for row in ask(viewed, titles=[1, 7]) if len(row[2]) == 1 and row[0] in told}
    assert of_one == {key: f"similar to Harbour Heist: {told[key]}" for key in of_one} != {}


def test_in_a_group_everybodys_first_comes_before_anybodys_second(viewed: psycopg.Connection) -> None:
    alone = {user: ask(viewed, users=[user])[0][0] for user in (1, 2)}
    both = ask(viewed, users=[1, 2])
    seen = {1, 2, 7, 8}
    assert not seen & {row[0] for row in both}, "nothing that one of them has seen"
    firsts = {row[0] for row in both[:2]}
    assert firsts & {alone[1]}
    for user in (1, 2):
        assert any(part["value"] == f"viewer {user}" for row in both[:2] for part in row[2])
    for *_, reasons, why in both:
        assert len(reasons) > 1 or reasons[0]["kind"] == "popular" or why.startswith(f"{reasons[0]['value']}: ")


@pytest.mark.parametrize("noted", [
    "fact_viewing values (1, %s, now(), null, 'app')", "fact_user_rating values (1, %s, 5, now(), 'app')",
])  # fmt: skip
def test_what_was_told_of_a_work_counts_for_the_title_it_became(
    viewed: psycopg.Connection, make_day: Callable[..., Day], noted: str
) -> None:
    first = ask(viewed, users=[1])[0][0]
    merge(viewed, [(OLD, LATER), (LATER, first)])
    viewed.execute(f"insert into warehouse.{noted}", (OLD,))
    assert first not in {row[0] for row in ask(viewed, users=[1])}
    assert run_file(viewed, SQL / "4_recommendation" / "viewers_to_catch_up.sql").fetchall() == [(1,)]
    assert {OLD, LATER}.isdisjoint(read_events(viewed, SQL).title)
    assert first in read_events(viewed, SQL, 1).likes.title
    refresh_viewer(viewed, SQL, 1)
    publish_warehouse_load(viewed, DAY)
    refresh(viewed, make_day(DAY))
    listed = viewed.execute("select recommended_title_key from warehouse.fact_recommendation where user_key = 1")
    assert first not in {key for (key,) in listed}
    names = dict(run_file(viewed, SQL / "4_recommendation" / "names_of_liked.sql").fetchall())
    assert (names[first], names.get(OLD)) == (TITLES[first][0], None)


@pytest.mark.parametrize(("old_days", "is_like"), [(1, True), (3, False)])
def test_of_ratings_of_a_work_and_of_the_title_it_became_the_newest_counts(
    viewed: psycopg.Connection, old_days: int, is_like: bool
) -> None:
    merge(viewed, [(OLD, LATER), (LATER, 3)])
    for title_key, rating, days in ((OLD, 5, old_days), (LATER, 1, 5), (3, 2, 2)):
        viewed.execute(
            "insert into warehouse.fact_user_rating values (1, %s, %s, now() - %s * interval '1 day', 'app')",
            (title_key, rating, days),
        )
    viewed.execute("insert into warehouse.fact_viewing values (1, %s, now() - interval '9 days', 90, 'app')", (OLD,))
    for user_key in (None, 1):
        own = read_events(viewed, SQL, user_key).of_user(1)
        assert sorted(own.title.tolist()) == [1, 2, 3]
        assert own.is_like[own.title.tolist().index(3)] == is_like


def test_unknown_never_passes_a_filter(viewed: psycopg.Connection) -> None:
    viewed.execute("update warehouse.dim_title set runtime_min = 80 where title_key in (3, 4)")
    assert {row[0] for row in ask(viewed, titles=[1], max_minutes=90)} == {3, 4}
    ages = {row[0] for row in ask(viewed, titles=[1], max_age=12)}
    assert ages == {7, 8, 9}, "title 6 has no certification: it is not for children"
    assert ask(viewed, min_critics=1) == []
    assert {row[0] for row in ask(viewed, genres=["comedy"])} == {3, 5, 7, 8}
    assert ask(viewed, titles=[1], platforms=["hulu"]) == []
    assert len(ask(viewed, titles=[1], limit=3)) == 3


def test_a_viewing_changes_the_list_at_once_and_the_former_one_is_kept(viewed: psycopg.Connection) -> None:
    before = [row[0] for row in ask(viewed, users=[1])]
    moment = datetime(2026, 1, 30, tzinfo=UTC)
    assert record_viewing(viewed, SQL, 1, before[0], moment)["rows_changed"] > 0
    assert before[0] not in {row[0] for row in ask(viewed, users=[1])}
    assert record_viewing(viewed, SQL, 1, before[0], moment)["rows_changed"] == 0
    assert viewed.execute("select count(distinct subject_key) from warehouse.hist_recommendation").fetchone() == (1,)


def test_one_viewers_list_is_the_one_of_a_full_refresh(
    viewed: psycopg.Connection, make_day: Callable[..., Day]
) -> None:
    assert refresh_viewer(viewed, SQL, 2)["rows_changed"] == 0
    record_viewing(viewed, SQL, 9, 3, datetime(2026, 1, 30, tzinfo=UTC))
    shown = (
        "select rank, recommended_title_key, score_raw, reasons from warehouse.fact_recommendation where user_key = 9"
    )
    alone = viewed.execute(f"{shown} order by rank").fetchall()
    publish_warehouse_load(viewed, DAY)
    refresh(viewed, make_day(DAY))
    # Another viewer's like changes the model a little; what is similar to the one like stays.
    assert {row[1] for row in alone} == {row[1] for row in viewed.execute(f"{shown} order by rank").fetchall()}


def test_what_cannot_be_is_refused_and_leaves_nothing(viewed: psycopg.Connection) -> None:
    with pytest.raises(QueryWrong, match="a title of the warehouse"):
        record_viewing(viewed, SQL, 77, 123456789)
    assert viewed.execute("select count(*) from warehouse.dim_user where user_key = 77").fetchone() == (0,)


def test_without_a_published_refresh_there_is_no_list(conn: psycopg.Connection) -> None:
    with pytest.raises(OutOfStep, match="reelhouse run"):
        refresh_viewer(conn, SQL, 1)


def test_what_stands_beside_its_neighbours_comes_behind_a_title_s_own_list(viewed: psycopg.Connection) -> None:
    beside = "select recommended_title_key from warehouse.fact_recommendation where method_key = 1 and subject_key = %s"
    keep = (
        "delete from warehouse.fact_recommendation where method_key = 1 and subject_key = %s"
        " and recommended_title_key <> %s"
    )
    own = next(key for (key,) in viewed.execute(f"{beside} order by rank", (1,)))
    further = next(key for (key,) in viewed.execute(f"{beside} order by rank", (own,)) if key != 1)
    viewed.execute(keep, (1, own))
    viewed.execute(keep, (own, further))
    (first, score, *_), (second, less, reasons, why), (_, least, popular, _), *_ = ask(viewed, titles=[1])
    assert (first, second, popular[0]["kind"]) == (own, further, "popular")
    assert score > less > least
    assert "which is like Harbour Heist" in why
    assert sum(part["share"] for part in reasons) == pytest.approx(less, abs=1e-6)
    assert [(row.title_key, row.because_of) for row in ask_the_api(viewed, [1])] == [
        (own, ["Harbour Heist"]),
        (further, ["Harbour Heist"]),
    ]


@pytest.mark.parametrize("titles", [[1], [1, 7], [7, 3, 1, 7]])
def test_sql_and_the_api_give_titles_the_same_list_with_the_same_scores(
    viewed: psycopg.Connection, titles: list[int]
) -> None:
    # Three places each, so that most of the list is of the second step, and some of that by way of several.
    viewed.execute("delete from warehouse.fact_recommendation where method_key = 1 and rank > 3")
    further = [
        row[0]
        for row in viewed.execute(
            "select recommended_title_key from mart.beside_titles(%s) where via_title_key is not null", (titles,)
        ).fetchall()
    ]
    assert len(further) == len(set(further))
    told = {row[0]: row[1] for row in ask(viewed, titles=titles, limit=50) if row[2][0]["kind"] != "popular"}
    assert set(told) & set(further)
    # The one leaves out what the other does not: titles from 18 on, the third of a franchise.
    asked = {row.title_key: row.score for row in ask_the_api(viewed, titles) if row.title_key in told}
    assert list(asked.items()) == list(told.items())


def ask_the_api(conn: psycopg.Connection, titles: list[int]) -> list[Blended]:
    run_file(conn, SQL / "3_warehouse" / "title_search.sql", keys=None)
    conn.row_factory = dict_row
    return for_titles(Snapshot(conn, Loads("", 1, 1)), [str(key) for key in titles], Filters(), 50)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"platform": ["hbo"]}, "--platform: expected one of netflix, .*found 'hbo'"),
        ({"genre": ["dramma"]}, "--genre: expected such as .*Drama.*found 'dramma'"),
        ({"user": [1, 99]}, "--user: expected a viewer of the warehouse, found 99"),
    ],
)
def test_the_shell_names_what_the_warehouse_does_not_know(viewed: psycopg.Connection, given: dict, words: str) -> None:
    none = {"platform": [], "genre": [], "user": [], "watched": None}
    with pytest.raises(QueryWrong, match=words):
        expect_known(viewed, Namespace(**none | given))


def test_the_shell_takes_names_in_any_case_and_a_viewing_of_a_new_viewer(viewed: psycopg.Connection) -> None:
    asked = Namespace(platform=[" Netflix"], genre=["dRAMA"], user=[99], watched="Harbour Heist")
    expect_known(viewed, asked)
    assert asked.platform == ["netflix"]
