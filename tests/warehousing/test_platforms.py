"""Several catalogues: one work on all of them, a stay and entries on each, and one key where IMDb has no title."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from itertools import permutations

import psycopg
import pytest
from small_star import Imdb, Netflix, RottenTomatoes, run_day

DAY = date(2021, 9, 20)


def entries(conn: psycopg.Connection) -> list[tuple]:
    return conn.execute(
        "select platform, source_id, title_key from mart.catalogue_entries order by platform, source_id"
    ).fetchall()


def stays(conn: psycopg.Connection) -> list[tuple]:
    """Platform, title and the days from the first one of each stay."""
    return conn.execute(
        "select platform, title, entered_date - %(day)s::date, left_date - %(day)s::date"
        " from warehouse.fact_availability inner join warehouse.dim_platform using (platform_key)"
        " inner join warehouse.dim_title on dim_title.title_key = warehouse.resolve_title(fact_availability.title_key)"
        " order by platform, title, entered_date",
        {"day": DAY},
    ).fetchall()


def test_a_work_of_several_catalogues_has_an_entry_and_a_stay_on_each(conn, make_day: Callable):
    alpha = [
        Imdb(1, "Alpha", credits=((11, "Ann Lee", "actress"),)),
        Netflix("s1", "Alpha", imdb=1, actors=("Ann Lee",)),
        Netflix("s1", "Alpha", imdb=1, actors=("Ann Lee", "Bo Yu"), source="amazon"),
        Netflix("s7", "Beta", source="hulu", categories=("Comedy",), countries=("France",)),
    ]
    run_day(conn, make_day(DAY), alpha)
    run_day(conn, make_day(DAY + timedelta(1)), alpha[:2] + alpha[3:])
    (beta,) = {key for platform, _, key in entries(conn) if platform == "hulu"}
    assert entries(conn) == [("hulu", "s7", beta), ("netflix", "s1", 1)]
    # Amazon's file is not there on the second day, so nothing is known of it then.
    assert stays(conn) == [("amazon", "Alpha", 0, None), ("hulu", "Beta", 0, None), ("netflix", "Alpha", 0, None)]
    run_day(conn, make_day(DAY + timedelta(2)), [*alpha[:2], Netflix("s9", "Gamma", source="amazon"), alpha[3]])
    assert ("amazon", "Alpha", 0, 2) in stays(conn)
    assert conn.execute("select genres, countries, platforms from mart.titles where title = 'Beta'").fetchone() == (
        ["Comedy"], ["France"], ["hulu"],
    )  # fmt: skip


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_what_stood_on_a_platform_that_is_said_to_be_gone_has_left_it(conn, make_day: Callable, order: tuple):
    netflix, hulu = [Imdb(1, "Alpha"), Netflix("s1", "Alpha", imdb=1)], [Netflix("s7", "Beta", source="hulu")]
    # On the second day the limit says that Hulu is gone, on the third it is back.
    days = [(netflix + hulu, ()), (netflix, (("hulu", 0),)), (netflix + hulu, ())]
    for place in order:
        rows, limits = days[place]
        day = make_day(DAY + timedelta(place), force=True)
        run_day(conn, replace(day, settings=replace(day.settings, stale_days=limits)), rows)
    assert stays(conn) == [("hulu", "Beta", 0, 1), ("hulu", "Beta", 2, None), ("netflix", "Alpha", 0, None)]


def test_names_of_every_catalogue_are_credits(conn, make_day: Callable):
    rows = [
        Imdb(1, "Alpha", credits=((11, "Ann Lee", "actress"),)),
        Netflix("s1", "Alpha", imdb=1, actors=("Ann Lee", "Bo Yu"), source="disney"),
    ]
    run_day(conn, make_day(DAY), rows)
    assert conn.execute(
        "select person_name, is_name_only, bridge.sources from warehouse.bridge_title_person_role as bridge"
        " inner join warehouse.dim_person using (person_key) order by person_name"
    ).fetchall() == [("Ann Lee", False, ["disney", "imdb"]), ("Bo Yu", True, ["disney"])]


def test_rows_that_are_one_work_without_imdb_have_one_key(conn, make_day: Callable):
    rows = [
        RottenTomatoes("alpha", "Alpha", work="alpha", critics=(80, 20)),
        Netflix("s1", "Alpha!", source="hulu", work="alpha"),
        Netflix("s2", "Alpha", source="amazon", work="alpha"),
        Netflix("s3", "Beta", source="amazon"),
    ]
    run_day(conn, make_day(DAY), rows)
    assert len({key for _, _, key in entries(conn)}) == 2
    assert conn.execute(
        "select title, critics_pct, platforms, sources from mart.titles where title like 'Alpha%'"
    ).fetchall() == [("Alpha", 80, ["amazon", "hulu"], ["amazon", "hulu", "rotten_tomatoes"])]


def test_a_work_that_turns_out_to_be_another_catalogue_s_follows_it_and_its_key_resolves(conn, make_day: Callable):
    netflix, amazon = Netflix("s1", "Alpha"), Netflix("s5", "Alpha: the Film", source="amazon")
    run_day(conn, make_day(DAY), [netflix, amazon])
    keys = {platform: key for platform, _, key in entries(conn)}
    assert len(set(keys.values())) == 2
    together = [Netflix("s1", "Alpha", work="a"), Netflix("s5", "Alpha: the Film", source="amazon", work="a")]
    run_day(conn, make_day(DAY + timedelta(1)), together)
    assert {key for _, _, key in entries(conn)} == {keys["netflix"]}
    assert resolved(conn, keys["amazon"]) == keys["netflix"]
    # All its stays are the one title's, those of the first day too.
    assert stays(conn) == [("amazon", "Alpha", 0, None), ("netflix", "Alpha", 0, None)]
    linked = [Imdb(1, "Alpha"), Netflix("s1", "Alpha", imdb=1), together[1]]
    run_day(conn, make_day(DAY + timedelta(2)), linked)
    assert resolved(conn, keys["netflix"]) == 1
    # Nobody says any more that Amazon's is the same: it is what it was at first.
    assert {platform: key for platform, _, key in entries(conn)} == {"netflix": 1, "amazon": keys["amazon"]}
    assert resolved(conn, keys["amazon"]) == keys["amazon"]


def resolved(conn: psycopg.Connection, key: int) -> int:
    return conn.execute("select warehouse.resolve_title(%s)", (key,)).fetchone()[0]
