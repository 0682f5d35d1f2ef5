"""dags/, plugins/ and include/ copied into another Airflow project: one connection, and the day is green."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

ROOT = Path(__file__).parent.parent.parent

# What `airflow db migrate` and five times `airflow dags test` do, without six starts of Airflow.
RUN_THE_DAY = """
from datetime import datetime, UTC
from airflow.utils.db import initdb
from airflow.dag_processing.dagbag import DagBag

initdb()
bag = DagBag()
assert len(bag.dags) == 6, bag.import_errors
for dag_id in sorted(bag.dags):
    done = bag.dags[dag_id].test(logical_date=datetime(2026, 1, 31, tzinfo=UTC))
    assert done.state == "success", dag_id
"""

pytestmark = pytest.mark.airflow


def make_project(folder: Path, dsn: str) -> dict[str, str]:
    """The three folders elsewhere, and the settings that any Airflow project has; gives its environment."""
    for name in ("dags", "plugins", "include"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    parts = conninfo_to_dict(dsn)
    connection = {
        "conn_type": "postgres",
        "host": parts["host"],
        "port": int(parts["port"]),
        "login": parts["user"],
        "password": parts.get("password"),
        "schema": parts["dbname"],
    }
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("AIRFLOW_", "REELHOUSE_", "PYTHON"))}
    return kept | {
        # Only so that the landing folder is the test's own too.
        "XDG_DATA_HOME": str(folder / "share"),
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW_CONN_WAREHOUSE": json.dumps(connection),
    }


@pytest.fixture
def empty_dsn(server_dsn: str) -> Iterator[str]:
    """A database with nothing in it: the first run makes the schema."""
    with psycopg.connect(server_dsn, autocommit=True) as conn:
        conn.execute("drop database if exists test_drop_in with (force)")
        conn.execute("create database test_drop_in")
        yield make_conninfo(server_dsn, dbname="test_drop_in")
        conn.execute("drop database test_drop_in with (force)")


def test_three_folders_and_one_connection_are_enough(tmp_path: Path, empty_dsn: str) -> None:
    env = make_project(tmp_path, empty_dsn)
    done = subprocess.run(
        [sys.executable, "-c", RUN_THE_DAY], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    with psycopg.connect(empty_dsn) as conn:
        states = conn.execute("select part, state from ops.load order by load_id").fetchall()
    assert states == [("warehouse", "published"), ("recommendations", "published")]
