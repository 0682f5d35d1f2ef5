"""IMDb's rows: tab-separated text is not CSV, and most of it is not wanted."""

from __future__ import annotations

from decimal import Decimal

import pytest
from source_files import BASICS_HEADER, IMDB_ROWS, assert_accounted, read, tsv_bytes

from reelhouse.sources.number_set import NumberSet
from reelhouse.sources.reading import BLOCK_BYTES

TITLE = ["tt0000001", "movie", "A", "A", "0", "2018", "\\N", "90", "Drama"]


def _titles(*rows: list[str] | bytes) -> tuple[list[tuple], object, str]:
    data = tsv_bytes([BASICS_HEADER])
    data += b"".join(row if isinstance(row, bytes) else tsv_bytes([row]) for row in rows)
    result = read("imdb", "title.basics", data)
    assert_accounted(*result)
    return result


def _with(**changes: str) -> list[str]:
    return list((dict(zip(BASICS_HEADER, TITLE, strict=True)) | changes).values())


def test_a_lone_quote_is_a_letter() -> None:
    title = '"Swing it" magistern'
    rows, record, _ = _titles(_with(primaryTitle=title), _with(tconst="tt2", primaryTitle='5" of rain'))
    assert [row[2] for row in rows] == [title, '5" of rain']
    assert record.rows_in == 2


def test_quotes_that_a_program_put_around_a_text_are_no_part_of_it() -> None:
    swing, fly = ('"""Swing it"" magistern"', '"The ""Fly"""')
    rows, _, _ = _titles(_with(primaryTitle=swing, originalTitle=fly), _with(tconst="tt2", primaryTitle='"Heroes"'))
    assert [row[2:4] for row in rows] == [('"Swing it" magistern', 'The "Fly"'), ('"Heroes"', "A")]
    header, actor, *_ = IMDB_ROWS["title.principals"]
    quoted = tsv_bytes([header, [*actor[:5], '"[""Captain"",""Cook""]"']])
    assert read("imdb", "title.principals", quoted, NumberSet([1]))[0][0][4] == ["Captain", "Cook"]


def test_numbers_with_a_point_that_says_nothing_are_numbers() -> None:
    row = _titles(_with(startYear="2018.0", runtimeMinutes="90.0", isAdult="1.0"))[0][0]
    assert row[4:8] == (True, 2018, None, 90)
    header, person = IMDB_ROWS["name.basics"][:2]
    people = tsv_bytes([header, [*person[:2], "1970.0", "\\N", *person[4:]]])
    assert read("imdb", "name.basics", people, NumberSet([11]))[0][0][2] == 1970
    ratings = tsv_bytes([IMDB_ROWS["title.ratings"][0], ["tt1", "7.1", "1200.0"], ["tt2", "7.1", "1200.5"]])
    rows, record, _ = read("imdb", "title.ratings", ratings, NumberSet([1, 2]))
    assert [row[2] for row in rows] == [1200]
    assert record.rows_quarantined == 1


def test_backslashes_stay() -> None:
    assert _titles(_with(primaryTitle="\\.", originalTitle="C:\\new"))[0][0][2:4] == ("\\.", "C:\\new")


def test_no_value_is_null_and_never_a_number_or_a_genre() -> None:
    row = _titles(_with(startYear="\\N", runtimeMinutes="\\N", genres="\\N", originalTitle="\\N"))[0][0]
    assert row == (1, "movie", "A", None, False, None, None, None, [])


def test_a_runtime_of_nothing_is_unknown() -> None:
    assert _titles(_with(runtimeMinutes="0"))[0][0][7] is None


def test_only_the_declared_types_are_kept() -> None:
    rows, record, _ = _titles(
        _with(), _with(tconst="tt2", titleType="tvEpisode"), _with(tconst="tt3", titleType="hologram")
    )
    assert len(rows) == 1
    assert record.rows_filtered == 2


def test_an_episode_that_is_called_like_a_film_is_left_out() -> None:
    rows, record, _ = _titles(
        _with(primaryTitle="The Game"), _with(tconst="tt2", primaryTitle="The Game", titleType="tvEpisode")
    )
    assert [row[0] for row in rows] == [1]
    assert record.rows_filtered == 1


def test_specials_and_films_for_television_are_kept_with_their_type() -> None:
    types = ["movie", "tvSpecial", "tvMovie", "short", "tvShort", "tvSeries", "tvMiniSeries"]
    rows, _, _ = _titles(*(_with(tconst=f"tt{number}", titleType=kind) for number, kind in enumerate(types, 1)))
    assert [row[1] for row in rows] == types


def test_two_titles_of_one_name_and_year_are_two_rows() -> None:
    same = {"primaryTitle": "The Night", "originalTitle": "The Night", "startYear": "2021"}
    assert [row[0] for row in _titles(_with(**same), _with(tconst="tt2", **same))[0]] == [1, 2]


