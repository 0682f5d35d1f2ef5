"""JustWatch's titles, credits and lists."""

from __future__ import annotations

from decimal import Decimal

import pytest
from source_files import assert_accounted, csv_bytes, read

from reelhouse.sources.justwatch import Best, Credit, Title, quoted_list, title_number
from reelhouse.sources.number_set import NumberSet

TITLES = (
    "index,id,title,type,release_year,age_certification,runtime,genres,production_countries,seasons,imdb_id,"
    "imdb_score,imdb_votes"
)
KAGGLE_TITLES = (
    "id,title,type,description,release_year,age_certification,runtime,genres,production_countries,seasons,imdb_id,"
    "imdb_score,imdb_votes,tmdb_popularity,tmdb_score"
)
CREDITS = "index,person_id,id,name,character,role"
TITLE = {
    "id": "tm84618", "title": "Taxi Driver", "type": "MOVIE", "description": "A driver.", "release_year": "1976",
    "age_certification": "R", "runtime": "113", "genres": "['crime', 'drama']", "production_countries": "['US']",
    "imdb_id": "tt0075314", "imdb_score": "8.3", "imdb_votes": "795222.0", "tmdb_popularity": "40.965",
    "tmdb_score": "8.179",
}  # fmt: skip
CREDIT = {
    "person_id": "3748",
    "id": "tm84618",
    "name": "Robert De Niro",
    "character": "Travis Bickle",
    "role": "ACTOR",
}

KNOWN = NumberSet((title_number("tm84618"),))


def _titles(*changes: dict[str, str], header: str = TITLES) -> tuple[list[Title], object, str]:
    rows = [TITLE | {"index": str(place), "id": f"tm{place}"} | change for place, change in enumerate(changes, 1)]
    kept = [{name: text for name, text in row.items() if name in header.split(",")} for row in rows]
    result = read("justwatch", "titles", csv_bytes(header, kept))
    assert_accounted(*result)
    return result


def _credits(*changes: dict[str, str]) -> tuple[list[Credit], object, str]:
    result = read("justwatch", "credits", csv_bytes(CREDITS, [CREDIT | change for change in changes]), KNOWN)
    assert_accounted(*result)
    return result


def test_mangled_letters_and_signs_of_titles_and_people_are_mended_and_counted() -> None:
    rows, record, _ = _titles({"title": "Amélie".encode().decode("cp1252")}, {"title": "Tom &amp; Ann"}, {})
    assert [row.title for row in rows] == ["Amélie", "Tom & Ann", "Taxi Driver"]
    assert record.rows_repaired == 2
    assert _credits({"name": "José".encode().decode("cp1252")})[0][0].person_name == "José"


def test_both_editions_of_the_titles_become_typed_rows() -> None:
    expected = Title(
        "tm1", 2, "movie", "Taxi Driver", None, 1976, "R", 113, None, ["crime", "drama"], ["US"], "tt0075314",
        Decimal("8.3"), 795_222, None, None,
    )  # fmt: skip
    assert _titles({})[0] == [expected]
    assert _titles({}, header=KAGGLE_TITLES)[0] == [
        expected._replace(
            description="A driver.", tmdb_rating_of_10=Decimal("8.179"), tmdb_popularity=Decimal("40.965")
        )
    ]


def test_what_a_title_does_not_say_is_unknown() -> None:
    empty = dict.fromkeys(("age_certification", "imdb_id", "imdb_score", "imdb_votes"), "")
    row = _titles(empty | {"type": "SHOW", "seasons": "2.0", "runtime": "0", "genres": "[]"})[0][0]
    assert (row.kind, row.season_count, row.runtime_min, row.genres) == ("series", 2, None, [])
    assert (row.certification, row.imdb_id, row.imdb_rating_of_10, row.imdb_vote_count) == (None,) * 4


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"title": ""}, "title: expected a name"),
        ({"id": "tt84618"}, "id: expected tm or ts and a number"),
        ({"type": "PLAY"}, "type: expected MOVIE or SHOW"),
        ({"imdb_score": "10.1"}, "imdb_score: expected a number 0–10 or nothing"),
        ({"imdb_score": "NaN1"}, "imdb_score: expected a number 0–10 or nothing"),
        ({"imdb_id": "75314"}, "imdb_id: expected tt and a number or nothing"),
        ({"genres": "drama"}, "genres: expected a list such as"),
        ({"genres": "[__import__('os')]"}, "genres: expected a list such as"),
        ({"genres": "['a' 'b']"}, "genres: expected a list such as"),
    ],
)
def test_a_title_that_is_not_valid_is_quarantined_with_its_reason(change: dict[str, str], reason: str) -> None:
    rows, record, rejected = _titles(change)
    assert (rows, record.rows_quarantined) == ([], 1)
    assert reason in rejected


