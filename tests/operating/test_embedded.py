"""Who uses the embedded server: the first starts it, the last stops it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psycopg

from reelhouse.operating import embedded, postgres
from reelhouse.settings import Settings


def test_the_last_user_stops_the_server(own_settings: Settings, folder: Path) -> None:
    with embedded.using_server(own_settings) as first:
        with embedded.using_server(own_settings) as second:
            assert second == first
        assert postgres.is_running(folder)
    assert not postgres.is_running(folder)


def test_a_failing_user_stops_the_server_too(own_settings: Settings, folder: Path) -> None:
    try:
        with embedded.using_server(own_settings):
            raise LookupError
    except LookupError:
        pass
    assert not postgres.is_running(folder)


def test_a_killed_user_does_not_pin_the_server(
    own_settings: Settings, folder: Path, environment: dict[str, str]
) -> None:
    program = (
        "from reelhouse.operating import embedded; from reelhouse.settings import read_settings\n"
        "with embedded.using_server(read_settings()): print('in', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout.readline() == b"in\n"
        with embedded.using_server(own_settings):
            pass
        assert postgres.is_running(folder)  # the other one still uses it
        other.kill()
        other.wait()
    assert postgres.is_running(folder)
    with embedded.using_server(own_settings):
        pass
    assert not postgres.is_running(folder)


def test_the_warehouse_is_migrated_and_apart_from_airflow(own_settings: Settings) -> None:
    with embedded.warehouse_dsn(own_settings) as warehouse, embedded.airflow_dsn(own_settings) as airflow:
        with psycopg.connect(warehouse) as conn:
            assert conn.info.dbname == "warehouse"
            assert conn.execute("select count(*) from ops.layer").fetchone()[0] > 0
        with psycopg.connect(airflow) as conn:
            assert conn.info.dbname == "airflow"
            assert conn.execute("select to_regclass('ops.layer')").fetchone() == (None,)


def test_a_warehouse_of_ones_own_needs_no_server_of_ours(settings: Settings) -> None:
    with embedded.warehouse_dsn(settings) as dsn, psycopg.connect(dsn) as conn:
        assert conn.execute("select count(*) from ops.layer").fetchone()[0] > 0
    assert not postgres.server_folder(settings.home).exists()
