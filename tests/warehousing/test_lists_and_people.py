"""Lists of the best titles, titles people are known for, names that become people, and a day as it was."""

from __future__ import annotations

from datetime import date, timedelta

import psycopg
import pytest
from small_star import Imdb, Netflix, RottenTomatoes, run_day, stage_rows

from reelhouse.warehousing.building import build_warehouse
from reelhouse.warehousing.checks import check_warehouse
from reelhouse.warehousing.publishing import publish_warehouse

DAY = date(2021, 9, 25)


def stage_list(conn: psycopg.Connection, load_id: int, places: list[tuple[str, int]], linked: dict[str, int]) -> None:
    """JustWatch's own titles (Alpha, Beta twice, Gamma) and a list of the best films."""
    conn.execute(
        "insert into staging.justwatch_titles (source_id, line_number, kind, title, release_year, genres, countries)"
        " values ('tm1', 2, 'movie', 'Alpha', 2019, '{}', '{}'), ('ts1', 3, 'series', 'Alpha', 2019, '{}', '{}'),"
        " ('tm2', 4, 'movie', 'Beta', 2019, '{}', '{}'), ('tm3', 5, 'movie', 'Beta', 2019, '{}', '{}'),"
        " ('tm4', 6, 'movie', 'Gamma', 2019, '{}', '{}')"
    )
    for rank, (title, year) in enumerate(places):
        conn.execute(
            "insert into staging.justwatch_best_movies (list_rank, line_number, title, release_year)"
            " values (%s, %s, %s, %s)",
            (rank, rank + 2, title, year),
        )
    for source_id, number in linked.items():
        conn.execute(
            "insert into matching.title_decision (source, source_id, imdb_title_number, band, decided_by,"
            " candidate_count, model_version, load_id) values ('justwatch', %s, %s, 'match', 'model', 1, 'test', %s)",
            (source_id, number, load_id),
        )
    conn.execute(
        "insert into matching.title_decision (source, source_id, band, decided_by, candidate_count, model_version,"
        " load_id) values ('justwatch', 'tm4', 'no match', 'model', 0, 'test', %s)",
        (load_id,),
    )
    conn.execute(
        "insert into matching.work_member (source, source_id, work_key, load_id)"
        " values ('justwatch', 'tm4', 'gamma', %(load)s), ('netflix', 's2', 'gamma', %(load)s)",
        {"load": load_id},
    )
    conn.execute("delete from ops.staged_file where source = 'justwatch'")
    for table in ("ops.staged_file", "ops.file_load"):
        load, value = ("load_id, ", f"{load_id}, ") if table == "ops.file_load" else ("staged_sha256, ", "'x', ")
        conn.execute(
            f"insert into {table} ({load}file_id, source, file_name, rows_in, rows_staged, rows_filtered,"
            f" rows_quarantined, rows_duplicate, rows_repaired, seconds) select {value}file_id, 'justwatch',"
            " 'Best Movies Netflix.csv', 1, 1, 0, 0, 0, 0, 0 from ops.staged_file where source = 'netflix'"
            " on conflict do nothing"
        )


def publish(conn: psycopg.Connection, day) -> None:
    build_warehouse(conn, day)
    check_warehouse(conn, day)
    publish_warehouse(conn, day)


ROWS = [Imdb(1, "Alpha"), Imdb(2, "Delta"), Netflix("s2", "Gamma", actors=("Ann Lee",))]


def test_every_row_of_a_list_is_of_a_title_or_says_why_not(conn, make_day):
    load_id = stage_rows(conn, make_day(DAY), ROWS)
    stage_list(conn, load_id, [("Alpha", 2019), ("Beta", 2019), ("gamma", 2018), ("Omega", 2019)], {"tm1": 1})
    publish(conn, make_day(DAY))
    found = conn.execute(
        "select list_rank, title, title_key = 1, unlinked_because from mart.list_rows order by list_rank"
    ).fetchall()
    assert found == [
        (1, "Alpha", True, None),
        (2, "Beta", None, "JustWatch's own file has several titles of this name and kind"),
        (3, "Gamma", False, None),
        (4, "Omega", None, "JustWatch's own file has no title of this name and kind"),
    ]
    lists = dict(conn.execute("select title, lists from mart.titles").fetchall())
    assert lists == {"Alpha": ["Best Movies Netflix"], "Gamma": ["Best Movies Netflix"], "Delta": []}


def test_a_place_on_a_list_is_kept_for_as_long_as_it_held(conn, make_day):
    for number, places in enumerate([["Alpha", "gamma"], ["Alpha", "gamma"], ["gamma", "Alpha"]]):
        day = make_day(DAY + timedelta(number))
        load_id = stage_rows(conn, day, ROWS)
        stage_list(conn, load_id, [(title, 2019) for title in places], {"tm1": 1})
        publish(conn, day)
    found = conn.execute(
        "select list_rank, source_title, from_date, until_date from warehouse.fact_list_membership order by 1, 3"
    ).fetchall()
    end = DAY + timedelta(2)
    assert found == [(1, "Alpha", DAY, end), (1, "gamma", end, None), (2, "gamma", DAY, end), (2, "Alpha", end, None)]


