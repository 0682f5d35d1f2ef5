"""One whole sample day after the other, by the same steps that Airflow runs."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest

from reelhouse.database import connect
from reelhouse.day import SOURCES, Day
from reelhouse.steps import STEPS, run_step
from reelhouse.warehousing.contents import content_hashes

FIRST, SECOND = date(2026, 1, 5), date(2026, 1, 6)
TO_THE_STAR = ("extract_sources", "match_titles", "populate_warehouse")
TO_THE_LISTS = (*TO_THE_STAR, "refresh_recommendations")


@pytest.fixture
def run_day(dsn: str, make_day: Callable[..., Day]) -> Callable[..., dict[str, dict]]:
    """Run the steps of a day, those of the star where no others are named; gives the figures of each by name."""

    def run(batch_date: date, dags: tuple[str, ...] = TO_THE_STAR, **fields) -> dict[str, dict]:
        return run_steps(dsn, make_day(batch_date, **fields), dags)

    return run


def run_steps(
    dsn: str, day: Day, dags: tuple[str, ...], before: Callable[[str], None] = lambda name: None
) -> dict[str, dict]:
    """Takes   before  called with the name of each step first"""
    found = {}
    for step in STEPS:
        if step.dag in dags:
            before(step.name)
            found[step.name] = run_step(step.name, dsn, day)
    return found


READING = [step.name for step in STEPS if not step.name.startswith(("land_", "stage_")) and step.dag in TO_THE_LISTS]


@pytest.mark.parametrize(
    "places",
    [
        ["compare_editions", "publish_warehouse", "publish_recommendations"],
        pytest.param(READING, marks=pytest.mark.full, id="before every step"),
    ],
)
def test_a_day_goes_on_by_itself_when_the_server_has_crashed(
    conn, dsn: str, make_day, module_dsn: str, places: list[str]
) -> None:
    run_steps(dsn, make_day(FIRST), TO_THE_LISTS)
    run_steps(dsn, make_day(SECOND), TO_THE_LISTS, lambda name: crash(conn) if name in places else None)
    with connect(module_dsn, autocommit=True) as twin:
        if twin.execute("select from ops.load").fetchone() is None:
            for each in (FIRST, SECOND):
                run_steps(module_dsn, make_day(each), TO_THE_LISTS)
        assert content_hashes(conn) == content_hashes(twin)
        assert conn.execute("select from warehouse.fact_recommendation").fetchone() is not None


def crash(conn: psycopg.Connection) -> None:
    """What a crash of the server leaves of tables that are not logged: nothing, and no trigger hears of it."""
    unlogged = "select oid::regclass::text from pg_class where relpersistence = 'u' and relkind = 'r'"
    names = [name for (name,) in conn.execute(unlogged)]
    with conn.transaction():
        conn.execute("set local session_replication_role = replica")
        conn.execute(f"truncate {', '.join(names)}")


def truth(settings_sample: Path, name: str) -> list[dict[str, str]]:
    with (settings_sample / "truth" / name).open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_second_run_of_a_day_changes_nothing(run_day, conn: psycopg.Connection) -> None:
    run_day(FIRST, TO_THE_LISTS)
    before = content_hashes(conn)
    physical = conn.execute("select title_key, xmin::text from warehouse.dim_title order by 1").fetchall()

    again = run_day(FIRST, TO_THE_LISTS)
    forced = run_day(FIRST, TO_THE_LISTS, force=True)

    assert content_hashes(conn) == before
    assert conn.execute("select title_key, xmin::text from warehouse.dim_title order by 1").fetchall() == physical
    assert again["publish_warehouse"].get("unchanged")
    assert forced["publish_warehouse"]["rows_changed"] == 0
    assert forced["publish_recommendations"]["rows_changed"] == 0


def test_the_next_day_after_a_day_equals_that_day_alone_in_what_is_current(run_day, conn, settings) -> None:
    run_day(FIRST)
    run_day(SECOND)
    rows = conn.execute("select count(*) from mart.catalogue_entries where platform = 'netflix'").fetchone()[0]
    staged = [row for row in truth(settings.data, "accounts.csv") if row["day"] == str(SECOND)]
    assert rows == int(next(row["rows_staged"] for row in staged if row["source"] == "netflix"))


@pytest.mark.parametrize("day", [FIRST, SECOND])
def test_every_account_of_the_sample_is_the_one_its_maker_wrote_down(run_day, conn, settings, day: date) -> None:
    run_day(day)
    columns = ["source", "file_name", "rows_in", "rows_staged", "rows_filtered", "rows_quarantined", "rows_duplicate"]
    expected = {
        tuple(row[name] for name in columns)
        for row in truth(settings.data, "accounts.csv")
        if row["day"] == str(day) and row["source"] in SOURCES
    }
    found = conn.execute(f"select {', '.join(columns)} from ops.file_load").fetchall()  # names are the list above
    assert {tuple(map(str, row)) for row in found} == expected


@pytest.mark.parametrize(
    ("source", "file"),
    [("netflix", "netflix_imdb.csv"), ("rotten_tomatoes", "rotten_tomatoes_imdb.csv")],
)
@pytest.mark.parametrize("day", [FIRST, SECOND])
def test_the_sample_is_matched_without_one_wrong_link(run_day, conn, settings, source: str, file: str, day) -> None:
    run_day(day)
    known = {row["source_id"]: row["imdb_id"] for row in truth(settings.data, file) if row["day"] == str(day)}
    decided = dict(
        conn.execute(
            "select source_id, imdb_title_id from mart.catalogue_entries where platform = %(source)s"
            " union all select rotten_tomatoes_id, imdb_title_id from mart.titles"
            " where %(source)s = 'rotten_tomatoes' and rotten_tomatoes_id is not null",
            {"source": source},
        ).fetchall()
    )
    assert decided.keys() == known.keys()
    wrong = {key: (link, known[key]) for key, link in decided.items() if link and link != known[key]}
    assert wrong == {}
    linkable = [key for key, imdb_id in known.items() if imdb_id.startswith("tt")]
    missed = {key: known[key] for key in linkable if decided[key] is None}
    assert len(missed) <= 0.03 * len(linkable), missed


def test_a_day_can_be_run_on_a_subset_of_sources_once_the_others_are_landed(run_day, conn) -> None:
    run_day(FIRST)
    run_day(SECOND, sources=("netflix",))
    days = dict(
        conn.execute(
            "select file_load.source, max(file_date) from ops.file_load inner join ops.file using (file_id)"
            " inner join ops.load using (load_id) where batch_date = %s group by file_load.source",
            (SECOND,),
        ).fetchall()
    )
    assert days == {"netflix": SECOND, "imdb": FIRST, "rotten_tomatoes": FIRST}


def test_trust_says_how_stale_each_source_is(run_day, conn) -> None:
    run_day(FIRST)
    run_day(SECOND + timedelta(2), sources=("imdb",))
    rows = conn.execute("select source, stale_days from mart.trust where part = 'warehouse' order by source").fetchall()
    assert rows == [("imdb", 2), ("netflix", 3), ("rotten_tomatoes", 3)]


def test_another_platform_adds_its_entries_and_leaves_those_of_netflix(run_day, conn, settings, tmp_path) -> None:
    def entries() -> dict[str, list[tuple]]:
        query = "select source_id, title_key from mart.catalogue_entries where platform = %s order by source_id"
        return {name: conn.execute(query, (name,)).fetchall() for name in ("netflix", "hulu")}

    run_day(FIRST)
    before = entries()
    assert before["hulu"] == []
    shutil.copytree(settings.data, tmp_path / "data")
    (tmp_path / "data" / "hulu").mkdir()
    catalogue = settings.data / "netflix" / str(FIRST) / "netflix_titles.csv"
    (tmp_path / "data" / "hulu" / "hulu_titles.csv").write_bytes(catalogue.read_bytes())
    figures = run_day(FIRST, settings=replace(settings, data=tmp_path / "data"))
    assert figures["stage_optional_sources"]["files_staged"] == 1
    # Hulu has the very file that Netflix has: each of its rows is the same work.
    assert entries() == {"netflix": before["netflix"], "hulu": before["netflix"]}
    assert figures["publish_warehouse"]["tables"]["bridge_title_source"]["inserted"] == len(before["netflix"])
