"""What nothing needs any more goes; what a day, a rollback, staging or a person may need stays."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from source_files import netflix_bytes, write_sources

from reelhouse.database import connect
from reelhouse.day import Day
from reelhouse.landing import land_source
from reelhouse.settings import Settings
from reelhouse.staging.filling import stage_source
from reelhouse.tidying import clear_dead_rows, retire_files, retire_rows

TODAY = date(2026, 6, 30)
LONG_AGO = timedelta(days=60)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_sources(tmp_path / "data")


@pytest.fixture
def settings(settings: Settings, data: Path) -> Settings:
    return replace(settings, data=data)


def land(conn: psycopg.Connection, data: Path, day: Day, title: str) -> None:
    """Land an edition of Netflix whose name says of which day it is, as if on that day."""
    (data / "netflix" / "netflix_titles.csv").write_bytes(netflix_bytes({"title": title}, {"type": "?"}))
    land_source(conn, day, "netflix")
    conn.execute("update ops.file set landed_at = %s::date where file_date = %s", (day.batch_date, day.batch_date))


def lying(day: Day) -> list[str]:
    return sorted(path.parent.name for path in day.settings.landing.rglob("*.csv"))


def test_files_before_the_days_that_are_kept_go_with_their_rejected_rows(conn, make_day, data):
    days = [make_day(TODAY - LONG_AGO), make_day(TODAY - LONG_AGO + timedelta(days=1)), make_day(TODAY)]
    for day in days:
        land(conn, data, day, f"{day.batch_date}")
        stage_source(conn, day, "netflix")
    assert retire_files(conn, days[-1], dry_run=True)["files"] == 2
    assert len(lying(days[-1])) == 3

    assert retire_files(conn, days[-1])["files"] == 2
    assert lying(days[-1]) == [TODAY.isoformat()]
    assert not (days[-1].settings.landing / "netflix" / days[0].batch_date.isoformat()).exists()
    rejected = "select count(*), count(distinct file_id) from quarantine.rejected_row"
    assert conn.execute(rejected).fetchone() == (1, 1)
    assert retire_files(conn, days[-1])["files"] == 0


def test_the_newest_file_stays_however_old_it_is(conn, make_day, data):
    land(conn, data, make_day(TODAY - LONG_AGO), "only one")
    assert retire_files(conn, make_day(TODAY))["files"] == 0


def test_a_file_that_staging_holds_or_a_kept_day_is_served_by_stays(conn, make_day, data):
    old, later, today = make_day(TODAY - LONG_AGO), make_day(TODAY - timedelta(days=3)), make_day(TODAY)
    land(conn, data, old, "old")
    # Nothing newer came: it serves this day too.
    land_source(conn, later, "netflix")
    land(conn, data, today, "new")
    assert retire_files(conn, today)["files"] == 0
    conn.execute("delete from ops.day_file where batch_date = %s", (later.batch_date,))
    stage_source(conn, old, "netflix")
    assert retire_files(conn, today)["files"] == 0
    stage_source(conn, today, "netflix")
    assert retire_files(conn, today)["files"] == 1


def test_the_files_of_the_last_three_loads_stay(conn, make_day, data):
    days = [make_day(TODAY - LONG_AGO + timedelta(days=number)) for number in range(6)]
    for number, day in enumerate(days):
        land(conn, data, day, f"{number}")
        conn.execute(
            "with opened as (insert into ops.load (part, batch_date, input_sha256, state, published_at)"
            "  values ('warehouse', %(day)s, %(day)s::text, 'published', %(day)s) returning load_id)"
            " insert into ops.file_load select load_id, file_id, source, file_name, 0, 0, 0, 0, 0, 0, 0"
            " from opened cross join ops.file where file_date = %(day)s and source = 'netflix'",
            {"day": day.batch_date},
        )
    assert retire_files(conn, make_day(TODAY))["files"] == 3
    assert lying(days[0]) == [f"{day.batch_date}" for day in days[3:]]


def test_a_file_that_went_is_landed_again_for_its_day(conn, make_day, data):
    old, today = make_day(TODAY - LONG_AGO), make_day(TODAY)
    land(conn, data, old, "old")
    content = (data / "netflix" / "netflix_titles.csv").read_bytes()
    land(conn, data, today, "new")
    retire_files(conn, today)
    (data / "netflix" / "netflix_titles.csv").write_bytes(content)
    land_source(conn, old, "netflix")
    stage_source(conn, old, "netflix")
    assert conn.execute("select rows_staged from ops.staged_file").fetchone() == (1,)
    retired = "select count(*) from ops.file where retired_at is not null"
    assert conn.execute(retired).fetchone() == (0,)


def test_pages_of_the_report_of_more_than_thirty_days_ago_go_and_the_newest_stays(conn, make_day):
    day = make_day(TODAY)
    day.settings.reports.mkdir(parents=True)
    for name in ("2026-05-30.html", "2026-05-31.html", "newest.html", "notes.html"):
        (day.settings.reports / name).write_text("x")
    assert retire_files(conn, day)["reports"] == 1
    assert not (day.settings.reports / "2026-05-30.html").exists()


def test_logs_of_long_ago_go_and_one_that_is_written_on_keeps_its_end(conn, make_day, monkeypatch):
    day = make_day(TODAY)
    logs = day.settings.home / "logs"
    old, new = logs / "tasks" / "dag=a" / "1.log", logs / "tasks" / "dag=b" / "1.log"
    for path, age in ((old, LONG_AGO), (new, timedelta(days=1))):
        path.parent.mkdir(parents=True)
        path.write_text("x\n")
        moment = datetime.combine(TODAY - age, datetime.min.time(), UTC).timestamp()
        os.utime(path, (moment, moment))
    monkeypatch.setattr("reelhouse.tidying.LONGEST_LOG", 1000)
    monkeypatch.setattr("reelhouse.tidying.KEPT_OF_A_LOG", 100)
    with (logs / "scheduler.log").open("a") as writer:
        writer.writelines(f"line {n:4}\n" for n in range(200))
        writer.flush()
        assert retire_files(conn, day, dry_run=True)["log_bytes"] == 2 + 2000 - 100
        assert old.exists()
        assert retire_files(conn, day)["log_bytes"] == 2 + 2000 - 100
        writer.write("the next\n")
    assert not old.parent.exists()
    assert new.exists()
    assert (logs / "scheduler.log").read_text().splitlines() == [*(f"line {n:4}" for n in range(191, 200)), "the next"]


def test_loads_that_nobody_published_are_given_up_and_published_ones_stay(conn, make_day):
    conn.execute(
        "insert into ops.load (part, batch_date, input_sha256, state, opened_at, published_at) values"
        " ('warehouse', '2026-04-01', 'a', 'held', '2026-04-01', null),"
        " ('warehouse', '2026-04-02', 'b', 'published', '2026-04-02', '2026-04-02'),"
        " ('warehouse', '2026-06-29', 'c', 'held', '2026-06-29', null)"
    )
    assert retire_rows(conn, make_day(TODAY), dry_run=True)["loads"] == 1
    assert retire_rows(conn, make_day(TODAY))["loads"] == 1
    states = conn.execute("select input_sha256, state from ops.load order by 1").fetchall()
    assert states == [("a", "retired"), ("b", "published"), ("c", "held")]


def test_dead_rows_are_cleared_and_an_idle_transaction_is_told_of(conn, dsn, make_day, caplog, monkeypatch):
    conn.execute("insert into ops.api_request select 'p', n::text, 'd', 200, '{}' from generate_series(1, 3000) as n")
    conn.execute("delete from ops.api_request")
    conn.execute("select pg_stat_force_next_flush()")
    monkeypatch.setattr("reelhouse.tidying.IDLE_MINUTES", 0)
    with connect(dsn, "forgotten notebook") as other:
        other.execute("select 1")
        done = clear_dead_rows(conn, make_day(TODAY))
    assert "ops.api_request" in done["tables"]
    assert [session["application"] for session in done["idle_sessions"]] == ["forgotten notebook"]
    assert "forgotten notebook" in caplog.text
    dead = "select pg_stat_get_dead_tuples('ops.api_request'::regclass)"
    assert conn.execute(dead).fetchone()[0] < 3000


def test_the_catalogs_are_cleared_when_a_crash_has_forgotten_what_is_dead_in_them(conn, make_day):
    with conn.transaction():
        conn.execute("create temp table wide as select * from pg_class")
    # What a crash leaves: rows, and no counts.
    conn.execute("select pg_stat_reset()")
    done = clear_dead_rows(conn, make_day(TODAY))
    assert {"pg_catalog.pg_attribute", "pg_catalog.pg_statistic"} & set(done["tables"])
    assert [name for name in clear_dead_rows(conn, make_day(TODAY))["tables"] if name.startswith("pg_catalog")] == []


def test_the_first_night_comes_before_the_first_day(server_dsn, make_day):
    with psycopg.connect(server_dsn, autocommit=True) as empty:
        assert retire_files(empty, make_day(TODAY))["files"] == 0
        assert set(retire_rows(empty, make_day(TODAY)).values()) == {0}


def test_times_of_steps_go_but_for_those_of_the_newest_day(conn, make_day):
    conn.execute(
        "insert into ops.step_time (batch_date, step, begun_at)"
        " select day, step, day from unnest(array['2026-03-01', '2026-03-02']::date[]) as day,"
        " unnest(array['land_netflix', 'stage_netflix']) as step"
    )
    assert retire_rows(conn, make_day(TODAY))["step_times"] == 2
    assert conn.execute("select distinct batch_date::text from ops.step_time").fetchall() == [("2026-03-02",)]


def test_the_server_looks_after_no_table_that_a_build_empties_and_analyses_itself(conn: psycopg.Connection) -> None:
    cared_for = conn.execute(
        "select relname::text from pg_class where relnamespace = 'build'::regnamespace and relkind = 'r'"
        " and not coalesce('autovacuum_enabled=false' = any(reloptions), false) order by 1"
    ).fetchall()
    assert cared_for == [("row_change",), ("unnamed_credit",)]
