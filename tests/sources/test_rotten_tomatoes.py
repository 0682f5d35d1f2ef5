"""Rotten Tomatoes' rows in both layouts."""

from __future__ import annotations

import json
from datetime import date

import pytest
from source_files import ROTTEN_2019_HEADER, assert_accounted, csv_bytes, read, rotten_bytes


def _read(*changes: dict[str, str]) -> tuple[list, object, str]:
    result = read("rotten_tomatoes", "rotten", rotten_bytes(*changes))
    assert_accounted(*result)
    return result


def test_the_key_is_the_link_without_its_prefix() -> None:
    links = ["m/0814255", "m/true_grit_2010", "m/1068044-jumanji", "/m/heat"]
    rows, _, _ = _read(*({"rotten_tomatoes_link": link} for link in links))
    assert [row.source_id for row in rows] == ["0814255", "true_grit_2010", "1068044-jumanji", "heat"]


def test_a_link_may_be_the_whole_address() -> None:
    row = _read({"rotten_tomatoes_link": "https://www.rottentomatoes.com/m/heat/"})[0][0]
    assert row.source_id == "heat"


def test_percents_and_large_counts_may_be_written_for_people() -> None:
    row = _read({"tomatometer_rating": "75%", "audience_rating": "60 %", "audience_count": "35,797,635,123"})[0][0]
    assert (row.tomatometer_pct, row.audience_pct, row.audience_count) == (75, 60, 35_797_635_123)


def test_of_an_old_film_two_digits_are_no_year() -> None:
    rows, _, rejected = _read(
        {"original_release_date": "1-Jan-43"},
        {"original_release_date": "1-Jan-1943", "streaming_release_date": "1-Jan-03"},
    )
    assert [(row.release_date, row.streaming_date) for row in rows] == [(date(1943, 1, 1), date(2003, 1, 1))]
    assert "original_release_date: expected a day with all digits of its year" in rejected


def test_a_film_becomes_a_typed_row() -> None:
    row = _read({})[0][0]
    assert (row.title, row.genres, row.release_date, row.runtime_min) == (
        "Glass Harbour", ["Drama", "Comedy"], date(2018, 3, 2), 90,
    )  # fmt: skip
    assert (row.tomatometer_pct, row.tomatometer_count, row.fresh_count, row.rotten_count) == (75, 4, 3, 1)
    assert (row.studio, row.synopsis, row.streaming_date) == (None, None, None)


def test_films_of_one_title_stay_apart() -> None:
    assert len(_read({"movie_title": "Hamlet"}, {"movie_title": "Hamlet"})[0]) == 2


def test_release_and_streaming_day_are_kept_apart_and_may_be_unknown() -> None:
    rows, _, _ = _read(
        {"original_release_date": "2018-09-01", "streaming_release_date": "2019-02-03"},
        {"original_release_date": "", "streaming_release_date": "2019-02-03"},
        {"original_release_date": ""},
    )
    assert [(row.release_date, row.streaming_date) for row in rows] == [
        (date(2018, 9, 1), date(2019, 2, 3)), (None, date(2019, 2, 3)), (None, None),
    ]  # fmt: skip


def test_a_score_is_staged_with_the_number_it_comes_from() -> None:
    counts = {"tomatometer_count": "5", "tomatometer_fresh_critics_count": "5", "tomatometer_rotten_critics_count": "0"}
    row = _read(counts | {"tomatometer_rating": "100"})[0][0]
    assert (row.tomatometer_pct, row.tomatometer_count, row.audience_pct, row.audience_count) == (100, 5, 60, 1000)


def test_a_repeated_link_unites_lists() -> None:
    rows, record, _ = _read(
        {}, {"rotten_tomatoes_link": "m/film_1", "genres": "Comedy, Horror", "audience_rating": "1"}
    )
    assert (rows[0].genres, rows[0].audience_pct) == (["Drama", "Comedy", "Horror"], 60)
    assert record.rows_duplicate == 1


def test_a_link_of_two_films_gives_neither_the_people_of_the_other() -> None:
    rows, record, rejected = _read(
        {}, {"rotten_tomatoes_link": "m/film_1", "movie_title": "Other", "directors": "Di Ash"}
    )
    assert [(row.title, row.directors) for row in rows] == [("Glass Harbour", ["Ada Stone"])]
    assert (record.rows_duplicate, record.rows_quarantined) == (0, 1)
    assert "expected a link that no film before has, found 'film_1' again, of 'Glass Harbour' on line 2" in rejected


def test_a_repeated_link_keeps_what_each_of_its_lines_lists() -> None:
    once, twice, alike = (f"m/film_{number}" for number in (1, 2, 3))
    rows, _, _ = _read(
        {"rotten_tomatoes_link": once}, {"rotten_tomatoes_link": twice}, {"rotten_tomatoes_link": alike},
        {"rotten_tomatoes_link": twice, "genres": "Horror"}, {"rotten_tomatoes_link": alike},
    )  # fmt: skip
    told = json.loads(rows[1].said_by_line)
    assert [(line["line"], line["genres"]) for line in told] == [(3, ["Drama", "Comedy"]), (5, ["Horror"])]
    assert rows[0].said_by_line is rows[2].said_by_line is None


