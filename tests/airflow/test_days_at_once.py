"""Several days asked for at once, under a real Airflow: one goes after the other, as if asked for so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from airflow_parts import FLOW, GREEN, Parts, airflow_parts
from homes import make_home, wait_until_nothing_is_left

from reelhouse.database import connect
from reelhouse.day import Day
from reelhouse.operating import airflow_api
from reelhouse.operating.run import run_day
from reelhouse.operating.showing import Screen
from reelhouse.settings import read_settings
from reelhouse.warehousing.contents import content_hashes

pytestmark = [pytest.mark.airflow, pytest.mark.full]

DAYS = (date(2026, 1, 5), date(2026, 1, 6))


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    home = make_home(tmp_path / "home")
    try:
        with airflow_parts(home, {}) as made:
            yield made
    finally:
        wait_until_nothing_is_left(home)


def content_of(dsn: str) -> dict[str, str]:
    with connect(dsn, "reelhouse test", autocommit=True) as conn:
        return content_hashes(conn)


def test_days_that_were_asked_for_at_once_end_as_one_after_the_other(parts: Parts, dsn: str, tmp_path: Path) -> None:
    runs = {DAYS[0]: parts.load(DAYS[0])}
    # The other one has the same files but two: nothing of it may come under the steps of the first.
    runs[DAYS[1]] = airflow_api.trigger(parts.api(), FLOW[0], DAYS[1])["dag_run_id"]
    for day in DAYS:
        assert parts.wait_for(day, runs[day]) == GREEN
    assert {number for _, _, number, state in parts.tries() if state == "success"} == {1}

    settings = read_settings({"REELHOUSE_HOME": str(tmp_path / "twin"), "REELHOUSE_WAREHOUSE_DSN": dsn})
    with (tmp_path / "log").open("w") as log:
        for day in DAYS:
            run_day(dsn, Day(day, settings), Screen(log))
    assert content_of(parts.warehouse) == content_of(dsn)
