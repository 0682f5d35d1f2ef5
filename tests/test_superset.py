"""Superset on the warehouse, with the commands of docs/tools.md as they stand."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from people import login
from psycopg.conninfo import conninfo_to_dict

from reelhouse.operating.airflow import reserved_port

ROOT = Path(__file__).parent.parent
PASSWORD = "only here"
START_SECONDS = 120

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def analyst_dsn(module_dsn: str) -> Iterator[str]:
    with login(module_dsn, "analyst") as dsn:
        yield dsn


@pytest.fixture(scope="module")
def superset(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Its API, logged in."""
    with reserved_port() as port:
        yield from running(tmp_path_factory.mktemp("superset"), port)


def running(folder: Path, port: int) -> Iterator[httpx.Client]:
    (commands,) = re.findall(
        r"```sh\n(python3 -m venv superset.*?)```", (ROOT / "docs/tools.md").read_text(), re.DOTALL
    )
    commands = commands.replace("-p 8088", f"-p {port}").replace("python3", sys.executable)
    env = {name: value for name, value in os.environ.items() if not name.startswith(("REELHOUSE_", "AIRFLOW_"))}
    with (folder / "said.log").open("w") as said:
        process = subprocess.Popen(
            ["bash", "-ec", commands], cwd=folder, env=env | {"SUPERSET_PASSWORD": PASSWORD}, stdout=said, stderr=said,
            start_new_session=True,
        )  # fmt: skip
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60) as client:
            wait_until_it_answers(process, client, folder / "said.log")
            asked = {"username": "admin", "password": PASSWORD, "provider": "db"}
            token = client.post("/api/v1/security/login", json=asked).raise_for_status().json()["access_token"]
            client.headers["Authorization"] = f"Bearer {token}"
            # Whatever changes something wants a token of its own.
            token = client.get("/api/v1/security/csrf_token/").raise_for_status().json()["result"]
            client.headers.update({"X-CSRFToken": token, "Referer": str(client.base_url)})
            yield client
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def wait_until_it_answers(process: subprocess.Popen, client: httpx.Client, said: Path) -> None:
    deadline = None
    while True:
        assert process.poll() is None, said.read_text()[-3000:]
        if "Running on" in said.read_text():
            deadline = deadline or time.monotonic() + START_SECONDS
            try:
                client.get("/health").raise_for_status()
                return
            except httpx.HTTPError:
                assert time.monotonic() < deadline
        time.sleep(0.5)


@pytest.fixture(scope="module")
def database(superset: httpx.Client, analyst_dsn: str) -> int:
    """The warehouse as Superset knows it; whoever set it up would even let people write."""
    known = conninfo_to_dict(analyst_dsn)
    uri = "postgresql+psycopg2://{user}:{password}@{host}:{port}/{dbname}".format(
        **{name: urllib.parse.quote(str(value), safe="") for name, value in known.items()}
    )
    made = superset.post(
        "/api/v1/database/",
        json={"database_name": "Reelhouse", "sqlalchemy_uri": uri, "expose_in_sqllab": True, "allow_dml": True},
    )
    return made.raise_for_status().json()["id"]


def test_the_comments_of_the_mart_are_the_descriptions_of_a_dataset(superset: httpx.Client, database: int) -> None:
    asked = {"database": database, "schema": "mart", "table_name": "titles"}
    made = superset.post("/api/v1/dataset/", json=asked).raise_for_status().json()["id"]
    columns = superset.get(f"/api/v1/dataset/{made}").raise_for_status().json()["result"]["columns"]
    assert len(columns) > 20
    assert [column["column_name"] for column in columns if not column["description"]] == []


def ask(superset: httpx.Client, database: int, query: str) -> httpx.Response:
    asked = {"database_id": database, "sql": query, "schema": "mart", "runAsync": False}
    return superset.post("/api/v1/sqllab/execute/", json=asked)


def test_sql_lab_reads_the_mart_and_writes_nothing(superset: httpx.Client, database: int) -> None:
    answer = ask(superset, database, "select count(*) as titles from titles").raise_for_status()
    assert answer.json()["data"] == [{"titles": 0}]
    assert "read-only transaction" in ask(superset, database, "delete from warehouse.dim_title").text
    assert "permission denied" in ask(superset, database, "select * from ops.load").text
