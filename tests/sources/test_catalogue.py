"""The catalogues of the other platforms: Netflix' layout, their own ways of writing."""

from __future__ import annotations

from datetime import date

import pytest
from source_files import FILM, NETFLIX_HEADER, assert_accounted, csv_bytes, read

from reelhouse.sources.catalogue import Row

PLATFORMS = ("amazon", "disney", "hulu")


def _read(source: str, *changes: dict[str, str]) -> tuple[list[Row], object, str]:
    rows = [FILM | {"show_id": f"s{number}", "OTT": source} | change for number, change in enumerate(changes, 1)]
    result = read(source, source, csv_bytes(f"{NETFLIX_HEADER},OTT", rows))
    assert_accounted(*result)
    return result


@pytest.mark.parametrize("source", PLATFORMS)
def test_a_day_with_a_dashed_short_month_is_read(source: str) -> None:
    rows, record, _ = _read(source, {"date_added": "30-Mar-21"}, {"date_added": ""}, {"date_added": "9/Sep/21"})
    assert [row.added_date for row in rows] == [date(2021, 3, 30), None]
    assert record.rows_quarantined == 1


@pytest.mark.parametrize("source", PLATFORMS)
def test_a_missing_cast_is_nobody(source: str) -> None:
    assert _read(source, {"cast": ""}, {"cast": "nan"})[0][1].actors == []


def test_durations_in_the_rating_column_are_moved() -> None:
    rows, record, _ = _read(
        "hulu", {"rating": "94 min", "duration": ""}, {"type": "TV Show", "rating": "2 Seasons", "duration": ""}
    )
    assert [(row.certification, row.runtime_min, row.season_count) for row in rows] == [
        (None, 94, None),
        (None, None, 2),
    ]
    assert record.rows_repaired == 2


def test_a_number_is_nobody_and_the_row_says_so() -> None:
    rows, record, _ = _read("amazon", {"cast": "1"}, {"cast": "50 Cent, 1"}, {"cast": "", "director": "1"})
    assert [(row.actors, row.directors) for row in rows[:2]] == [
        ([], rows[0].directors),
        (["50 Cent"], rows[1].directors),
    ]
    assert (rows[2].actors, rows[2].directors) == ([], [])
    assert [row.repairs for row in rows] == [["number_for_person"]] * 3
    assert record.rows_repaired == 3


def test_a_description_is_no_director_and_the_row_says_so() -> None:
    text = "Director Alex Winter goes inside the scandal, as others, too, did."
    rows, record, _ = _read("hulu", {"director": text, "description": text}, {"director": "Alex Winter"})
    assert [row.directors for row in rows] == [[], ["Alex Winter"]]
    assert [row.repairs for row in rows] == [["description_for_director"], []]
    assert (rows[0].description, record.rows_repaired) == (text, 1)


def test_text_that_was_read_as_windows_1252_is_mended_and_the_row_says_so() -> None:
    whole = {"title": "Élan à Paris", "cast": "José Ñú, Бо Ли", "description": "“Quoted” – and…"}
    mangled = {name: text.encode().decode("latin-1") for name, text in whole.items()}
    windows = {"title": "CafÃ©", "description": "“ is â€œ".replace("“ ", "")}
    twice = {"title": "Café".encode().decode("cp1252").encode().decode("cp1252")}
    rows, record, _ = _read("amazon", mangled, windows, twice, {"title": "São", "description": "JosÃ©"}, {"title": "Ã"})
    assert (rows[0].title, rows[0].actors, rows[0].description) == (
        whole["title"], ["José Ñú", "Бо Ли"], whole["description"],
    )  # fmt: skip
    assert [row.repairs for row in rows] == [["read_as_windows_1252"]] * 4 + [[]]
    assert [row.title for row in rows[1:]] == ["Café", "Café", "São", "Ã"]
    assert rows[1].description == "is “"
    assert rows[3].description == "José"
    assert record.rows_repaired == 4


def test_signs_written_as_html_does_are_mended_and_the_row_says_so() -> None:
    rows, record, _ = _read(
        "netflix",
        {
            "title": "Blood &amp; Water",
            "cast": "Shaquille O&#x27;Neal, Ana Roe",
            "description": "&quot;Well&quot;&hellip;",
        },
        {"title": "He&amp;#39;s All That"},
        {"title": "R&B; Soul & more"},
    )
    assert [row.title for row in rows] == ["Blood & Water", "He's All That", "R&B; Soul & more"]
    assert (rows[0].actors, rows[0].description) == (["Shaquille O'Neal", "Ana Roe"], '"Well"…')
    assert [row.repairs for row in rows] == [["signs_as_in_html"], ["signs_as_in_html"], []]
    assert record.rows_repaired == 2


def test_a_runtime_of_no_minutes_is_unknown() -> None:
    rows, _, _ = _read("amazon", {"duration": "0 min"}, {"duration": "99999 min"})
    assert [row.runtime_min for row in rows] == [None]


def test_lines_of_nothing_but_commas_behind_the_last_row_are_no_rows() -> None:
    lines = csv_bytes(NETFLIX_HEADER, [FILM]) + b",,,,,,,,,,,\n" * 100
    rows, record, rejected = read("netflix", "netflix_titles", lines + csv_bytes(NETFLIX_HEADER, [FILM])[-60:])
    assert [row.source_id for row in rows] == [FILM["show_id"]]
    assert (record.rows_in, record.rows_quarantined) == (2, 1)
    assert rejected.split("\t")[1] == "103"
