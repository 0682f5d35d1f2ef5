"""Odd time zones, daylight saving days, leap day, clocks that are wrong or jump: a day is a day in UTC."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from homes import ROOT
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from two_generations import Star

from reelhouse.soaking.workers import faketime_library

# A zone, and the moment in it that the clock says: the hours that are left out or come twice, the ends of leap days,
# the first and the last zone of the earth, one of 45 minutes, one whose summer is half an hour.
CLOCKS = [
    ("America/New_York", "2026-03-08 01:59:58"),
    ("America/New_York", "2026-11-01 01:59:58"),
    ("Pacific/Kiritimati", "2028-02-29 00:00:01"),
    ("Pacific/Niue", "2028-02-29 23:59:58"),
    ("Asia/Kathmandu", "2027-12-31 23:59:58"),
    ("Australia/Lord_Howe", "2026-04-05 01:59:58"),
    ("Europe/Dublin", "1999-12-31 23:59:58"),
    ("America/St_Johns", "2099-06-30 12:00:00"),
]
PROGRAM = """
import sys
from datetime import date
from pathlib import Path
from reelhouse.database import connect
from reelhouse.day import Day
from reelhouse.settings import read_settings
from small_star import run_day
from two_generations import DAY, rows_of
dsn, home, *generations = sys.argv[1:]
day = Day(DAY, read_settings({"REELHOUSE_HOME": home, "REELHOUSE_WAREHOUSE_DSN": dsn}))
with connect(dsn, "another clock", autocommit=True) as conn:
    for generation in generations:
        run_day(conn, day, rows_of(int(generation)))
"""


def load_elsewhere(star: Star, home: Path, zone: str, moment: str | None = None) -> None:
    """Publish the other generation, in a process of that zone and with that clock."""
    env = os.environ | {"TZ": zone, "PYTHONPATH": os.pathsep.join(str(ROOT / name) for name in ("plugins", "tests"))}
    if moment:
        env |= {"LD_PRELOAD": faketime_library(), "FAKETIME": f"@{moment}", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    wanted = str(1 - star.seen())
    done = subprocess.run([sys.executable, "-c", PROGRAM, star.dsn, str(home), wanted], env=env, capture_output=True,
                          text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert star.seen() == int(wanted)


def test_a_day_is_the_same_whatever_zone_process_and_server_are_in(star: Star, tmp_path: Path, record) -> None:
    database = sql.Identifier(conninfo_to_dict(star.dsn)["dbname"])
    zones = ("Pacific/Kiritimati", "Pacific/Niue")
    with psycopg.connect(star.dsn, autocommit=True) as conn:
        for zone, of_server in zip(zones, reversed(zones), strict=True):
            conn.execute(sql.SQL("alter database {} set timezone = {}").format(database, of_server))
            load_elsewhere(star, tmp_path, zone)
        conn.execute(sql.SQL("alter database {} reset timezone").format(database))
    record("time_zones", zones=len(zones), converged=len(zones))


@pytest.mark.full
def test_a_day_is_the_same_whatever_the_clock_says_and_however_it_jumps(star: Star, tmp_path: Path, record) -> None:
    if not faketime_library():
        pytest.skip("no faketime: apt-get install faketime")
    for zone, moment in CLOCKS:
        load_elsewhere(star, tmp_path, zone, moment)
    record("clocks", clocks=len(CLOCKS), converged=len(CLOCKS))
