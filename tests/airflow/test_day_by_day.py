"""Each DAG on the sample, run by `dag.test()` in order; after each the next one is queued for the same day."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg
import pytest

from reelhouse.day import EVERY_SOURCE

DAY = datetime(2026, 1, 31, tzinfo=UTC)
FLOW = ["extract_sources", "match_titles", "populate_warehouse", "refresh_recommendations", "summarize_warehouse"]

pytestmark = pytest.mark.airflow


@pytest.fixture
def warehouse(settings, monkeypatch: pytest.MonkeyPatch) -> str:
    """The test's own database and home, as a task finds them."""
    monkeypatch.setenv("REELHOUSE_HOME", str(settings.home))
    monkeypatch.setenv("REELHOUSE_WAREHOUSE_DSN", settings.warehouse_dsn)
    return settings.warehouse_dsn


def run_of(dag_id: str):
    from airflow.models.dagrun import DagRun

    return DagRun.find(dag_id=dag_id, logical_date=DAY)


def states(dag_run) -> dict[str, str]:
    return {instance.task_id: str(instance.state) for instance in dag_run.get_task_instances()}


def test_a_day_goes_through_the_chain_and_its_assets_tell_of_it(dags, metadata: None, warehouse: str) -> None:
    for dag_id, following in zip(FLOW, [*FLOW[1:], None], strict=True):
        done = dags[dag_id].test(logical_date=DAY, run_after=DAY)
        assert set(states(done).values()) == {"success"}, states(done)
        if following:
            (queued,) = run_of(following)
            assert str(queued.state) == "queued"
            assert queued.conf == {"sources": list(EVERY_SOURCE), "force": False}
    with psycopg.connect(warehouse) as conn:
        seen = conn.execute(
            "select part, batch_date, state, figures ->> 'is_forced' from ops.load order by load_id"
        ).fetchall()
    assert [row[:3] for row in seen] == [
        ("warehouse", DAY.date(), "published"),
        ("recommendations", DAY.date(), "published"),
    ]
    assert seen[0][3] == "false"
    expect_events()


def expect_events() -> None:
    staged, matched, published = (newest_event(name) for name in ("staging", "matching", "warehouse"))
    fates = ("rows_staged", "rows_filtered", "rows_quarantined", "rows_duplicate")
    assert staged["rows_in"] == sum(staged[fate] for fate in fates)
    assert 0 < matched["match_rate"]["netflix"] <= 1
    assert published["match_rate"] == matched["match_rate"]
    assert published["rows_changed"] > 0
    for event in (staged, matched, published):
        assert (event["day"], event["load_id"]) == ("2026-01-31", 1)


def newest_event(name: str) -> dict:
    from airflow.models.asset import AssetEvent, AssetModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    of_asset = select(AssetEvent.extra).join(AssetModel, AssetModel.id == AssetEvent.asset_id)
    with create_session() as session:
        return session.scalars(
            of_asset.where(AssetModel.name == f"reelhouse.{name}").order_by(AssetEvent.id.desc())
        ).first()


def test_a_day_without_a_load_fails_at_the_first_try(dags, metadata: None, warehouse: str) -> None:
    done = dags["match_titles"].test(logical_date=DAY, run_after=DAY)
    (first,) = [instance for instance in done.get_task_instances() if instance.task_id == "compare_editions"]
    assert (str(first.state), first.try_number) == ("failed", 1)
    assert states(done)["decide_matches"] == "upstream_failed"


def test_a_started_run_takes_force_and_what_is_accepted_from_the_run_that_started_it_last(
    conn, settings, make_day
) -> None:
    from reelhouse import orchestration
    from reelhouse.warehousing import loads

    loads.open_load(conn, "warehouse", DAY.date(), "0" * 64)
    day = make_day(DAY.date(), force=True, accept="a reason")
    orchestration._hand_on(settings.warehouse_dsn, day)
    assert orchestration._handed_on(settings.warehouse_dsn, day.batch_date) == (True, "a reason")
    orchestration._hand_on(settings.warehouse_dsn, make_day(DAY.date()))
    assert orchestration._handed_on(settings.warehouse_dsn, day.batch_date) == (False, None)
