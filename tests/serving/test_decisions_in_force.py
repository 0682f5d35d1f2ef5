"""What a reviewer decides in the page is in force after the next run, outlives an edition, and is undone by undo."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from reelhouse.database import connect
from reelhouse.day import Day
from reelhouse.serving.app import make_app
from reelhouse.serving.keys import create_key
from reelhouse.serving.settings import ServingSettings
from reelhouse.steps import STEPS, run_step

FIRST, SECOND = date(2026, 1, 5), date(2026, 1, 6)


def renumber(path: Path) -> None:
    """Give every row of a Netflix edition another show_id, as the next edition does."""
    path.write_bytes(re.sub(rb"(?m)^s(\d+),", rb"s9\1,", path.read_bytes()))


def load(dsn: str, day: Day) -> None:
    for step in STEPS:
        if step.dag in ("extract_sources", "match_titles", "populate_warehouse"):
            run_step(step.name, dsn, day)


def linked(dsn: str, title: str, year: int) -> list[tuple]:
    """Ids of the row with this title, and what readers see it linked to and by whom."""
    with connect(dsn, autocommit=True) as conn:
        return conn.execute(
            "select source_id, title_key, decided_by from warehouse.bridge_title_source where source = 'netflix'"
            " and source_title = %s and source_year = %s",
            (title, year),
        ).fetchall()


def send(client: TestClient, page: str, path: str, **form: str) -> None:
    token = re.search(r'name="csrf_token" value="(\w+)"', client.get(page).text)[1]
    answered = client.post(path, data=form | {"csrf_token": token})
    assert answered.status_code == 303, answered.text


@pytest.fixture
def pages(dsn, settings):
    with connect(dsn, autocommit=True) as conn:
        key = create_key(conn, "ann", ["read", "review"], "test")[1]
    with TestClient(make_app(dsn, settings, ServingSettings()), follow_redirects=False) as client:
        assert client.post("/login", data={"key": key}).status_code == 303
        yield client


def test_a_decision_made_in_the_page_counts_until_it_is_undone(conn, dsn, settings, pages, tmp_path) -> None:
    data = Path(shutil.copytree(settings.data, tmp_path / "data"))
    settings = replace(settings, data=data)
    load(dsn, Day(FIRST, settings))
    waiting = pages.get("/api/v1/reviews").json()
    row = next(each for each in waiting if each["source"] == "netflix" and each["kind"] == "movie")
    assert not [each for each in linked(dsn, row["title"], row["release_year"]) if each[2] == "override"]
    chosen = row["candidates"][0]
    here = f"/review/netflix/{row['source_id']}"
    send(pages, here, here, verdict="this pair", imdb_id=chosen, why="the poster")
    assert row["source_id"] not in [each["source_id"] for each in pages.get("/api/v1/reviews").json()]

    renumber(data / "netflix" / str(SECOND) / "netflix_titles.csv")
    load(dsn, Day(SECOND, settings))
    ((source_id, title_key, decided_by),) = linked(dsn, row["title"], row["release_year"])
    assert source_id != row["source_id"]
    assert title_key == int(chosen.removeprefix("tt"))
    sentences = pages.get(f"/api/v1/movies/{chosen}/evidence").text
    assert "the poster" in sentences or "ann" in sentences, (decided_by, sentences)

    number = re.search(r'name="number" value="(\d+)"', pages.get("/review").text)[1]
    send(pages, "/review", "/review/undo", number=number)
    load(dsn, Day(SECOND, settings))
    assert [each[1] for each in linked(dsn, row["title"], row["release_year"])] != [title_key]
    assert row["title"] in [each["title"] for each in pages.get("/api/v1/reviews").json()]
