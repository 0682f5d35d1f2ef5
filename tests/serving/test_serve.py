"""`reelhouse serve` and `reelhouse keys`, as processes: answers, keeps secrets out of its log, ends when asked to."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from reelhouse.serving.access import KNOWN_SECONDS

ROOT = Path(__file__).parents[2]


@pytest.fixture
def env(served) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("REELHOUSE_")}
    own = {"REELHOUSE_HOME": str(served.settings.home), "REELHOUSE_WAREHOUSE_DSN": served.dsn}
    return kept | own | {"PYTHONPATH": str(ROOT / "plugins")}


def call(env: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "reelhouse", *words], env=env, capture_output=True, text=True)


@contextmanager
def _serving(env: dict[str, str], *words: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`reelhouse serve`, once it answers, and its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "reelhouse", "serve", "--port", str(port), *words]
    server = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            with suppress(httpx.HTTPError):
                if httpx.get(f"{url}/healthz", trust_env=False).status_code == 200:
                    break
            time.sleep(0.1)
        else:
            pytest.fail(f"{url}: no answer within a minute")
        yield server, url
    finally:
        server.kill()


def test_a_key_made_by_the_command_lets_in_until_it_is_taken_back(served, env) -> None:
    made = call(env, "keys", "create", "kiosk", "--scope", "read", "--days", "9", "--by", "ann")
    assert made.returncode == 0, made.stderr
    number, key = re.search(r"Key (\d+) of kiosk", made.stdout)[1], made.stdout.split()[-1]
    client = served.client(None)
    assert client.get("/api/v1/health", headers={"X-API-Key": key}).status_code == 200
    assert client.get("/review", headers={"X-API-Key": key}).status_code == 200
    assert "kiosk" in call(env, "keys", "list").stdout
    assert key not in call(env, "keys", "list", "--json").stdout
    assert call(env, "keys", "revoke", number).returncode == 0
    time.sleep(KNOWN_SECONDS)
    assert client.get("/api/v1/health", headers={"X-API-Key": key}).status_code == 401
    assert call(env, "keys", "revoke", number).returncode == 1
    assert call(env, "keys", "create", "x", "--scope", "everything").returncode == 1


@pytest.mark.full
def test_a_worker_that_a_busy_machine_holds_up_for_a_while_is_not_ended(served, env) -> None:
    with _serving(env, "--workers", "2") as (server, _):
        workers = [int(pid) for pid in Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()]
        held = workers[-1]
        os.kill(held, signal.SIGSTOP)
        time.sleep(8)
        os.kill(held, signal.SIGCONT)
        time.sleep(1)
        server.send_signal(signal.SIGTERM)
        said = server.communicate(timeout=60)[0]
    assert "died" not in said


def test_it_answers_logs_no_secret_and_ends_after_what_it_has_begun(served, env) -> None:
    with _serving(env, "--root-path", "/films") as (server, url):
        key = served.keys["read"]
        asked = {"Authorization": f"Bearer {key}", "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
        with httpx.Client(base_url=url, headers=asked, trust_env=False) as client:
            found = client.get("/api/v1/movies/search?query=old house").json()
            assert found[0]["title"] == "The Old House"
            begun = client.post("/login", data={"key": key}, headers={"Origin": url})
        # Behind a proxy that speaks HTTPS and shows us below a path of its own, which it takes away.
        assert "Secure" in begun.headers["set-cookie"]
        assert "Path=/films" in begun.headers["set-cookie"]
        assert "strict-transport-security" in begun.headers
        server.send_signal(signal.SIGTERM)
        said = server.communicate(timeout=30)[0]
    # Ended by a signal, as asked, but not in the middle of an answer: one process says so, several have one that waits.
    assert server.returncode == (128 + signal.SIGTERM if len(os.sched_getaffinity(0)) == 1 else 0)
    assert "Application shutdown complete" in said
    assert re.search(r"203\.0\.113\.9\S* - \"GET \S*/api/v1/movies/search HTTP/1\.1\" 200", said), said
    assert "old house" not in said
    assert key not in said
    assert begun.cookies.get("reelhouse_session") not in said
