"""Files that are sent: admitted or refused whole, accounted for, put where the next run finds them."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from reelhouse.day import Day
from reelhouse.landing import land_source
from reelhouse.serving.app import make_app
from reelhouse.serving.settings import ServingSettings
from reelhouse.staging.filling import stage_source

DAY = "2026-01-05"
PATH = f"/api/v1/sources/netflix/files?name=netflix_titles.csv&day={DAY}"


@pytest.fixture
def own(served, tmp_path):
    """Settings with a data folder of the test's own."""
    return replace(served.settings, data=tmp_path / "data")


@pytest.fixture
def sender(served, own):
    """Somebody who may write, at an app on that folder; and the days whose run was asked for."""
    started: list[date] = []

    def start(day: date, person: str) -> str:
        started.append(day)
        return f"run of {day} for {person}"

    app = make_app(served.dsn, own, ServingSettings(upload_bytes=1 << 20), start=start)
    with TestClient(app, headers={"X-API-Key": served.keys["read write"]}) as client:
        client.started = started
        yield client


def sample(name: str = f"netflix/{DAY}/netflix_titles.csv") -> bytes:
    return (Path(__file__).parents[2] / "include" / "data" / "sample" / name).read_bytes()


def left(own) -> list[str]:
    return sorted(str(path.relative_to(own.data)) for path in own.data.rglob("*") if path.is_file())


def test_a_file_that_is_sent_is_the_one_the_day_loads_with_the_same_account(conn, dsn, own, sender) -> None:
    answered = sender.post(PATH, content=sample())
    assert answered.status_code == 201, answered.text
    told = answered.json()
    assert told["run_id"] == f"run of {DAY} for read write of test"
    assert sender.started == [date.fromisoformat(DAY)]
    day = Day(date.fromisoformat(DAY), own)
    land_source(conn, day, "netflix")
    stage_source(conn, day, "netflix")
    account = conn.execute(
        "select rows_in, rows_staged, rows_filtered, rows_quarantined, rows_duplicate from ops.staged_file"
        " where source = 'netflix'"
    ).fetchone()
    names = ("rows_in", "rows_kept", "rows_filtered", "rows_quarantined", "rows_duplicate")
    assert tuple(told["account"][name] for name in names) == account


def test_what_is_refused_leaves_nothing_behind(own, sender) -> None:
    wrong = {
        "a file of another name": ("netflix", "titles.csv", b"x", 422, "expected one of netflix_titles.csv"),
        "a source that is none": ("cinema", "titles.csv", b"x", 422, "netflix"),
        "nothing": ("netflix", "netflix_titles.csv", b"", 422, "found none"),
        "other columns": ("netflix", "netflix_titles.csv", b"a,b\n1,2\n", 422, "expected the columns"),
        "no gzip": ("netflix", "netflix_titles.csv.gz", b"a,b\n", 422, "gzip"),
        "a broken gzip": ("netflix", "netflix_titles.csv.gz", gzip.compress(sample())[:-9], 422, "gzip"),
        "too much": ("netflix", "netflix_titles.csv", b"x" * (2 << 20), 413, "at most 1 MiB"),
        "a way out": ("netflix", "../../x", b"x", 422, "expected one of"),
    }
    for what, (source, name, body, status, words) in wrong.items():
        answered = sender.post(f"/api/v1/sources/{source}/files", params={"name": name}, content=body)
        assert (answered.status_code, words in answered.text) == (status, True), (what, answered.text)
        assert str(own.data) not in answered.text
    assert left(own) == []
    assert sender.started == []


def test_another_file_of_a_day_replaces_none_unasked(own, sender) -> None:
    assert sender.post(PATH, content=sample()).json()["account"]["is_new"] is True
    assert sender.post(PATH, content=sample()).status_code == 201
    other = sample("netflix/2026-01-06/netflix_titles.csv")
    assert sender.post(PATH, content=other).status_code == 409
    assert sender.post(f"{PATH}&replace=true", content=other).status_code == 201
    assert left(own) == [f"netflix/{DAY}/netflix_titles.csv"]


def test_a_source_that_comes_from_elsewhere_is_not_sent_here(served, own) -> None:
    settings = replace(own, origins=(("netflix", "https://files.example/netflix/"),))
    app = make_app(served.dsn, settings, ServingSettings())
    with TestClient(app, headers={"X-API-Key": served.keys["read write"]}) as client:
        assert client.post(PATH, content=sample()).status_code == 409
    # And alone, with no Airflow to start, the file is taken and that is said.
    app = make_app(served.dsn, own, ServingSettings())
    with TestClient(app, headers={"X-API-Key": served.keys["read write"]}) as client:
        told = client.post(PATH, content=sample()).json()
    assert told["run_id"] is None
    assert "next run" in told["words"]


def test_the_accounts_of_the_loads_are_told(ask) -> None:
    rows = ask("/api/v1/sources/netflix/files")
    assert len(rows) > 0
    for row in rows:
        left_out = row["rows_filtered"] + row["rows_quarantined"] + row["rows_duplicate"]
        assert row["rows_in"] == row["rows_staged"] + left_out
