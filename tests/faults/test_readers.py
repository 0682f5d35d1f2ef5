"""Readers meanwhile: while loads are published, nobody sees an error, half a load, or nothing."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import psycopg
import pytest
from two_generations import STAMP, TITLES, TOLD, TOLD_BY_MART, Star, a_star
from two_servers import a_pair

from reelhouse.database import connect
from reelhouse.warehousing.publishing import publish_warehouse

READERS = 8
ISOLATIONS = ("read committed", "repeatable read", "serializable")
# A server that copies another one knows no conflicts of writers to look for.
ISOLATIONS_OF_REPLICA = ISOLATIONS[:2]
IN_ONE_STATEMENT = f"select ({STAMP}), told.* from ({TOLD_BY_MART}) as told"


@dataclass
class Readers:
    """Some that ask all the time, each at another isolation, and what they met."""

    dsn: str
    generation_of_load: dict[int, str]
    number: int = READERS
    isolations: tuple[str, ...] = ISOLATIONS
    pause_s: float = 0.02
    reads: int = 0
    errors: list[str] = field(default_factory=list)
    torn: list[tuple] = field(default_factory=list)
    empty: int = 0
    took_ms: list[float] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Readers:
        self._threads = [threading.Thread(target=self._read, args=(number,)) for number in range(self.number)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def figures(self) -> dict[str, object]:
        return {
            "readers": self.number, "reads": self.reads, "reader_errors": len(self.errors),
            "torn_reads": len(self.torn), "empty_reads": self.empty, "worst_read_ms": round(max(self.took_ms)),
        }  # fmt: skip

    def _read(self, number: int) -> None:
        isolation = self.isolations[number % len(self.isolations)]
        with psycopg.connect(self.dsn, autocommit=True) as conn:
            while not self._stop.wait(random.uniform(0, 2 * self.pause_s)):
                began = time.perf_counter()
                try:
                    told = _ask(conn, isolation, random.randint(1, TITLES))
                except psycopg.Error as error:
                    self.errors.append(f"{isolation}: {error}")
                    continue
                self.took_ms.append((time.perf_counter() - began) * 1000)
                self.reads += 1
                if None in told:
                    self.empty += 1
                elif len({self.generation_of_load[told[0]], *told[1:]}) != 1:
                    self.torn.append((isolation, *told))


def _ask(conn: psycopg.Connection, isolation: str, title: int) -> tuple:
    """The load that is seen, and what each table tells of a title: in one statement, or in several of one snapshot."""
    if isolation == "read committed":
        return conn.execute(IN_ONE_STATEMENT, {"title": title}).fetchone() or (None,)
    with conn.transaction():
        conn.execute(f"set transaction isolation level {isolation}, read only")
        asked = [conn.execute(query, {"title": title}).fetchone() for query in (STAMP, TOLD, TOLD_BY_MART)]
        return tuple(value for row in asked for value in (row or (None,)))


def publish_by_turns(star: Star, times: int, tell: Callable[[float], None]) -> None:
    """Publish the two generations by turns; `tell` is told the seconds of each publish."""
    for _ in range(times):
        star.prepare(1 - star.seen())
        began = time.monotonic()
        assert publish_warehouse(star.conn, star.day)["rows_changed"] > 0
        tell(time.monotonic() - began)


def readers_of(star: Star, dsn: str | None = None, **settings: object) -> Readers:
    """Readers who know which load is which generation."""
    seen = star.seen()
    (other,) = star.conn.execute("select load_id from ops.load where load_id <> %s", (star.stamped_load(),)).fetchone()
    return Readers(dsn or star.dsn, {star.stamped_load(): str(seen), other: str(1 - seen)}, **settings)


@pytest.mark.parametrize("publishes", [10, pytest.param(60, marks=pytest.mark.full)])
def test_readers_see_one_whole_load_at_every_moment(star, record, publishes):
    took: list[float] = []
    with readers_of(star) as readers:
        publish_by_turns(star, publishes, took.append)
    record("readers", publishes=publishes, **readers.figures(), worst_publish_s=round(max(took), 2))
    assert readers.reads > publishes
    assert (readers.errors, readers.torn, readers.empty) == ([], [], 0)


@pytest.mark.parametrize(("number", "publishes"), [(8, 3), pytest.param(120, 50, marks=pytest.mark.full)])
def test_readers_of_a_replica_see_one_whole_load_while_the_primary_publishes(tmp_path, record, number, publishes):
    took: list[float] = []
    with (
        a_pair(tmp_path, is_synchronous=False) as pair,
        a_star(pair.primary.dsn("warehouse"), tmp_path / "home") as star,
    ):
        replica = pair.standby.dsn("warehouse")
        _wait_until_it_has(replica, star.stamped_load())
        with readers_of(
            star, replica, number=number, isolations=ISOLATIONS_OF_REPLICA, pause_s=number / 120
        ) as readers:
            publish_by_turns(star, publishes, took.append)
            _wait_until_it_has(replica, star.stamped_load())
    record("readers_of_a_replica", publishes=publishes, **readers.figures(), worst_publish_s=round(max(took), 2))
    assert readers.reads > publishes
    assert (readers.errors, readers.torn, readers.empty) == ([], [], 0)


def _wait_until_it_has(dsn: str, load_id: int) -> None:
    with connect(dsn, "how far is it", autocommit=True) as conn:
        deadline = time.monotonic() + 60
        while conn.execute(STAMP).fetchone() != (load_id,):
            assert time.monotonic() < deadline, "the replica does not follow"
            time.sleep(0.05)


@pytest.mark.parametrize(("publishes", "seconds"), [(3, 0), pytest.param(20, 60, marks=pytest.mark.full)])
def test_a_publish_waits_for_no_reader_however_long_it_reads(star, record, publishes, seconds):
    """One statement that goes on until all is published, and one snapshot left open with nothing asked in it."""
    took: list[float] = []
    count = "select count(*), count(distinct description), max(description) from mart.titles"
    with connect(star.dsn, "analyst") as analyst, connect(star.dsn, "idle in transaction") as idle:
        idle.execute("set transaction isolation level repeatable read")
        before = idle.execute(count).fetchone()
        assert before == (TITLES, 1, f"generation {star.seen()}")
        answer: list[str] = []
        # Holds its locks and its snapshot for as long as it sleeps, and would read at the end.
        query = f"with slept as materialized (select pg_sleep(600)) select seen.* from slept, ({count}) as seen"
        thread = threading.Thread(target=lambda: answer.append(_how_it_ends(analyst, query)))
        thread.start()
        until = time.monotonic() + seconds
        with readers_of(star) as readers:
            while not took or time.monotonic() < until:
                publish_by_turns(star, publishes, took.append)
        assert thread.is_alive(), "the analyst's query ended before the publishes did"
        assert idle.execute(count).fetchone() == before
        analyst.cancel()
        thread.join()
    figures = readers.figures() | {"publishes": len(took), "open_s": seconds, "worst_publish_s": round(max(took), 2)}
    record("readers_beside_an_analyst", **figures)
    assert answer == ["QueryCanceled"]
    assert (readers.errors, readers.torn, readers.empty) == ([], [], 0)


def _how_it_ends(conn: psycopg.Connection, query: str) -> str:
    try:
        conn.execute("set transaction isolation level repeatable read")
        conn.execute("select count(*) from mart.titles")
        conn.execute(query)
    except psycopg.Error as error:
        return type(error).__name__
    return "of itself"
