"""Netflix' rows: what the real editions do, row by row."""

from __future__ import annotations

import time
from datetime import date

import pytest
from source_files import assert_accounted, netflix_bytes, read

from reelhouse.sources.catalogue import Row


def _read(*changes: dict[str, str], newline: str = "\n") -> tuple[list[Row], object, str]:
    result = read("netflix", "netflix_titles", netflix_bytes(*changes, newline=newline))
    assert_accounted(*result)
    return result


def test_a_film_becomes_a_typed_row() -> None:
    rows, record, _ = _read({})
    assert rows == [
        Row(
            "s1", 2, "movie", "Glass Harbour", ["Ada Stone"], ["Ben Oak", "Cy Elm"], ["France", "Chad"],
            date(2019, 9, 9), 2018, "PG-13", 90, None, ["Dramas", "Thrillers"], "A harbour made of glass.", [],
        )
    ]  # fmt: skip
    assert record.rows_repaired == 0


def test_seasons_are_no_minutes() -> None:
    rows, _, _ = _read({"type": "TV Show", "duration": "4 Seasons"}, {"type": "TV Show", "duration": "1 Season"})
    assert [(row.kind, row.runtime_min, row.season_count) for row in rows] == [("series", None, 4), ("series", None, 1)]


def test_a_duration_found_in_rating_is_moved() -> None:
    rows, record, _ = _read({"rating": "74 min", "duration": ""})
    assert (rows[0].certification, rows[0].runtime_min, rows[0].repairs) == (None, 74, ["shifted_rating_duration"])
    assert record.rows_repaired == 1


def test_a_missing_date_stays_missing() -> None:
    assert _read({"date_added": ""})[0][0].added_date is None


def test_a_year_after_the_day_it_was_added_is_kept() -> None:
    assert _read({"type": "TV Show", "release_year": "2020", "date_added": "May 1, 2019"})[0][0].release_year == 2020


def test_line_breaks_in_quotes_do_not_end_a_row() -> None:
    rows, _, rejected = _read({"title": "One\nTwo", "description": "a\n\nb"}, {}, {"type": "Play"})
    assert [(row.title, row.line_number) for row in rows] == [("One\nTwo", 2), ("Glass Harbour", 6)]
    assert "\t7\t" in rejected


def test_windows_line_ends_are_no_part_of_a_value() -> None:
    rows, _, _ = _read({}, {}, newline="\r\n")
    assert [row.description for row in rows] == ["A harbour made of glass."] * 2


def test_numeric_and_foreign_titles_stay_text() -> None:
    titles = ["46", "1920", "3%", "07:19", "忍者ハットリくん", "يوم الدين", "H", "22-Jul", "Unknown"]
    assert [row.title for row in _read(*({"title": title} for title in titles))[0]] == titles


@pytest.mark.parametrize(
    "title",
    [
        "Verónica", "Veronica", "Boomika (Hindi)", "Game Over (Tamil Version)", "Blade Runner: The Final Cut", "Arès",
        "15 August", "15-Aug", "9-Feb", "What If?", "WHAT / IF", "Waiting…", "忍者ハットリくん", "반드시 잡는다",
    ],
)  # fmt: skip
def test_a_title_is_staged_as_it_is_written(title: str) -> None:
    assert _read({"title": title})[0][0].title == title


def test_repeats_of_a_title_under_other_ids_are_rows_of_their_own() -> None:
    titles = ["Consequences", "Consequences\xa0", "Conse\u200bquences", "22 July", "22-Jul", "Ares", "Arès", "Ares"]
    rows, record, _ = _read(*({"title": title} for title in titles))
    assert (len(rows), record.rows_duplicate) == (8, 0)
    assert rows[0].title == rows[1].title
    assert rows[2].title == "Conse\u200bquences"


def test_an_edition_that_is_called_a_series_stays_one_until_it_is_matched() -> None:
    title = "The Hateful Eight: Extended Version"
    row = _read({"title": title, "type": "TV Show", "duration": "1 Season"})[0][0]
    assert (row.title, row.kind, row.season_count) == (title, "series", 1)


def test_a_row_without_director_and_cast_has_nobody() -> None:
    rows, record, _ = _read({"director": "", "cast": ""}, {"director": " ", "cast": "None, nan"})
    assert [(row.directors, row.actors) for row in rows] == [([], [])] * 2
    assert record.rows_quarantined == 0


def test_thirteen_directors_and_fifty_actors_are_all_there_and_trimmed() -> None:
    directors, actors = ([f"{word} {number}" for number in range(size)] for word, size in (("Dir", 13), ("Act", 50)))
    row = _read({"director": ", ".join(directors), "cast": " ,".join(actors)})[0][0]
    assert (row.directors, row.actors) == (directors, actors)


def test_who_directs_and_acts_is_in_both_lists() -> None:
    row = _read({"director": "Ada Stone", "cast": "Ben Oak, Ada Stone"})[0][0]
    assert (row.directors, row.actors) == (["Ada Stone"], ["Ben Oak", "Ada Stone"])


def test_spellings_of_a_name_are_kept_apart() -> None:
    names = ["Eiza González", "Eiza Gonzalez", "Stellan Skarsgård", "Stellan SkarsgÅrd", "Cher"]
    assert _read({"cast": ", ".join(names)})[0][0].actors == names


