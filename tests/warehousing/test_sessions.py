"""Files of a build that do not read each other run at once; one that fails ends the others, and a later run repairs."""

from __future__ import annotations

import re
import threading
import time

import psycopg
import pytest
from small_star import Imdb, Netflix, run_day

from reelhouse.errors import OutOfStep
from reelhouse.warehousing import building
from reelhouse.warehousing.building import BUILD_TABLES, build_warehouse, needs_of_tables
from reelhouse.warehousing.checks import check_warehouse
from reelhouse.warehousing.said import tell_identities
from reelhouse.warehousing.sessions import Job, run_jobs, sessions_beside

ROWS = [Imdb(1, "Heat", 1995, credits=((10, "Al Pacino", "actor"),)), Netflix("s1", "Heat", 1995, imdb=1)]


def test_jobs_that_need_nothing_of_each_other_run_at_once_and_others_in_order(conn):
    both, order = threading.Barrier(2, timeout=20), []

    def meet(session: psycopg.Connection) -> int:
        both.wait()
        return session.info.backend_pid

    def note(name: str):
        return lambda session: order.append(name) or 7

    with sessions_beside(conn) as sessions:
        done = run_jobs(
            sessions,
            [
                Job("one", frozenset(), meet),
                Job("other", frozenset(), meet),
                Job("then", frozenset({"one", "other"}), note("then")),
                Job("last", frozenset({"then"}), note("last")),
            ],
        )
    assert done["one"] != done["other"]
    assert order == ["then", "last"]
    assert list(done) == ["one", "other", "then", "last"]


def test_a_job_that_fails_ends_the_other_and_nothing_of_either_stays(conn):
    conn.execute("create table noted (job text)")

    def fail(session: psycopg.Connection) -> int:
        return session.execute("insert into noted select 1 / 0").rowcount

    def sleep(session: psycopg.Connection) -> int:
        return session.execute("insert into noted select 'late' from pg_sleep(60)").rowcount

    began = time.monotonic()
    with sessions_beside(conn) as sessions, pytest.raises(psycopg.errors.DivisionByZero):
        run_jobs(
            sessions,
            [
                Job("long", frozenset(), sleep),
                Job("wrong", frozenset(), fail),
                Job("never", frozenset({"wrong"}), lambda session: session.execute("insert into noted values ('')")),
            ],
        )
    assert time.monotonic() - began < 30
    assert conn.execute("select count(*) from noted").fetchone() == (0,)


def test_sessions_beside_have_the_rights_of_the_one_that_asks(conn):
    conn.execute("set role reelhouse_etl")
    with sessions_beside(conn) as sessions:
        users = {session.execute("select session_user, current_user").fetchone() for session in sessions}
    conn.execute("reset role")
    assert users == {(conn.info.user, "reelhouse_etl")}


def test_no_file_of_a_build_runs_before_one_that_it_reads(make_day):
    needs = needs_of_tables(make_day(), BUILD_TABLES)
    assert {"dim_title", "dim_person", "unnamed_person", "work_of_row"} <= needs["bridge_title_person_role"]
    assert "said_node" in needs["title_scope"]  # which reads build.title_identity, filled beside it
    assert "title_scope" in needs["unnamed_credit"]  # which adds to what that reads
    # What costs most at full size has company.
    assert not {"dim_title", "dim_person"} & needs["unnamed_person"] - {"title_scope", "person_scope"}
    assert "bridge_title_person_role" not in needs["bridge_title_genre"]


def test_no_file_of_a_build_runs_before_one_that_it_reads_through_a_view(conn, make_day):
    read = conn.execute(
        "select view_name, array_agg(table_name::text) from information_schema.view_table_usage"
        " where view_schema = 'build' and table_schema = 'build' group by 1"
    ).fetchall()
    assert read
    day, names = make_day(), {table.name for table in BUILD_TABLES}
    needs = needs_of_tables(day, BUILD_TABLES)
    missed = [
        (table.name, view)
        for table in BUILD_TABLES
        if not table.filled_by
        for view, tables in read
        if re.search(rf"\bbuild\.{view}\b", building._text(day, table)) and not names & set(tables) <= needs[table.name]
    ]
    assert missed == []


def test_a_build_that_fails_in_between_is_not_taken_for_one_and_is_made_whole_by_the_next(conn, make_day, monkeypatch):
    day = make_day(force=True)
    run_day(conn, day, ROWS)

    def fail(session: psycopg.Connection) -> int:
        raise RuntimeError("no more")

    broken = tuple(
        building.BuildTable("said_node", filled_by=fail, reads=("hist_source_row",))
        if table.name == "said_node" else table for table in BUILD_TABLES
    )  # fmt: skip
    with monkeypatch.context() as patch:
        patch.setattr(building, "BUILD_TABLES", broken)
        with pytest.raises(RuntimeError, match="no more"):
            build_warehouse(conn, day)
    with pytest.raises(OutOfStep, match="Run build_warehouse again"):
        check_warehouse(conn, day)
    assert build_warehouse(conn, day)["rows"]["dim_title"] == 1
    assert check_warehouse(conn, day)["rows_to_change"] == 0


def test_a_build_whose_locks_are_gone_stops_as_soon_as_another_one_begins(conn, make_day, monkeypatch):
    """The session that holds the locks is ended; the two that fill tables do not know, and another run begins."""
    day = make_day(force=True)
    run_day(conn, day, ROWS)
    holder = psycopg.connect(conn.info.dsn, password=conn.info.password, autocommit=True)
    others: list[threading.Thread] = []

    def meddle_once(session: psycopg.Connection) -> int:
        if not others:
            with psycopg.connect(conn.info.dsn, password=conn.info.password, autocommit=True) as ending:
                ending.execute("select pg_terminate_backend(%s, 10000)", (holder.info.backend_pid,))
            others.append(threading.Thread(target=build_warehouse, args=(conn, day)))
            others[0].start()
            others[0].join(0.5)
            assert others[0].is_alive(), "it waits for this very transaction, which has looked at its mark"
        return tell_identities(session)

    meddling = tuple(
        building.BuildTable("said_node", filled_by=meddle_once, reads=("hist_source_row", "loaded_day"))
        if table.name == "said_node" else table for table in BUILD_TABLES
    )  # fmt: skip
    monkeypatch.setattr(building, "BUILD_TABLES", meddling)
    with pytest.raises(OutOfStep, match="another run has begun"):
        build_warehouse(holder, day)
    holder.close()
    others[0].join(30)
    assert check_warehouse(conn, day)["rows_to_change"] == 0
