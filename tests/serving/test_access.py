"""Nobody gets data whom we do not know, or who may not: on every route there is, so that a new one cannot escape."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from psycopg.conninfo import make_conninfo
from starlette.routing import Route

from reelhouse.database import connect
from reelhouse.serving.access import KNOWN_SECONDS, SESSION_COOKIE
from reelhouse.serving.app import OPEN_PATHS, make_app
from reelhouse.serving.keys import begin_session, create_key, revoke_key
from reelhouse.serving.settings import ServingSettings

SAMPLES = {"movie_id": "tt0000001", "person_id": "nm0000010", "other_id": "nm0000011", "platform": "netflix",
           "year": "2018", "anio": "2018", "duration_type": "min", "scored": "1.0", "tipo": "movie",
           "pais": "argentina", "rating": "tv-g", "titulo": "New House", "source": "netflix", "number": "1",
           "user_id": "1", "format": "csv", "name": "htmx.min.js", "source_id": "s4",
           "title_id": "tt0000001", "day": "2026-01-05"}  # fmt: skip


def routes_of(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Every method and path the app answers, with values in place of parameters."""

    def walk(routes, prefix=""):
        for route in routes:
            inner = getattr(route, "routes", None)
            if isinstance(route, Route) or hasattr(route, "methods"):
                yield route.methods, prefix + route.path
            elif hasattr(route, "effective_route_contexts"):
                for each in route.effective_route_contexts():
                    yield each.methods, prefix + each.path
            elif inner is not None:
                yield from walk(inner, prefix + getattr(route, "path", ""))
            else:
                raise AssertionError(f"a route of a kind this test does not know: {route!r}")

    for methods, path in walk(app.routes):
        filled = re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: SAMPLES[found[1]], path)
        for method in sorted(methods - {"HEAD", "OPTIONS"}):
            yield method, filled


def has_data(answered) -> bool:
    """Whether an answer tells anything but that one must log in, or may not."""
    if answered.status_code == 303:
        return "/login" not in answered.headers["location"]
    return answered.status_code not in (401, 403)


def guarded(app: FastAPI) -> list[tuple[str, str]]:
    found = [(method, path) for method, path in routes_of(app) if path not in OPEN_PATHS]
    assert len(found) > 20
    return found


@pytest.mark.parametrize("headers", [
    {}, {"Authorization": "Bearer rh_wrong"}, {"Authorization": "Bearer "}, {"X-API-Key": "x"},
    {"Authorization": "Basic YTpi"}, {"Cookie": f"{SESSION_COOKIE}=wrong"},
])  # fmt: skip
def test_no_route_answers_somebody_unknown(served, headers) -> None:
    client = TestClient(served.app, follow_redirects=False)
    told = [
        (method, path)
        for method, path in guarded(served.app)
        if has_data(client.request(method, path, headers=headers))
    ]
    assert told == []


def test_no_route_answers_an_expired_or_revoked_key_or_its_session(served) -> None:
    with connect(served.dsn, autocommit=True) as conn:
        late = create_key(conn, "late", ["read"], "test", datetime.now(UTC) - timedelta(seconds=1))[1]
        number, gone = create_key(conn, "gone", ["read", "write", "review"], "test")
        session = begin_session(conn, gone)
        client = TestClient(served.app, follow_redirects=False)
        for headers in ({"Cookie": f"{SESSION_COOKIE}={session}"}, {"X-API-Key": gone}):
            assert client.get("/api/v1/health", headers=headers).status_code == 200
        revoke_key(conn, number, "test")
        time.sleep(KNOWN_SECONDS)
    for headers in (
        {"X-API-Key": late}, {"X-API-Key": gone}, {"Cookie": f"{SESSION_COOKIE}={session}"},
    ):  # fmt: skip
        told = [each for each in guarded(served.app) if has_data(client.request(*each, headers=headers))]
        assert told == []


def test_who_logs_out_is_out_at_once(served) -> None:
    with connect(served.dsn, autocommit=True) as conn:
        session = begin_session(conn, served.keys["read"])
    client = TestClient(served.app, headers={"Cookie": f"{SESSION_COOKIE}={session}"}, follow_redirects=False)
    assert client.get("/api/v1/health").status_code == 200
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/trust").text)[1]
    assert client.post("/logout", data={"csrf_token": token}).status_code == 303
    assert client.get("/api/v1/health").status_code == 401


def test_who_may_only_write_or_review_reads_nothing(served) -> None:
    for scopes in ("write", "review"):
        client = served.client(scopes)
        assert [each for each in guarded(served.app) if has_data(client.request(*each))] == []


