"""A file with far more or far fewer rows than usual holds the day, until a person says why it is right."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest
from source_files import netflix_bytes, rotten_bytes, write_sources

from reelhouse import loads
from reelhouse.day import SOURCES, Day
from reelhouse.landing import land_source
from reelhouse.settings import Settings
from reelhouse.staging.filling import stage_source
from reelhouse.staging.opening import open_load
from reelhouse.staging.volume_gate import LEAST_LOADS_OF_MEDIAN

FIRST = date(2026, 1, 1)
USUAL = 100


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_sources(tmp_path / "data")


@pytest.fixture
def settings(settings: Settings, data: Path) -> Settings:
    return replace(settings, data=data)


def _stage(conn: psycopg.Connection, day: Day, titles: int) -> None:
    (day.settings.data / "netflix" / "netflix_titles.csv").write_bytes(netflix_bytes(*[{}] * titles))
    for source in SOURCES:
        land_source(conn, day, source)
        stage_source(conn, day, source)


def objections(conn: psycopg.Connection, day: Day) -> str:
    """What the gate has against the day's load, or nothing; the load is held for it when it is checked."""
    opened = open_load(conn, day)
    assert [reason for _, reason in loads.objections(conn, opened["load_id"])] == sorted(opened.get("objections", []))
    return "; ".join(opened.get("objections", []))


def _publish(conn: psycopg.Connection, day: Day, titles: int) -> int:
    """Stage, open and stamp as published, as the publisher would."""
    _stage(conn, day, titles)
    load_id = open_load(conn, day)["load_id"]
    conn.execute(
        "update ops.load set state = 'published', published_at = clock_timestamp() where load_id = %s", (load_id,)
    )
    return load_id


@pytest.fixture
def later(conn: psycopg.Connection, make_day: Callable[..., Day]) -> Callable[..., Day]:
    """Days after three published ones of the usual size."""
    for place in range(3):
        _publish(conn, make_day(FIRST + timedelta(place)), USUAL)
    return lambda **fields: make_day(FIRST + timedelta(10), **fields)


@pytest.mark.parametrize("titles", [80, 100, 150])
def test_a_file_within_the_range_goes_on(conn, later, titles: int) -> None:
    _stage(conn, later(), titles)
    assert objections(conn, later()) == ""


@pytest.mark.parametrize("titles", [60, 79, 151, 300])
def test_a_file_outside_the_range_is_objected_to_with_a_readable_reason(conn, later, titles: int) -> None:
    _stage(conn, later(), titles)
    reason = f"netflix_titles.csv: expected 80 to 150 rows (0.8 to 1.5 of the usual 100), found {titles}"
    assert objections(conn, later()) == f"{reason}; {reason.replace(' rows (', ' kept rows (')}"


def test_many_more_rejected_rows_are_seen_by_the_kept_rows_too(conn, later) -> None:
    path = later().settings.data / "netflix" / "netflix_titles.csv"
    path.write_bytes(netflix_bytes(*[{}] * 60, *[{"type": "Play"}] * 40))
    for source in SOURCES:
        land_source(conn, later(), source)
        stage_source(conn, later(), source)
    assert re.search(r"expected 80 to 150 kept rows .* found 60", objections(conn, later()))


def test_two_loads_say_nothing_about_what_is_usual(conn, make_day) -> None:
    for place in range(2):
        _publish(conn, make_day(FIRST + timedelta(place)), USUAL)
    _stage(conn, make_day(FIRST + timedelta(2)), 10 * USUAL)
    assert objections(conn, make_day(FIRST + timedelta(2))) == ""


def test_a_file_that_lost_much_since_the_only_load_before_is_objected_to(conn, make_day) -> None:
    _publish(conn, make_day(FIRST), 2 * USUAL)
    later = make_day(FIRST + timedelta(1))
    _stage(conn, later, 139)
    assert objections(conn, later) == "; ".join(
        f"netflix_titles.csv: expected at least 140 {what} (0.7 of the 200 of the day before), found 139"
        for what in ("rows", "kept rows")
    )
    _stage(conn, later, 140)
    assert objections(conn, later) == ""


