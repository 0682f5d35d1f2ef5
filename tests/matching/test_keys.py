"""Keys: what is the same title however it is written, and what is not."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelhouse.matching.keys import (
    base_text,
    fold_name,
    fold_title,
    hard_numbers,
    link_title,
    number_words,
    person_key,
    stated_year,
    title_forms,
    title_key,
    undated,
)


def key(title: str) -> str:
    return title_key(fold_title(base_text(title)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Rocky II", "Rocky 2"),
        ("The Hunger Games: Mockingjay - Part 2", "Hunger Games Mockingjay Part Two"),
        ("Kill Bill: Vol. 2", "Kill Bill 2"),
        ("Zipi & Zape", "Zipi and Zape"),
        ("Romeo + Juliet", "Romeo and Juliet"),
        ("22-Jul", "22 July"),
        ("15-Aug", "15 August"),
        ("Consequences\u00a0", "Consequences"),
        ("\u200bKuch Bheege Alfaaz", "Kuch Bheege Alfaaz"),
        ("07:19", "7:19"),
        ("20,000 Leagues Under the Sea", "20000 Leagues Under the Sea"),
        ("Kid, The", "The Kid"),
        ("S.W.A.T.", "SWAT"),
        ("Spider-Man", "Spiderman"),
        ("Game Over (Tamil Version)", "Game Over (Hindi Version)"),
        ("Blade Runner: The Final Cut", "Blade Runner"),
        ("Ｆｕｌｌ Ｗｉｄｔｈ", "Full Width"),
        ("Ελλάδα", "Ελλαδα"),
        ("Ещё", "Еще"),
        ("#Alive", "Alive"),
        ("Endless Love1981", "Endless Love"),
        ("Aladdin (1992)", "Aladdin"),
        ("Pinocchio (2020) [English Subtitled]", "Pinocchio"),
        ("Master (Malayalam) [4K UHD]", "Master"),
        ("The Crown: Season 2", "The Crown"),
        ("Suits (Season Three)", "Suits"),
        ("Boomika (Hindi)", "Boomika"),
        ("Oh! Baby (Tamil)", "Oh! Baby"),
        ("The Hateful Eight: Extended Version", "The Hateful Eight"),
        ("Friday the 13th", "Friday the 13"),
        ("The Circle", "Circle"),
    ],
)
def test_the_same_title_written_otherwise_has_the_same_key(one: str, other: str) -> None:
    assert key(one) == key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The Kissing Booth 2", "The Kissing Booth 3"),
        ("Jaws", "Jaws 2"),
        ("Midnight Sun", "Midnight Run"),
        ("Malcolm X", "Malcolm 10"),
        ("I, Robot", "1, Robot"),
        ("V for Vendetta", "5 for Vendetta"),
        ("III Smoking Barrels", "3 Smoking Barrels"),
        ("No One Killed Jessica", "1 Killed Jessica"),
        ("ガール", "カール"),
        ("반드시 잡는다", "반드시 잡는"),
        ("किताब", "कतब"),
        ("Open Season 2", "Open Season"),
        ("Blade Runner 2049", "Blade Runner"),
        ("Mockingjay Part 1", "Mockingjay Part 2"),
        ("The Final Cut", "The"),
        ("Uncut Gems", "Gems"),
    ],
)
def test_another_title_has_another_key(one: str, other: str) -> None:
    assert key(one) != key(other)


@pytest.mark.parametrize(
    "title", ["忍者ハットリくん", "반드시 잡는다", "يوم الدين", "バクマン。", "हिन्दी", "???", "46", "3%", "9"]
)
def test_a_title_of_any_script_has_a_key_of_its_own(title: str) -> None:
    assert key(title)


@pytest.mark.parametrize(
    ("title", "numbers"),
    [
        ("Saw VI", "6"),
        ("Malcolm X", ""),
        ("Jaws 2", "2"),
        ("Friday the 13th", "13"),
        ("Fast Five", "5"),
        ("1922", "1922"),
        ("The Hunger Games: Mockingjay - Part 1", "1"),
        ("Kill Bill: Vol. 2", "2"),
        ("I, Robot", ""),
        ("V for Vendetta", ""),
        ("III Smoking Barrels", ""),
        ("Monty Python Live (Mostly): One Down, Five to Go", ""),
    ],
)
def test_numbers_are_hard_keys(title: str, numbers: str) -> None:
    assert " ".join(hard_numbers(fold_title(title))) == numbers


def test_the_name_that_comes_first_does_not_matter() -> None:
    assert person_key(fold_name("Park Chan-wook")) == person_key(fold_name("Chan-wook Park"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("J.J. Abrams", "J. J. Abrams"),
        ("Louis Ferrigno, Jr.", "Louis Ferrigno Jr"),
        ("Tom Holland (II)", "Tom Holland"),
        ("Eiza González", "Eiza Gonzalez"),
        ("Stellan Skarsgård", "Stellan Skarsgard"),
        ("Lupita Nyong'o", "Lupita Nyong’o"),
        ("Naga Vishal", "Nagavishal"),
    ],
)
def test_one_person_written_otherwise_has_the_same_key(one: str, other: str) -> None:
    assert person_key(fold_name(one)) == person_key(fold_name(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Robert Downey Jr.", "Robert Downey Sr."),
        ("Michael B. Jordan", "Michael Jordan"),
        ("D.B. Sweeney", "B.B. Sweeney"),
        ("Prince", "Prince (Official)"),
    ],
)
def test_another_person_has_another_key(one: str, other: str) -> None:
    assert person_key(fold_name(one)) != person_key(fold_name(other))


@pytest.mark.parametrize(
    ("title", "parts"),
    [
        ("ABCD (Any Body Can Dance)", ("abcd", "any body can dance")),
        ("Escape Plan: the Extractors Aka Escape Plan 3", ("escape plan the extractors", "escape plan 3")),
        ("The Figurine (Araromire)", ("the figurine", "araromire")),
        ("Spider-Man", ()),
        ("AKA Jane Roe", ()),
    ],
)
def test_aliases_and_subtitles_are_forms_of_a_title(title: str, parts: tuple[str, ...]) -> None:
    assert title_forms(title).part_folds == parts


def test_the_text_a_spreadsheet_made_is_no_form_of_a_title() -> None:
    assert title_forms("22-Jul") == title_forms("22 July")


@pytest.mark.parametrize(
    ("title", "year"),
    [("Aladdin (1992)", 1992), ("Endless Love1981", 1981), ("Blade Runner 2049", None), ("1984", None), ("", None)],
)
def test_a_year_in_brackets_or_glued_on_is_a_statement(title: str, year: int | None) -> None:
    assert stated_year(title) == year


@pytest.mark.parametrize(
    ("title", "year", "name"),
    [
        ("Seven Souls in the Skull Castle 2011", 2011, "seven souls in the skull castle"),
        ("Death Race 2000", 1975, "death race 2000"),
        ("2012", 2012, "2012"),
        ("Fantasia 2000", None, "fantasia 2000"),
    ],
)
def test_the_years_own_number_at_the_end_is_left_out(title: str, year: int | None, name: str) -> None:
    assert undated(fold_title(title), year) == name


@given(st.text(max_size=40))
def test_folding_is_steady_and_loses_no_letter_script(text: str) -> None:
    folded = fold_title(text)
    assert fold_title(folded) == folded
    assert bool(folded) == bool(" ".join(text.split())) or not any(unicodedata.category(c)[0] == "L" for c in text)


WORDS = ("rocky", "the", "a", "part", "two", "one", "ii", "i", "v", "x", "7th", "07", "cut", "ガール")


@given(st.lists(st.sampled_from(WORDS), min_size=2, max_size=5))
def test_a_key_is_made_of_the_numbered_words(words: list[str]) -> None:
    folded = " ".join(words)
    whole = "".join(number_words(folded))
    assert title_key(folded) in {whole, whole.removeprefix("the"), whole.removeprefix("a")}


NUMBERS = ("2", "10", "ii", "XIV", "One", "two", "three", "FOUR", "five", "six", "seven", "eight", "nine", "ten")


@pytest.mark.parametrize(
    "behind",
    [
        *(f": Season {number}" for number in NUMBERS), " (Season 2)", " [temporada 3]", " (2020)", "1981", " (Tamil)",
        ": The Final Cut", " - Extended EDITION", ": Director's cut", ": Hindi Version", " Extended Cut", " [4K UHD]",
        " (Hindi) (2019)",
    ],
)  # fmt: skip
def test_what_only_names_a_version_season_or_year_is_left_out(behind: str) -> None:
    assert base_text(f"Dark Harbour{behind}") == "Dark Harbour"


@given(st.text(alphabet="abcdefghij_-0123456789", max_size=30))
def test_any_link_spells_a_title_or_nothing(link: str) -> None:
    assert link_title(link) == link_title(f"m/{link}")
