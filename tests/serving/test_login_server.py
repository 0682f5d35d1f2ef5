"""Logging in at a login server: a real one on loopback (OpenID Connect), groups as scopes, and nobody else gets in."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi.testclient import TestClient
from oidc_provider_mock import User, run_server_in_thread

from reelhouse.serving.access import SESSION_COOKIE
from reelhouse.serving.app import make_app
from reelhouse.serving.settings import Oidc, ServingSettings, parse_roles, read_serving_settings

ROLES = parse_roles("staff=read, editors=read+review")
USERS = (
    User(sub="1", claims={"preferred_username": "ann", "groups": ["staff", "editors"]}),
    User(sub="2", claims={"preferred_username": "bob", "groups": ["staff"]}),
    User(sub="3", claims={"preferred_username": "cy", "groups": ["guests"]}),
)


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with run_server_in_thread(user_claims=USERS, require_nonce=True) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture(scope="module")
def app(served, issuer):
    app = make_app(served.dsn, served.settings, ServingSettings(oidc=Oidc(issuer, "reelhouse", "hidden", ROLES)))
    with TestClient(app):
        yield app


def leave(client: TestClient, next: str = "/trust") -> str:
    """Begin to log in; gives the address at the login server."""
    answered = client.get("/login", params={"server": "true", "next": next})
    assert answered.status_code == 302
    return answered.headers["location"]


def sign_in(address: str, sub: str) -> str:
    """As somebody who fills in the login server's form; gives the address it sends the browser back to."""
    answered = httpx.post(address, data={"sub": sub}, trust_env=False)
    assert answered.status_code in (302, 303), answered.text
    return answered.headers["location"]


def test_who_logs_in_there_may_what_their_groups_may(app) -> None:
    for sub, name, may_review in (("1", "ann", True), ("2", "bob", False)):
        client = TestClient(app, follow_redirects=False)
        asked = parse_qs(urlsplit(leave(client)).query)
        assert asked["code_challenge_method"] == ["S256"]
        assert {"state", "nonce", "code_challenge"} <= set(asked)
        back = client.get(sign_in(leave(client), sub))
        assert (back.status_code, back.headers["location"]) == (303, "/trust"), back.text
        assert name in client.get("/trust").text
        assert ("it is this one" in client.get("/review").text) is may_review
        # The cookie alone changes nothing.
        assert client.post("/review/undo", data={"number": "1"}).status_code == 403


def test_who_is_in_no_group_of_ours_does_not_get_in(app) -> None:
    client = TestClient(app, follow_redirects=False)
    back = client.get(sign_in(leave(client), "3"))
    assert back.status_code == 403
    assert "cy is in no group" in back.text
    assert SESSION_COOKIE not in client.cookies


def test_an_answer_to_a_login_that_began_elsewhere_is_refused(app) -> None:
    begun, other = (TestClient(app, follow_redirects=False) for _ in range(2))
    back = sign_in(leave(begun), "1")
    assert other.get(back).status_code == 303
    assert SESSION_COOKIE not in other.cookies
    assert begun.get(back.replace("state=", "state=x")).headers["location"].startswith("/login?next=")
    assert SESSION_COOKIE not in begun.cookies
    # Used once, it is of no more use.
    fresh = TestClient(app, follow_redirects=False)
    back = sign_in(leave(fresh), "1")
    assert fresh.get(back).headers["location"] == "/trust"
    fresh.cookies.clear()
    fresh.get(back)
    assert SESSION_COOKIE not in fresh.cookies


def test_a_login_leads_to_no_other_site(app) -> None:
    client = TestClient(app, follow_redirects=False)
    back = client.get(sign_in(leave(client, "//evil.example/"), "1"))
    assert back.headers["location"] == "/"


def test_a_login_server_that_is_away_is_said(served) -> None:
    app = make_app(
        served.dsn, served.settings, ServingSettings(oidc=Oidc("http://localhost:9", "reelhouse", "hidden", ROLES))
    )
    with TestClient(app) as client:
        told = client.get("/login?server=true")
    assert told.status_code == 503
    assert "login server does not answer" in told.text


def test_the_settings_name_the_login_server(tmp_path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hidden\n")
    read = read_serving_settings({
        "REELHOUSE_OIDC_ISSUER": "https://login.example/", "REELHOUSE_OIDC_CLIENT_ID": "reelhouse",
        "REELHOUSE_OIDC_SECRET_FILE": str(secret), "REELHOUSE_OIDC_ROLES": "staff=read",
    })  # fmt: skip
    assert read.oidc == Oidc("https://login.example", "reelhouse", "hidden", parse_roles("staff=read"))
