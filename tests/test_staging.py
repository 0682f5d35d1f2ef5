"""Landed file -> staging: rows, quarantine and the account, all or nothing, any number of times."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from source_files import (
    BASICS_HEADER,
    FILM,
    IMDB_ROWS,
    NETFLIX_HEADER,
    csv_bytes,
    netflix_bytes,
    rotten_bytes,
    tsv_bytes,
    write_sources,
)

from reelhouse import loads
from reelhouse.database import connect
from reelhouse.day import SOURCES, Day
from reelhouse.errors import ContractBroken, FileMissing, Locked, NotAdmitted, OutOfStep
from reelhouse.landing import land_source
from reelhouse.settings import Settings
from reelhouse.sources import files_of, reading
from reelhouse.staging.filling import stage_source
from reelhouse.staging.opening import open_load, share_staging

NETFLIX = "netflix_titles.csv"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_sources(tmp_path / "data")


@pytest.fixture
def settings(settings: Settings, data: Path) -> Settings:
    return replace(settings, data=data)


def _load(conn: psycopg.Connection, day: Day, *chosen: str) -> dict[str, dict[str, object]]:
    for source in chosen or SOURCES:
        land_source(conn, day, source)
    return {source: stage_source(conn, day, source) for source in chosen or SOURCES}


def _accounts(conn: psycopg.Connection) -> dict[str, tuple]:
    rows = conn.execute(
        "select file_name, rows_in, rows_staged, rows_filtered, rows_quarantined, rows_duplicate from ops.staged_file"
    )
    return {row[0]: row[1:] for row in rows}


def _rows(conn: psycopg.Connection, source: str) -> dict[str, list[tuple]]:
    return {
        file.table: conn.execute(f"select * from staging.{file.table} order by {', '.join(file.key)}").fetchall()
        for file in files_of(source)
    }


def _write(data: Path, name: str, rows: list[list[str]] | bytes) -> None:
    content = rows if isinstance(rows, bytes) else tsv_bytes(rows)
    (data / "imdb" / f"{name}.tsv.gz").write_bytes(gzip.compress(content, mtime=0))


def _rejected(conn: psycopg.Connection) -> list[tuple]:
    return conn.execute(
        "select line_number, reasons, raw_text, raw_bytes from quarantine.rejected_row order by file_id, line_number"
    ).fetchall()


# --- rows and account -----------------------------------------------------------------------------------


def test_each_file_is_staged_filtered_and_accounted_for(conn, make_day) -> None:
    _load(conn, make_day())
    assert _accounts(conn) == {
        NETFLIX: (2, 2, 0, 0, 0),
        "rotten_tomatoes_movies.csv": (2, 2, 0, 0, 0),
        "title.basics.tsv.gz": (3, 2, 1, 0, 0),
        "title.ratings.tsv.gz": (2, 1, 1, 0, 0),
        "title.principals.tsv.gz": (4, 2, 2, 0, 0),
        "title.crew.tsv.gz": (2, 1, 1, 0, 0),
        "title.akas.tsv.gz": (2, 1, 1, 0, 0),
        "name.basics.tsv.gz": (4, 3, 1, 0, 0),
    }
    staged = _rows(conn, "imdb")
    assert staged["imdb_titles"][0] == (
        1, "movie", "Glass Harbour", "Port de verre", False, 2018, None, 90, ["Drama", "Thriller"],
    )  # fmt: skip
    assert staged["imdb_principals"] == [(1, 1, 11, "actor", ["Captain"]), (1, 2, 12, "director", [])]
    assert staged["imdb_akas"] == [(1, 1, "Port de verre", "FR", "fr", True)]
    assert [row[0] for row in staged["imdb_people"]] == [11, 12, 15]


def test_text_that_means_something_to_copy_arrives_as_it_is(conn, make_day, data) -> None:
    nasty = [
        "\\.",
        "\\N",
        "a\tb",
        "back\\slash",
        'quo"te',
        "{curly}",
        "two\nlines",
        "NULL",
        "'; drop table x; --",
        "😀",
    ]
    changes = [{"title": title, "cast": f"x{title}y".replace(";", ":")} for title in nasty if title != "\\N"]
    (data / "netflix" / NETFLIX).write_bytes(netflix_bytes(*changes))
    _load(conn, make_day(), "netflix")
    rows = conn.execute("select title, actors from staging.netflix_titles order by line_number").fetchall()
    assert rows == [(change["title"], [change["cast"]]) for change in changes]


def test_a_title_without_a_rating_is_staged_and_none_is_made_up(conn, make_day, data) -> None:
    _write(data, "title.ratings", [*IMDB_ROWS["title.ratings"][:1], ["tt0000003", "9.9", "7"]])
    _load(conn, make_day(), "imdb")
    rated = conn.execute(
        "select imdb_title_number, imdb_rating_of_10 from staging.imdb_titles"
        " left join staging.imdb_ratings using (imdb_title_number) order by imdb_title_number"
    ).fetchall()
    assert rated == [(1, None), (3, Decimal("9.9"))]


def test_an_aka_of_ten_thousand_letters_is_staged_whole(conn, make_day, data) -> None:
    header, row, *_ = IMDB_ROWS["title.akas"]
    _write(data, "title.akas", [header, [*row[:2], "映" * 10_000, *row[3:]]])
    _load(conn, make_day(), "imdb")
    assert conn.execute("select length(title) from staging.imdb_akas").fetchall() == [(10_000,)]


def test_as_many_rows_are_met_as_the_file_has_lines(conn, make_day, data) -> None:
    odd = ['"Swing it" magistern', '5" of rain', "C:\\new", "\\.", '"', "a\rb"]
    rows = [[f"tt{number}", "movie", title, *IMDB_ROWS["title.basics"][1][3:]] for number, title in enumerate(odd, 1)]
    _write(data, "title.basics", [IMDB_ROWS["title.basics"][0], *rows])
    _load(conn, make_day(), "imdb")
    assert _accounts(conn)["title.basics.tsv.gz"] == (len(odd), len(odd), 0, 0, 0)
    staged = conn.execute("select primary_title from staging.imdb_titles order by imdb_title_number").fetchall()
    assert [title for (title,) in staged] == odd


def test_a_line_of_backslash_and_dot_does_not_end_the_data(conn, make_day, data) -> None:
    good = netflix_bytes({}, {}).splitlines(keepends=True)
    (data / "netflix" / NETFLIX).write_bytes(b"".join([*good[:2], b"\\.\n", *good[2:]]))
    _load(conn, make_day(), "netflix")
    assert _accounts(conn)[NETFLIX] == (3, 2, 0, 1, 0)


def test_quarantine_keeps_line_reasons_and_raw_record(conn, make_day, data) -> None:
    (data / "netflix" / NETFLIX).write_bytes(netflix_bytes({}, {"type": "Play", "title": "x\ny"}, {}) + b"s9,\xff\n")
    _load(conn, make_day(), "netflix")
    first, second = _rejected(conn)
    assert first[:2] == (3, ["type: expected Movie or TV Show, found 'Play'"])
    assert first[2].startswith('s2,Play,"x\ny",Ada Stone')
    assert second == (6, ["record: expected UTF-8, found 0xff at byte 3"], None, b"s9,\xff")


def test_added_columns_are_reported_and_reordered_ones_mapped(conn, make_day, data) -> None:
    header = ",".join(["OTT", *reversed(NETFLIX_HEADER.split(","))])
    (data / "netflix" / NETFLIX).write_bytes(csv_bytes(header, [FILM | {"OTT": "Netflix"}]))
    figures = _load(conn, make_day(), "netflix")["netflix"]
    assert figures["added_columns"] == {NETFLIX: ["OTT"]}
    assert conn.execute("select added_columns from ops.staged_file").fetchone() == (["OTT"],)
    assert conn.execute("select title, release_year from staging.netflix_titles").fetchone() == ("Glass Harbour", 2018)


def test_repeats_of_a_title_that_comes_back_are_found_by_the_database(conn, make_day, data) -> None:
    _write(data, "title.basics", [BASICS_HEADER, *(
        [f"tt{number}", "movie", "A", "A", "0", "\\N", "\\N", "\\N", "\\N"] for number in (1, 2)
    )])  # fmt: skip
    order = [("tt1", 1), ("tt2", 1), ("tt1", 1), ("tt1", 2), ("tt1", 2), ("tt2", 1), ("tt2", 3)]
    _write(data, "title.principals", [
        IMDB_ROWS["title.principals"][0],
        *([title, str(place), f"nm{line}", "actor", "\\N", "\\N"] for line, (title, place) in enumerate(order, 1)),
    ])  # fmt: skip
    _load(conn, make_day(), "imdb")
    assert _accounts(conn)["title.principals.tsv.gz"] == (7, 4, 0, 0, 3)
    new = conn.execute("select rows_new from ops.staged_file where file_name = 'title.principals.tsv.gz'")
    assert new.fetchone() == (4,)
    assert [row[:3] for row in _rows(conn, "imdb")["imdb_principals"]] == [(1, 1, 1), (1, 2, 4), (2, 1, 2), (2, 3, 7)]


MUTATED = {
    "netflix": (NETFLIX, netflix_bytes({}, {"cast": 'A "B" C, D\nE'}, {"type": "TV Show"})),
    "rotten_tomatoes": ("rotten_tomatoes_movies.csv", rotten_bytes({}, {"movie_info": 'x "y"\nz'}, {})),
    "imdb": ("title.basics.tsv", tsv_bytes(IMDB_ROWS["title.basics"])),
}
PIECES = [b"\t", b"\n", b"\r", b'"', b",", b"\0", b"\xff", b"\\N", b"\\.", b"32768", b"99999999999", "\u200b".encode()]


@pytest.mark.parametrize("source", SOURCES)
@given(changes=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 9), st.sampled_from(PIECES)), max_size=6))
@hypothesis_settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_whatever_the_rows_are_the_table_takes_them_and_the_account_holds(
    conn, make_day, data, source, changes
) -> None:
    name, example = MUTATED[source]
    header, body = example.split(b"\n", 1)
    for start, length, piece in changes:
        start %= len(body) + 1
        body = body[:start] + piece + body[start + length :]
    (data / source / f"{name}.gz").unlink(missing_ok=True)
    (data / source / name).write_bytes(header + b"\n" + body + (b"" if body.endswith(b"\n") else b"\n"))
    figures = _load(conn, make_day(), source)[source]
    parts = ("rows_staged", "rows_filtered", "rows_quarantined", "rows_duplicate")
    assert figures["rows_in"] == sum(figures[part] for part in parts)
    count = conn.execute("select count(*) from quarantine.rejected_row inner join ops.staged_file using (file_id)")
    assert count.fetchone()[0] == figures["rows_quarantined"]


# --- contract -------------------------------------------------------------------------------------------


def test_a_changed_header_stops_before_the_first_row_moves(conn, make_day, data) -> None:
    _load(conn, make_day())
    before, accounts = _rows(conn, "imdb"), _accounts(conn)
    _write(data, "title.basics", [BASICS_HEADER, ["tt9", "movie", "New", "New", "0", "2020", "\\N", "\\N", "\\N"]])
    _write(data, "name.basics", [["nconst", "name", "birthYear", "deathYear", "primaryProfession", "knownForTitles"]])
    with pytest.raises(ContractBroken, match=r"name\.basics\.tsv\.gz: expected .* found .*missing: primaryName"):
        _load(conn, make_day(date(2026, 2, 1)), "imdb")
    assert (_rows(conn, "imdb"), _accounts(conn)) == (before, accounts)


def test_a_day_that_was_not_landed_cannot_be_staged(conn, make_day) -> None:
    with pytest.raises(OutOfStep, match="Run land_imdb first"):
        stage_source(conn, make_day(), "imdb")


def test_a_landed_file_that_is_gone_is_missing(conn, make_day) -> None:
    day = make_day()
    land_source(conn, day, "netflix")
    for path in (day.settings.landing / "netflix").rglob("*.csv"):
        path.unlink()
    with pytest.raises(FileMissing, match="Land the day again"):
        stage_source(conn, day, "netflix")


# --- again ----------------------------------------------------------------------------------------------


def _places(conn: psycopg.Connection) -> list[tuple]:
    return conn.execute("select ctid, xmin, file_name from ops.staged_file order by 3").fetchall()


def test_a_second_run_writes_nothing(conn, make_day) -> None:
    _load(conn, make_day())
    before = _places(conn), conn.execute("select xmin, ctid from staging.imdb_people order by 2").fetchall()
    assert all(figures["files_staged"] == 0 for figures in _load(conn, make_day()).values())
    assert before == (_places(conn), conn.execute("select xmin, ctid from staging.imdb_people order by 2").fetchall())


def test_force_stages_the_same_rows_again(conn, make_day) -> None:
    _load(conn, make_day())
    before = {source: _rows(conn, source) for source in SOURCES}
    assert _load(conn, make_day(force=True))["imdb"]["files_staged"] == 6
    assert {source: _rows(conn, source) for source in SOURCES} == before


def test_a_changed_file_and_those_that_depend_on_it_are_staged_again(conn, make_day, data) -> None:
    _load(conn, make_day())
    _write(data, "title.crew", IMDB_ROWS["title.crew"][:1])
    assert _load(conn, make_day())["imdb"]["files_staged"] == 2
    assert [row[0] for row in _rows(conn, "imdb")["imdb_people"]] == [11, 12]


def test_the_same_bytes_of_another_day_only_move_the_ledger(conn, make_day, data) -> None:
    content = netflix_bytes({}, {"type": "Play"})
    for day in ("2026-01-30", "2026-01-31"):
        (data / "netflix" / day).mkdir()
        (data / "netflix" / day / NETFLIX).write_bytes(content)
    _load(conn, make_day(date(2026, 1, 30)), "netflix")
    before = conn.execute("select xmin from staging.netflix_titles").fetchall()
    assert _load(conn, make_day(date(2026, 1, 31)), "netflix")["netflix"]["files_staged"] == 0
    assert conn.execute("select xmin from staging.netflix_titles").fetchall() == before
    named = conn.execute("select file_date from ops.staged_file inner join ops.file using (file_id)").fetchone()
    assert named == (date(2026, 1, 31),)
    assert conn.execute("select count(distinct file_id), count(*) from quarantine.rejected_row").fetchone() == (2, 2)


def test_a_file_that_is_no_longer_there_leaves_no_rows(conn, make_day, data) -> None:
    _load(conn, make_day(), "imdb")
    (data / "imdb" / "title.akas.tsv.gz").unlink()
    _load(conn, make_day(), "imdb")
    assert _rows(conn, "imdb")["imdb_akas"] == []
    assert "title.akas.tsv.gz" not in _accounts(conn)


def test_a_table_that_a_crash_emptied_is_staged_again(conn, make_day) -> None:
    _load(conn, make_day())
    before = _rows(conn, "imdb")
    conn.execute("truncate staging.imdb_principals")
    with pytest.raises(OutOfStep, match=r"staging\.imdb_principals: expected 2 rows, found none"):
        open_load(conn, make_day())
    assert _load(conn, make_day())["imdb"]["files_staged"] == 1
    assert _rows(conn, "imdb") == before


@pytest.mark.parametrize("is_beside", [False, True])
def test_a_landed_file_that_was_damaged_since_is_told_by_name(conn, make_day, data, monkeypatch, is_beside) -> None:
    monkeypatch.setattr(reading, "UNPACKED_BESIDE_BYTES", 0 if is_beside else 1 << 30)
    day = make_day()
    _load(conn, day)
    before = _rows(conn, "imdb")
    header, first, *others = IMDB_ROWS["title.basics"]
    _write(data, "title.basics", [header, [*first[:2], "Another one", *first[3:]], *others])
    land_source(conn, day, "imdb")
    (landed,) = conn.execute(
        "select landed_path from ops.file inner join ops.day_file using (file_id)"
        " where day_file.file_name = 'title.basics.tsv.gz'"
    ).fetchone()
    path = day.settings.landing / landed
    whole = path.read_bytes()
    for damaged in (whole[:-4], whole[:-8] + bytes(4) + whole[-4:], whole[:12] + b"\xff" * 8 + whole[20:]):
        path.chmod(0o600)
        path.write_bytes(damaged)
        with pytest.raises(NotAdmitted, match=rf"{path}: expected the file as it was landed, found it damaged since"):
            stage_source(conn, day, "imdb")
        assert _rows(conn, "imdb") == before
    path.unlink()
    assert _load(conn, day, "imdb")["imdb"]["rows_in"] > 0
    assert path.read_bytes() == whole


KILLED = """
import os, sys, time
from datetime import date
from decimal import Decimal
from pathlib import Path
from reelhouse.database import connect
from reelhouse.day import Day
from reelhouse.settings import read_settings
from reelhouse.staging.filling import stage_source

