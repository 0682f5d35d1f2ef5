"""What Airflow's permissions on our DAGs come to in the warehouse's pages."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


pytestmark = pytest.mark.airflow


@pytest.mark.parametrize(("role", "scopes"), [
    ("viewer", {"read"}), ("user", {"read", "review", "write"}), ("op", {"read", "review", "write"}),
    ("admin", {"read", "review", "write"}), (None, set()),
])  # fmt: skip
def test_viewers_read_and_operators_review_and_write(metadata, role, scopes) -> None:
    from airflow.api_fastapi import app
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

    from reelhouse.serving.airflow_access import scopes_of

    app.create_auth_manager()
    assert scopes_of(SimpleAuthManagerUser(username="somebody", role=role)) == scopes


def test_a_file_that_was_sent_begins_its_day(dags, metadata) -> None:
    from datetime import UTC, date, datetime

    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session

    from reelhouse.serving.airflow_access import start_run

    DagBundlesManager().sync_bundles_to_db()
    sync_bag_to_db(DagBag(ROOT / "dags"), "dags-folder", None)
    run_id = start_run(date(2026, 1, 5), "ann")
    with create_session() as session:
        (run,) = session.query(DagRun).filter(DagRun.run_id == run_id)
        told = (run.dag_id, run.conf, run.run_after, run.logical_date, run.triggering_user_name)
    assert told == ("extract_sources", {"day": "2026-01-05"}, datetime(2026, 1, 5, tzinfo=UTC), None, "ann")
