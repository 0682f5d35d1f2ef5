"""What is read as of a day is what was known then: nothing of a later day, whatever was loaded since."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest
from people import login
from small_star import Imdb, Netflix, RottenTomatoes, run_day

from reelhouse import Warehouse
from reelhouse.database import connect
from reelhouse.day import Day
from reelhouse.errors import BadQuery, NotAllowed, QueryWrong
from reelhouse.settings import read_settings

DAYS = [date(2026, 1, 5), date(2026, 1, 6), date(2026, 1, 9)]
VIEWS = ["titles", "descriptions", "ratings", "availability", "viewings", "user_ratings", "training_set"]
SCHEMAS = ("mart", "warehouse", "curated", "as_of")


def rows(number: int) -> list:
    """Each day other scores, another certification. Leaves is gone on the last day, Comes is new on the second."""
    return [
        Imdb(1, "Stays", rating=(5 + number, 100 * number)),
        Imdb(2, "Leaves", rating=(6, 500)),
        Netflix("s1", "Stays", imdb=1, certification=["G", "PG", "R"][number], description=f"Said on {number}."),
        *([Netflix("s2", "Leaves", imdb=2)] if number < 2 else []),
        *([Netflix("s3", "Comes", kind="series")] if number > 0 else []),
        RottenTomatoes("stays", "Stays", imdb=1, critics=(50 + number, 10)),
    ]


@pytest.fixture(scope="module")
def then(module_dsn, tmp_path_factory):
    """For each day what its views held when no later one had been loaded, and a reader after all of them."""
    settings = read_settings(
        {"REELHOUSE_HOME": str(tmp_path_factory.mktemp("home")), "REELHOUSE_WAREHOUSE_DSN": module_dsn}
    )
    with (
        connect(module_dsn, "reelhouse test", autocommit=True) as conn,
        login(module_dsn, "analyst") as dsn,
        Warehouse(dsn) as reader,
    ):
        conn.execute("insert into warehouse.dim_user (user_key, source, is_synthetic) values (7, 'app', false)")
        held = {}
        for number, day in enumerate(DAYS):
            run_day(conn, Day(day, settings), rows(number))
            conn.execute(
                "insert into warehouse.fact_viewing (user_key, title_key, viewed_at, viewed_min, source)"
                " values (7, 1, %s, 30, 'app')",
                (f"{day} 23:59:59+00",),
            )
            held[day] = {view: reader.read(f"select * from {view}", as_of=day) for view in VIEWS}
        yield held, reader


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize("view", VIEWS)
def test_a_day_reads_the_same_after_later_ones_were_loaded(then, day, view):
    held, reader = then
    now = reader.read(f"select * from {view}", as_of=day)
    order = list(now.columns[:2])
    pd.testing.assert_frame_equal(
        now.sort_values(order, ignore_index=True), held[day][view].sort_values(order, ignore_index=True)
    )


@pytest.mark.parametrize("day", [DAYS[0] - timedelta(1), *DAYS, DAYS[-1] + timedelta(9)])
def test_no_moment_in_any_view_is_later_than_the_day(then, day):
    _, reader = then
    seen = 0
    for view in VIEWS:
        moments = reader.read(
            "select attname from pg_attribute where attrelid = %s::regclass and atttypid in"
            " ('date'::regtype, 'timestamptz'::regtype)",
            [f"as_of.{view}"],
        )["attname"]
        for name in moments:
            latest = reader.read(f"select ({name} at time zone 'UTC')::date as d from {view}", as_of=day)["d"].dropna()
            assert (latest <= day).all()
            seen += len(latest)
    assert seen or day < DAYS[0]


def test_the_training_set_is_what_was_known(then):
    _, reader = then
    first, last = reader.training_set(DAYS[0]), reader.training_set(str(DAYS[-1]))
    assert first["title"].tolist() == ["Stays", "Leaves"]
    assert first[["certification", "imdb_vote_count", "critics_pct", "viewing_count"]].iloc[0].tolist() == [
        "G", 0, 50, 1,
    ]  # fmt: skip
    assert last["title"].tolist() == ["Stays", "Comes"]
    assert last[["certification", "imdb_vote_count", "critics_pct", "viewing_count"]].iloc[0].tolist() == [
        "R", 200, 52, 3,
    ]  # fmt: skip


@pytest.mark.parametrize("sql", ["select * from mart.titles", "select * from warehouse.fact_title_rating",
                                 "select * from dim_title", "select * from curated.title_note"])  # fmt: skip
def test_what_is_of_today_is_refused(then, sql):
    with pytest.raises((NotAllowed, BadQuery)):
        then[1].read(sql, as_of=DAYS[0])
    # And the next read is of today again.
    assert len(then[1].read("select * from mart.titles", chunks=1).__next__()) == 1


def test_a_day_that_is_none_is_told(then):
    with pytest.raises(QueryWrong, match="date"):
        then[1].read("select 1", as_of="yesterdayish")


def test_the_models_are_the_schema(then):
    _, reader = then
    expected = reader.read(
        "select n.nspname || '.' || c.relname as name, array_agg(a.attname::text order by a.attnum) as columns,"
        " obj_description(c.oid, 'pg_class') as comment"
        " from pg_class as c inner join pg_namespace as n on c.relnamespace = n.oid"
        " inner join pg_attribute as a on a.attrelid = c.oid"
        " where n.nspname = any(%s) and c.relkind in ('r', 'v') and a.attnum > 0 and not a.attisdropped"
        " group by n.nspname, c.relname, c.oid",
        [list(SCHEMAS)],
    )
    tables = reader.tables
    assert set(tables) == set(expected["name"])
    for each in expected.itertuples():
        assert [column.name for column in tables[each.name].columns] == each.columns
        assert tables[each.name].comment == each.comment
