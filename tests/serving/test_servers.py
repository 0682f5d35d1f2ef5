"""With a replica the app goes on answering whichever of the two servers stops, and says which answered and how old."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import psycopg
from fastapi.testclient import TestClient
from small_star import Imdb, Netflix, run_day
from two_servers import PAIR_SETTINGS, Pair, a_pair

from reelhouse.database import connect
from reelhouse.day import Day
from reelhouse.operating import postgres
from reelhouse.serving.app import make_app
from reelhouse.serving.keys import create_key
from reelhouse.serving.settings import ServingSettings
from reelhouse.settings import read_settings

ROWS = [Imdb(1, "The Old House", 2018, rating=(6.5, 9000)), Netflix("s1", "The Old House", 2018, imdb=1)]


@contextmanager
def an_app(pair: Pair, home: Path) -> Iterator[TestClient]:
    """The app with a published title, whose questions go to the standby, and somebody who may read."""
    dsn = pair.primary.dsn("warehouse")
    settings = read_settings({"REELHOUSE_HOME": str(home), "REELHOUSE_WAREHOUSE_DSN": dsn})
    with connect(dsn, "reelhouse test", autocommit=True) as conn:
        run_day(conn, Day(date(2026, 1, 5), settings), ROWS)
        (_, secret) = create_key(conn, "reader of test", ["read"], "test")
        (written,) = conn.execute("select pg_current_wal_lsn()").fetchone()
    with psycopg.connect(pair.standby.dsn("warehouse"), autocommit=True) as conn:
        while not conn.execute("select pg_last_wal_replay_lsn() >= %s::pg_lsn", (written,)).fetchone()[0]:
            time.sleep(0.05)
    app = make_app(dsn, settings, ServingSettings(read_dsn=pair.standby.dsn("warehouse"), seconds=20.0))
    with TestClient(app, headers={"Authorization": f"Bearer {secret}"}) as client:
        yield client


def answer_of(client: TestClient, server: str) -> float:
    """Ask until it is this server that answers, and never meet an error; gives how old the answer is."""
    deadline = time.monotonic() + 30
    while True:
        answered = client.get("/api/v1/trust")
        assert answered.status_code == 200, answered.text
        assert answered.headers["load-id"] == "1"
        if answered.headers["answered-by"] == server:
            return float(answered.headers["replica-lag-seconds"])
        assert time.monotonic() < deadline, f"still answered by {answered.headers['answered-by']}"
        time.sleep(0.2)


def test_whichever_server_stops_the_other_answers_and_says_how_old(tmp_path: Path) -> None:
    with a_pair(tmp_path, is_synchronous=False) as pair, an_app(pair, tmp_path / "home") as client:
        assert answer_of(client, "replica") < 1
        assert "Answered by the replica" in client.get("/trust").text

        postgres.stop(pair.standby)
        assert answer_of(client, "warehouse") == 0

        postgres.start(pair.standby.folder, pair.standby.bin, port=pair.standby.port, settings=PAIR_SETTINGS)
        assert answer_of(client, "replica") < 1

        postgres.stop(pair.primary)
        first = answer_of(client, "replica")
        time.sleep(2.5)
        assert answer_of(client, "replica") > first
