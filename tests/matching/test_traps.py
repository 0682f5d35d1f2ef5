"""Named traps: pairs of real titles that a naive matcher gets wrong."""

from __future__ import annotations

import pytest
from works import Works

CAST = ("Ada Lark", "Bo Quill", "Cy Thorne", "Di Umber", "Ed Vance", "Flo Wick")
OTHERS = ("Gus Yarrow", "Hal Zeller", "Ida Abbot", "Jo Birch", "Kit Cole", "Lou Dray")


def test_film_and_series_of_one_name_are_told_apart(works: Works) -> None:
    works.netflix("s1", "Death Note", 2017, directors=["Adam Wingard"], actors=CAST, runtime=100)
    works.netflix("s2", "Death Note", 2006, "series", actors=OTHERS, seasons=1)
    works.imdb(1, "Death Note", 2017, directors=["Adam Wingard"], actors=CAST, runtime=101)
    works.imdb(2, "Death Note", 2006, "tvSeries", end_year=2007, actors=OTHERS)
    works.match()
    assert (works.linked("s1"), works.linked("s2")) == (1, 2)


def test_accents_do_not_decide_but_people_and_runtime_do(works: Works) -> None:
    works.netflix("s1", "Veronica", 2017, directors=["Carlos Algara"], actors=CAST, runtime=81)
    works.netflix("s2", "Verónica", 2017, directors=["Paco Plaza"], actors=OTHERS, runtime=105)
    works.imdb(1, "Verónica", 2017, directors=["Paco Plaza"], actors=OTHERS, runtime=105)
    works.imdb(2, "Veronica", 2017, directors=["Carlos Algara"], actors=CAST, runtime=81)
    works.match()
    assert (works.linked("s1"), works.linked("s2")) == (2, 1)


def test_two_films_of_one_name_and_year_without_people_go_to_review(works: Works) -> None:
    works.netflix("s1", "The Night", 2021)
    works.imdb(1, "The Night", 2021)
    works.imdb(2, "The Night", 2021)
    works.match()
    number, band = works.decided()["s1"]
    assert (number, band) == (1, "review")


@pytest.mark.parametrize("absent", [False, True])
def test_a_sequel_is_never_another_sequel(works: Works, absent: bool) -> None:
    people = {"directors": ["Vince Marcello"], "actors": CAST}
    works.netflix("s2", "The Kissing Booth 2", 2020, runtime=131, **people)
    works.netflix("s3", "The Kissing Booth 3", 2021, runtime=113, **people)
    works.imdb(2, "The Kissing Booth 2", 2020, runtime=131, **people)
    if not absent:
        works.imdb(3, "The Kissing Booth 3", 2021, runtime=113, **people)
    works.match()
    assert (works.linked("s2"), works.linked("s3")) == (2, None if absent else 3)


def test_a_sequel_is_not_linked_to_another_one_that_is_there_alone(works: Works) -> None:
    people = {"directors": ["Vince Marcello"], "actors": CAST}
    works.netflix("s3", "The Kissing Booth 3", 2021, runtime=113, **people)
    works.imdb(2, "The Kissing Booth 2", 2021, runtime=113, **people)
    works.match()
    assert works.linked("s3") is None


@pytest.mark.parametrize(
    ("title", "other"),
    [
        ("Midnight Sun", "Midnight Run"),
        ("Jaws", "Jaws 2"),
        ("The Losers", "The Lovers"),
        ("Rattlesnake", "Rattlesnakes"),
        ("46", "48"),
        ("9", "90"),
    ],
)
def test_a_title_one_letter_apart_is_not_linked(works: Works, title: str, other: str) -> None:
    works.netflix("s1", title, 2018, directors=["Ann Ash"], actors=CAST, runtime=90)
    works.imdb(1, other, 2018, directors=["Ben Bay"], actors=OTHERS, runtime=91)
    works.match()
    assert works.linked("s1") is None


@pytest.mark.parametrize(
    ("title", "imdb_title"),
    [
        ("Karate Kid II", "Karate Kid 2"),
        ("Malcolm X", "Malcolm X"),
        ("I, Robot", "I, Robot"),
        ("46", "46"),
        ("3%", "3%"),
        ("22-Jul", "22 July"),
    ],
)
def test_numbers_and_initials_are_read_right(works: Works, title: str, imdb_title: str) -> None:
    works.netflix("s1", title, 2018, directors=["Ann Ash"], actors=CAST, runtime=90)
    works.imdb(1, imdb_title, 2018, directors=["Ann Ash"], actors=CAST, runtime=91)
    works.match()
    assert works.linked("s1") == 1


