"""Under a real Airflow: a whole day with files in a bucket, in one process group and on workers behind Redis.

The workers share no disk, and one of them is killed while it has a task. Each day ends green without anybody's doing,
and every table of the star holds what it holds without Airflow, Redis and bucket.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path

import boto3
import pytest
from airflow_parts import GREEN, Parts, add_connection, airflow_parts, install_missing, redis_server
from homes import make_home, wait_until_nothing_is_left
from s3_server import put, s3_server

from reelhouse.database import connect
from reelhouse.day import Day
from reelhouse.operating import airflow, airflow_api
from reelhouse.operating.run import run_day
from reelhouse.operating.showing import Screen
from reelhouse.settings import PACKAGE, read_settings
from reelhouse.warehousing.contents import content_hashes

pytestmark = [pytest.mark.airflow, pytest.mark.full]

ROOT = PACKAGE.parent.parent
DAY = date(2026, 1, 6)
KEY, SECRET = "reelhouse", "CANARY/wJalrXUtnFEMI"
BUCKET = "films"


@pytest.fixture(scope="module")
def expected(module_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the tables of the star hold after the day, loaded by one process from its own disk."""
    folder = tmp_path_factory.mktemp("twin")
    settings = read_settings({"REELHOUSE_HOME": str(folder), "REELHOUSE_WAREHOUSE_DSN": module_dsn})
    with (folder / "log").open("w") as log:
        run_day(module_dsn, Day(DAY, settings), Screen(log))
    with connect(module_dsn, "reelhouse test", autocommit=True) as conn:
        return content_hashes(conn)


@pytest.fixture(scope="module")
def celery_at_hand(tmp_path_factory: pytest.TempPathFactory) -> str:
    """PYTHONPATH with Airflow's executor for Celery: that of this environment, or installed beside it by the lock."""
    try:
        import airflow.providers.celery  # noqa: F401
    except ImportError:
        folder = tmp_path_factory.mktemp("celery") / "packages"
        install_missing(ROOT / "cluster-requirements.lock", folder)
        return f"{PACKAGE.parent}:{folder}"
    return str(PACKAGE.parent)


@contextmanager
def with_files_in_a_bucket(folder: Path, **more: str) -> Iterator[Parts]:
    """Airflow that lands in a bucket of a server on this machine. Its keys are in the connection `storage` alone."""
    home = make_home(folder / "home")
    told = {
        "REELHOUSE_LANDING": f"s3://{BUCKET}/landing",
        "REELHOUSE_ALLOW_HTTP": "1",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    try:
        with s3_server(folder / "moto.log") as endpoint, airflow_parts(home, told | more) as parts:
            put(endpoint, f"/{BUCKET}")
            fields = {
                "conn_type": "aws",
                "login": KEY,
                "password": SECRET,
                "extra": f'{{"region_name": "us-east-1", "endpoint_url": "{endpoint}"}}',
            }
            add_connection(parts.api(), "storage", fields)
            parts.storage = endpoint
            yield parts
    finally:
        wait_until_nothing_is_left(home)


def in_the_bucket(parts: Parts) -> list[str]:
    client = boto3.client(
        "s3", endpoint_url=parts.storage, aws_access_key_id=KEY, aws_secret_access_key=SECRET,
        region_name="us-east-1",
    )  # fmt: skip
    return [entry["Key"] for entry in client.list_objects_v2(Bucket=BUCKET)["Contents"]]


def require_the_day(parts: Parts, expected: dict[str, str]) -> None:
    """Published, as the twin's, with every file of it in the bucket and its keys in no log."""
    with connect(parts.warehouse, "reelhouse test", autocommit=True) as conn:
        assert content_hashes(conn) == expected
        published = conn.execute(
            "select part from warehouse.publication where batch_date = %s order by part", (DAY,)
        ).fetchall()
        landed = {row[0] for row in conn.execute("select sha256 from ops.file")}
        assert conn.execute("select count(*) from mart.titles").fetchone()[0] > 500
    assert published == [("recommendations",), ("warehouse",)]
    kept = in_the_bucket(parts)
    assert {sha256 for sha256 in landed if any(sha256 in name for name in kept)} == landed != set()
    logs = airflow.logs_folder(parts.home.settings).rglob("*.log")
    assert [path for path in logs if SECRET in path.read_text(errors="replace")] == []


def test_a_day_is_green_with_landing_in_a_bucket_by_a_connection_alone(
    expected: dict[str, str], tmp_path: Path
) -> None:
    with with_files_in_a_bucket(tmp_path) as parts:
        run_id = parts.load(DAY)
        assert parts.wait_for(DAY, run_id) == GREEN
        require_the_day(parts, expected)


def test_a_day_is_green_on_workers_that_share_no_disk_one_of_which_is_killed(
    expected: dict[str, str], celery_at_hand: str, tmp_path: Path, record
) -> None:
    with ExitStack() as stack:
        redis = stack.enter_context(redis_server())
        parts = stack.enter_context(
            with_files_in_a_bucket(
                tmp_path,
                PYTHONPATH=celery_at_hand,
                AIRFLOW__CORE__EXECUTOR="CeleryExecutor",
                AIRFLOW__CELERY__BROKER_URL=f"{redis}/0",
                AIRFLOW__CELERY__RESULT_BACKEND=f"{redis}/1",
                REELHOUSE_HEAVY_POOL="heavy",
                C_FORCE_ROOT="1",
            )
        )
        pool = {"name": "heavy", "slots": 2, "description": "tasks that take much memory and time"}
        airflow_api.ask(parts.api(), "POST", "/api/v2/pools", pool)
        for name in ("one", "two"):
            parts.start_worker(name)
        run_id = parts.load(DAY)
        struck = parts.kill_worker_at_work("one")
        assert parts.wait_for(DAY, run_id) == GREEN
        tries = {(dag_id, task_id): number for dag_id, task_id, number, _ in parts.tries()}
        assert all(tries[dag_id, task_id] > number for dag_id, task_id, number in struck.tries)
        assert parts.workers["two"].poll() is None
        require_the_day(parts, expected)
        record("a_celery_worker_killed", lost_tasks=len(struck.tries), tries_more=sum(tries.values()) - len(tries))
