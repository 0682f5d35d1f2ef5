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


def test_a_file_is_sent_to_the_app_as_airflow_mounts_it(dags, metadata, dsn, tmp_path, monkeypatch) -> None:
    """The plugin's app below its path, with Airflow's own tokens: who may trigger sends, who may look does not."""
    from airflow.api_fastapi.app import create_auth_manager, get_auth_manager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from fastapi import FastAPI
    from fastapi.testclient import TestClient

    from reelhouse.serving.airflow_access import make_app_within

    for name, value in (("HOME", tmp_path / "home"), ("DATA", tmp_path), ("WAREHOUSE_DSN", dsn)):
        monkeypatch.setenv(f"REELHOUSE_{name}", str(value))
    DagBundlesManager().sync_bundles_to_db()
    sync_bag_to_db(DagBag(ROOT / "dags"), "dags-folder", None)
    create_auth_manager()
    within, outer = make_app_within(), FastAPI()
    outer.mount("/warehouse", within)

    def send(role: str | None):
        user = SimpleAuthManagerUser(username=f"{role} of test", role=role)
        token = get_auth_manager().generate_jwt(user)
        path = "/warehouse/api/v1/sources/netflix/files?name=netflix_titles.csv&day=2026-01-05"
        body = (ROOT / "include/data/sample/netflix/2026-01-05/netflix_titles.csv").read_bytes()
        return client.post(path, content=body, headers={"Authorization": f"Bearer {token}"})

    with TestClient(outer) as client:
        assert (send("viewer").status_code, list(tmp_path.rglob("*.csv"))) == (403, [])
        answered = send("user")
    within.state.writing.close()
    within.state.reader.pool.close()
    assert answered.status_code == 201, answered.text
    account = answered.json()["account"]
    left_out = account["rows_filtered"] + account["rows_quarantined"] + account["rows_duplicate"]
    assert account["rows_in"] == account["rows_kept"] + left_out > 0
    assert (tmp_path / "netflix/2026-01-05/netflix_titles.csv").is_file()
    with create_session() as session:
        (run,) = session.query(DagRun).filter(DagRun.run_id == answered.json()["run_id"])
        assert (run.dag_id, run.conf, run.triggering_user_name) == (
            "extract_sources", {"day": "2026-01-05"}, "user of test",
        )  # fmt: skip