@pytest.mark.parametrize(
    ("title", "primary"),
    [("반드시 잡는다", "The Chase"), ("忍者ハットリくん", "Ninja Hattori"), ("يوم الدين", "Yomeddine")],
)
def test_titles_of_other_scripts_are_found_through_akas(works: Works, title: str, primary: str) -> None:
    works.netflix("s1", title, 2017, directors=["Ann Ash"], runtime=110)
    works.imdb(1, primary, 2017, directors=["Ann Ash"], runtime=110, akas=[title])
    works.match()
    assert works.linked("s1") == 1


def test_a_renamed_film_is_found_through_its_people(works: Works) -> None:
    works.netflix("s1", "Ready to Mingle", 2019, directors=["Luis Javier Henaine"], actors=CAST, runtime=101)
    works.imdb(1, "Solteras", 2019, directors=["Luis Javier Henaine"], actors=CAST, runtime=101)
    works.match()
    assert works.decided()["s1"][0] == 1


def test_duplicates_in_the_file_are_one_work(works: Works) -> None:
    people = {"directors": ["Ozan Aciktan"], "actors": CAST, "runtime": 106, "description": "Secrets surface."}
    works.netflix("s1", "Consequences", 2014, **people)
    works.netflix("s2", "Consequences\u00a0", 2014, **people)
    works.imdb(1, "Consequences", 2014, directors=["Ozan Aciktan"], actors=CAST, runtime=106)
    works.match()
    assert (works.linked("s1"), works.linked("s2")) == (1, 1)


def test_language_versions_share_a_title(works: Works) -> None:
    people = {"directors": ["Rathindran R Prasad"], "actors": CAST, "runtime": 122}
    for source_id, language in (("s1", "Hindi"), ("s2", "Malayalam"), ("s3", "Telugu")):
        works.netflix(source_id, f"Boomika ({language})", 2021, **people)
    works.imdb(1, "Boomika", 2021, directors=["Rathindran R Prasad"], actors=CAST, runtime=122)
    works.match()
    assert {works.linked(source_id) for source_id in ("s1", "s2", "s3")} == {1}


def test_homonyms_never_share_a_title(works: Works) -> None:
    works.netflix("s1", "U-Turn", 2020, directors=["Roderick Cabrido"], actors=OTHERS, runtime=90)
    works.netflix("s2", "U Turn", 2016, directors=["Pawan Kumar"], actors=CAST, runtime=121)
    works.imdb(1, "U Turn", 2016, directors=["Pawan Kumar"], actors=CAST, runtime=121)
    works.match()
    assert (works.linked("s1"), works.linked("s2")) == (None, 1)


def test_a_rotten_tomatoes_film_never_becomes_a_series(works: Works) -> None:
    works.rotten_tomatoes("supergirl", "Supergirl", 2015, ["Ann Ash"])
    works.imdb(1, "Supergirl", 2015, "tvSeries", directors=["Ann Ash"])
    works.imdb(2, "Supergirl", 2015, "tvMiniSeries", directors=["Ann Ash"])
    works.match()
    assert works.decided()["supergirl"] == (None, "no match")


def test_a_rotten_tomatoes_link_helps_where_the_title_is_the_original_one(works: Works) -> None:
    works.rotten_tomatoes("1143939-tale_of_two_sisters", "Janghwa, Hongryeon", 2003, ["Jee-woon Kim"])
    works.imdb(1, "A Tale of Two Sisters", 2003, directors=["Kim Jee-woon"])
    works.match()
    assert works.linked("1143939-tale_of_two_sisters") == 1


def test_an_adult_title_is_never_a_candidate(works: Works) -> None:
    works.netflix("s1", "Paprika", 2006, directors=["Ann Ash"], actors=CAST)
    works.imdb(1, "Paprika", 2006, directors=["Ann Ash"], actors=CAST, is_adult=True)
    works.match()
    assert works.decided()["s1"] == (None, "no match")


def test_a_series_is_matched_by_its_first_year_though_netflix_gives_the_last(works: Works) -> None:
    works.netflix("s1", "The Crown", 2020, "series", actors=CAST, seasons=4)
    works.imdb(1, "The Crown", 2016, "tvSeries", actors=CAST)
    works.match()
    assert works.linked("s1") == 1


def test_a_remake_is_told_by_year_and_director(works: Works) -> None:
    works.rotten_tomatoes("true_grit_2010", "True Grit", 2010, ["Joel Coen"])
    works.rotten_tomatoes("true_grit", "True Grit", 1969, ["Henry Hathaway"])
    works.imdb(1, "True Grit", 1969, directors=["Henry Hathaway"])
    works.imdb(2, "True Grit", 2010, directors=["Joel Coen", "Ethan Coen"])
    works.match()
    assert (works.linked("true_grit"), works.linked("true_grit_2010")) == (1, 2)


def test_nothing_speaking_against_is_no_match(works: Works) -> None:
    works.netflix("s1", "Hidden", 2015)
    works.imdb(1, "Hidden", 2009)
    works.match()
    assert works.linked("s1") is None