def tell(message, share):
    if share:
        print("in the middle", flush=True)
        time.sleep(60)

day = Day(date.fromisoformat(sys.argv[1]), read_settings(), tell=tell)
with connect(day.settings.warehouse_dsn, autocommit=True) as conn:
    stage_source(conn, day, "imdb")
"""


def test_a_kill_in_mid_load_leaves_the_former_rows_and_the_next_run_is_clean(conn, make_day, data) -> None:
    many = [[f"tt{number}", "movie", f"{number} x", "x", "0", "2001", "\\N", "9", "\\N"] for number in range(1, 60_000)]
    _load(conn, make_day(), "imdb")
    before, accounts = _rows(conn, "imdb"), _accounts(conn)
    _write(data, "title.basics", [BASICS_HEADER, *many, many[0]])
    day = make_day(date(2026, 2, 1))
    land_source(conn, day, "imdb")
    env = os.environ | {
        "REELHOUSE_HOME": str(day.settings.home), "REELHOUSE_DATA": str(data),
        "REELHOUSE_WAREHOUSE_DSN": day.settings.warehouse_dsn, "PYTHONPATH": os.pathsep.join(sys.path),
    }  # fmt: skip
    command = [sys.executable, "-c", textwrap.dedent(KILLED), day.batch_date.isoformat()]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "in the middle\n"
        child.send_signal(signal.SIGKILL)
    _wait_until_alone(conn)
    assert (_rows(conn, "imdb"), _accounts(conn)) == (before, accounts)
    stage_source(conn, day, "imdb")
    assert _accounts(conn)["title.basics.tsv.gz"] == (60_000, 59_999, 0, 0, 1)
    after = _rows(conn, "imdb")
    stage_source(conn, replace(day, force=True), "imdb")
    assert _rows(conn, "imdb") == after


def _wait_until_alone(conn: psycopg.Connection) -> None:
    # The server notices a client that was killed when it next reads from it: at once, but not in no time.
    for _ in range(100):
        others = conn.execute(
            "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
            " and backend_type = 'client backend'"
        ).fetchone()[0]
        if not others:
            return
        time.sleep(0.1)
    raise AssertionError("the killed run still holds its session")


# --- locks and the load ---------------------------------------------------------------------------------


def test_staging_is_refused_while_a_step_reads_it(conn, dsn, make_day, data) -> None:
    _load(conn, make_day())
    load_id = open_load(conn, make_day())["load_id"]
    (data / "netflix" / NETFLIX).write_bytes(netflix_bytes({"title": "New"}))
    with connect(dsn, autocommit=True) as other, other.transaction():
        share_staging(other, load_id)
        with pytest.raises(Locked):
            _load(conn, make_day(), "netflix")
    assert _load(conn, make_day(), "netflix")["netflix"]["files_staged"] == 1


def test_reading_is_refused_while_staging_is_written(conn, dsn, make_day) -> None:
    _load(conn, make_day())
    load_id = open_load(conn, make_day())["load_id"]
    with connect(dsn, autocommit=True) as other, other.transaction():
        other.execute("select from ops.staged_file for update")
        with pytest.raises(Locked), conn.transaction():
            share_staging(conn, load_id)


def test_the_same_staging_is_the_same_load_with_its_account(conn, make_day) -> None:
    _load(conn, make_day())
    first = open_load(conn, make_day())
    assert open_load(conn, make_day()) == first
    assert (first["rows_in"], first["rows_staged"], first["rows_filtered"]) == (21, 14, 7)
    columns = "source, file_name, file_id, rows_in, rows_staged, rows_filtered, rows_quarantined, rows_duplicate"
    kept = conn.execute(f"select {columns} from ops.file_load where load_id = %s order by 1, 2", (first["load_id"],))
    assert kept.fetchall() == conn.execute(f"select {columns} from ops.staged_file order by 1, 2").fetchall()


def test_a_load_of_other_files_than_the_days_is_out_of_step(conn, make_day, data) -> None:
    _load(conn, make_day(date(2026, 1, 30)))
    load_id = open_load(conn, make_day(date(2026, 1, 30)))["load_id"]
    (data / "netflix" / NETFLIX).write_bytes(netflix_bytes({"title": "New"}))
    later = make_day(date(2026, 1, 31))
    for source in SOURCES:
        land_source(conn, later, source)
    with pytest.raises(OutOfStep, match="Run this day again from its stage steps on"):
        open_load(conn, later)
    stage_source(conn, later, "netflix")
    assert open_load(conn, later)["load_id"] != load_id
    with pytest.raises(OutOfStep, match=f"expected the files of load {load_id}"), conn.transaction():
        share_staging(conn, load_id)


def _hold(conn: psycopg.Connection, day: Day) -> str:
    opened = open_load(conn, day)
    assert [reason for _, reason in loads.objections(conn, opened["load_id"])] == sorted(opened["objections"])
    return "; ".join(opened["objections"])


def test_too_many_bad_rows_hold_the_load(conn, make_day: Callable[..., Day], data) -> None:
    (data / "netflix" / NETFLIX).write_bytes(netflix_bytes(*[{}] * 100, *[{"type": "Play"}] * 51))
    _load(conn, make_day())
    assert "netflix_titles.csv: expected at most 0.5% bad rows, found 51 of 151" in _hold(conn, make_day())
    (data / "netflix" / NETFLIX).write_bytes(netflix_bytes(*[{}] * 100, *[{"type": "Play"}] * 50))
    _load(conn, make_day())
    assert open_load(conn, make_day())["rows_quarantined"] == 50


def test_a_required_file_without_rows_holds_the_load(conn, make_day, data) -> None:
    (data / "netflix" / NETFLIX).write_bytes(netflix_bytes())
    _load(conn, make_day())
    assert "netflix_titles.csv: expected at least 1 kept rows, found 0" in _hold(conn, make_day())