def test_adult_titles_are_staged_and_marked() -> None:
    assert _titles(_with(isAdult="1"))[0][0][4] is True


@pytest.mark.parametrize("padded", ["tt7", "tt0000007", "tt000000000007"])
def test_ids_are_their_numbers_however_padded(padded: str) -> None:
    assert _titles(_with(tconst=padded))[0][0][0] == 7


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"startYear": "20x9"}, r"startYear: expected a year 1850–2150 or \\\\N, found '20x9'"),
        ({"startYear": "0"}, "startYear: expected a year"),
        ({"runtimeMinutes": "1_0"}, "runtimeMinutes: expected a whole number"),
        ({"runtimeMinutes": "٣"}, "runtimeMinutes: expected a whole number"),
        ({"isAdult": "2"}, "isAdult: expected 0 or 1, found '2'"),
        ({"primaryTitle": "\\N"}, "primaryTitle: expected a text"),
        ({"primaryTitle": "  "}, "primaryTitle: expected a text, found '  '"),
        ({"primaryTitle": "\u200b\xa0"}, "primaryTitle: expected a text, found"),
        ({"tconst": "nm0000001"}, "tconst: expected tt and a number"),
        ({"tconst": "tt"}, "tconst: expected tt and a number"),
        ({"tconst": "tt1_0"}, "tconst: expected tt and a number"),
        ({"tconst": "tt100000000"}, "tconst: expected tt and a number"),
        ({"tconst": "tt0"}, "tconst: expected tt and a number"),
        ({"titleType": "mov\ue000ie"}, "titleType: expected a word"),
    ],
)
def test_a_bad_value_puts_the_row_into_quarantine_with_its_reason(change: dict[str, str], reason: str) -> None:
    rows, record, rejected = _titles(_with(**change), _with(tconst="tt2"))
    assert len(rows) == record.rows_quarantined == 1
    assert reason in rejected


def test_damaged_lines_are_rejected_even_where_the_type_is_not_wanted() -> None:
    rows, record, rejected = _titles(
        _with(),
        b"tt2\ttvEpisode\n",
        b"tt3\ttvEpisode\tcaf\xe9" + b"\t\\N" * 6 + b"\n",
        b"tt4\ta\0" + b"\t\\N" * 7 + b"\n",
        b"\n",
    )
    assert len(rows) == 1
    assert record.rows_quarantined == 4
    assert "expected 9 columns, found 2" in rejected
    assert "found 0xe9" in rejected
    assert "NUL" in rejected
    assert "expected 9 columns, found 1" in rejected


def test_a_file_that_ends_in_mid_row_loses_that_row_only() -> None:
    rows, record, _ = _titles(_with(), b"tt0030427\tmo")
    assert (len(rows), record.rows_quarantined) == (1, 1)


def test_windows_line_ends_are_no_part_of_a_value() -> None:
    data = tsv_bytes([BASICS_HEADER, TITLE, _with(tconst="tt2", genres="\\N")]).replace(b"\n", b"\r\n")
    assert [row[8] for row in read("imdb", "title.basics", data)[0]] == [["Drama"], []]


def test_a_repeated_id_is_counted_and_the_first_row_wins() -> None:
    rows, record, _ = _titles(_with(), _with(primaryTitle="B"), _with(tconst="tt2"))
    assert [row[2] for row in rows] == ["A", "A"]
    assert record.rows_duplicate == 1


def test_lines_are_whole_and_numbered_across_blocks() -> None:
    filler = "x" * 40_000
    many = [_with(tconst=f"tt{number}", primaryTitle=f"{number}{filler}") for number in range(1, 80)]
    bad = _with(tconst="tt900", startYear="never")
    rows, _, rejected = _titles(*many, bad)
    assert len(tsv_bytes(many)) > 2 * BLOCK_BYTES
    assert [row[0] for row in rows] == list(range(1, 80))
    assert rejected.startswith("1\t81\t")


def test_a_field_of_more_than_a_megabyte_is_rejected() -> None:
    rows, record, rejected = _titles(_with(primaryTitle="x" * ((1 << 20) + 1)), _with(tconst="tt2"))
    assert len(rows) == record.rows_quarantined == 1
    assert "fields of at most" in rejected


def test_ratings_of_other_titles_are_filtered() -> None:
    rows, record, _ = read("imdb", "title.ratings", tsv_bytes(IMDB_ROWS["title.ratings"]), NumberSet((1,)))
    assert rows == [(1, Decimal("7.1"), 1200)]
    assert record.rows_filtered == 1


@pytest.mark.parametrize("value", ["0.9", "10.1", "7,1", "NaN", "\\N", "7.15"])
def test_a_rating_outside_1_to_10_is_rejected(value: str) -> None:
    data = tsv_bytes([IMDB_ROWS["title.ratings"][0], ["tt1", value, "10"]])
    _, record, rejected = read("imdb", "title.ratings", data, NumberSet((1,)))
    assert record.rows_quarantined == 1
    assert "averageRating: expected a number 1.0–10.0" in rejected