def test_lists_are_read_with_either_quote_and_never_evaluated() -> None:
    problems: list[str] = []
    assert quoted_list("""['a', "it's", 'x, y', 'q\\'s', 'a', '']""", "genres", problems) == [
        "a",
        "it's",
        "x, y",
        "q's",
    ]
    assert problems == []
    quoted_list("[" * 100_000, "genres", problems)
    assert len(problems) == 1


def test_na_is_namibia_where_countries_are_codes() -> None:
    assert _titles({"production_countries": "['NA', 'US']"})[0][0].countries == ["NA", "US"]


def test_credits_of_unknown_titles_are_quarantined_with_the_reason() -> None:
    rows, record, rejected = _credits({}, {"id": "tm1063792"}, {"id": "ts84618"})
    assert [row.source_id for row in rows] == ["tm84618"]
    assert record.rows_quarantined == 2
    assert "id: expected a title that titles.csv has, found 'tm1063792'" in rejected


def test_the_characters_of_a_repeated_credit_are_united() -> None:
    rows, record, _ = _credits({}, {"character": "Himself"}, {"character": ""}, {"role": "DIRECTOR", "character": ""})
    assert [(row.role, row.characters) for row in rows] == [
        ("actor", ["Travis Bickle", "Himself"]),
        ("director", []),
    ]
    assert record.rows_duplicate == 2


@pytest.mark.parametrize("change", [{"person_id": ""}, {"role": "WRITER"}, {"name": ""}, {"person_id": "-1"}])
def test_a_credit_without_person_or_role_is_quarantined(change: dict[str, str]) -> None:
    assert _credits(change)[1].rows_quarantined == 1


def test_a_place_that_the_warehouse_cannot_hold_is_quarantined_with_its_reason() -> None:
    header = "index,TITLE,RELEASE_YEAR,SCORE,MAIN_GENRE,MAIN_PRODUCTION"
    rows = [{"index": index, "TITLE": "A"} for index in ("32766", "32767", "2147483647", "")]
    best, record, rejected = read("justwatch", "Best Movies", csv_bytes(header, rows))
    assert_accounted(best, record, rejected)
    assert [row.list_rank for row in best] == [32_766]
    assert "{\"index: expected a whole number 0–32766 or nothing, found '32767'\"}" in rejected
    assert "{\"index: expected a place 0–32766, found ''\"}" in rejected


def test_the_lists_give_a_place_each_with_what_they_know() -> None:
    films = b"index,TITLE,RELEASE_YEAR,SCORE,NUMBER_OF_VOTES,DURATION,MAIN_GENRE,MAIN_PRODUCTION\n"
    films += b"0,A,2020,9.0,31180,83,war,GB\n"
    by_year = b"index,TITLE,RELEASE_YEAR,SCORE,NUMBER_OF_SEASONS,MAIN_GENRE,MAIN_PRODUCTION\n3,B,1969,8.8,4,comedy,GB\n"
    assert read("justwatch", "Best Movies", films)[0] == [
        Best(0, 2, "A", 2020, Decimal("9.0"), 31_180, 83, None, "war", "GB")
    ]
    assert read("justwatch", "Best Show by", by_year)[0] == [
        Best(3, 2, "B", 1969, Decimal("8.8"), None, None, 4, "comedy", "GB")
    ]
