"""When a day will be ready is told from the days before it, and what will miss its time is told of before."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from reelhouse import readiness
from reelhouse.day import Day
from reelhouse.errors import ReelhouseError, SettingsWrong
from reelhouse.settings import READY_NAMES, read_settings
from reelhouse.steps import STEPS, run_step

DAY = date(2026, 1, 9)
NAMES = [step.name for step in STEPS]


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def note(conn, day: date, begins: datetime, minutes: float, names: list[str] = NAMES) -> None:
    """Each step of a day takes so many minutes, one after another."""
    for place, name in enumerate(names):
        conn.execute(
            "insert into ops.step_time values (%s, %s, %s, %s)",
            (day, name, begins + timedelta(minutes=place * minutes), begins + timedelta(minutes=(place + 1) * minutes)),
        )


@pytest.fixture
def history(conn):
    """Three days of ten minutes a step, the middle one; and one that was loaded a year later, which tells nothing."""
    for back, minutes in ((1, 10), (2, 12), (3, 8)):
        note(conn, DAY - timedelta(days=back), midnight(DAY - timedelta(days=back)), minutes)
    note(conn, DAY - timedelta(days=4), midnight(DAY) + timedelta(days=365), 500)
    return conn


def ready(conn, settings, now: datetime, name: str = readiness.READERS_DAG) -> readiness.Readiness:
    return next(each for each in readiness.look(conn, settings, DAY, now) if each.name == name)


LAST = NAMES.index("publish_recommendations") + 1


def test_a_day_that_did_not_begin_yet_is_expected_when_the_others_came(history, settings) -> None:
    found = ready(history, settings, midnight(DAY))
    assert (found.expected_at, found.finished_at) == (midnight(DAY) + timedelta(minutes=10 * LAST), None)
    assert ready(history, settings, midnight(DAY), "imdb").expected_at < found.expected_at


def test_a_day_that_began_late_or_waits_is_expected_later(history, settings) -> None:
    late = midnight(DAY) + timedelta(hours=3)
    # From now, as long as there is from the end of the first step to the end of the last.
    assert ready(history, settings, late).expected_at == late + timedelta(minutes=10 * (LAST - 1))
    note(history, DAY, late, 10, NAMES[:4])
    hour_later = late + timedelta(minutes=100)
    assert ready(history, settings, hour_later).expected_at == hour_later + timedelta(minutes=10 * (LAST - 5))


def test_a_day_that_is_fast_is_expected_sooner_and_done_when_it_is(history, settings) -> None:
    note(history, DAY, midnight(DAY), 1, NAMES[:-2])
    found = ready(history, settings, midnight(DAY) + timedelta(hours=9))
    assert (found.expected_at, found.finished_at) == (None, midnight(DAY) + timedelta(minutes=LAST))


def test_without_history_nothing_is_expected(conn, settings) -> None:
    found = ready(conn, replace(settings, ready_by=(("", time(7, tzinfo=UTC)),)), midnight(DAY))
    assert (found.expected_at, found.state(midnight(DAY))) == (None, "unknown")
    assert found.state(midnight(DAY) + timedelta(hours=8)) == "missed"


def test_what_will_be_missed_is_known_before_it_is(history, settings) -> None:
    told = midnight(DAY) + timedelta(minutes=10 * LAST)
    for minutes, state in ((-1, "will be missed"), (1, "in time")):
        by = (told + timedelta(minutes=minutes)).time().replace(tzinfo=UTC)
        assert ready(history, replace(settings, ready_by=(("", by),)), midnight(DAY)).state(midnight(DAY)) == state
    imdb = replace(settings, ready_by=(("imdb", time(0, 1, tzinfo=UTC)),))
    assert ready(history, imdb, midnight(DAY), "imdb").state(midnight(DAY)) == "will be missed"
    assert ready(history, imdb, midnight(DAY)).state(midnight(DAY)) == "open"


def test_a_time_may_have_a_zone_and_a_wrong_one_is_refused(tmp_path) -> None:
    env = {"REELHOUSE_HOME": str(tmp_path)}
    settings = read_settings(env | {"REELHOUSE_READY_BY": "07:00 Europe/Berlin", "REELHOUSE_READY_BY_IMDB": "05:30"})
    assert dict(settings.ready_by) == {"": time(7, tzinfo=ZoneInfo("Europe/Berlin")), "imdb": time(5, 30, tzinfo=UTC)}
    winter, summer = (
        readiness.ready_by(settings, "dag", readiness.READERS_DAG, day) for day in (date(2026, 1, 5), date(2026, 7, 5))
    )
    assert (winter.astimezone(UTC).hour, summer.astimezone(UTC).hour) == (6, 5)
    for wrong in ("25:00", "seven", "07:00 Mars/Olympus"):
        with pytest.raises(SettingsWrong, match="REELHOUSE_READY_BY: expected a time"):
            read_settings(env | {"REELHOUSE_READY_BY": wrong})
    assert set(READY_NAMES) == set(readiness.goals())
    with pytest.raises(SettingsWrong, match="expected a source or DAG, found nowhere"):
        read_settings(env | {"REELHOUSE_READY_BY_NOWHERE": "07:00"})


def test_each_step_leaves_when_it_was_done_and_one_that_fails_does_not(conn, dsn, settings, tmp_path) -> None:
    run_step("retire_files", dsn, Day(DAY, settings))
    with pytest.raises(ReelhouseError):
        run_step("land_imdb", dsn, Day(DAY, replace(settings, data=tmp_path)))
    rows = conn.execute("select step, ended_at is not null from ops.step_time order by 1").fetchall()
    assert rows == [("land_imdb", False), ("retire_files", True)]
