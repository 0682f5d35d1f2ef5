"""kill -9 at random moments, of the publisher and of PostgreSQL: wholly before, or wholly after; then a retry."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import psycopg
import pytest
from killing import ACKNOWLEDGED, Publisher, kill_backend, kill_server, start_publisher, timed
from small_star import run_day
from two_generations import DAY, STAMP, generation_of, prepare, rows_of, undisturbed

from reelhouse.database import connect
from reelhouse.day import Day
from reelhouse.errors import DatabaseAway
from reelhouse.operating import postgres
from reelhouse.settings import read_settings
from reelhouse.warehousing.publishing import publish_warehouse

# So often a build is tried before it is left alone to be published: builds take longer than publishes.
KILLS_A_BUILD = 3
PUBLISH = ("publish_warehouse",)
WHOLE = ("build_warehouse", "check_warehouse", *PUBLISH)


@pytest.fixture
def own_day(own_dsn: str, tmp_path: Path) -> Callable[[date], Day]:
    settings = read_settings({"REELHOUSE_HOME": str(tmp_path / "home"), "REELHOUSE_WAREHOUSE_DSN": own_dsn})
    return lambda batch_date: Day(batch_date, settings)


def seconds_of(dsn: str, day: Day, steps: tuple[str, ...]) -> float:
    """How long a publisher takes when nobody kills it: what the random moments are taken from."""
    took: list[float] = []
    publisher = start_publisher(dsn, day, steps)
    with timed(took):
        publisher.go()
        assert publisher.answer() == ACKNOWLEDGED
    return took[0]


def at_a_random_moment(publisher: Publisher, seconds: float) -> None:
    publisher.go()
    time.sleep(random.uniform(0, 1.15 * seconds))


@pytest.mark.parametrize("kills", [12, pytest.param(100, marks=pytest.mark.full)])
def test_a_publisher_killed_at_any_moment_leaves_all_or_nothing_and_a_retry_completes_it(
    conn, dsn, make_day, record, kills
):
    day = make_day(DAY)
    hashes = undisturbed(conn, day)
    prepare(conn, day, 0)
    seconds = seconds_of(dsn, day, PUBLISH)
    told = {"kills": 0, "rolled_back": 0, "committed_without_ack": 0, "torn": 0, "converged": 0, "builds": 0}
    freed: list[float] = []
    while told["kills"] < kills:
        before = generation_of(conn, hashes)
        wanted = 1 - before
        load_id = prepare(conn, day, wanted)
        told["builds"] += 1
        for _ in range(KILLS_A_BUILD):
            publisher = start_publisher(dsn, day)
            at_a_random_moment(publisher, seconds)
            publisher.kill()
            with timed(freed):
                publisher.answer()
                wait_until_backend_is_gone(conn, publisher.backend)
            told["kills"] += 1
            is_committed = generation_of(conn, hashes) == wanted
            assert (conn.execute(STAMP).fetchone()[0] == load_id) == is_committed
            told["committed_without_ack" if is_committed else "rolled_back"] += 1
            if is_committed:
                break
        figures = publish_warehouse(conn, day)
        assert figures.get("unchanged", False) == is_committed
        assert generation_of(conn, hashes) == wanted
        told["converged"] += 1
    record("kills_of_the_publisher", **told, worst_until_locks_are_free_s=round(max(freed), 2))


def wait_until_backend_is_gone(conn: psycopg.Connection, backend: int) -> None:
    deadline = time.monotonic() + 30
    while conn.execute("select from pg_stat_activity where pid = %s", (backend,)).fetchone():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("kills", [12, pytest.param(100, marks=pytest.mark.full)])
def test_postgres_killed_at_any_moment_keeps_what_it_acknowledged_and_nothing_half(
    own_server, own_dsn, own_day, record, kills
):
    """Every other time the whole server, else the publisher's backend; every other time in the publish, else before it.

    Staging and build are unlogged: a crash empties them, and the steps of the day are run again.
    """
    day = own_day(DAY)
    with connect(own_dsn, "before the kills", autocommit=True) as conn:
        hashes = undisturbed(conn, day)
        prepare(conn, day, 0)
        seconds = {PUBLISH: seconds_of(own_dsn, day, PUBLISH)}
        prepare(conn, day, 1)
        seconds[WHOLE] = seconds_of(own_dsn, day, WHOLE)
        before = generation_of(conn, hashes)
    told = {
        "kills": 0, "acknowledged": 0, "acknowledged_then_lost": 0, "committed_without_ack": 0, "rolled_back": 0,
        "torn": 0, "converged": 0,
    }  # fmt: skip
    recovered: list[float] = []
    for number in range(kills):
        wanted, steps = 1 - before, (PUBLISH, WHOLE)[number // 2 % 2]
        with connect(own_dsn, "to be killed, too", autocommit=True) as conn:
            prepare(conn, day, wanted)
        publisher = start_publisher(own_dsn, day, steps)
        at_a_random_moment(publisher, seconds[steps])
        with timed(recovered):
            if number % 2:
                kill_backend(publisher.backend)
            else:
                kill_server(own_server.folder)
            answer = publisher.answer()
            conn = connect_when_recovered(own_server, own_dsn)
        with conn:
            told["kills"] += 1
            found = generation_of(conn, hashes)
            told[_fate(answer, found == wanted)] += 1
            run_day(conn, day, rows_of(wanted))
            assert generation_of(conn, hashes) == wanted
            told["converged"] += 1
        before = wanted
    times = {"median_recovery_s": statistics.median(recovered), "worst_recovery_s": max(recovered)}
    told |= {name: round(value, 2) for name, value in times.items()}
    record("kills_of_postgres", **told, undamaged_relations=require_undamaged(own_dsn))
    assert told["acknowledged_then_lost"] == 0


def _fate(answer: str, is_committed: bool) -> str:
    if answer == ACKNOWLEDGED:
        return "acknowledged" if is_committed else "acknowledged_then_lost"
    return "committed_without_ack" if is_committed else "rolled_back"


def connect_when_recovered(server: postgres.Server, dsn: str) -> psycopg.Connection:
    """As the launcher does: start the server where it does not run, wait for it where it recovers by itself."""
    deadline = time.monotonic() + 60
    while True:
        try:
            postgres.start(server.folder, server.bin)
            return connect(dsn, "after the kill", autocommit=True)
        except DatabaseAway:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def require_undamaged(dsn: str) -> int:
    """Have PostgreSQL read every page of every lasting table, and look for each row in each of its indexes.

    Gives   how many tables and indexes it read; damage to an index is an error of its own
    """
    lasting = "relnamespace = any('{warehouse, ops, matching}'::regnamespace[]) and relpersistence = 'p'"
    with connect(dsn, "amcheck", autocommit=True) as conn:
        conn.execute("create extension if not exists amcheck")
        damaged = conn.execute(
            "select relname, damage.* from pg_class cross join lateral verify_heapam(oid) as damage"
            f" where relkind = 'r' and {lasting}"
        ).fetchall()
        assert damaged == []
        (tables,) = conn.execute(f"select count(*) from pg_class where relkind = 'r' and {lasting}").fetchone()
        indexes = conn.execute(
            "select bt_index_check(pg_class.oid, true) from pg_class inner join pg_am on pg_am.oid = relam"
            f" where relkind = 'i' and amname = 'btree' and {lasting}"
        ).fetchall()
    return tables + len(indexes)
