"""The real files, where they are: what their rows become. Their accounts stand in docs/operations.md and its test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import date
from pathlib import Path

import psycopg
import pytest
from source_files import write_sources

from reelhouse.day import SOURCES, Day
from reelhouse.landing import land_source
from reelhouse.matching import editions
from reelhouse.matching.edition_evidence import EditionRow
from reelhouse.matching.edition_matching import EditionMatch, match_editions
from reelhouse.staging.filling import stage_source
from reelhouse.staging.opening import open_load

pytestmark = pytest.mark.real_data


def _stage(conn: psycopg.Connection, day: Day, source: str) -> dict[str, tuple]:
    land_source(conn, day, source)
    stage_source(conn, day, source)
    rows = conn.execute(
        "select file_name, rows_in, rows_staged, rows_filtered, rows_quarantined, rows_duplicate from ops.staged_file"
        " where source = %s",
        (source,),
    )
    return {row[0]: row[1:] for row in rows}


@pytest.fixture
def real_day(make_day: Callable[..., Day], real_data: Path) -> Callable[[date], Day]:
    day = make_day()
    return lambda batch_date: replace(day, batch_date=batch_date, settings=replace(day.settings, data=real_data))


@pytest.fixture
def own_day(make_day: Callable[..., Day], tmp_path: Path) -> Day:
    """A day whose data folder is the test's own, so that real files can be put into it."""
    day = make_day()
    return replace(day, settings=replace(day.settings, data=write_sources(tmp_path / "data")))


def test_a_real_day_is_accounted_for_to_the_last_row(conn, real_day) -> None:
    day = real_day(date(2021, 9, 25))
    accounts = {name: account for source in SOURCES for name, account in _stage(conn, day, source).items()}
    assert accounts == {
        "netflix_titles.csv": (8_807, 8_807, 0, 0, 0),
        "title.basics.tsv.gz": (244_559, 244_559, 0, 0, 0),
        "title.ratings.tsv.gz": (130_552, 130_552, 0, 0, 0),
        "title.principals.tsv.gz": (732_799, 732_799, 0, 0, 0),
        "title.crew.tsv.gz": (244_559, 244_559, 0, 0, 0),
        "title.akas.tsv.gz": (23_709, 23_709, 0, 0, 0),
        "name.basics.tsv.gz": (227_527, 227_527, 0, 0, 0),
        "rotten_tomatoes_movies.csv": (9_886, 9_134, 0, 0, 752),
    }
    figures = open_load(conn, day)
    assert (figures["rows_in"], figures["rows_repaired"]) == (1_622_398, 3)
    moved = conn.execute(
        "select title, runtime_min, certification from staging.netflix_titles"
        " where 'shifted_rating_duration' = any(repairs) order by runtime_min"
    )
    assert [row[1:] for row in moved.fetchall()] == [(66, None), (74, None), (84, None)]
    assert conn.execute(
        "select count(*) filter (where added_date is null), count(*) filter (where kind = 'series'),"
        " count(*) filter (where directors = '{}') from staging.netflix_titles"
    ).fetchone() == (10, 2_676, 2_634)


def _edition(conn, day: Day) -> list[EditionRow]:
    _stage(conn, day, "netflix")
    columns = ", ".join(field.name for field in fields(EditionRow))
    rows = conn.execute(f"select {columns} from staging.netflix_titles").fetchall()
    return [EditionRow(*(tuple(value) if isinstance(value, list) else value for value in row)) for row in rows]


def _years(matches: list[EditionMatch]) -> dict[str, tuple[int, int]]:
    """Year before and after, by title."""
    return {
        match.former.title: (match.former.release_year, (match.present or match.rival).release_year)
        for match in matches
    }


def test_the_editions_of_netflix_are_followed_by_identity(conn, real_day) -> None:
    days = (date(2020, 1, 18), date(2021, 1, 16), date(2021, 9, 25))
    first, second, third = (_edition(conn, real_day(day)) for day in days)
    earlier, later = match_editions(first, second), match_editions(second, third)
    counts = [editions.count_verdicts(match.verdict for match in matches) for matches in (earlier, later)]
    assert counts == [
        {"same": 6_128, "renamed": 1, "year corrected": 10, "removed": 95, "added": 1_648},
        {"same": 7_747, "renamed": 1, "year corrected": 6, "removed": 33, "added": 1_053},
    ]
    # By title and kind alone it would be 16 removed and 1,036 added, and every title below the same or a new one.
    by_name = [{(row.title, row.kind) for row in edition} for edition in (second, third)]
    assert (len(by_name[0] - by_name[1]), len(by_name[1] - by_name[0])) == (16, 1_036)
    assert [(match.former.title, match.present.title) for match in later if match.verdict == "renamed"] == [
        ("07:19", "7:19")
    ]
    films = [match for match in later if match.former and match.former.kind == "movie"]
    assert _years([match for match in films if match.verdict == "year corrected"]) == {
        "A Shaun the Sheep Movie: Farmageddon": (2020, 2019),
        "Lingua Franca": (2020, 2019),
        "Only Mine": (2018, 2019),
        "Rust Creek": (2019, 2018),
    }
    replaced = [match for match in films if match.rival and match.rival.kind == "movie"]
    assert {match.verdict for match in replaced} == {"removed"}
    assert len(replaced) == 15
    years = _years(replaced)
    assert (years["Taxi Driver"], years["The Karate Kid"]) == ((1976, 2015), (2010, 1984))


