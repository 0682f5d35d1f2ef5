"""Editions in the database: compared day by day with the one published last, as the sample's maker wrote it down."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest
from small_star import Imdb, Netflix, stage_rows
from source_files import write_sources

from reelhouse import landing
from reelhouse.database import connect
from reelhouse.day import SOURCES, Day
from reelhouse.errors import FileMissing, OutOfStep
from reelhouse.matching import editions
from reelhouse.matching.editions import compare_editions
from reelhouse.settings import PACKAGE
from reelhouse.staging.filling import stage_source
from reelhouse.staging.opening import open_load
from reelhouse.warehousing.building import build_warehouse
from reelhouse.warehousing.checks import check_warehouse
from reelhouse.warehousing.publishing import publish_warehouse

FIRST, SECOND = date(2026, 1, 5), date(2026, 1, 6)
# Change of the sample's truth -> verdict; every other change leaves a title the same.
VERDICT_OF = {"title": "renamed", "release_year": "year corrected", "left": "removed", "arrived": "added"}


@pytest.fixture
def compare(conn: psycopg.Connection, make_day: Callable[..., Day]) -> Callable[..., object]:
    """Land, stage and compare a day, and mark its load as published; gives what became of Netflix' rows."""

    def run(batch_date: date, is_published: bool = True, **fields) -> object:
        day = make_day(batch_date, **fields)
        for action in (landing.land_source, stage_source):
            for source in SOURCES:
                action(conn, day, source)
        open_load(conn, day)
        figures = compare_editions(conn, day)
        if is_published:
            conn.execute(
                "update ops.load set state = 'published', published_at = clock_timestamp() where load_id = %s",
                (figures["load_id"],),
            )
        return figures["editions"]["netflix"]

    return run


