"""Others in the way of a publish: locks, deadlocks, timeouts, other runs. It gives up clean, a retry completes it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
import pytest
from killing import ACKNOWLEDGED, start_publisher, timed
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from small_star import run_day
from two_generations import Star, rows_of

from reelhouse.database import connect
from reelhouse.errors import DatabaseAway, Locked, ReelhouseError
from reelhouse.steps import run_step
from reelhouse.warehousing import publishing


@dataclass
class Waiting:
    """One generation is seen, the other one is checked and waits to be published."""

    star: Star
    before: int
    failures: list[ReelhouseError] = field(default_factory=list)

    @contextmanager
    def publishing_meanwhile(self) -> Iterator[None]:
        """Publish in a thread of its own, and come when it waits for a lock."""

        def publish() -> None:
            try:
                run_step("publish_warehouse", self.star.dsn, self.star.day)
            except ReelhouseError as error:
                self.failures.append(error)

        thread = threading.Thread(target=publish)
        thread.start()
        waits = (
            "select exists (select from pg_stat_activity where application_name = 'reelhouse publish_warehouse'"
            " and datname = current_database() and wait_event_type = 'Lock')"
        )
        while not self.star.conn.execute(waits).fetchone()[0]:
            assert thread.is_alive(), self.failures
        yield
        thread.join(30)
        assert not thread.is_alive()

    def require_nothing_then_all(self) -> None:
        """Readers have what they had; the next try completes it."""
        assert self.star.seen() == self.before
        run_step("publish_warehouse", self.star.dsn, self.star.day)
        assert self.star.seen() == 1 - self.before


@pytest.fixture
def waiting(star: Star) -> Waiting:
    before = star.seen()
    star.prepare(1 - before)
    return Waiting(star, before)


@contextmanager
def somebody_with_a_row_locked(dsn: str) -> Iterator[psycopg.Connection]:
    """A session that holds a row in the midst of those that the publish will change."""
    with connect(dsn, "somebody") as somebody:
        somebody.execute("set deadlock_timeout = '20s'")  # whoever looks for a deadlock first is its victim
        somebody.execute("select from warehouse.fact_title_rating where title_key = 1 for update")
        yield somebody


def test_a_lock_that_somebody_keeps_is_not_waited_for_longer_than_it_may(waiting, monkeypatch, record):
    monkeypatch.setitem(publishing.PUBLISH_SETTINGS, "lock_timeout", "300ms")
    with somebody_with_a_row_locked(waiting.star.dsn), waiting.publishing_meanwhile():
        pass
    assert [type(error) for error in waiting.failures] == [Locked]
    waiting.require_nothing_then_all()
    record("lock_timeout", cases=1, converged=1)


def test_a_deadlock_is_given_up_and_done_again(waiting, record):
    with somebody_with_a_row_locked(waiting.star.dsn) as somebody:
        with waiting.publishing_meanwhile():
            # The publish has changed this row and waits for the other one.
            somebody.execute("update warehouse.dim_title set is_current = is_current where title_key = 1")
        somebody.rollback()
    assert [type(error) for error in waiting.failures] == [Locked]
    assert "deadlock" in str(waiting.failures[0])
    waiting.require_nothing_then_all()
    record("deadlock", cases=1, converged=1)


def test_a_statement_that_takes_too_long_is_given_up_and_done_again(waiting, monkeypatch, record):
    with monkeypatch.context() as patched, somebody_with_a_row_locked(waiting.star.dsn):
        patched.setitem(publishing.PUBLISH_SETTINGS, "statement_timeout", "300ms")
        with waiting.publishing_meanwhile():
            pass
    assert [type(error) for error in waiting.failures] == [DatabaseAway]
    assert "statement timeout" in str(waiting.failures[0])
    assert "Is it running" not in str(waiting.failures[0])
    waiting.require_nothing_then_all()
    record("statement_timeout", cases=1, converged=1)


def test_a_cancelled_publish_is_done_again(waiting, record):
    with somebody_with_a_row_locked(waiting.star.dsn), waiting.publishing_meanwhile():
        waiting.star.conn.execute(
            "select pg_cancel_backend(pid) from pg_stat_activity"
            " where application_name = 'reelhouse publish_warehouse' and datname = current_database()"
        )
    assert [type(error) for error in waiting.failures] == [DatabaseAway]
    waiting.require_nothing_then_all()
    record("cancelled", cases=1, converged=1)


def test_where_serializable_is_the_default_the_content_is_the_same(star, record):
    database = sql.Identifier(conninfo_to_dict(star.dsn)["dbname"])
    setting = sql.SQL("alter database {} {} default_transaction_isolation {}")
    star.conn.execute(setting.format(database, sql.SQL("set"), sql.SQL("= 'serializable'")))
    with connect(star.dsn, "serializable", autocommit=True) as conn:
        assert conn.execute("show default_transaction_isolation").fetchone() == ("serializable",)
        for generation in (0, 1):
            run_day(conn, star.day, rows_of(generation))
            assert star.seen() == generation
    star.conn.execute(setting.format(database, sql.SQL("reset"), sql.SQL("")))
    record("serializable_by_default", cases=2, converged=2)


def test_runs_of_one_day_at_once_end_as_one_run_would(waiting, record):
    star, steps = waiting.star, ("build_warehouse", "check_warehouse", "publish_warehouse")
    runs = [start_publisher(star.dsn, star.day, steps) for _ in range(4)]
    for run in runs:
        run.go()
    answers = [run.answer() for run in runs]
    assert ACKNOWLEDGED in answers
    assert set(answers) <= {ACKNOWLEDGED, "Locked", "OutOfStep"}
    assert star.seen() == 1 - waiting.before
    record("runs_at_once", runs=len(runs), done=answers.count(ACKNOWLEDGED), refused=4 - answers.count(ACKNOWLEDGED))


def test_a_frozen_publisher_holds_nobody_up_once_its_session_is_ended(waiting, record):
    """It stands still in mid-publish with all its locks: others are refused until somebody ends its session."""
    star = waiting.star
    with somebody_with_a_row_locked(star.dsn) as somebody:
        publisher = start_publisher(star.dsn, star.day)
        publisher.go()
        waits = "select wait_event_type = 'Lock' from pg_stat_activity where pid = %s"
        while not star.conn.execute(waits, (publisher.backend,)).fetchone()[0]:
            pass
        os.kill(publisher.process, signal.SIGSTOP)
        somebody.rollback()
    with pytest.raises(Locked):
        run_step("publish_warehouse", star.dsn, star.day)
    assert star.seen() == waiting.before
    took: list[float] = []
    with timed(took):
        star.conn.execute("select pg_terminate_backend(%s, 10000)", (publisher.backend,))
        waiting.require_nothing_then_all()
    os.kill(publisher.process, signal.SIGCONT)
    assert publisher.answer() != ACKNOWLEDGED
    assert star.seen() == 1 - waiting.before
    record("frozen_publisher", cases=1, converged=1, until_the_next_is_done_s=round(took[0], 2))