def test_who_may_only_read_changes_nothing(served) -> None:
    client = served.client("read")
    changing = [each for each in guarded(served.app) if each[0] != "GET"]
    told = {path: client.request(method, path).status_code for method, path in changing}
    # A question may be longer than an address is.
    assert {path for path, status in told.items() if status != 403} <= {"/graphql", "/logout", "/api/v1/lookup"}


def test_open_paths_answer_without_data(served) -> None:
    client = TestClient(served.app)
    for path in OPEN_PATHS:
        answered = client.get(path)
        assert answered.status_code in (200, 204), path
        assert "House" not in answered.text


def test_a_body_that_is_no_json_tells_nobody_anything(served) -> None:
    client = TestClient(served.app)
    for method, path in guarded(served.app):
        if method == "POST":
            answered = client.post(path, content=b"{", headers={"Content-Type": "application/json"})
            assert answered.status_code == 401, path


def test_who_may_write_is_told_what_is_wrong_with_a_body_that_is_no_json(served) -> None:
    client = served.client("read write review")
    for path in ("/api/v1/reviews", "/api/v1/lookup"):
        answered = client.post(path, content=b"{", headers={"Content-Type": "application/json"})
        assert answered.status_code == 422, path
        assert "JSON" in answered.text


def test_a_body_larger_than_any_form_is_refused_before_it_is_read(served) -> None:
    answered = served.client("read review").post("/api/v1/reviews", content=b" " * (2 << 20))
    assert answered.status_code == 413


def test_a_key_that_asks_too_often_is_told_so(served) -> None:
    app = make_app(served.dsn, served.settings, ServingSettings(rate=3))
    with TestClient(app, headers={"X-API-Key": served.keys["read"]}) as client:
        statuses = [client.get("/api/v1/health").status_code for _ in range(5)]
    assert sorted(statuses)[:1] == [200]
    assert 429 in statuses


def test_only_listed_origins_may_ask_from_their_pages(served) -> None:
    app = make_app(served.dsn, served.settings, ServingSettings(origins=("https://app.example",)))
    with TestClient(app, headers={"X-API-Key": served.keys["read"]}) as client:
        ours = client.get("/api/v1/health", headers={"Origin": "https://app.example"})
        other = client.get("/api/v1/health", headers={"Origin": "https://evil.example"})
    assert ours.headers["access-control-allow-origin"] == "https://app.example"
    assert "access-control-allow-origin" not in other.headers


def test_every_answer_carries_the_security_headers(served) -> None:
    for path in ("/healthz", "/api/v1/movies", "/api/v1/nowhere"):
        headers = served.client().get(path).headers
        assert "script-src 'self'" in headers["content-security-policy"]
        assert "unsafe-inline" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_only_digests_of_keys_are_kept(served) -> None:
    with connect(served.dsn, autocommit=True) as conn:
        kept = str(conn.execute("select * from ops.api_key").fetchall())
    assert not [key for key in served.keys.values() if key in kept or key.removeprefix("rh_") in kept]


def test_the_app_needs_no_more_than_its_role(served) -> None:
    """Every route as reelhouse_app, which may answer and note, and change nothing else."""
    dsn = make_conninfo(served.dsn, options="-c role=reelhouse_app")
    app = make_app(dsn, served.settings, ServingSettings())
    with TestClient(app, headers={"X-API-Key": served.keys["read write review"]}, follow_redirects=False) as client:
        told = {(method, path): client.request(method, path) for method, path in guarded(app)}
        said = {"source": "netflix", "source_id": "s4", "verdict": "this pair", "imdb_id": "tt0000009", "why": "asked"}
        decided = client.post("/api/v1/reviews", json=said)
        assert client.delete(f"/api/v1/reviews/{decided.json()['override_id']}").status_code == 200
        with connect(served.dsn, autocommit=True) as conn:
            conn.execute("insert into warehouse.dim_user values (7, 'app', true) on conflict do nothing")
        viewing = {"movie_id": "tt0000003", "watch_date": "2026-01-03T20:00:00Z"}
        for _ in range(2):
            noted = client.post(
                "/api/v1/users/7/viewing_history", json=viewing, headers={"Idempotency-Key": "as its role"}
            )
            assert noted.status_code == 201, noted.text
        assert client.post("/login", data={"key": served.keys["read"]}).status_code == 303
    assert {each: answered.text for each, answered in told.items() if answered.status_code >= 500} == {}
    with connect(dsn, autocommit=True) as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute("delete from warehouse.dim_title")