def _principals(*rows: list[str], known: memoryview | None = None) -> tuple[list[tuple], object, str]:
    data = tsv_bytes([IMDB_ROWS["title.principals"][0], *rows])
    result = read("imdb", "title.principals", data, known or NumberSet((1, 2)))
    assert_accounted(*result)
    return result


def test_only_directors_writers_and_cast_of_kept_titles_are_kept() -> None:
    categories = ["actor", "self", "archive_footage", "actress", "producer", "writer", "director"]
    rows, record, _ = _principals(
        *(["tt1", str(order), "nm5", category, "\\N", "\\N"] for order, category in enumerate(categories, 1)),
        ["tt3", "1", "nm5", "actor", "\\N", "\\N"],
    )
    assert [row[1] for row in rows] == [1, 4, 6, 7]
    assert record.rows_filtered == 4


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('["Neo"]', ["Neo"]),
        ('["Neo","The \\"One\\""]', ["Neo", 'The "One"']),
        ('["a, b","c"]', ["a, b", "c"]),
        ("[]", []),
        ("\\N", []),
        ('[""]', [""]),
    ],
)
def test_characters_are_read_from_json(text: str, expected: list[str]) -> None:
    assert _principals(["tt1", "1", "nm5", "actor", "\\N", text])[0][0][4] == expected


@pytest.mark.parametrize("text", ["Neo", '["Neo"', '{"a":1}', "[1]", '["\\u0000"]', '["\\ud800"]', "[" * 5000, '["]'])
def test_characters_that_are_no_list_of_texts_are_rejected(text: str) -> None:
    rows, record, rejected = _principals(["tt1", "1", "nm5", "actor", "\\N", text])
    assert (rows, record.rows_quarantined) == ([], 1)
    assert "characters: expected a JSON list of texts" in rejected


def test_a_repeated_place_in_a_title_is_a_duplicate_and_a_title_that_comes_back_is_set_aside() -> None:
    def row(title: str, order: str) -> list[str]:
        return [title, order, "nm5", "actor", "\\N", "\\N"]

    rows, record, _ = _principals(row("tt1", "1"), row("tt1", "1"), row("tt2", "1"), row("tt1", "2"), row("tt2", "2"))
    assert [line[:2] for line in rows] == [(1, 1), (2, 1), (2, 2)]
    assert (record.rows_duplicate, record.rows_aside) == (1, 1)


def test_more_than_ten_principals_with_gaps_are_all_kept_in_their_order() -> None:
    orders = [1, 2, 3, 5, 8, 11, 12, 13, 14, 21, 34, 55, 89]
    rows, _, _ = _principals(*(["tt1", str(order), f"nm{order}", "actor", "\\N", "\\N"] for order in orders))
    assert [row[1] for row in rows] == orders


def test_people_of_one_name_are_two_people() -> None:
    header = IMDB_ROWS["name.basics"][0]
    people = [[f"nm{number}", "Tom Holland", "\\N", "\\N", "actor", "\\N"] for number in (1, 2)]
    rows, record, _ = read("imdb", "name.basics", tsv_bytes([header, *people]), NumberSet((1, 2)))
    assert [row[:2] for row in rows] == [(1, "Tom Holland"), (2, "Tom Holland")]
    assert record.rows_duplicate == 0


def test_a_person_with_a_name_of_blanks_is_quarantined() -> None:
    people = [IMDB_ROWS["name.basics"][0], ["nm1", " \u3000", "\\N", "\\N", "actor", "\\N"]]
    rows, record, rejected = read("imdb", "name.basics", tsv_bytes(people), NumberSet((1,)))
    assert (rows, record.rows_quarantined) == ([], 1)
    assert "primaryName: expected a text" in rejected


def test_people_may_have_been_born_long_ago() -> None:
    rows, _, _ = read("imdb", "name.basics", tsv_bytes(IMDB_ROWS["name.basics"]), NumberSet((11, 12, 15)))
    assert [row[:4] for row in rows][2] == (15, "First Writer", 1564, 1616)
    assert rows[1][4:] == (["director", "writer"], [1, 3])


def test_crew_lists_are_numbers() -> None:
    rows, _, _ = read("imdb", "title.crew", tsv_bytes(IMDB_ROWS["title.crew"]), NumberSet((1,)))
    assert rows == [(1, [12], [15, 16])]


def test_a_bad_id_in_a_list_rejects_the_row() -> None:
    data = tsv_bytes([IMDB_ROWS["title.crew"][0], ["tt1", "nm1,,nm2", "\\N"]])
    _, record, rejected = read("imdb", "title.crew", data, NumberSet((1,)))
    assert record.rows_quarantined == 1
    assert "directors: expected nm and a number" in rejected
