"""The reviewed files of include/data/reference: they know every word of the files, and unknown is never for all."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import psycopg
import pytest
from small_star import Netflix, run_day
from source_files import write_sources

from reelhouse.day import Day
from reelhouse.landing import land_source
from reelhouse.settings import read_settings
from reelhouse.staging.filling import stage_source
from reelhouse.warehousing.building import load_references
from reelhouse.warehousing.checks import read_checks, run_check

SETTINGS = read_settings({})
DAY = date(2021, 9, 25)
UNKNOWN_WORDS = [
    check
    for check in read_checks(SETTINGS.sql / "9_checks" / "warehouse.sql")
    if check.name.endswith("the reference file does not know")
]


def reference(name: str) -> list[dict[str, str]]:
    with (SETTINGS.reference / name).open(newline="") as file:
        return list(csv.DictReader(file))


def _stage(conn: psycopg.Connection, day: Day, *sources: str) -> None:
    for source in sources:
        land_source(conn, day, source)
        stage_source(conn, day, source)


def unknown_words(conn: psycopg.Connection) -> dict[str, list[dict[str, object]]]:
    """What the checks find of the words that are staged."""
    load_references(conn, SETTINGS.reference)
    return {check.name: run_check(conn, check).sample for check in UNKNOWN_WORDS}


@pytest.mark.parametrize("day", [date(2026, 1, 5), date(2026, 1, 6)])
def test_every_word_of_the_sample_is_known(conn, make_day: Callable[..., Day], day: date):
    _stage(conn, make_day(day), "netflix", "imdb", "rotten_tomatoes")
    found = unknown_words(conn)
    assert len(found) == 3
    assert not any(found.values())


@pytest.mark.real_data
@pytest.mark.parametrize("day", [date(2020, 1, 18), date(2021, 1, 16), DAY])
def test_every_word_of_the_real_netflix_files_is_known(conn, make_day, real_data: Path, day: date):
    _stage(conn, replace(made := make_day(day), settings=replace(made.settings, data=real_data)), "netflix")
    assert not any(unknown_words(conn).values())
    assert conn.execute("select count(*) from staging.genre_word").fetchone() == (42,)


@pytest.mark.real_data
def test_every_word_of_the_other_real_files_is_known(conn, make_day, real_data: Path, tmp_path: Path):
    data = write_sources(tmp_path / "data")
    for source, folder, names in (
        ("imdb", "imdb", ("title.basics.tsv.gz",)),
        ("rotten_tomatoes", "rotten_tomatoes", ("rotten_tomatoes_movies.csv",)),
        ("amazon", "streaming_catalogues", ("amazon_prime_titles.csv",)),
        ("disney", "streaming_catalogues", ("disney_plus_titles.csv",)),
        ("hulu", "streaming_catalogues", ("hulu_titles.csv",)),
        ("viewers", "movielens", ("movies.csv", "links.csv")),
        ("justwatch", "justwatch/2022-05-31", None),
    ):
        (data / source).mkdir(exist_ok=True)
        for path in sorted((real_data / folder).iterdir()):
            if names is None or path.name in names:
                (data / source / path.name).write_bytes(path.read_bytes())
    made = make_day(date(2022, 6, 1))
    day = replace(made, settings=replace(made.settings, data=data))
    _stage(conn, day, "imdb", "rotten_tomatoes", "amazon", "disney", "hulu", "viewers", "justwatch")
    assert not any(unknown_words(conn).values())
    counts = conn.execute("select source, count(*) from staging.genre_word group by 1 order by 1").fetchall()
    assert counts == [
        ("amazon", 31), ("disney", 44), ("hulu", 36), ("imdb", 30), ("justwatch", 22), ("rotten_tomatoes", 20),
        ("viewers", 19),
    ]  # fmt: skip
    (data / "rotten_tomatoes" / "rotten_tomatoes_movies.csv").write_bytes(
        (real_data / "rotten_tomatoes_other_layouts" / "rotten_tomatoes_movies.2019_layout.csv").read_bytes()
    )
    _stage(conn, replace(day, force=True), "rotten_tomatoes")
    assert not any(unknown_words(conn).values())


def test_a_choice_has_its_reason_and_no_genre_is_one_silently():
    words = reference("genres.csv")
    silent = [row for row in words if row["genre_kind"] != "genre" and not row["reason"]]
    assert [(row["source"], row["source_genre"]) for row in silent] == [("amazon", "Talk Show and Variety")]
    kinds = {row["genre"]: row["genre_kind"] for row in words if row["genre"]}
    assert {row["genre"]: row["genre_kind"] for row in reversed(words) if row["genre"]} == kinds
    assert {name for name, kind in kinds.items() if kind in ("origin", "language")} == {
        "British", "European", "International", "Korean", "Spanish-Language",
    }  # fmt: skip


def test_no_word_for_unrated_says_an_age():
    unrated = {"NR", "UR", "TV-NR", "NOT RATED", "NOT_RATE", "UNRATED"}
    rows = {row["certification"]: row for row in reference("certifications.csv")}
    assert unrated <= set(rows)
    assert {rows[word]["least_age"] for word in unrated} == {""}
    assert {word for word, row in rows.items() if row["rating_system"] == "unknown"} == unrated
    assert {word for word, row in rows.items() if row["least_age"] == "0"} == {
        "G", "TV-G", "TV-Y", "ALL", "ALL_AGES", "FSK 0",
    }  # fmt: skip
    assert [rows[word]["least_age"] for word in ("13+", "16+", "FSK 12", "15", "UA 7+", "TV-MA")] == [
        "13", "16", "12", "15", "7", "17",
    ]  # fmt: skip


def test_a_historical_country_is_no_country_of_today():
    rows = {row["country"]: row for row in reference("countries.csv")}
    assert {name: rows[name]["iso_code"] for name, row in rows.items() if row["is_historical"] == "true"} == {
        "Czechoslovakia": "CSHH", "East Germany": "DDDE", "Netherlands Antilles": "ANHH",
        "Serbia and Montenegro": "CSXX", "Soviet Union": "SUHH", "West Germany": "", "Yugoslavia": "YUCS",
    }  # fmt: skip
    spellings = [row["country"] for row in rows.values()] + [row["iso_code"] for row in rows.values()]
    spellings += [word for row in rows.values() for word in row["also_written"].split("|")]
    used = [word for word in spellings if word]
    assert len(used) == len(set(used))


def test_countries_are_one_member_however_they_are_written(conn, make_day):
    run_day(conn, make_day(DAY), [
        Netflix("s1", "A", countries=("UK", "SU")), Netflix("s2", "B", countries=("GB", "Soviet Union", "Oz")),
    ])  # fmt: skip
    found = conn.execute("select title, countries from mart.titles order by title").fetchall()
    assert found == [("A", ["Soviet Union", "United Kingdom"]), ("B", ["Oz", "Soviet Union", "United Kingdom"])]


def test_a_word_that_was_unknown_and_is_known_now_keeps_no_title(conn, make_day):
    run_day(conn, make_day(date(2021, 9, 24)), [Netflix("s1", "A", categories=("Gothic Noise",), countries=("Oz",))])
    run_day(conn, make_day(DAY), [Netflix("s1", "A", categories=("Dramas",), countries=("India",))])
    assert conn.execute("select genre_kind from warehouse.dim_genre where genre = 'Gothic Noise'").fetchone() == (
        "retired",
    )
    assert conn.execute("select genres, labels, countries from mart.titles").fetchall() == [(["Drama"], [], ["India"])]