def test_no_real_title_becomes_another_one(conn, real_day) -> None:
    """A description, or a title with its kind, year and directors, that is in both editions stays with its row."""
    former, present = (_edition(conn, real_day(day)) for day in (date(2021, 1, 16), date(2021, 9, 25)))
    pairs = [match for match in match_editions(former, present) if match.former and match.present]
    for marks in (
        lambda row: row.description,
        lambda row: (row.title, row.kind, row.release_year, row.directors),
    ):
        seen = [Counter(map(marks, edition)) for edition in (former, present)]
        swapped = [
            (match.former.title, match.present.title)
            for match in pairs
            if marks(match.former) != marks(match.present)
            and any(seen[0][mark] and seen[1][mark] == 1 for mark in (marks(match.former), marks(match.present)))
        ]
        assert swapped == []


def test_no_member_of_a_list_is_empty_or_a_null_word(conn, real_day) -> None:
    _stage(conn, real_day(date(2021, 9, 25)), "netflix")
    assert conn.execute(
        "select count(*) from staging.netflix_titles, unnest(directors || actors || countries || categories) as item"
        " where btrim(item, E' \\u00a0\\u200b') <> item or lower(item) in ('', 'none', 'nan', '<na>', 'jr.', 'unknown')"
    ).fetchone() == (0,)


@pytest.mark.parametrize("name", ["title.basics", "title.ratings"])
def test_of_official_files_cut_in_mid_row_only_the_cut_row_is_bad(conn, own_day, real_data, name: str) -> None:
    folder = own_day.settings.data / "imdb"
    content = (real_data / "damaged" / f"imdb_{name}.truncated.tsv").read_bytes() + b"\n"
    (folder / f"{name}.tsv.gz").unlink()
    (folder / f"{name}.tsv").write_bytes(content)
    account = _stage(conn, own_day, "imdb")[f"{name}.tsv.gz"]
    assert account[0] == content.count(b"\n") - 1
    assert (account[3], account[4]) == (1, 0)


CATALOGUES = {
    "amazon": ("amazon_prime_titles.csv", 9_668, 1_854, 39),
    "disney": ("disney_plus_titles.csv", 1_450, 398, 0),
    "hulu": ("hulu_titles.csv", 3_073, 1_589, 295),
}


@pytest.mark.parametrize("source", CATALOGUES)
def test_the_catalogues_of_other_platforms_are_staged_whole(conn, own_day, real_data, source: str) -> None:
    name, rows, series, repaired = CATALOGUES[source]
    _copy(real_data / "streaming_catalogues", own_day.settings.data / source, name)
    assert _stage(conn, own_day, source) == {name: (rows, rows, 0, 0, 0)}
    table = f"staging.{source}_titles"
    assert conn.execute(
        f"select count(*) filter (where kind = 'series'), count(*) filter (where repairs <> '{{}}'),"
        f" count(*) filter (where certification ~ 'min|Season' or '1' = any(actors)) from {table}"
    ).fetchone() == (series, repaired, 0)
    if source == "hulu":
        assert conn.execute(f"select count(*) from {table} where actors <> '{{}}'").fetchone() == (0,)


def test_the_lists_of_justwatch_are_staged_and_a_credit_of_a_refused_title_is_not(conn, real_day) -> None:
    assert _stage(conn, real_day(date(2022, 6, 1)), "justwatch") == {
        "titles.csv": (5_806, 5_805, 0, 1, 0),
        "credits.csv": (77_213, 77_121, 0, 1, 91),
        "Best Movies Netflix.csv": (387, 387, 0, 0, 0),
        "Best Shows Netflix.csv": (246, 246, 0, 0, 0),
        "Best Movie by Year Netflix.csv": (49, 49, 0, 0, 0),
        "Best Show by Year Netflix.csv": (31, 31, 0, 0, 0),
    }
    reasons = conn.execute("select reasons[1] from quarantine.rejected_row order by file_id, line_number").fetchall()
    assert reasons == [
        ("title: expected a name, found ''",),
        ("id: expected a title that titles.csv has, found 'tm1063792'",),
    ]
    assert conn.execute(
        "select count(*) filter (where imdb_rating_of_10 is null), count(*) filter (where imdb_id is not null),"
        " max(season_count) from staging.justwatch_titles"
    ).fetchone() == (522, 3_364, 42)


def test_the_films_of_movielens_are_staged_whole_without_any_rating(conn, own_day, real_data) -> None:
    _copy(real_data / "movielens", own_day.settings.data / "viewers", "movies.csv", "links.csv")
    assert _stage(conn, own_day, "viewers") == {
        "movies.csv": (9_742, 9_742, 0, 0, 0),
        "links.csv": (9_742, 9_742, 0, 0, 0),
    }
    assert conn.execute("select count(*) from staging.viewers_movies where release_year is null").fetchone() == (12,)


def _copy(source: Path, target: Path, *names: str) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for name in names:
        (target / name).write_bytes((source / name).read_bytes())
