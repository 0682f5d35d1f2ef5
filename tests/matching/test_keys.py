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
    person_key,
    title_forms,
    title_key,
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
    ],
)
def test_numbers_are_hard_keys(title: str, numbers: str) -> None:
    assert hard_numbers(fold_title(title)) == numbers


def test_the_name_that_comes_first_does_not_matter() -> None:
    assert person_key(fold_name("Park Chan-wook")) == person_key(fold_name("Chan-wook Park"))


def test_a_part_of_a_title_is_a_form_of_it() -> None:
    assert title_forms("ABCD (Any Body Can Dance)").part_folds == ("abcd", "any body can dance")


@given(st.text(max_size=40))
def test_folding_is_steady_and_loses_no_letter_script(text: str) -> None:
    folded = fold_title(text)
    assert fold_title(folded) == folded
    assert bool(folded) == bool(" ".join(text.split())) or not any(unicodedata.category(c)[0] == "L" for c in text)


@given(st.text(alphabet="abcdefghij_-0123456789", max_size=30))
def test_any_link_spells_a_title_or_nothing(link: str) -> None:
    assert link_title(link) == link_title(f"m/{link}")
