"""What the app writes into its log and its errors: one line a request, no secret, nothing that somebody else wrote."""

from __future__ import annotations

import logging

from fastapi.testclient import TestClient

from reelhouse.serving.app import make_app
from reelhouse.serving.settings import ServingSettings

CANARY = "CANARY-7f3a"
FORGED = "x\r\n2026-01-01 ERROR reelhouse forged"


def test_a_password_is_in_no_answer_and_no_log(served, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    away = make_app(
        f"host=127.0.0.1 port=1 user=app password={CANARY} dbname=warehouse connect_timeout=1",
        served.settings,
        ServingSettings(seconds=1, connections=1),
    )
    with TestClient(away, raise_server_exceptions=False) as client:
        for path in ("/healthz", "/readyz", "/api/v1/movies/search?query=house", "/"):
            answered = client.get(path, headers={"X-API-Key": f"rh_{CANARY}"})
            assert CANARY not in answered.text, path
    wrong = TestClient(served.app).get("/api/v1/movies/1", headers={"Authorization": f"Bearer rh_{CANARY}"})
    assert wrong.status_code == 401
    assert CANARY not in wrong.text
    assert CANARY not in caplog.text


def test_nobody_writes_a_second_line_into_the_log(served, caplog) -> None:
    caplog.set_level(logging.INFO)
    client = served.client("read", raise_server_exceptions=False)
    for path in ("/x%0d%0a2026-01-01 ERROR forged", "/api/v1/movies/x%0d%0aERROR forged"):
        client.get(path)
        client.post(path)
    client.get("/api/v1/movies/search", params={"query": FORGED}, headers={"X-Request-Id": "a b"})
    lines = [record.getMessage() for record in caplog.records]
    assert [line for line in lines if "\n" in line or "\r" in line] == []


def test_who_lacks_a_scope_is_logged_on_one_line(served, caplog) -> None:
    answered = served.client("read").post("/api/v1/reviews", json={})
    assert answered.status_code in (403, 422)
    told = [record.getMessage() for record in caplog.records if "lacks the scope" in record.getMessage()]
    assert len(told) == 1
    assert "\n" not in told[0]