def test_people_are_known_for_the_titles_that_are_kept(conn, make_day):
    stage_rows(conn, make_day(DAY), [Imdb(1, "Alpha", credits=((10, "Ann Lee", "actress"),)), Imdb(2, "Delta")])
    conn.execute("update staging.imdb_people set known_for_numbers = '{2,99,1}'")
    publish(conn, make_day(DAY))
    found = conn.execute("select person_key, title_key, place from warehouse.bridge_person_known_for order by place")
    assert found.fetchall() == [(10, 2, 1), (10, 1, 3)]


def test_the_key_of_a_name_resolves_to_the_person_it_turned_out_to_be(conn, make_day):
    run_day(conn, make_day(DAY), [Netflix("s1", "Alpha", actors=("Ann Lee",))])
    ((key,),) = conn.execute("select person_key from warehouse.dim_person").fetchall()
    alpha = Imdb(1, "Alpha", credits=((10, "Ann Lee", "actress"),))
    run_day(conn, make_day(DAY + timedelta(1)), [alpha, Netflix("s1", "Alpha", imdb=1, actors=("Ann Lee",))])
    known = conn.execute("select first_seen_date, last_seen_date, merged_into from warehouse.person_identity")
    assert known.fetchall() == [(DAY, DAY, 10)]
    resolved = "select warehouse.resolve_person(%s), warehouse.resolve_person(10)"
    assert conn.execute(resolved, (key,)).fetchone() == (10, 10)


@pytest.mark.parametrize("is_first_day", [True, False])
def test_what_the_corrected_file_of_a_day_lacks_was_last_seen_on_that_day(conn, make_day, is_first_day):
    alpha, beta = Netflix("s1", "Alpha", imdb=1), Netflix("s2", "Beta", actors=("Ann Lee",))
    if not is_first_day:
        run_day(conn, make_day(DAY - timedelta(1)), [Imdb(1, "Alpha"), alpha])
    run_day(conn, make_day(DAY), [Imdb(1, "Alpha"), alpha, beta])
    for day in (DAY, DAY + timedelta(1)):
        run_day(conn, make_day(day), [Imdb(1, "Alpha"), alpha])
        for table in ("title_identity", "person_identity"):
            seen = conn.execute(f"select first_seen_date, last_seen_date from warehouse.{table}").fetchall()
            assert seen == [(DAY, DAY)]


def test_the_key_of_a_title_resolves_to_the_title_it_turned_out_to_be(conn, make_day):
    run_day(conn, make_day(DAY), [Netflix("s1", "Alpha"), RottenTomatoes("alpha", "Alpha", critics=(90, 40))])
    keys = [key for (key,) in conn.execute("select title_key from warehouse.dim_title")]
    linked = [
        Imdb(1, "Alpha"),
        Netflix("s1", "Alpha", imdb=1),
        RottenTomatoes("alpha", "Alpha", imdb=1, critics=(90, 40)),
    ]
    run_day(conn, make_day(DAY + timedelta(1)), linked)
    assert {conn.execute("select warehouse.resolve_title(%s)", (key,)).fetchone()[0] for key in keys} == {1}
    # Its scores have followed, for the day on which nobody knew it either.
    facts = conn.execute("select title_key, rating_date, critics_pct from warehouse.fact_title_rating").fetchall()
    assert facts == [(1, DAY, 90)]


def test_a_day_is_told_as_it_was(conn, make_day):
    run_day(conn, make_day(DAY), [Netflix("s1", "Alpha", certification="R"), Netflix("s2", "Beta")])
    run_day(conn, make_day(DAY + timedelta(4)), [Netflix("s9", "Alpha", certification="PG")])
    query = "select title, certification, platforms from mart.title_as_of(%s) order by 1"
    assert conn.execute(query, (DAY + timedelta(3),)).fetchall() == [
        ("Alpha", "R", ["netflix"]),
        ("Beta", None, ["netflix"]),
    ]
    assert conn.execute(query, (DAY + timedelta(4),)).fetchall() == [("Alpha", "PG", ["netflix"])]
    assert conn.execute(query, (DAY - timedelta(1),)).fetchall() == []


def test_two_works_that_were_taken_for_one_both_keep_what_was_said_of_them(conn, make_day):
    """The nameless rows are one work, and that of Bo Ray is with them until the last day tells them apart."""
    named, nameless = Netflix("s1", "Ares", actors=("Bo Ray",), description="A god."), Netflix("s2", "Ares")
    run_day(conn, make_day(DAY), [named, nameless])
    run_day(conn, make_day(DAY + timedelta(1)), [named])
    run_day(conn, make_day(DAY + timedelta(2)), [Netflix("s1", "Ares", description="A ship.")])
    ((before,),) = conn.execute("select distinct title_key from warehouse.dim_title_history").fetchall()
    run_day(conn, make_day(DAY + timedelta(3)), [Netflix("s1", "Ares", actors=("Ann Lee",), description="A ship.")])
    found = conn.execute(
        "select title_key, is_current, title, description from warehouse.dim_title order by is_current"
    ).fetchall()
    assert found == [(found[0][0], False, "Ares", "A god."), (before, True, "Ares", "A ship.")]
    periods = conn.execute(
        "select title_key = %s, valid_from - %s, valid_until - %s from warehouse.dim_title_history order by 1, 2",
        (before, DAY, DAY),
    ).fetchall()
    assert periods == [(False, 0, 2), (True, 0, 1), (True, 2, 3), (True, 3, None)]
