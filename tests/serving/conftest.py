"""A small published warehouse with recommendations, the app on it, and somebody for each set of scopes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from small_star import Imdb, Netflix, RottenTomatoes, run_day

from reelhouse.database import connect
from reelhouse.day import Day
from reelhouse.recommending.refreshing import (
    build_recommendations,
    check_recommendations,
    publish_recommendations,
)
from reelhouse.serving.app import make_app
from reelhouse.serving.keys import create_key
from reelhouse.serving.settings import ServingSettings
from reelhouse.settings import Settings, read_settings

DAY = date(2026, 1, 5)
ANN, BO, CY, DEE, EVE = ((10 + place, name) for place, name in enumerate(
    ("Ann Lee", "Bo O'Ray", "Cy Day", "Dee Oak", "Eve Pine")
))  # fmt: skip
MARKUP = "<script>alert('x')</script>"
ROWS = [
    Imdb(1, "The Old House", 2018, rating=(6.5, 9000), genres=("Horror",),
         credits=((*ANN, "director"), (*BO, "actor"))),
    Imdb(2, "New House", 2017, rating=(7.5, 90000), genres=("Horror", "Drama"),
         credits=((*BO, "actor"), (*CY, "director"))),
    Imdb(3, "Casa Vieja", 2016, rating=(9.0, 2000), genres=("Drama",), credits=((*CY, "actor"), (*DEE, "actress"))),
    Imdb(4, MARKUP, 2019, rating=(5.0, 1500), genres=("Comedy",), credits=((*EVE, "actor"),)),
    Imdb(5, "100% Wolf_Man", 2019, rating=(8.0, 1200), genres=("Comedy",)),
    Imdb(6, "Housewarming", 2020, "tvSeries", rating=(8.8, 3000), genres=("Drama",)),
    Imdb(7, "Few Have Seen It", 2020, rating=(9.9, 9), genres=("Drama",)),
    Imdb(8, "Namesake", 2001, rating=(6.0, 5000)),
    Imdb(9, "Namesake", 2021, rating=(6.1, 4000)),
    Netflix("s1", "The Old House", 2018, imdb=1, categories=("Horror Movies",), certification="R",
            actors=("Bo O'Ray",), directors=("Ann Lee",), countries=("Argentina",), description="A house, old."),
    Netflix("s2", "New House", 2017, imdb=2, actors=("Bo O'Ray",), countries=("United States",)),
    Netflix("s3", MARKUP, 2019, imdb=4, certification="TV-G", description="<img src=x onerror=alert(1)>"),
    Netflix("s4", "Namesake", 2010, imdb=8, band="review", actors=("Somebody Else",)),
    Netflix("s5", "Housewarming", 2020, kind="series", imdb=6),
    RottenTomatoes("old_house", "The Old House", 2018, imdb=1, critics=(71, 30), audience=(60, 5000)),
    RottenTomatoes("new_house", "New House", 2017, imdb=2, critics=(95, 100), audience=(35, 2000)),
]  # fmt: skip


@dataclass(frozen=True)
class Served:
    """The app, and how to ask it as somebody."""

    app: FastAPI
    dsn: str
    settings: Settings
    keys: dict[str, str]

    def client(self, scopes: str | None = "read", **options) -> TestClient:
        headers = {"Authorization": f"Bearer {self.keys[scopes]}"} if scopes else {}
        return TestClient(self.app, headers=headers, follow_redirects=False, **options)


def publish_small_star(dsn: str, settings: Settings, rows=ROWS, batch_date: date = DAY) -> None:
    day = Day(batch_date, settings)
    with connect(dsn, "reelhouse test", autocommit=True) as conn:
        run_day(conn, day, rows)
        build_recommendations(conn, day)
        check_recommendations(conn, day)
        publish_recommendations(conn, day)
        conn.execute(
            "insert into matching.match_evidence select 'netflix', 's4', number, rank, 'title', 2.0, 0.6,"
            ' \'{"title": 3.0}\', \'{"name": "Namesake"}\', max(load_id) from ops.load,'
            " (values (8, 1), (9, 2)) as pair (number, rank) group by number, rank on conflict do nothing"
        )


@pytest.fixture(scope="module")
def served(module_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The app on the small warehouse."""
    home = tmp_path_factory.mktemp("served")
    settings = read_settings({"REELHOUSE_HOME": str(home), "REELHOUSE_WAREHOUSE_DSN": module_dsn})
    publish_small_star(module_dsn, settings)
    with connect(module_dsn, "reelhouse test", autocommit=True) as conn:
        scopes = ("read", "write", "review", "read write", "read review", "read write review")
        keys = {each: create_key(conn, f"{each} of test", each.split(), "test")[1] for each in scopes}
    app = make_app(module_dsn, settings, ServingSettings())
    with TestClient(app):
        yield Served(app, module_dsn, settings, keys)


@pytest.fixture
def ask(served: Served) -> Callable:
    """Ask as somebody who may read; gives what JSON says."""
    client = served.client()

    def get(path: str, status: int = 200):
        answered = client.get(path)
        assert answered.status_code == status, answered.text
        return answered.json()

    return get
