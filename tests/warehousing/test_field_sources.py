"""Where several sources know a field, which of them a title has it from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import psycopg
from small_star import Imdb, Netflix, RottenTomatoes, run_day

from reelhouse.database import run_file
from reelhouse.settings import read_settings

DAY = date(2021, 9, 25)


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


def _fill_titles(conn: psycopg.Connection) -> None:
    conn.execute("truncate build.dim_title")
    run_file(conn, read_settings({}).sql / "3_warehouse" / "dim_title.sql")