def test_countries_have_no_empty_member_and_those_that_are_no_more_stay() -> None:
    rows, _, _ = _read(
        {"country": ", South Korea"}, {"country": "United Kingdom,"}, {"country": "West Germany, Soviet Union"},
        {"country": ""},
    )  # fmt: skip
    assert [row.countries for row in rows] == [
        ["South Korea"], ["United Kingdom"], ["West Germany", "Soviet Union"], [],
    ]  # fmt: skip


def test_a_repeated_show_id_unites_lists_and_keeps_the_first_row_for_the_rest() -> None:
    again = {"show_id": "s1", "title": "glass\xa0harbour", "release_year": "2020", "cast": "Cy Elm, Di Ash"}
    rows, record, _ = _read({}, again, {"show_id": "s9"})
    assert [(row.source_id, row.title, row.actors) for row in rows] == [
        ("s1", "Glass Harbour", ["Ben Oak", "Cy Elm", "Di Ash"]), ("s9", "Glass Harbour", ["Ben Oak", "Cy Elm"]),
    ]  # fmt: skip
    assert (rows[0].release_year, record.rows_duplicate) == (2018, 1)


def test_a_show_id_of_two_titles_gives_neither_the_people_of_the_other() -> None:
    rows, record, rejected = _read(
        {}, {"show_id": "s1", "title": "Other", "cast": "Di Ash"}, {"show_id": "s1", "type": "TV Show"}
    )
    assert [(row.title, row.actors) for row in rows] == [("Glass Harbour", ["Ben Oak", "Cy Elm"])]
    assert (record.rows_duplicate, record.rows_quarantined) == (0, 2)
    assert (
        "show_id: expected an id that no title before has, found 's1' again, of 'Glass Harbour' on line 2" in rejected
    )


def test_ten_thousand_rows_of_one_show_id_are_read_at_once() -> None:
    began = time.process_time()
    _, record, _ = _read(*({"show_id": "s1", "title": f"Title {number}"} for number in range(10_000)))
    assert record.rows_quarantined == 9_999
    assert time.process_time() - began < 30


@pytest.mark.parametrize("duration", ["90 mins", "90 Min", "90min", "90 minutes", "90\xa0min."])
def test_minutes_are_minutes_however_they_are_written(duration: str) -> None:
    assert _read({"duration": duration})[0][0].runtime_min == 90


def test_a_bare_number_is_no_duration() -> None:
    assert "found '90'" in _read({"duration": "90"}, {"duration": "0 mins"})[2]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"show_id": ""}, "show_id: expected an id of 1 to 100 characters without spaces, found ''"),
        ({"type": "Play"}, "type: expected Movie or TV Show, found 'Play'"),
        ({"title": " \u200b"}, "title: expected a title, found"),
        ({"release_year": "20x9"}, "release_year: expected a year 1850–2150 or nothing, found '20x9'"),
        ({"duration": "long"}, "duration: expected such as '90 min' or '2 Seasons', or nothing, found 'long'"),
        ({"date_added": "31 June"}, "date_added: expected a day"),
    ],
)
def test_a_bad_value_puts_the_row_into_quarantine_with_its_reason(change: dict[str, str], reason: str) -> None:
    rows, record, rejected = _read(change, {})
    assert len(rows) == record.rows_quarantined == 1
    assert reason in rejected


def test_all_reasons_of_a_row_are_told() -> None:
    _, _, rejected = _read({"type": "Play", "release_year": "x"})
    assert "type: expected" in rejected
    assert "release_year: expected" in rejected


def test_an_unclosed_quote_costs_one_row() -> None:
    good = netflix_bytes({}, {}, {}).decode().splitlines(keepends=True)
    data = "".join([*good[:2], 's7,Movie,"Never closed,,,,,2018,PG,90 min,Dramas,x\n', *good[2:]]).encode()
    rows, record, rejected = read("netflix", "netflix_titles", data)
    assert_accounted(rows, record, rejected)
    assert [row.source_id for row in rows] == ["s1", "s2", "s3"]
    assert record.rows_quarantined == 1
    assert "Never closed" in rejected


def test_too_few_and_too_many_columns_are_rejected() -> None:
    data = netflix_bytes({}) + b"s2,Movie,Short\n" + b"s3" + b",x" * 12 + b"\n"
    rows, record, rejected = read("netflix", "netflix_titles", data)
    assert_accounted(rows, record, rejected)
    assert "expected 12 columns, found 3" in rejected
    assert "expected 12 columns, found 13" in rejected


def test_latin_1_and_nul_are_rejected_as_bytes() -> None:
    data = netflix_bytes({}) + "s2,Movie,Amélie\n".encode("latin-1") + b"s3,Movie,a\0b\n"
    rows, record, rejected = read("netflix", "netflix_titles", data)
    assert_accounted(rows, record, rejected)
    assert record.rows_quarantined == 2
    assert "expected UTF-8, found 0xe9 at byte 11" in rejected
    assert "found a NUL byte" in rejected
    assert "\\\\x73322c" in rejected


def test_a_field_of_more_than_a_megabyte_is_rejected() -> None:
    rows, record, rejected = _read({"description": "x" * (1 << 20) + "x"}, {})
    assert len(rows) == record.rows_quarantined == 1
    assert "field larger than field limit" in rejected
