"""What `up` tells Airflow's components: every setting that a task or the app within Airflow reads."""

from __future__ import annotations

import os
from dataclasses import fields, replace
from pathlib import Path

import pytest

from reelhouse.operating.airflow import environment
from reelhouse.serving.settings import read_serving_settings
from reelhouse.settings import PACKAGE, Settings, read_settings

INCLUDE = PACKAGE.parent.parent / "include"
# Each other than by default, places as seen from the folder of whoever starts.
SET = {
    "HOME": "home", "DATA": "data", "LANDING": "landing", "WAREHOUSE_DSN": "host=127.0.0.1 dbname=films",
    "POSTGRES_BIN": "bin", "ORIGIN_IMDB": "https://files.example.org/{day}/", "ALLOWED_HOSTS": "a.example.org",
    "STALE_DAYS_IMDB": "3", "SOURCE_DEADLINE": "9", "SOURCE_POLL_SECONDS": "7", "APPROVAL_HOURS": "5",
    "KEEP_DAYS": "9", "READY_BY": "07:00", "READY_BY_IMDB": "05:00", "ENGINE": "local[2]", "HEAVY_POOL": "heavy",
    "HEAVY_QUEUE": "big", "RETRY_SECONDS": "3", "RESTARTS": "4", "INCLUDE": "include",
    "ALERT_SMTP": "smtp://mail.example.org", "ALERT_TO": "a@example.org", "ALERT_FROM": "b@example.org",
    "ALERT_WEBHOOK": "https://alerts.example.org/", "API_RATE": "60", "API_SECONDS": "3", "API_CONNECTIONS": "2",
    "API_UPLOAD_MB": "5", "API_ORIGINS": "https://films.example.org", "API_READ_DSN": "host=replica dbname=films",
    "OIDC_ISSUER": "https://login.example.org", "AIRFLOW_URL": "http://127.0.0.1:8081",
}  # fmt: skip


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What the components are told by somebody who has set everything."""
    for name in [name for name in os.environ if name.startswith(("REELHOUSE_", "AIRFLOW_"))]:
        monkeypatch.delenv(name)
    for folder in ("data", "landing", "bin"):
        (tmp_path / folder).mkdir()
    (tmp_path / "include").symlink_to(INCLUDE)
    monkeypatch.chdir(tmp_path)
    for name, value in SET.items():
        monkeypatch.setenv(f"REELHOUSE_{name}", value)
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1080")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:3128")
    monkeypatch.setenv("AIRFLOW__METRICS__OTEL_ON", "True")
    monkeypatch.setenv("AIRFLOW__CORE__DAGS_FOLDER", "/somebody/elses")
    dsn = "host=127.0.0.1 dbname=metadata user=me password=x"
    return environment(read_settings(), "host=127.0.0.1 dbname=films", dsn, 8080)


def test_tasks_have_every_setting_of_who_started_them(told: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    here = read_settings()
    default = read_settings({"REELHOUSE_HOME": "/elsewhere"})
    unset = [field.name for field in fields(Settings) if getattr(here, field.name) == getattr(default, field.name)]
    assert unset == [], "a setting that is not told of here"
    monkeypatch.chdir("/")
    assert read_settings(told) == replace(here, warehouse_dsn=None, postgres_bin=None)


def test_alerts_and_the_app_within_airflow_have_theirs(told: dict[str, str]) -> None:
    for name in ("ALERT_SMTP", "ALERT_TO", "ALERT_FROM", "ALERT_WEBHOOK"):
        assert told[f"REELHOUSE_{name}"] == SET[name]
    serving = read_serving_settings(told)
    assert (serving.rate, serving.seconds, serving.connections, serving.upload_bytes) == (60, 3.0, 2, 5 << 20)
    assert (serving.origins, serving.read_dsn) == (("https://films.example.org",), "host=replica dbname=films")
    # There people log in to Airflow, and it starts runs itself.
    assert (serving.oidc, serving.airflow_url) == (None, None)


def test_of_airflows_settings_only_those_of_metrics_are_passed_on(told: dict[str, str]) -> None:
    assert told["AIRFLOW__METRICS__OTEL_ON"] == "True"
    assert told["AIRFLOW__CORE__DAGS_FOLDER"] != "/somebody/elses"


def test_what_would_end_airflow_is_not_passed_on(told: dict[str, str]) -> None:
    # One of its packages warns of another.
    assert "PYTHONWARNINGS" not in told
    # With a SOCKS proxy its client cannot even ask 127.0.0.1; others are for whatever asks the outside.
    assert "ALL_PROXY" not in told
    assert told["HTTPS_PROXY"] == "http://127.0.0.1:3128"