def test_audience_counts_may_be_larger_than_an_integer() -> None:
    assert _read({"audience_count": "35797635123"})[0][0].audience_count == 35_797_635_123


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"rotten_tomatoes_link": ""}, "rotten_tomatoes_link: expected a link such as"),
        ({"movie_title": ""}, "movie_title: expected a title"),
        ({"tomatometer_rating": "101"}, "tomatometer_rating: expected a whole number 0–100"),
        ({"audience_rating": "-1"}, "audience_rating: expected a whole number 0–100"),
        ({"tomatometer_count": "5"}, "tomatometer_count: expected fresh + rotten = 4, found 5"),
        ({"runtime": "an hour"}, "runtime: expected minutes"),
    ],
)
def test_a_bad_value_puts_the_row_into_quarantine(change: dict[str, str], reason: str) -> None:
    rows, record, rejected = _read(change, {})
    assert len(rows) == record.rows_quarantined == 1
    assert reason in rejected


def test_mangled_letters_and_signs_are_mended_and_the_row_says_so() -> None:
    rows, record, _ = _read({"movie_title": "Amélie".encode().decode("cp1252"), "directors": "Ana &amp; Bo"}, {})
    assert (rows[0].title, rows[0].directors) == ("Amélie", ["Ana & Bo"])
    assert [row.repairs for row in rows] == [["read_as_windows_1252", "signs_as_in_html"], []]
    assert record.rows_repaired == 1


OLD_FILM = {
    "movie_title": "Hamlet", "rating": "PG", "genre": "Drama", "in_theaters_date": "1990-12-19",
    "runtime_in_minutes": "135", "tomatometer_rating": "76", "tomatometer_count": "4", "audience_rating": "70",
    "audience_count": "1000", "directors": "Ada Stone, Di Ash", "writers": "Ed Fir", "cast": "Ben Oak, Cy Elm",
    "studio_name": "Elm Pictures", "movie_info": "To be.", "critics_consensus": "Or not.",
}  # fmt: skip
OLD_HEADER = (
    "movie_title,movie_info,critics_consensus,rating,genre,directors,writers,cast,in_theaters_date,on_streaming_date,"
    "runtime_in_minutes,studio_name,tomatometer_status,tomatometer_rating,tomatometer_count,audience_rating,"
    "audience_count"
)


def test_the_layout_of_2019_is_read_whole_by_its_links() -> None:
    header = f"rotten_tomatoes_link,{OLD_HEADER},poster_image_url,{ROTTEN_2019_HEADER.partition('audience_count,')[2]}"
    films = [OLD_FILM | {"rotten_tomatoes_link": link} for link in ("/m/hamlet", "/m/hamlet_1990")]
    counts = {"audience_fresh_critics_count": "3", "audience_rotten_critics_count": "1"}
    data = csv_bytes(header, [film | counts for film in films])
    rows, _, _ = read("rotten_tomatoes", "rotten", data)
    assert [row.source_id for row in rows] == ["hamlet", "hamlet_1990"]
    assert (rows[0].directors, rows[0].writers, rows[0].actors) == (
        ["Ada Stone", "Di Ash"], ["Ed Fir"], ["Ben Oak", "Cy Elm"],
    )  # fmt: skip
    assert (rows[0].studio, rows[0].synopsis, rows[0].critics_consensus) == ("Elm Pictures", "To be.", "Or not.")
    assert (rows[0].fresh_count, rows[0].rotten_count) == (3, 1)
    named = data.replace(b"audience_fresh_critics_count", b"tomatometer_fresh_critics_count")
    assert read("rotten_tomatoes", "rotten", named)[0] == rows


def test_without_links_and_counts_the_directors_tell_films_of_a_title_and_year_apart() -> None:
    other = {"directors": "Ed Fir", "cast": "Fay Ivy"}
    turned = {"directors": "Di Ash, Ada Stone", "genre": "Classics"}
    data = csv_bytes(OLD_HEADER, [OLD_FILM, OLD_FILM | other, OLD_FILM | turned, OLD_FILM | {"directors": ""}])
    rows, record, _ = read("rotten_tomatoes", "rotten", data)
    assert [row.source_id for row in rows] == ["hamlet|1990|ada stone|di ash", "hamlet|1990|ed fir", "hamlet|1990"]
    assert [row.genres for row in rows] == [["Drama", "Classics"], ["Drama"], ["Drama"]]
    assert (record.rows_duplicate, rows[0].top_critic_count, rows[1].actors) == (1, None, ["Fay Ivy"])


def test_films_without_links_and_people_are_told_apart_by_their_years_alone() -> None:
    film = {name: OLD_FILM[name] for name in OLD_FILM if name in ROTTEN_2019_HEADER.split(",")}
    rows, _, _ = read("rotten_tomatoes", "rotten", csv_bytes(ROTTEN_2019_HEADER, [film, film]))
    assert [row.source_id for row in rows] == ["hamlet|1990"]


def test_the_layout_of_2019_is_read_with_its_misnamed_counts() -> None:
    old = {
        "movie_title": "The  Italian Job", "rating": "G", "genre": "Comedy", "in_theaters_date": "1969-01-01",
        "runtime_in_minutes": "99", "tomatometer_rating": "83", "tomatometer_count": "29", "audience_rating": "86",
        "audience_count": "71084", "audience_top_critics_count": "6", "audience_fresh_critics_count": "24",
        "audience_rotten_critics_count": "5",
    }  # fmt: skip
    remake = old | {"in_theaters_date": "2003-05-30"}
    data = b"\xef\xbb\xbf" + csv_bytes(ROTTEN_2019_HEADER, [old, remake])
    rows, _, _ = read("rotten_tomatoes", "rotten", data)
    assert [row.source_id for row in rows] == ["the italian job|1969", "the italian job|2003"]
    assert (rows[0].top_critic_count, rows[0].fresh_count, rows[0].rotten_count) == (6, 24, 5)
    assert (rows[0].certification, rows[0].runtime_min, rows[0].actors) == ("G", 99, [])
