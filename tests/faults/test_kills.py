"""kill -9 at random moments, of the publisher and of PostgreSQL: wholly before, or wholly after; then a retry."""

from __future__ import annotations

import itertools
import random
import resource
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import psutil
import psycopg
import pytest
from killing import ACKNOWLEDGED, KILLED_SETTINGS, Publisher, kill_backend, start_publisher, timed
from small_star import run_day
from two_generations import a_star, rows_of

from reelhouse.database import connect
from reelhouse.day import Day
from reelhouse.errors import DatabaseAway
from reelhouse.operating import postgres
from reelhouse.soaking.faults import kill_server
from reelhouse.warehousing.publishing import publish_warehouse

# So often a build is tried before it is left alone to be published: builds take longer than publishes.
KILLS_A_BUILD = 3
PUBLISH = ("publish_warehouse",)
WHOLE = ("build_warehouse", "check_warehouse", *PUBLISH)


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
def test_a_publisher_killed_at_any_moment_leaves_all_or_nothing_and_a_retry_completes_it(star, record, kills):
    star.prepare(1 - star.seen())
    seconds = seconds_of(star.dsn, star.day, PUBLISH)
    told = {"kills": 0, "rolled_back": 0, "committed_without_ack": 0, "torn": 0, "converged": 0, "builds": 0}
    freed: list[float] = []
    while told["kills"] < kills:
        wanted = 1 - star.seen()
        load_id = star.prepare(wanted)
        told["builds"] += 1
        for _ in range(KILLS_A_BUILD):
            publisher = start_publisher(star.dsn, star.day)
            at_a_random_moment(publisher, seconds)
            publisher.kill()
            with timed(freed):
                publisher.answer()
                wait_until_backend_is_gone(star.conn, publisher.backend)
            told["kills"] += 1
            is_committed = star.seen() == wanted
            assert (star.stamped_load() == load_id) == is_committed
            told["committed_without_ack" if is_committed else "rolled_back"] += 1
            if is_committed:
                break
        figures = publish_warehouse(star.conn, star.day)
        assert figures.get("unchanged", False) == is_committed
        assert star.seen() == wanted
        told["converged"] += 1
    record("kills_of_the_publisher", **told, worst_until_locks_are_free_s=round(max(freed), 2))


def wait_until_backend_is_gone(conn: psycopg.Connection, backend: int) -> None:
    deadline = time.monotonic() + 30
    while conn.execute("select from pg_stat_activity where pid = %s", (backend,)).fetchone():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("kills", [12, pytest.param(220, marks=pytest.mark.full)])
def test_postgres_killed_at_any_moment_keeps_what_it_acknowledged_and_nothing_half(
    own_server, own_dsn, tmp_path, record, kills
):
    """The whole server or the publisher's backend, in the publish or in any of the steps from the build on.

    Staging and build are unlogged: a crash empties them, and the steps of the day are run again.
    """
    with a_star(own_dsn, tmp_path) as star:
        star.prepare(0)
        seconds = {PUBLISH: seconds_of(own_dsn, star.day, PUBLISH)}
        star.prepare(1)
        seconds[WHOLE] = seconds_of(own_dsn, star.day, WHOLE)
    told = {
        "kills": 0, "acknowledged": 0, "acknowledged_then_lost": 0, "committed_without_ack": 0, "rolled_back": 0,
        "torn": 0, "converged": 0,
    }  # fmt: skip
    recovered: list[float] = []
    for number in itertools.count():
        if told["kills"] == kills:
            break
        wanted, steps = number % 2, (PUBLISH, WHOLE)[number // 2 % 2]
        with connect(own_dsn, "before the kill", autocommit=True) as conn:
            replace(star, conn=conn).prepare(wanted)
        publisher = start_publisher(own_dsn, star.day, steps)
        at_a_random_moment(publisher, seconds[steps])
        with timed(recovered):
            is_hit = kill_backend(publisher.backend) if number // 4 % 2 else kill_server(own_server.folder)
            answer = publisher.answer()
            conn = connect_when_recovered(own_server, own_dsn)
        if not is_hit:
            recovered.pop()
        with conn:
            told["kills"] += is_hit
            told[_fate(answer, star.seen(conn) == wanted)] += is_hit
            run_day(conn, star.day, rows_of(wanted))
            assert star.seen(conn) == wanted
            told["converged"] += is_hit
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
    deadline = time.monotonic() + 180
    while True:
        try:
            postgres.start(server.folder, server.bin, settings=KILLED_SETTINGS)
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


SPARE_MEGABYTES = (2, 4, 6, 8, 12, 16, 24, 32)


@contextmanager
def least_memory(server: postgres.Server, megabytes: int | None = None) -> Iterator[None]:
    """Start the server anew; each of its processes may have no more address space than this."""
    postgres.stop(server)
    kept = resource.getrlimit(resource.RLIMIT_AS)
    if megabytes:
        resource.setrlimit(resource.RLIMIT_AS, (megabytes * 2**20, kept[1]))
    try:
        postgres.start(server.folder, server.bin, settings=KILLED_SETTINGS)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, kept)
    yield


def megabytes_of_a_backend(dsn: str) -> int:
    with connect(dsn, "memory", autocommit=True) as conn:
        return psutil.Process(conn.info.backend_pid).memory_info().vms // 2**20


@pytest.mark.full
def test_backends_without_memory_give_up_clean_and_the_next_try_completes_it(own_server, own_dsn, tmp_path, record):
    """Backends may have so much more than one has that has just connected; then the kernel gives no more."""
    postgres.start(own_server.folder, own_server.bin, settings=KILLED_SETTINGS)
    told = {"cases": 0, "failed_clearly": 0, "done_nevertheless": 0, "torn": 0, "converged": 0}
    with a_star(own_dsn, tmp_path) as star:
        before = star.seen()
    least = megabytes_of_a_backend(own_dsn)
    for spare, steps in itertools.product(SPARE_MEGABYTES, (PUBLISH, WHOLE)):
        with connect(own_dsn, "before", autocommit=True) as conn:
            replace(star, conn=conn).prepare(1 - before)
        with least_memory(own_server, least + spare):
            publisher = start_publisher(own_dsn, star.day, steps)
            publisher.go()
            answer = publisher.answer()
        with least_memory(own_server), connect(own_dsn, "after", autocommit=True) as conn:
            assert answer in (ACKNOWLEDGED, "OutOfMemory")
            is_done = answer == ACKNOWLEDGED
            assert star.seen(conn) == (1 - before if is_done else before)
            told["cases"] += 1
            told["done_nevertheless" if is_done else "failed_clearly"] += 1
            run_day(conn, star.day, rows_of(1 - before))
            before = star.seen(conn)
            told["converged"] += 1
    record("memory_full", **told)
    assert told["failed_clearly"] > 0
