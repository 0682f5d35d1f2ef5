"""What Airflow's permissions on our DAGs come to in the warehouse's pages."""

from __future__ import annotations

import pytest

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
