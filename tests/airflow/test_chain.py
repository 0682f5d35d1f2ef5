"""A day out of order, and what one DAG hands to the next. The days of a real scheduler are in test_up.py."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

DAY = datetime(2026, 1, 31, tzinfo=UTC)

pytestmark = pytest.mark.airflow


@pytest.fixture
def warehouse(settings, monkeypatch: pytest.MonkeyPatch) -> str:
    """The test's own database and home, as a task finds them."""
    monkeypatch.setenv("REELHOUSE_HOME", str(settings.home))
    monkeypatch.setenv("REELHOUSE_WAREHOUSE_DSN", settings.warehouse_dsn)
    return settings.warehouse_dsn


def states(dag_run) -> dict[str, str]:
    return {instance.task_id: str(instance.state) for instance in dag_run.get_task_instances()}


@pytest.mark.full  # that such a failure is not tried again is seen in test_waiting.py, too
def test_a_day_without_a_load_fails_at_the_first_try(dags, metadata: None, warehouse: str) -> None:
    done = dags["match_titles"].test(logical_date=DAY, run_after=DAY)
    (first,) = [instance for instance in done.get_task_instances() if instance.task_id == "compare_editions"]
    assert (str(first.state), first.try_number) == ("failed", 1)
    assert states(done)["decide_matches"] == "upstream_failed"


def test_a_started_run_takes_force_and_what_is_accepted_from_the_run_that_started_it_last(
    conn, settings, make_day
) -> None:
    from reelhouse import loads, orchestration

    loads.open_load(conn, "warehouse", DAY.date(), "0" * 64)
    day = make_day(DAY.date(), force=True, accept="a reason")
    orchestration._hand_on(settings.warehouse_dsn, day)
    assert orchestration._handed_on(settings.warehouse_dsn, day.batch_date) == (True, "a reason")
    orchestration._hand_on(settings.warehouse_dsn, make_day(DAY.date()))
    assert orchestration._handed_on(settings.warehouse_dsn, day.batch_date) == (False, None)