def changes_of_the_sample(data: Path) -> list[dict[str, str]]:
    with (data / "truth" / "netflix_changes.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def stored(conn: psycopg.Connection) -> list[tuple]:
    return conn.execute("select * from matching.edition_match order by load_id, source, match_number").fetchall()


def test_the_sample_is_followed_from_day_to_day_without_one_swap(compare, conn, settings) -> None:
    assert compare(FIRST) == "first"
    counts = compare(SECOND)
    known = {
        (row["source_id_day_1"] or None, row["source_id_day_2"] or None): VERDICT_OF.get(row["change"], "same")
        for row in changes_of_the_sample(settings.data)
    }
    found = conn.execute("select former_source_id, source_id, verdict from matching.edition_match").fetchall()
    verdicts = {(former, present): verdict for former, present, verdict in found}
    assert verdicts == known
    assert counts == {name: Counter(verdicts.values())[name] for name in editions.VERDICTS}


def test_a_second_run_and_a_forced_one_store_the_same(compare, conn) -> None:
    compare(FIRST)
    compare(SECOND, is_published=False)
    before = stored(conn)
    compare(SECOND, is_published=False)
    compare(SECOND, is_published=False, force=True)
    assert stored(conn) == before


def test_only_what_was_published_is_an_edition_that_readers_had(compare, conn) -> None:
    compare(FIRST)
    compare(SECOND, is_published=False)
    late = SECOND + timedelta(1)
    compare(late)
    former = conn.execute(
        "select former.batch_date from matching.edition inner join ops.load using (load_id)"
        " inner join ops.load as former on former.load_id = former_load_id where load.batch_date = %s",
        (late,),
    ).fetchall()
    assert former == [(FIRST,)]


def test_the_same_bytes_again_are_not_compared(compare, conn) -> None:
    compare(FIRST)
    compare(SECOND)
    count = len(stored(conn))
    assert compare(SECOND + timedelta(1)) == "repeated"
    assert len(stored(conn)) == count


def test_a_day_loaded_late_is_compared_with_the_one_before_it(compare, conn) -> None:
    compare(SECOND)
    assert compare(FIRST) == "first"


def test_an_edition_filled_in_later_is_the_one_before(compare, conn) -> None:
    compare(SECOND)
    with pytest.raises(FileMissing, match="it was the first"):
        editions.former_edition(conn, editions.newest_edition(conn, "netflix"))
    compare(FIRST)
    newest = editions.newest_edition(conn, "netflix")
    assert (editions.former_edition(conn, newest).day, newest.day) == (FIRST, SECOND)


DAYS = [FIRST + timedelta(2 * number) for number in range(3)]
TITLES = (("Alpha", "Beta"), ("Beta", "Gamma"), ("Gamma", "Delta"))
STEP_BY_STEP = [
    (DAYS[0], DAYS[1], ["Alpha removed", "Gamma added"]),
    (DAYS[1], DAYS[2], ["Beta removed", "Delta added"]),
]
BETWEEN_LEFT_OUT = [(DAYS[0], DAYS[2], ["Alpha removed", "Beta removed", "Delta added", "Gamma added"])]


def bring(conn: psycopg.Connection, day: Day, titles: Sequence[str], is_published: bool = True) -> None:
    """Stage a day's catalogue, compare it with the former one, and let readers have it."""
    rows = [Netflix(f"s{number}", title) for number, title in enumerate(titles, start=1)]
    stage_rows(conn, day, [Imdb(1, "Something Else"), *rows])
    compare_editions(conn, day)
    for action in (build_warehouse, check_warehouse, publish_warehouse) if is_published else ():
        action(conn, day)


def changed(conn: psycopg.Connection) -> list[tuple]:
    """What mart.edition_changes says, by day."""
    return conn.execute(
        "select former_day, day, array_agg(said order by said) from (select former_day, day,"
        " coalesce(title, former_title) || ' ' || verdict as said from mart.edition_changes) as change"
        " group by former_day, day order by day"
    ).fetchall()


@pytest.mark.parametrize("order", [(0, 2, 1), (2, 0, 1), (2, 1, 0)])
def test_changes_are_those_since_the_day_before_whatever_the_order_of_days(conn, make_day, order) -> None:
    for place in order:
        bring(conn, make_day(DAYS[place]), TITLES[place])
    assert changed(conn) == STEP_BY_STEP
    # As the shell says it.
    newest = editions.newest_edition(conn, "netflix")
    former = editions.former_edition(conn, newest)
    told = Counter(record["verdict"] for record in editions.compare_kept(conn, former, newest))
    assert (former.day, newest.day, told) == (DAYS[1], DAYS[2], Counter(same=1, removed=1, added=1))


def test_a_day_that_readers_do_not_have_is_none_between(conn, make_day) -> None:
    for place in (0, 2):
        bring(conn, make_day(DAYS[place]), TITLES[place])
    bring(conn, make_day(DAYS[1]), TITLES[1], is_published=False)
    assert editions.compare_published_again(conn, make_day(DAYS[1])) == 0
    assert changed(conn) == BETWEEN_LEFT_OUT


def test_an_edition_whose_rows_are_gone_stays_as_it_was_compared(conn, make_day) -> None:
    for place in (0, 2):
        bring(conn, make_day(DAYS[place]), TITLES[place])
    newest = editions.newest_edition(conn, "netflix")
    conn.execute("delete from matching.edition_row where file_id = %s", (newest.file_id,))
    bring(conn, make_day(DAYS[1]), TITLES[1])
    assert changed(conn) == [STEP_BY_STEP[0], *BETWEEN_LEFT_OUT]


def test_an_edition_that_an_older_day_had_too_has_changed_nothing(compare, conn, make_day) -> None:
    last = SECOND + timedelta(1)
    compare(FIRST)
    compare(last)
    assert {row[:2] for row in changed(conn)} == {(FIRST, last)}
    compare(SECOND)
    assert editions.compare_published_again(conn, make_day(SECOND)) == 1
    assert {row[:2] for row in changed(conn)} == {(FIRST, SECOND)}
    assert editions.compare_published_again(conn, make_day(SECOND)) == 0


def test_a_publish_does_not_wait_for_who_compares_editions(conn, make_day, dsn) -> None:
    for place in (0, 2):
        bring(conn, make_day(DAYS[place]), TITLES[place])
    bring(conn, make_day(DAYS[1]), TITLES[1], is_published=False)
    build_warehouse(conn, make_day(DAYS[1]))
    check_warehouse(conn, make_day(DAYS[1]))
    with connect(dsn) as other:
        other.execute("select from ops.layer where layer = 'editions' for update")
        assert "unchanged" not in publish_warehouse(conn, make_day(DAYS[1]))
    assert changed(conn) == [STEP_BY_STEP[0], *BETWEEN_LEFT_OUT]
    # The next one comes by here again, whatever it publishes.
    assert publish_warehouse(conn, make_day(DAYS[1]))["unchanged"] is True
    assert changed(conn) == STEP_BY_STEP


def test_a_day_without_a_load_is_out_of_step(conn, make_day) -> None:
    with pytest.raises(OutOfStep):
        compare_editions(conn, make_day(FIRST))


def test_the_rows_of_the_last_editions_only_are_kept(compare, conn, make_day, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(editions, "EDITIONS_KEPT", 2)
    settings = replace(make_day().settings, data=write_sources(tmp_path / "data"))
    titles = settings.data / "netflix" / "netflix_titles.csv"
    whole = titles.read_text()
    for number in range(4):
        titles.write_text(whole.replace("Glass Harbour", f"Glass Harbour {number}"))
        compare(FIRST + timedelta(number), settings=settings)
    kept = conn.execute("select distinct title from matching.edition_row where title ~ 'Glass' order by 1").fetchall()
    assert kept == [("Glass Harbour 2",), ("Glass Harbour 3",)]
    present = editions.newest_edition(conn, "netflix")
    oldest = editions.newest_edition(conn, "netflix", FIRST)
    with pytest.raises(FileMissing, match="the last 2 are kept"):
        editions.compare_kept(conn, oldest, present)


def test_an_edition_that_is_not_there_is_named(conn) -> None:
    with pytest.raises(FileMissing, match="hulu: expected an edition published by 2020-01-01"):
        editions.newest_edition(conn, "hulu", date(2020, 1, 1))


def test_the_command_shows_what_changed(compare, dsn: str, tmp_path: Path) -> None:
    compare(FIRST)
    compare(SECOND)
    compare(SECOND + timedelta(1))
    environment = os.environ | {
        "PYTHONPATH": str(PACKAGE.parent), "REELHOUSE_HOME": str(tmp_path), "REELHOUSE_WAREHOUSE_DSN": dsn
    }  # fmt: skip

    def command(*words: str) -> str:
        return subprocess.run(
            [sys.executable, "-m", "reelhouse", "editions", *words],
            env=environment, capture_output=True, text=True, timeout=60, check=True,
        ).stdout  # fmt: skip

    shown = command()
    assert shown.startswith(f"netflix, edition of {FIRST} → edition of {SECOND + timedelta(1)}\n")
    assert "renamed, 100.0%: 06:15 (movie" in shown
    assert '"counts"' in command("--from", str(FIRST), "--to", str(SECOND), "--json")
