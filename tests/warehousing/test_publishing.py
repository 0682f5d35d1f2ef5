"""Publish or nothing, only what differs, and history by the day."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import psycopg
import pytest
from small_star import Imdb, Netflix, RottenTomatoes, run_day, stage_rows

from reelhouse.database import connect
from reelhouse.errors import Held, Locked, OutOfStep
from reelhouse.warehousing.building import build_warehouse
from reelhouse.warehousing.checks import check_warehouse
from reelhouse.warehousing.contents import content_hashes
from reelhouse.warehousing.publishing import MUCH_CHANGED, PUBLISHED_TABLES, analyze_changed, publish_warehouse

DAY = date(2021, 9, 25)
FIRST = [
    Imdb(1, "Alpha", rating=(7.0, 100), genres=("Drama",), credits=((10, "Ann Lee", "actress"),)),
    Imdb(2, "Beta", rating=(6.0, 50)),
    Netflix("s1", "Alpha", imdb=1, actors=("Ann Lee", "Bo Ray"), countries=("India",), added=date(2020, 1, 2)),
    Netflix("s2", "Gamma", categories=("Dramas",), actors=("Cy Dee",), countries=("Peru",)),
    RottenTomatoes("alpha", "Alpha", imdb=1, critics=(90, 40)),
]
SECOND = [
    Imdb(1, "Alpha", rating=(7.1, 120), genres=("Drama", "Crime"), credits=((10, "Ann Lee", "actress"),)),
    Imdb(3, "Delta"),
    Netflix("s1", "Alpha", imdb=1, actors=("Ann Lee",), countries=("India",), added=date(2020, 1, 2)),
    RottenTomatoes("alpha", "Alpha", imdb=1, critics=(90, 40)),
]
CHANGED_ON_SECOND = 24


def row_places(conn: psycopg.Connection) -> dict[str, list[tuple]]:
    return {
        table.name: conn.execute(f"select ctid, xmin from warehouse.{table.name} order by ctid").fetchall()
        for table in PUBLISHED_TABLES
    }


def stays(conn: psycopg.Connection) -> list[tuple]:
    return conn.execute(
        "select title, entered_date, left_date, is_entry_stated from warehouse.fact_availability"
        " inner join warehouse.dim_title using (title_key) order by 1, 2"
    ).fetchall()


def test_a_second_forced_run_of_a_day_writes_no_row(conn, make_day):
    run_day(conn, make_day(DAY), FIRST)
    before = row_places(conn)
    figures = run_day(conn, make_day(DAY, force=True), FIRST)
    assert figures["rows_changed"] == 0
    assert row_places(conn) == before


def test_a_second_run_without_force_does_nothing_at_all(conn, make_day):
    run_day(conn, make_day(DAY), FIRST)
    stamp = conn.execute("select * from warehouse.publication").fetchall()
    assert publish_warehouse(conn, make_day(DAY))["unchanged"] is True
    assert conn.execute("select * from warehouse.publication").fetchall() == stamp


def test_only_rows_that_differ_are_written(conn, make_day):
    run_day(conn, make_day(DAY - timedelta(1)), FIRST)
    figures = run_day(conn, make_day(DAY), SECOND)
    assert figures["tables"] == {
        "dim_title": {"inserted": 1, "updated": 2, "deleted": 0},  # Delta; Beta and Gamma are in no source any more
        "dim_person": {"inserted": 0, "updated": 0, "deleted": 1},
        "bridge_title_person_role": {"inserted": 0, "updated": 0, "deleted": 1},
        "bridge_title_genre": {"inserted": 1, "updated": 0, "deleted": 0},
        "bridge_title_source": {"inserted": 0, "updated": 1, "deleted": 1},  # Alpha with another cast; Gamma
        "fact_title_rating": {"inserted": 1, "updated": 0, "deleted": 0},
        "fact_availability": {"inserted": 0, "updated": 1, "deleted": 0},
        "title_identity": {"inserted": 0, "updated": 1, "deleted": 0},  # Gamma, last seen the day before
        "loaded_day": {"inserted": 3, "updated": 0, "deleted": 0},
        "hist_source_row": {"inserted": 1, "updated": 2, "deleted": 0},  # Alpha with another cast; Gamma, gone
        "hist_imdb_absence": {"inserted": 2, "updated": 0, "deleted": 0},  # Delta until now, Beta from now on
        "dim_title_history": {"inserted": 1, "updated": 2, "deleted": 0},
        "person_identity": {"inserted": 0, "updated": 2, "deleted": 0},  # last seen the day before
    }
    assert figures["rows_changed"] == CHANGED_ON_SECOND


def test_a_title_that_vanished_keeps_its_row_and_facts(conn, make_day):
    run_day(conn, make_day(DAY - timedelta(1)), FIRST)
    run_day(conn, make_day(DAY), SECOND)
    found = conn.execute(
        "select title, is_current, is_catalogue_title, genres, imdb_vote_count from mart.titles order by title"
    ).fetchall()
    assert found == [
        ("Alpha", True, True, ["Crime", "Drama"], 120),
        ("Beta", False, False, [], 50),
        ("Delta", True, False, [], None),
        ("Gamma", False, False, ["Drama"], None),
    ]
    gone = "select cast_names, countries from mart.titles where title = 'Gamma'"
    assert conn.execute(gone).fetchall() == [(["Cy Dee"], ["Peru"])]


def test_ratings_of_former_days_stay(conn, make_day):
    run_day(conn, make_day(DAY - timedelta(1)), FIRST)
    run_day(conn, make_day(DAY), SECOND)
    found = conn.execute(
        "select rating_date, imdb_vote_count, critics_pct from warehouse.fact_title_rating where title_key = 1"
        " order by rating_date"
    ).fetchall()
    assert found == [(DAY - timedelta(1), 100, 90), (DAY, 120, 90)]


def test_left_and_came_back_are_two_stays(conn, make_day):
    here, gone = [Netflix("s1", "Alpha", added=date(2020, 1, 2)), Netflix("s2", "Beta")], [Netflix("s7", "Beta")]
    for number, rows in enumerate([here, here, gone, gone, here]):
        run_day(conn, make_day(DAY + timedelta(number)), rows)
    assert stays(conn) == [
        ("Alpha", date(2020, 1, 2), DAY + timedelta(2), True),
        ("Alpha", DAY + timedelta(4), None, False),
        ("Beta", DAY, None, False),
    ]


def test_a_corrected_file_of_the_same_day_takes_back_what_the_first_one_said(conn, make_day):
    alpha, beta = Netflix("s1", "Alpha"), Netflix("s2", "Beta")
    run_day(conn, make_day(DAY), [alpha])
    run_day(conn, make_day(DAY + timedelta(1)), [beta])
    run_day(conn, make_day(DAY + timedelta(1)), [alpha])
    assert stays(conn) == [("Alpha", DAY, None, False)]


def test_an_older_day_leaves_later_stays_alone(conn, make_day):
    alpha, beta = Netflix("s1", "Alpha"), Netflix("s2", "Beta")
    run_day(conn, make_day(DAY), [alpha])
    run_day(conn, make_day(DAY - timedelta(9)), [beta])
    assert stays(conn) == [("Alpha", DAY, None, False), ("Beta", DAY - timedelta(9), DAY, False)]


def test_an_added_date_after_the_day_is_not_believed(conn, make_day):
    run_day(conn, make_day(DAY), [Netflix("s1", "Alpha", added=DAY + timedelta(3))])
    assert stays(conn) == [("Alpha", DAY, None, False)]


def test_a_publish_that_fails_leaves_readers_what_they_had(conn, make_day):
    run_day(conn, make_day(DAY - timedelta(1)), FIRST)
    before, stamp = content_hashes(conn), conn.execute("select * from warehouse.publication").fetchall()
    stage_rows(conn, make_day(DAY), SECOND)
    build_warehouse(conn, make_day(DAY))
    check_warehouse(conn, make_day(DAY))
    # The last table that a publish touches refuses, when the others are done.
    conn.execute(
        "create function refuse_to_delete() returns trigger language plpgsql as"
        " $$ begin raise exception 'injected'; end $$"
    )
    conn.execute("create trigger refuse before delete on warehouse.dim_person execute function refuse_to_delete()")
    with pytest.raises(psycopg.errors.RaiseException, match="injected"):
        publish_warehouse(conn, make_day(DAY))
    assert content_hashes(conn) == before
    assert conn.execute("select * from warehouse.publication").fetchall() == stamp
    conn.execute("drop trigger refuse on warehouse.dim_person")
    assert publish_warehouse(conn, make_day(DAY))["rows_changed"] == CHANGED_ON_SECOND


def test_a_killed_publish_leaves_readers_what_they_had_and_can_be_done_again(conn, dsn, make_day):
    run_day(conn, make_day(DAY - timedelta(1)), FIRST)
    before = content_hashes(conn)
    stage_rows(conn, make_day(DAY), SECOND)
    build_warehouse(conn, make_day(DAY))
    check_warehouse(conn, make_day(DAY))
    failures: list[Exception] = []
    with connect(dsn, "holder") as holder, connect(dsn, "victim", autocommit=True) as victim:
        # The victim waits for this row in mid-publish, until its backend is gone.
        holder.execute("select from warehouse.fact_availability for update")
        pid = victim.info.backend_pid

        def publish() -> None:
            try:
                publish_warehouse(victim, make_day(DAY))
            except Exception as error:
                failures.append(error)

        thread = threading.Thread(target=publish)
        thread.start()
        waiting = "select count(*) from pg_stat_activity where pid = %s and wait_event_type = 'Lock'"
        while not conn.execute(waiting, (pid,)).fetchone()[0]:
            assert thread.is_alive(), failures
        conn.execute("select pg_terminate_backend(%s)", (pid,))
        thread.join(10)
    assert failures
    assert content_hashes(conn) == before
    assert publish_warehouse(conn, make_day(DAY))["rows_changed"] == CHANGED_ON_SECOND


def test_a_failed_check_holds_the_load_and_readers_keep_what_they_had(conn, make_day):
    run_day(conn, make_day(DAY - timedelta(1)), FIRST)
    before = content_hashes(conn)
    bad = [Imdb(1, "Alpha", title_type="tvSeries"), RottenTomatoes("alpha", "Alpha", imdb=1, critics=(90, 40))]
    with pytest.raises(Held, match="Rotten Tomatoes film linked to a series"):
        run_day(conn, make_day(DAY), bad)
    with pytest.raises(Held, match="is held"):
        publish_warehouse(conn, make_day(DAY))
    assert content_hashes(conn) == before
    found = conn.execute("select rows_found, sample from ops.check_result where severity = 'fail' and rows_found > 0")
    assert found.fetchall()[0][0] == 1


def test_an_unchecked_build_is_not_published(conn, make_day):
    stage_rows(conn, make_day(DAY), FIRST)
    build_warehouse(conn, make_day(DAY))
    with pytest.raises(OutOfStep, match="expected state checked, found building"):
        publish_warehouse(conn, make_day(DAY))


def test_two_publishers_at_once_do_not_mix(conn, dsn, make_day):
    stage_rows(conn, make_day(DAY), FIRST)
    build_warehouse(conn, make_day(DAY))
    check_warehouse(conn, make_day(DAY))
    with connect(dsn, "other run") as other:
        other.execute("select from ops.layer where layer = 'warehouse' for update")
        with pytest.raises(Locked):
            publish_warehouse(conn, make_day(DAY))


def test_the_state_of_the_warehouse_depends_on_its_input_only(conn, make_day):
    run_day(conn, make_day(DAY), list(reversed(FIRST)))
    backwards = content_hashes(conn)
    tables = ", ".join(f"warehouse.{table.name}" for table in PUBLISHED_TABLES)
    conn.execute(f"truncate {tables} cascade")
    run_day(conn, make_day(DAY, force=True), FIRST)
    assert content_hashes(conn) == backwards


def test_statistics_are_gathered_of_tables_that_changed_much_only(conn):
    def known_rows() -> int:
        query = "select reltuples::integer from pg_class where oid = 'warehouse.dim_country'::regclass"
        return conn.execute(query).fetchone()[0]

    def add_countries(first: int, count: int) -> None:
        conn.execute(
            "insert into warehouse.dim_country (country_key, country, is_historical)"
            " select number, 'Land ' || number, false from generate_series(%s::integer, %s) as number",
            (first, first + count - 1),
        )
        analyze_changed(conn, {"dim_country": {"inserted": count, "updated": 0, "deleted": 0}})

    before = conn.execute("select count(*) from warehouse.dim_country").fetchone()[0]
    add_countries(100_001, 20_000)
    assert known_rows() == before + 20_000
    add_countries(200_001, int(MUCH_CHANGED * 20_000))
    assert known_rows() == before + 20_000
    add_countries(300_001, int(MUCH_CHANGED * 30_000))
    assert known_rows() > before + 20_000