def test_a_day_that_is_filled_in_is_not_measured_by_a_later_one(conn, make_day) -> None:
    _publish(conn, make_day(FIRST), 2 * USUAL)
    earlier = make_day(FIRST - timedelta(1))
    _stage(conn, earlier, 60)
    assert objections(conn, earlier) == ""


def test_of_few_rows_most_may_go(conn, make_day) -> None:
    _publish(conn, make_day(FIRST), 55)
    _stage(conn, make_day(FIRST + timedelta(1)), 5)
    assert objections(conn, make_day(FIRST + timedelta(1))) == ""


def test_a_file_from_elsewhere_is_not_measured_by_the_one_before(conn, make_day, tmp_path) -> None:
    _publish(conn, make_day(FIRST), 2 * USUAL)
    elsewhere = replace(make_day().settings, data=write_sources(tmp_path / "elsewhere"))
    later = make_day(FIRST + timedelta(1), settings=elsewhere)
    _stage(conn, later, 20)
    assert objections(conn, later) == ""


def test_a_file_in_the_days_own_folder_is_measured_by_the_one_before(conn, make_day, data) -> None:
    later = make_day(FIRST + timedelta(1))
    _publish(conn, make_day(FIRST), 2 * USUAL)
    folder = data / "netflix" / later.batch_date.isoformat()
    folder.mkdir()
    (folder / "netflix_titles.csv").write_bytes(netflix_bytes(*[{}] * 60))
    for source in SOURCES:
        land_source(conn, later, source)
        stage_source(conn, later, source)
    assert "of the 200 of the day before), found 60" in objections(conn, later)


def test_bad_rows_are_told_with_what_most_of_them_are_rejected_for(conn, make_day, data) -> None:
    latin = netflix_bytes(*[{"title": "Amélie"}] * 60, {"type": "Play"}).decode().encode("cp1252")
    (data / "netflix" / "netflix_titles.csv").write_bytes(latin)
    for source in SOURCES:
        land_source(conn, make_day(), source)
        stage_source(conn, make_day(), source)
    assert (
        "bad rows, found 61 of 61, most often 'record: expected UTF-8' (60, first on line 2): save the file as UTF-8"
        in objections(conn, make_day())
    )


def test_only_the_last_seven_published_loads_count(conn, make_day) -> None:
    sizes = [10, 14, 20, 29, 42, 60, 85, 100]
    for place, titles in enumerate(sizes):
        _publish(conn, make_day(FIRST + timedelta(place), accept="the catalogue grows"), titles)
    day = make_day(FIRST + timedelta(20))
    # The median of the last seven is 42; of all eight it would be 35.5.
    _stage(conn, day, 63)
    assert objections(conn, day) == ""
    _stage(conn, day, 33)
    assert "of the usual 42" in objections(conn, day)


def test_a_file_without_rows_holds_the_day_from_the_first_load_on(conn, make_day, data) -> None:
    (data / "rotten_tomatoes" / "rotten_tomatoes_movies.csv").write_bytes(rotten_bytes())
    _stage(conn, make_day(), 3)
    assert "rotten_tomatoes_movies.csv: expected at least 1 kept rows, found 0" in objections(conn, make_day())


def test_what_a_person_accepts_goes_on_is_recorded_and_not_asked_again(conn, later) -> None:
    _stage(conn, later(), 60)
    assert objections(conn, later()) != ""
    assert objections(conn, later(accept=" Netflix lost a licence ")) == ""
    assert objections(conn, later()) == ""
    load_id = loads.current_load(conn, "warehouse", later().batch_date).load_id
    recorded = conn.execute("select load_id, reason, cardinality(overridden), given_by from ops.override").fetchall()
    assert recorded == [(load_id, "Netflix lost a licence", 2, conn.info.user)]


def test_what_was_accepted_of_one_file_is_not_of_the_next(conn, later) -> None:
    _stage(conn, later(), 60)
    assert objections(conn, later(accept="Netflix lost a licence")) == ""
    _stage(conn, later(), 50)
    assert "found 50" in objections(conn, later())


