"""Sources that nothing depends on: taken when they are there, no error when they are not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import psycopg
import pytest
from source_files import FILM, NETFLIX_HEADER, csv_bytes, write_sources

from reelhouse.day import EVERY_SOURCE, OPTIONAL_SOURCES, SOURCES, Day
from reelhouse.errors import ContractBroken, OutOfStep
from reelhouse.landing import land_optional_sources, land_source
from reelhouse.settings import Settings
from reelhouse.sources import files_of
from reelhouse.staging.filling import stage_optional_sources, stage_source
from reelhouse.staging.opening import open_load


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_sources(tmp_path / "data")


@pytest.fixture
def settings(settings: Settings, data: Path) -> Settings:
    return replace(settings, data=data)


def _catalogue(*changes: dict[str, str]) -> bytes:
    rows = [FILM | {"show_id": f"s{number}"} | change for number, change in enumerate(changes, 1)]
    return csv_bytes(NETFLIX_HEADER, rows)


def _write(data: Path, source: str, name: str, content: bytes) -> None:
    (data / source).mkdir(exist_ok=True)
    (data / source / name).write_bytes(content)


def _load(conn: psycopg.Connection, day: Day) -> dict[str, object]:
    for source in SOURCES:
        land_source(conn, day, source)
        stage_source(conn, day, source)
    land_optional_sources(conn, day)
    return stage_optional_sources(conn, day)


def _files_of_load(conn: psycopg.Connection, load_id: int) -> set[str]:
    rows = conn.execute("select file_name from ops.file_load where load_id = %s", (load_id,)).fetchall()
    return {name for (name,) in rows}


def test_each_source_declares_tables_that_there_are(conn) -> None:
    for source in EVERY_SOURCE:
        for file in files_of(source):
            fields = ", ".join(file.fields)
            assert conn.execute(f"select {fields} from staging.{file.table}").fetchall() == []


def test_without_optional_files_the_day_has_only_the_required_ones(conn, make_day) -> None:
    figures = _load(conn, make_day())
    assert (figures["files_staged"], figures["rows_in"]) == (0, 0)
    assert len(_files_of_load(conn, open_load(conn, make_day())["load_id"])) == 8


def test_what_is_there_is_part_of_the_load_with_its_account(conn, make_day, data) -> None:
    _write(data, "hulu", "hulu_titles.csv", _catalogue({}, {"type": "Play"}))
    figures = _load(conn, make_day())
    assert (figures["files_staged"], figures["rows_in"], figures["rows_staged"], figures["rows_quarantined"]) == (
        1,
        2,
        1,
        1,
    )
    load = open_load(conn, make_day())
    assert "hulu_titles.csv" in _files_of_load(conn, load["load_id"])
    assert load["rows_in"] == 21 + 2


def test_what_lies_there_under_another_name_is_told(conn, make_day, data) -> None:
    _write(data, "hulu", "hulu_titles (1).csv", _catalogue({}))
    _write(data, "viewers", ".DS_Store", b"")
    (data / "viewers" / "ml-latest-small").mkdir()
    (data / "viewers" / "ml-latest-small" / "ratings.csv").write_bytes(b"userId,movieId,rating,timestamp\n")
    (data / "disney" / "2099-01-01").mkdir(parents=True)
    _write(data, "amazon", "amazon_titles.csv", _catalogue({}))
    _write(data, "amazon", "notes.txt", b"")
    landed = land_optional_sources(conn, make_day())
    assert landed["sources"] == ["amazon"]
    assert landed["not_taken"] == "hulu: hulu_titles (1).csv; viewers: ml-latest-small"
    (data / "hulu" / "hulu_titles (1).csv").rename(data / "hulu" / "hulu_titles.csv")
    (data / "viewers" / "ml-latest-small" / "ratings.csv").rename(data / "viewers" / "ratings.csv")
    assert "not_taken" not in land_optional_sources(conn, make_day())


def test_a_second_run_stages_nothing(conn, make_day, data) -> None:
    _write(data, "amazon", "amazon_prime_titles.csv", _catalogue({}))
    _load(conn, make_day())
    before = conn.execute("select ctid, xmin from staging.amazon_titles").fetchall()
    assert _load(conn, make_day())["files_staged"] == 0
    assert conn.execute("select ctid, xmin from staging.amazon_titles").fetchall() == before


def test_a_source_that_is_gone_leaves_no_rows_and_another_load(conn, make_day, data) -> None:
    _write(data, "disney", "disney_titles.csv", _catalogue({}))
    _load(conn, make_day())
    first = open_load(conn, make_day())["load_id"]
    (data / "disney" / "disney_titles.csv").unlink()
    _load(conn, make_day())
    assert conn.execute("select count(*) from staging.disney_titles").fetchone() == (0,)
    second = open_load(conn, make_day())["load_id"]
    assert second != first
    assert "disney_plus_titles.csv" not in _files_of_load(conn, second)


def test_an_optional_source_left_out_keeps_its_rows(conn, make_day, data) -> None:
    _write(data, "hulu", "hulu_titles.csv", _catalogue({}))
    _load(conn, make_day(date(2026, 1, 30)))
    (data / "hulu" / "hulu_titles.csv").unlink()
    later = make_day(date(2026, 1, 31), sources=SOURCES)
    _load(conn, later)
    assert "hulu_titles.csv" in _files_of_load(conn, open_load(conn, later)["load_id"])


def test_rows_that_a_crash_emptied_are_missed(conn, make_day, data) -> None:
    _write(data, "hulu", "hulu_titles.csv", _catalogue({}))
    _load(conn, make_day())
    conn.execute("truncate staging.hulu_titles")
    with pytest.raises(OutOfStep, match="Run stage_optional_sources again"):
        open_load(conn, make_day())


def test_a_changed_header_of_an_optional_file_is_named(conn, make_day, data) -> None:
    _write(data, "hulu", "hulu_titles.csv", _catalogue({}).replace(b"listed_in", b"genres"))
    with pytest.raises(ContractBroken, match=r"hulu_titles\.csv: expected .* missing: listed_in"):
        _load(conn, make_day())


def test_too_many_bad_rows_of_an_optional_file_hold_the_load(conn, make_day: Callable[..., Day], data) -> None:
    _write(data, "hulu", "hulu_titles.csv", _catalogue(*[{"type": "Play"}] * 51, {}))
    _load(conn, make_day())
    (objection,) = open_load(conn, make_day())["objections"]
    assert objection == (
        "hulu_titles.csv: expected at most 0.5% bad rows, found 51 of 52, "
        "most often 'type: expected Movie or TV Show' (51, first on line 2)"
    )


def test_every_source_is_fetched_unless_told_otherwise(make_day) -> None:
    assert make_day().sources == EVERY_SOURCE == SOURCES + OPTIONAL_SOURCES


def test_ratings_by_the_block_are_staged_with_repeats_that_the_database_finds(conn, make_day, data) -> None:
    lines = [f"{viewer},{movie},3.5,{viewer + movie}" for viewer in range(1, 301) for movie in range(1, 401)]
    body = "\n".join(["userId,movieId,rating,timestamp", *lines, "7,3,1.0,5", "7,999,1.0,5", "7,999,2.0,6", "x,1,1,1"])
    _write(data, "viewers", "ratings.csv", body.encode() + b"\n")
    _load(conn, make_day())
    account = conn.execute(
        "select rows_in, rows_staged, rows_filtered, rows_quarantined, rows_duplicate from ops.staged_file"
        " where source = 'viewers'"
    ).fetchall()
    assert account == [(120_004, 120_001, 0, 1, 2)]
    assert conn.execute(
        "select rating_of_5::text from staging.viewers_ratings where viewer_number = 7 and movie_number in (3, 999)"
        " order by movie_number"
    ).fetchall() == [("3.5",), ("1.0",)]


def test_critic_reviews_are_staged_beside_the_films_when_they_are_there(conn, make_day, data) -> None:
    body = b"rotten_tomatoes_link,critic_name,top_critic,publisher_name,review_type,review_score,review_date,"
    body += b"review_content\nm/a,Ann,True,Daily,Fresh,B+,2018-03-04,Good\nm/b,,False,,Rotten,,,\n"
    body += b"m/a,Ann,True,Daily,Fresh,B+,2018-03-04,Good\n"
    _write(data, "rotten_tomatoes", "rotten_tomatoes_critic_reviews.csv", body)
    _load(conn, make_day())
    assert conn.execute(
        "select rows_in, rows_staged, rows_duplicate from ops.staged_file where file_name like '%reviews.csv'"
    ).fetchone() == (3, 2, 1)
    assert "rotten_tomatoes_critic_reviews.csv" in _files_of_load(conn, open_load(conn, make_day())["load_id"])
