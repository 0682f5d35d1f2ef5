"""A task that fails for good tells people of it, whatever state the warehouse is in."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from taking_alerts import taking_alerts

from reelhouse import orchestration


@pytest.fixture
def posted(monkeypatch):
    with taking_alerts() as (address, found):
        monkeypatch.setenv("REELHOUSE_ALERT_WEBHOOK", address)
        yield found


def context() -> dict:
    moment = datetime(2026, 1, 5, tzinfo=UTC)
    return {
        "params": {"day": None},
        "dag_run": SimpleNamespace(logical_date=moment, run_after=moment),
        "dag": SimpleNamespace(dag_id="match_titles"),
        "ti": SimpleNamespace(task_id="find_candidates"),
        "exception": ValueError("there was no title"),
    }


def test_every_task_tells_when_it_has_failed_for_good(dags) -> None:
    for dag in dags.values():
        for task in dag.tasks:
            assert [type(each).__name__ for each in task.on_failure_callback] == ["AlertNotifier"], task.task_id


def test_a_failure_is_told_once_and_again_when_the_warehouse_is_away(posted, dsn, monkeypatch) -> None:
    monkeypatch.setenv("REELHOUSE_WAREHOUSE_DSN", dsn)
    for _ in range(2):
        orchestration.AlertNotifier().notify(context())
    assert [(each["place"], each["cause"]) for each in posted] == [
        ("match_titles.find_candidates", "there was no title")
    ]
    monkeypatch.setenv("REELHOUSE_WAREHOUSE_DSN", "host=127.0.0.1 port=1 dbname=gone user=nobody")
    orchestration.AlertNotifier().notify(context())
    assert len(posted) == 2


def test_an_alert_that_cannot_be_sent_fails_nothing(dsn, monkeypatch, caplog) -> None:
    monkeypatch.setenv("REELHOUSE_WAREHOUSE_DSN", dsn)
    monkeypatch.setenv("REELHOUSE_ALERT_WEBHOOK", "http://127.0.0.1:1/")
    orchestration.AlertNotifier().notify(context())
    assert "could not be sent" in caplog.text


def test_a_day_that_will_not_be_ready_in_time_is_told_of_before_and_looked_at_again(posted, conn, dsn, monkeypatch):
    """Two days took 40 hours; readers are to have this one after 36, which is told whatever the time of the day is."""
    from datetime import time, timedelta

    from airflow.sdk.exceptions import TaskDeferred

    from reelhouse.steps import STEPS

    monkeypatch.setenv("REELHOUSE_WAREHOUSE_DSN", dsn)
    today = datetime.combine(datetime.now(UTC).date(), time(), UTC)
    for back in (1, 2):
        ended = today - timedelta(days=back) + timedelta(hours=40)
        conn.cursor().executemany(
            "insert into ops.step_time values (%s, %s, %s, %s)",
            [(today - timedelta(days=back), step.name, ended, ended) for step in STEPS],
        )
    run = SimpleNamespace(logical_date=today, run_after=today)
    asked = context() | {"dag_run": run}
    assert orchestration._watch_ready(**asked) == []
    monkeypatch.setenv("REELHOUSE_READY_BY", "23:59-12:00")
    for _ in range(2):
        with pytest.raises(TaskDeferred) as deferred:
            orchestration._watch_ready(**asked)
        assert deferred.value.method_name == "look_again"
    assert [(each["kind"], each["place"]) for each in posted] == [("deadline", "refresh_recommendations")]
    assert "will be missed" in posted[0]["cause"]
    assert "to be ready by" in posted[0]["cause"]
    # Whoever tidies on behalf of an old day has missed nothing.
    assert orchestration._watch_ready(**context()) == []
    assert len(posted) == 1
