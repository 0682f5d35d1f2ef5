"""Where several sources know a field, which of them a title has it from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import psycopg
from small_star import Imdb, JustWatch, Netflix, RottenTomatoes, run_day, stage_rows

from reelhouse.database import run_file
from reelhouse.settings import read_settings
from reelhouse.warehousing.building import build_warehouse
from reelhouse.warehousing.checks import check_warehouse
from reelhouse.warehousing.publishing import publish_warehouse
from reelhouse.warehousing.rolling_back import roll_back

DAY = date(2021, 9, 25)
FIELDS = ("certification", "runtime_min", "season_count")


def fields(conn: psycopg.Connection, title: str) -> tuple:
    return conn.execute(
        "select certification, runtime_min, season_count, original_language, field_sources from mart.titles"
        " where title = %s",
        (title,),
    ).fetchone()


def test_each_field_says_its_source(conn, make_day: Callable):
    rows = [
        Imdb(1, "Alpha"),
        Imdb(2, "Beta"),
        Netflix("s1", "Alpha", imdb=1, certification="NR"),
        Netflix("s2", "Gamma", kind="series", certification="TV-14"),
        RottenTomatoes("alpha", "Alpha", imdb=1, certification="R"),
    ]
    run_day(conn, make_day(DAY), rows)
    # Netflix comes first, but says no age; Rotten Tomatoes says one.
    assert fields(conn, "Alpha") == ("R", 100, None, None, {
        "title": "netflix", "kind": "imdb", "release_year": "imdb", "runtime_min": "imdb",
        "certification": "rotten_tomatoes",
    })  # fmt: skip
    assert fields(conn, "Beta")[4] == dict.fromkeys(("title", "kind", "release_year", "runtime_min"), "imdb")
    assert fields(conn, "Gamma") == ("TV-14", None, 1, None, dict.fromkeys(
        ("title", "kind", "release_year", "season_count", "certification"), "netflix"
    ))  # fmt: skip


def test_a_year_that_imdb_does_not_have_is_netflixs_own(conn, make_day: Callable):
    rows = [Imdb(1, "Alpha", year=None), Netflix("s1", "Alpha", 2018, imdb=1, certification="NR")]
    run_day(conn, make_day(DAY), rows)
    found = conn.execute("select release_year, certification, least_age, field_sources from mart.titles").fetchone()
    assert found == (2018, "NR", None, {
        "title": "netflix", "kind": "imdb", "release_year": "netflix", "runtime_min": "imdb",
        "certification": "netflix",
    })  # fmt: skip


def test_a_year_that_the_first_catalogue_does_not_have_is_the_next_ones(conn, make_day: Callable):
    rows = [
        Imdb(1, "Alpha", year=None),
        Netflix("s1", "Alpha", None, imdb=1),
        Netflix("h1", "Alpha", 2017, imdb=1, source="hulu"),
    ]
    run_day(conn, make_day(DAY), rows)
    found = conn.execute("select release_year, field_sources ->> 'release_year' from mart.titles").fetchone()
    assert found == (2017, "hulu")


def test_a_language_is_known_where_a_source_says_it(conn, make_day: Callable):
    rows = [
        Imdb(1, "Uno", title_type="tvSeries"),
        Imdb(2, "Dos", title_type="tvSeries"),
        Imdb(3, "Tres", title_type="tvSeries"),
        Netflix("s1", "Uno", kind="series", imdb=1, categories=("Spanish-Language TV Shows", "TV Dramas")),
        Netflix("s2", "Dos", kind="series", imdb=2, categories=("Korean TV Shows", "International TV Shows")),
        Netflix("s3", "Tres", kind="series", imdb=3, categories=("Spanish-Language TV Shows",)),
    ]
    day = make_day(DAY)
    run_day(conn, day, rows)
    # A category that says where a title comes from says nothing of its language.
    assert [fields(conn, title)[3] for title in ("Uno", "Dos", "Tres")] == ["es", None, "es"]
    conn.execute(
        "insert into staging.imdb_akas values (3, 1, 'Tres', null, 'ca', true), (3, 2, 'Three', 'US', 'en', false)"
    )
    _fill_titles(conn)
    assert conn.execute(
        "select title, original_language, field_sources ->> 'original_language' from build.dim_title order by title_key"
    ).fetchall() == [("Uno", "es", "netflix"), ("Dos", None, None), ("Tres", "ca", "imdb")]


def test_other_catalogues_come_between_netflix_and_rotten_tomatoes(conn, make_day: Callable):
    rows = [
        Imdb(1, "Alpha", title_type="tvSeries"),
        Imdb(2, "Beta"),
        Imdb(3, "Gamma", year=None),
        Netflix("s1", "Alpha", kind="series", imdb=1, certification="UR"),
        Netflix("h1", "Alpha!", kind="series", imdb=1, certification="TV-PG", source="hulu", description="By Hulu."),
        Netflix("a1", "Alpha", kind="series", imdb=1, certification="16+", source="amazon"),
        Netflix("s2", "Beta", imdb=2, certification="PG"),
        Netflix("a2", "Beta", imdb=2, certification="18+", source="amazon"),
        Netflix("d1", "Gamma: a Film", 2018, imdb=3, certification="PG-13", source="disney", description="By Disney."),
        RottenTomatoes("gamma", "Gamma", 2017, imdb=3, certification="R"),
    ]
    run_day(conn, make_day(DAY), rows)
    assert conn.execute(
        "select title, certification, release_year, description, platforms, sources from mart.titles order by title_key"
    ).fetchall() == [
        ("Alpha", "16+", 2019, "By Hulu.", ["amazon", "hulu", "netflix"], ["amazon", "hulu", "imdb", "netflix"]),
        ("Beta", "PG", 2019, None, ["amazon", "netflix"], ["amazon", "imdb", "netflix"]),
        ("Gamma", "PG-13", 2018, "By Disney.", ["disney"], ["disney", "imdb", "rotten_tomatoes"]),
    ]
    assert fields(conn, "Alpha")[4]["description"] == "hulu"
    assert fields(conn, "Gamma")[4] == {
        "title": "imdb", "kind": "imdb", "release_year": "disney", "runtime_min": "imdb", "certification": "disney",
        "description": "disney",
    }  # fmt: skip


def test_justwatch_says_what_the_catalogues_leave_open(conn, make_day: Callable):
    rows = [
        Imdb(1, "Alpha", title_type="tvSeries"),
        Imdb(2, "Beta"),
        Imdb(3, "Delta", title_type="tvSeries"),
        Netflix("s1", "Alpha", kind="series", imdb=1, certification="TV-14"),
        Netflix("s2", "Beta", imdb=2, certification="NR"),
        Netflix("s3", "Gamma", kind="series", work="gamma"),
        RottenTomatoes("beta", "Beta", imdb=2, certification="PG-13"),
        RottenTomatoes("omega", "Omega", work="omega"),
        JustWatch("ts1", "Alpha", kind="series", imdb=1, certification="TV-MA", runtime=45, seasons=3),
        JustWatch("tm2", "Beta", imdb=2, certification="R", runtime=99),
        # The same by another id: what the first one does not say.
        JustWatch("tm22", "Beta", imdb=2, certification="PG"),
        JustWatch("ts3", "Delta", kind="series", imdb=3, certification="TV-Y7", seasons=2),
        JustWatch("ts4", "Gamma", kind="series", work="gamma", certification="TV-PG", runtime=30, seasons=4),
        JustWatch("tm5", "Omega", work="omega", certification="G", runtime=90),
        JustWatch("tm6", "Nowhere Else", certification="R", runtime=80),
    ]
    run_day(conn, make_day(DAY), rows)
    told = {
        title: (certification, runtime, seasons, {name: sources.get(name) for name in FIELDS})
        for title, certification, runtime, seasons, sources in conn.execute(
            "select title, certification, runtime_min, season_count, field_sources from mart.titles"
        ).fetchall()
    }
    # A title of its own it makes none.
    assert told == {
        "Alpha": ("TV-14", 100, 1, dict(zip(FIELDS, ("netflix", "imdb", "netflix"), strict=True))),
        "Beta": ("R", 100, None, dict(zip(FIELDS, ("justwatch", "imdb", None), strict=True))),
        "Delta": ("TV-Y7", 100, 2, dict(zip(FIELDS, ("justwatch", "imdb", "justwatch"), strict=True))),
        "Gamma": ("TV-PG", 30, 1, dict(zip(FIELDS, ("justwatch", "justwatch", "netflix"), strict=True))),
        "Omega": ("G", 90, None, dict(zip(FIELDS, ("justwatch", "justwatch", None), strict=True))),
    }
    assert conn.execute("select title, sources from mart.titles where title_key = 3").fetchone() == (
        "Delta", ["imdb", "justwatch"],
    )  # fmt: skip
    assert conn.execute(
        "select record_id, link_band from mart.provenance(2, 'certification')"
        " union all select record_id, link_band from mart.provenance(3, 'season_count')"
    ).fetchall() == [("tm2", "match"), ("ts3", "match")]
    # Rows that are no title are not there, so a rate of those that are would say nothing.
    rates = conn.execute("select source, match_rate from mart.trust where part = 'warehouse' order by 1").fetchall()
    assert [source for source, rate in rates if rate is None] == ["imdb", "justwatch"]


def test_what_justwatch_does_not_have_any_more_is_no_field_of_a_title(conn, make_day: Callable):
    alpha = [Imdb(1, "Alpha", title_type="tvSeries"), Imdb(2, "Beta"), Netflix("s2", "Beta", imdb=2)]
    rows = [*alpha, JustWatch("ts1", "Alpha", kind="series", imdb=1, certification="TV-14", seasons=3)]
    run_day(conn, make_day(DAY), rows)
    seen = (
        "select certification, season_count, sources, field_sources ->> 'certification' from mart.titles"
        " where title_key = 1"
    )
    first = conn.execute(seen).fetchone()
    assert first == ("TV-14", 3, ["imdb", "justwatch"], "justwatch")
    later = make_day(date(2021, 9, 26))
    stage_rows(conn, later, [*alpha, JustWatch("tm2", "Beta", imdb=2, certification="R")])
    assert build_warehouse(conn, later)["is_whole"] is False
    check_warehouse(conn, later)
    publish_warehouse(conn, later)
    assert conn.execute(seen).fetchone() == (None, None, ["imdb"], None)
    assert conn.execute("select certification from mart.titles where title_key = 2").fetchone() == ("R",)
    roll_back(conn, later, conn.execute("select min(load_id) from ops.load").fetchone()[0], "wrong file", "ann")
    assert conn.execute(seen).fetchone() == first


def _fill_titles(conn: psycopg.Connection) -> None:
    conn.execute("truncate build.dim_title")
    run_file(conn, read_settings({}).sql / "3_warehouse" / "dim_title.sql")