@pytest.mark.parametrize("reason", ["", "  "])
def test_an_acceptance_without_a_reason_is_none(conn, later, reason: str) -> None:
    _stage(conn, later(), 60)
    assert objections(conn, later(accept=reason)) != ""


def test_normal_growth_is_never_held(conn, make_day) -> None:
    size = 200.0
    for place in range(30):
        size *= 1.02 if place % 3 else 0.99
        _publish(conn, make_day(FIRST + timedelta(place)), round(size))


# --- ninety days, of which only the ledger is written --------------------------------------------------

SIZES = {
    "netflix_titles.csv": 8_807,
    "title.basics.tsv.gz": 11_500_000,
    "title.ratings.tsv.gz": 1_600_000,
    "title.principals.tsv.gz": 92_000_000,
    "title.crew.tsv.gz": 11_500_000,
    "title.akas.tsv.gz": 50_000_000,
    "name.basics.tsv.gz": 14_000_000,
    "rotten_tomatoes_movies.csv": 17_712,
}
DAYS = 90


def _sizes_of(chance: random.Random, place: int) -> dict[str, int]:
    """Rows of each file on a day: IMDb grows, catalogues swing with the week and lose licences at a month's end."""
    week = 1 + 0.04 * math.sin(2 * math.pi * place / 7)
    month = 0.93 if place // 30 % 2 else 1.0
    is_catalogue = ("netflix_titles.csv", "rotten_tomatoes_movies.csv")
    return {
        name: round(
            size * (1 + 0.004 * place) * chance.uniform(0.98, 1.02) * (week * month if name in is_catalogue else 1)
        )
        for name, size in SIZES.items()
    }


SPOILT = (0.05, 0.4, 0.7, 3.0)


def _pretend(conn: psycopg.Connection, day: Day, sizes: dict[str, int]) -> None:
    """Let staging say that it holds so many rows of each file, and that they are the day's."""
    rows = [(name, size, math.ceil(size * (0.15 if "principals" in name else 0.9))) for name, size in sizes.items()]
    with conn.cursor() as cursor, conn.transaction():
        cursor.executemany(
            "update ops.staged_file set rows_in = %(rows)s + 40, rows_staged = %(kept)s, rows_quarantined = 40,"
            " rows_filtered = %(rows)s - %(kept)s, rows_duplicate = 0, staged_sha256 = md5(%(rows)s::text)"
            " where file_name = %(name)s",
            [{"name": name, "rows": size, "kept": kept} for name, size, kept in rows],
        )
        cursor.execute(
            "insert into ops.day_file (batch_date, source, file_name, file_id)"
            " select %s, source, file_name, file_id from ops.staged_file on conflict do nothing",
            (day.batch_date,),
        )


def test_of_ninety_days_no_usual_one_is_held_and_every_cut_or_swollen_file_is(conn, make_day) -> None:
    conn.execute("set synchronous_commit = off")
    _stage(conn, make_day(FIRST), 3)
    chance, names, missed, false = random.Random(90), list(SIZES), [], []
    for place in range(DAYS):
        day, sizes = make_day(FIRST + timedelta(place)), _sizes_of(chance, place)
        for turn, share in enumerate(SPOILT if place >= LEAST_LOADS_OF_MEDIAN else ()):
            name = names[(place + turn) % len(names)]
            _pretend(conn, day, sizes | {name: round(sizes[name] * share)})
            if f"{name}: expected" not in objections(conn, day):
                missed.append((place, name, share))
        _pretend(conn, day, sizes)
        if reason := objections(conn, day):
            false.append((place, reason))
        load_id = loads.current_load(conn, "warehouse", day.batch_date).load_id
        conn.execute(
            "update ops.load set state = 'published', published_at = clock_timestamp() where load_id = %s", (load_id,)
        )
    assert (missed, false) == ([], [])
    (spoilt,) = conn.execute("select count(distinct load_id) from ops.objection").fetchone()
    assert spoilt == len(SPOILT) * (DAYS - LEAST_LOADS_OF_MEDIAN)
