"""Single values as the real files write them."""

from __future__ import annotations

import locale
from datetime import date

import pytest

from reelhouse.sources.values import (
    count_or_none,
    date_or_none,
    split_list,
    text_or_none,
    title_or_none,
    united,
    year_or_none,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("September 9, 2019", date(2019, 9, 9)),
        (" August 4, 2017", date(2017, 8, 4)),
        ("2019-09-09", date(2019, 9, 9)),
        ("2019-09-09 00:00:00", date(2019, 9, 9)),
        ("30-Mar-21", date(2021, 3, 30)),
        ("Sept 1, 1997", date(1997, 9, 1)),
        ("1-May-99", date(1999, 5, 1)),
        ("9 September 2019", date(2019, 9, 9)),
        ("9 Sep 2019", date(2019, 9, 9)),
        ("2019/9/09", date(2019, 9, 9)),
        ("2019-09-09T00:00:00.000Z", date(2019, 9, 9)),
        ("", None),
        ("nan", None),
    ],
)
def test_dates_are_read_in_the_forms_of_the_real_files(text: str, expected: date | None) -> None:
    problems: list[str] = []
    assert date_or_none(text, "date_added", problems) == expected
    assert problems == []


@pytest.mark.parametrize(
    "text",
    [
        "February 30, 2021", "9/9/2019", "09.09.2019", "Septembre 9, 2019", "2019-13-01", "2019/09-09", "soon",
        "1-Xyz-20", "2019-09-09T23:30:00Z",
    ],
)  # fmt: skip
def test_a_date_that_is_none_is_refused_with_what_was_found(text: str) -> None:
    problems: list[str] = []
    assert date_or_none(text, "date_added", problems) is None
    assert problems == [
        f"date_added: expected a day such as 'September 9, 2019' or '2019-09-09', or nothing, found {text!r}"
    ]


def test_month_names_do_not_depend_on_the_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locale, "getlocale", lambda *_: ("tr_TR", "UTF-8"))
    assert date_or_none("APRIL 1, 2020", "date_added", []) == date(2020, 4, 1)


def test_a_comma_before_jr_belongs_to_the_name() -> None:
    assert split_list("Ana Roe, Louis Ferrigno, Jr., Tremaine Brown, Jr.") == [
        "Ana Roe", "Louis Ferrigno, Jr.", "Tremaine Brown, Jr.",
    ]  # fmt: skip


def test_jr_the_artist_is_a_person() -> None:
    assert split_list("Agnès Varda, JR") == ["Agnès Varda", "JR"]


def test_dangling_commas_leave_no_empty_item() -> None:
    assert split_list(", South Korea") == ["South Korea"]
    assert split_list("United Kingdom,") == ["United Kingdom"]
    assert split_list(" , ,") == []


def test_null_words_are_no_items() -> None:
    assert split_list("None, Ana Roe, nan, <NA>, Unknown, NA, Not Given, -") == ["Ana Roe"]


def test_na_is_a_name_unless_all_of_it_is_capitals() -> None:
    assert split_list("Na, NA") == ["Na"]
    assert title_or_none("NA") == "NA"


@pytest.mark.parametrize("text", ["Ana Roe|Bo Li", "Ana Roe; Bo Li", "Ana Roe | Bo Li", '["Ana Roe", "Bo Li"]'])
def test_names_are_apart_whatever_stands_between_them(text: str) -> None:
    assert split_list(text) == ["Ana Roe", "Bo Li"]


def test_lists_as_python_writes_them_have_neither_brackets_nor_quotes() -> None:
    assert split_list("""['Ana Roe', "Bo O'Li", 'nan']""") == ["Ana Roe", "Bo O'Li"]
    assert split_list("[]") == []
    assert split_list("Ana Roe [Bo Li], Cy") == ["Ana Roe [Bo Li]", "Cy"]
    assert split_list("['Seong-joo Kim\\u200b', 'Ana\\xa0Roe', 'Bo\\nLi', 'Cy \\U0001f600']") == [
        "Seong-joo Kim", "Ana\xa0Roe", "Bo\nLi", "Cy \U0001f600",
    ]  # fmt: skip


def test_an_escape_of_what_no_text_has_stands_for_itself() -> None:
    assert split_list('["a\\u0000"]') == ["a\\u0000"]
    assert split_list("['a\\ud800']") == ["a\\ud800"]


def test_words_that_people_fill_gaps_with_are_no_people() -> None:
    assert split_list("Missing, No Cast, No Director, Unavailable, Not Specified, Ana Roe") == ["Ana Roe"]
    assert (text_or_none("Undefined"), title_or_none("Missing"), title_or_none("Undefined")) == (
        None, "Missing", "Undefined",
    )  # fmt: skip


def test_the_end_of_an_ampersand_is_no_mark_between_items() -> None:
    assert split_list("Action &amp; Adventure, Drama") == ["Action & Adventure", "Drama"]


def test_repeats_are_dropped_in_order_even_when_only_invisible_characters_differ() -> None:
    assert split_list("Bo Li, Ana\u200b Roe, Ana Roe, Bo\xa0Li") == ["Bo Li", "Ana\u200b Roe"]


def test_lists_are_united_in_order() -> None:
    assert united(["b", "a"], ["c", "a", "d"]) == ["b", "a", "c", "d"]


def test_invisible_characters_go_at_the_ends_and_stay_inside() -> None:
    assert title_or_none("\xa0\u200bA\u200bB\xa0C\u200b ") == "A\u200bB\xa0C"


def test_unknown_is_a_title_and_no_certification() -> None:
    assert title_or_none("Unknown") == "Unknown"
    assert text_or_none("Unknown") is None


@pytest.mark.parametrize("text", ["20x9", "1492", "2200", "-1", "2019.5", "٢٠١٩"])
def test_a_year_that_is_none_is_refused(text: str) -> None:
    problems: list[str] = []
    assert year_or_none(text, "release_year", problems) is None
    assert problems == [f"release_year: expected a year 1850–2150 or nothing, found {text!r}"]


def test_numbers_saved_by_a_spreadsheet_are_numbers() -> None:
    assert year_or_none("2019.0", "release_year", []) == 2019
    assert count_or_none("83.0", "tomatometer_rating", [], most=100) == 83
    assert count_or_none("1,234,567", "audience_count", []) == 1_234_567


@pytest.mark.parametrize("text", ["1,2", "12,34", "1.234", "1234,567", "0,93", "250,000+"])
def test_a_number_in_odd_groups_is_none(text: str) -> None:
    problems: list[str] = []
    assert count_or_none(text, "audience_count", problems) is None
    assert len(problems) == 1


def test_a_share_above_100_is_refused() -> None:
    problems: list[str] = []
    assert count_or_none("101", "tomatometer_rating", problems, most=100) is None
    assert problems == ["tomatometer_rating: expected a whole number 0–100 or nothing, found '101'"]
