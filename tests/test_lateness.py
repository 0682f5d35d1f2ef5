"""A source that is late: a former file serves the day when its limit allows that, and the ledger says so."""

from __future__ import annotations

import io
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import psycopg
import pytest
from fault_server import Fault, Served, serving
from source_files import netflix_bytes, write_sources

from reelhouse.day import Day
from reelhouse.errors import FileMissing, NotAdmitted, ReelhouseError, SettingsWrong, SourceAway
from reelhouse.landing import land_optional_sources, land_source
from reelhouse.lateness import allowed_stale_days
from reelhouse.operating import status
from reelhouse.operating.run import run_day
from reelhouse.operating.showing import Screen
from reelhouse.settings import Network, Settings, read_settings
from reelhouse.staging.filling import stage_source
from reelhouse.steps import STEPS, run_step

FIRST, LATER = date(2026, 1, 5), date(2026, 1, 8)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder whose files lie in the folder of the first day."""
    made = write_sources(tmp_path / "data")
    for folder in made.iterdir():
        dated = folder / FIRST.isoformat()
        dated.mkdir()
        for path in [path for path in folder.iterdir() if path.is_file()]:
            path.rename(dated / path.name)
    return made


@pytest.fixture
def settings(settings: Settings, data: Path) -> Settings:
    return replace(settings, data=data)


@pytest.fixture
def limited(make_day: Callable[..., Day], settings: Settings) -> Callable[..., Day]:
    """Make a day on which netflix may have a number of stale days."""
    return lambda day, limit: make_day(day, settings=replace(settings, stale_days=(("netflix", limit),)))


def _ledger(conn: psycopg.Connection, day: date, source: str = "netflix") -> list[tuple]:
    return conn.execute(
        "select file_date, carried_because, allowed_stale_days from ops.day_file inner join ops.file using (file_id)"
        " where batch_date = %s and day_file.source = %s",
        (day, source),
    ).fetchall()


def _late(conn: psycopg.Connection, day: Day) -> ReelhouseError:
    with pytest.raises(FileMissing) as caught:
        land_source(conn, day, "netflix")
    return caught.value


# --- limits ---------------------------------------------------------------------------------------------


def test_a_limit_is_what_the_setting_says_else_a_week_for_imdb_from_a_server_else_none() -> None:
    env = {"REELHOUSE_ORIGIN_IMDB": "https://files.example.org/imdb/", "REELHOUSE_ORIGIN_NETFLIX": "s3://films/"}
    served, local = read_settings(env), read_settings({})
    assert [allowed_stale_days(served, source) for source in ("imdb", "netflix")] == [7, None]
    assert allowed_stale_days(local, "imdb") is None
    stated = read_settings(env | {"REELHOUSE_STALE_DAYS_IMDB": "any", "REELHOUSE_STALE_DAYS_NETFLIX": "0"})
    assert [allowed_stale_days(stated, source) for source in ("imdb", "netflix")] == [None, 0]


@pytest.mark.parametrize("value", ["-1", "two", "1.5", "1000000"])
def test_a_limit_that_is_no_number_of_days_is_refused(value: str) -> None:
    with pytest.raises(SettingsWrong, match="REELHOUSE_STALE_DAYS_IMDB: expected a number of days or any"):
        read_settings({"REELHOUSE_STALE_DAYS_IMDB": value})


@pytest.mark.parametrize("name", ["REELHOUSE_SOURCE_DEADLINE", "REELHOUSE_SOURCE_POLL_SECONDS"])
def test_a_time_that_is_none_is_refused(name: str) -> None:
    for value in ("-1", "noon", "nan"):
        with pytest.raises(SettingsWrong, match=name):
            read_settings({name: value})
    assert read_settings({"REELHOUSE_SOURCE_DEADLINE": "0"}).deadline_hours == 0


# --- the files a source has -----------------------------------------------------------------------------


def test_without_a_limit_the_newest_folder_serves_however_old_and_the_ledger_says_so(conn, make_day) -> None:
    figures = land_source(conn, make_day(LATER), "netflix")
    assert (figures["file_date"], figures["stale_days"]) == (FIRST.isoformat(), 3)
    assert _ledger(conn, LATER) == [(FIRST, "nothing newer than 2026-01-05 there", None)]


def test_a_file_of_the_day_itself_is_not_carried_over(conn, limited) -> None:
    assert land_source(conn, limited(FIRST, 0), "netflix")["stale_days"] is None
    assert _ledger(conn, FIRST) == [(FIRST, None, 0)]


@pytest.mark.parametrize(("limit", "serves"), [(0, False), (2, False), (3, True), (4, True)])
def test_a_dated_folder_serves_up_to_its_limit(conn, limited, limit: int, serves: bool) -> None:
    if serves:
        assert land_source(conn, limited(LATER, limit), "netflix")["stale_days"] == 3
    else:
        _late(conn, limited(LATER, limit))
        assert conn.execute("select count(*) from ops.file").fetchone() == (0,)
        assert _ledger(conn, LATER) == []


def test_the_same_undated_file_serves_up_to_its_limit_and_a_new_one_again(conn, limited, data) -> None:
    path = data / "netflix" / "netflix_titles.csv"
    shutil.move(data / "netflix" / FIRST.isoformat() / path.name, path)
    (data / "netflix" / FIRST.isoformat()).rmdir()
    land_source(conn, limited(FIRST, 2), "netflix")
    assert land_source(conn, limited(date(2026, 1, 7), 2), "netflix")["stale_days"] == 2
    assert "the newest there is of 2026-01-05, 3 days old" in str(_late(conn, limited(LATER, 2)))
    path.write_bytes(netflix_bytes({"title": "New"}))
    assert land_source(conn, limited(LATER, 2), "netflix")["stale_days"] is None


# --- the files that were admitted -----------------------------------------------------------------------


def test_when_the_folder_is_gone_the_last_admitted_files_serve_with_their_own_day(conn, limited, data) -> None:
    land_source(conn, limited(FIRST, 3), "netflix")
    stage_source(conn, limited(FIRST, 3), "netflix")
    shutil.rmtree(data / "netflix")
    figures = land_source(conn, limited(LATER, 3), "netflix")
    assert (figures["files"], figures["file_date"], figures["stale_days"]) == (0, FIRST.isoformat(), 3)
    ((file_date, because, limit),) = _ledger(conn, LATER)
    assert (file_date, limit) == (FIRST, 3)
    assert "netflix_titles.csv" in because
    assert "found nothing" in because
    assert stage_source(conn, limited(LATER, 3), "netflix")["files_staged"] == 0
    with pytest.raises(FileMissing, match="4 days old"):
        land_source(conn, limited(date(2026, 1, 9), 3), "netflix")


def test_a_folder_of_the_day_that_lacks_a_file_leaves_the_day_to_the_former_ones(conn, make_day, data) -> None:
    land_source(conn, make_day(FIRST), "imdb")
    shutil.copytree(data / "imdb" / FIRST.isoformat(), data / "imdb" / LATER.isoformat())
    (data / "imdb" / LATER.isoformat() / "title.crew.tsv.gz").unlink()
    assert land_source(conn, make_day(LATER), "imdb")["carried_over"] is True
    assert {row[0] for row in _ledger(conn, LATER, "imdb")} == {FIRST}


def test_when_the_file_comes_the_same_day_again_takes_it(conn, limited, data) -> None:
    land_source(conn, limited(FIRST, 3), "netflix")
    land_source(conn, limited(LATER, 3), "netflix")
    folder = data / "netflix" / LATER.isoformat()
    folder.mkdir()
    (folder / "netflix_titles.csv").write_bytes(netflix_bytes({"title": "New"}))
    land_source(conn, limited(LATER, 3), "netflix")
    assert _ledger(conn, LATER) == [(LATER, None, 3)]


def test_a_day_that_had_its_file_keeps_it_when_the_source_is_gone_afterwards(conn, limited, data) -> None:
    land_source(conn, limited(FIRST, 0), "netflix")
    shutil.rmtree(data / "netflix")
    land_source(conn, limited(FIRST, 0), "netflix")
    assert _ledger(conn, FIRST) == [(FIRST, None, 0)]


def test_a_file_of_a_later_day_serves_no_earlier_one(conn, limited) -> None:
    land_source(conn, limited(LATER, None), "netflix")
    assert "none was admitted before" in str(_late(conn, limited(date(2026, 1, 4), 30)))


@pytest.mark.parametrize("limit", [None, 3])
def test_a_damaged_file_stops_the_day_and_only_one_with_a_limit_is_looked_at_again(conn, limited, data, limit) -> None:
    land_source(conn, limited(FIRST, limit), "netflix")
    folder = data / "netflix" / LATER.isoformat()
    folder.mkdir()
    (folder / "netflix_titles.csv").write_bytes(b"")
    with pytest.raises(NotAdmitted, match="empty") as caught:
        land_source(conn, limited(LATER, limit), "netflix")
    assert caught.value.is_late is (limit is not None)
    assert _ledger(conn, LATER) == []


def test_the_message_has_source_expected_found_limit_and_remedy(conn, limited, data) -> None:
    land_source(conn, limited(FIRST, 1), "netflix")
    shutil.rmtree(data / "netflix")
    error = _late(conn, limited(LATER, 1))
    assert str(error) == (
        "netflix: expected a file of 2026-01-08 or one at most 1 day older, found none; the newest admitted is of "
        f"2026-01-05, 3 days old. netflix_titles.csv: expected netflix_titles.csv or netflix_titles.csv.gz in "
        f"{data}/netflix, found nothing. Put it there, or into {data}/netflix/<day> with a day not after 2026-01-08. "
        "Deliver it, or let older ones serve: REELHOUSE_STALE_DAYS_NETFLIX=3, or any."
    )
    assert error.is_late


def test_without_limit_and_without_any_file_there_is_nothing_to_wait_for(conn, limited, data) -> None:
    shutil.rmtree(data / "netflix")
    assert not _late(conn, limited(LATER, None)).is_late
    assert _late(conn, limited(LATER, 0)).is_late


# --- optional sources -----------------------------------------------------------------------------------


def test_an_optional_source_may_be_absent_whatever_its_limit(conn, make_day, settings) -> None:
    limited = replace(settings, stale_days=(("hulu", 0),))
    assert land_optional_sources(conn, make_day(FIRST, settings=limited))["files"] == 0


def test_an_optional_source_goes_on_with_its_former_file_until_its_limit_says_that_it_is_gone(
    conn, make_day, settings, data
) -> None:
    home = data / "hulu" / FIRST.isoformat()
    home.mkdir(parents=True)
    (home / "hulu_titles.csv").write_bytes(netflix_bytes())
    land_optional_sources(conn, make_day(FIRST))
    shutil.rmtree(data / "hulu")
    assert land_optional_sources(conn, make_day(LATER))["files"] == 0
    assert _ledger(conn, LATER, "hulu") == [(FIRST, "There is no file of it.", None)]
    gone = make_day(date(2026, 1, 9), settings=replace(settings, stale_days=(("hulu", 0),)))
    land_optional_sources(conn, gone)
    assert _ledger(conn, gone.batch_date, "hulu") == []


def test_an_optional_source_that_is_there_keeps_to_a_limit_it_was_given(conn, make_day, settings, data) -> None:
    (data / "hulu" / FIRST.isoformat()).mkdir(parents=True)
    (data / "hulu" / FIRST.isoformat() / "hulu_titles.csv").write_bytes(netflix_bytes({"title": "Long Road"}))
    limited = replace(settings, stale_days=(("hulu", 2),))
    assert land_optional_sources(conn, make_day(date(2026, 1, 7), settings=limited))["sources"] == ["hulu"]
    with pytest.raises(FileMissing, match="hulu: expected a file of 2026-01-08 or one at most 2 days older"):
        land_optional_sources(conn, make_day(LATER, settings=limited))


# --- servers --------------------------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[Served]:
    with serving() as served:
        served.files["/netflix/netflix_titles.csv"] = netflix_bytes({"title": "Long Road"})
        yield served


@pytest.fixture
def served(make_day: Callable[..., Day], settings: Settings, server: Served) -> Callable[..., Day]:
    """Make a day on which netflix comes from a server and may have a number of stale days."""
    network = Network(allowed_private_hosts=("127.0.0.1",), allows_http=True, pause_seconds=0.01, tries=2)

    def make(day: date, limit: int | None, path: str = "/netflix/") -> Day:
        origins, stale_days = (("netflix", server.url + path),), (("netflix", limit),)
        return make_day(day, settings=replace(settings, origins=origins, network=network, stale_days=stale_days))

    return make


@pytest.mark.parametrize(("status", "error"), [(503, SourceAway), (404, FileMissing)])
def test_a_server_without_the_file_leaves_the_day_to_the_former_one(conn, served, server, status, error) -> None:
    land_source(conn, served(FIRST, 3), "netflix")
    server.always = Fault(status)
    assert land_source(conn, served(LATER, 3), "netflix")["carried_over"] is True
    ((file_date, because, _),) = _ledger(conn, LATER)
    assert file_date == FIRST
    assert f"status {status}" in because
    with pytest.raises(error, match=rf"netflix: expected a file of 2026-01-09.*4 days old.*status {status}") as caught:
        land_source(conn, served(date(2026, 1, 9), 3), "netflix")
    assert caught.value.is_late
    assert caught.value.is_passing is (error is SourceAway)


def test_a_dated_address_is_followed_back_as_far_as_the_limit_allows(conn, served, server) -> None:
    server.files = {"/2026-01-05/netflix_titles.csv": netflix_bytes({})}
    assert land_source(conn, served(LATER, 3, "/{day}/"), "netflix")["file_date"] == FIRST.isoformat()
    server.asked.clear()
    with pytest.raises(FileMissing, match="one at most 2 days older"):
        land_source(conn, served(date(2026, 1, 12), 2, "/{day}/"), "netflix")
    assert {path.split("/")[1] for path, _ in server.asked} == {"2026-01-12", "2026-01-11", "2026-01-10"}


# --- waiting in the shell ------------------------------------------------------------------------------


@pytest.fixture
def sample(settings: Settings, tmp_path: Path) -> Settings:
    """Settings on a copy of the shipped sample, looked at often."""
    shipped = read_settings({"REELHOUSE_HOME": str(settings.home)}).data
    data = shutil.copytree(shipped, tmp_path / "sample")
    return replace(settings, data=data, stale_days=(("imdb", 5),), poll_seconds=0.2)


def test_run_waits_until_the_file_is_there(dsn, conn, make_day, sample) -> None:
    (sample.data / "imdb").rename(sample.data / "late")
    coming = threading.Timer(2, lambda: (sample.data / "late").rename(sample.data / "imdb"))
    coming.start()
    out = io.StringIO()
    figures = run_day(dsn, make_day(LATER, settings=sample), Screen(out), wait_minutes=5)
    coming.join()
    assert figures["land_imdb"]["files"] == 6
    assert figures["summarize"]["published_day"] == LATER.isoformat()
    assert out.getvalue().count("… imdb: expected a file of 2026-01-08 or one at most 5 days older, found none") == 1


@pytest.mark.parametrize("minutes", [0, 0.01])
def test_run_fails_with_the_same_message_when_it_has_waited_long_enough(dsn, make_day, sample, minutes) -> None:
    (sample.data / "imdb").rename(sample.data / "late")
    began = time.monotonic()
    with pytest.raises(FileMissing, match="imdb: expected a file of 2026-01-08"):
        run_day(dsn, make_day(LATER, settings=sample), Screen(io.StringIO()), minutes)
    assert time.monotonic() - began >= 60 * minutes


def test_what_is_not_late_is_not_waited_for(dsn, make_day, sample) -> None:
    shutil.rmtree(sample.data / "netflix")
    with pytest.raises(FileMissing, match="netflix: expected a file of 2026-01-08, found none"):
        run_day(dsn, make_day(LATER, settings=sample), Screen(io.StringIO()), wait_minutes=10)


# --- what readers see -----------------------------------------------------------------------------------


def test_trust_and_status_say_how_old_why_and_what_is_allowed(conn, dsn, make_day, sample) -> None:
    for batch_date in (date(2026, 1, 6), LATER):
        day = make_day(batch_date, settings=sample)
        for step in STEPS:
            if step.name != "write_report":
                run_step(step.name, dsn, day)
        shutil.rmtree(sample.data / "imdb", ignore_errors=True)
    seen = conn.execute(
        "select source, file_date, stale_days, carried_because, allowed_stale_days from mart.trust"
        " where part = 'warehouse' order by source"
    ).fetchall()
    assert [row[:3] for row in seen] == [(name, date(2026, 1, 6), 2) for name in ("imdb", "netflix", "rotten_tomatoes")]
    assert "found nothing" in seen[0][3]
    assert [row[3] for row in seen[1:]] == ["nothing newer than 2026-01-06 there"] * 2
    assert [row[4] for row in seen] == [5, None, None]
    assert status.loads(dsn).endswith("; stale: imdb 2 days, netflix 2 days, rotten_tomatoes 2 days")
