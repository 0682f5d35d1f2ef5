"""Editions: a title stays itself although its number changes, and never becomes another one."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelhouse.matching.edition_evidence import EditionRow
from reelhouse.matching.edition_matching import EditionMatch, match_editions

CAST = ("Ada Lark", "Bo Quill", "Cy Thorne", "Di Umber", "Ed Vance", "Flo Wick")
OTHERS = ("Gus Yarrow", "Hal Zeller", "Ida Abbot", "Jo Birch", "Kit Cole", "Lou Dray")
FILM = EditionRow(
    source_id="s1",
    kind="movie",
    title="Alpha",
    directors=("Ann Ash",),
    actors=CAST,
    countries=("Ghana",),
    added_date=date(2020, 3, 1),
    release_year=2018,
    runtime_min=90,
    categories=("Dramas",),
    description="A lighthouse keeper answers letters that were never sent.",
)
OTHER_FILM = replace(
    FILM,
    source_id="s2",
    directors=("Ben Bay",),
    actors=OTHERS,
    countries=("Peru",),
    added_date=date(2021, 5, 9),
    runtime_min=120,
    categories=("Comedies",),
    description="Two rival bakers share one oven for a summer.",
)
SERIES = replace(FILM, kind="series", directors=(), runtime_min=None, season_count=2)


def only(former: EditionRow, present: EditionRow) -> EditionMatch:
    """The one match of two editions of one row each, where they are the same title."""
    (match,) = match_editions([former], [present])
    return match


def verdicts(former: EditionRow, present: EditionRow) -> list[str]:
    return sorted(match.verdict for match in match_editions([former], [present]))


def test_a_renumbered_row_is_the_same_title() -> None:
    match = only(FILM, replace(FILM, source_id="s900"))
    assert (match.verdict, match.former.source_id, match.present.source_id) == ("same", "s1", "s900")
    assert match.evidence == ("every column: the same",)


@pytest.mark.parametrize(
    "changes",
    [
        {"description": "He answers letters."},
        {"actors": (*CAST[:4], "New Name")},
        {"directors": (), "actors": ()},
        {"added_date": date(2021, 1, 1), "certification": "R", "categories": ("Thrillers",)},
        {"runtime_min": 97, "countries": ()},
    ],
    ids=lambda changes: ", ".join(changes),
)
def test_a_title_whose_columns_change_stays_itself(changes: dict) -> None:
    match = only(FILM, replace(FILM, source_id="s7", **changes))
    assert match.verdict == "same"
    assert match.probability > 0.9


def test_a_rename_is_seen_and_said() -> None:
    match = only(replace(FILM, title="07:19"), replace(FILM, title="7:19", source_id="s7"))
    assert match.verdict == "renamed"
    assert match.evidence[0] == "title: 07:19 → 7:19"
    assert only(FILM, replace(FILM, title="Lights Out West")).verdict == "renamed"


def test_a_corrected_year_is_the_same_film() -> None:
    match = only(FILM, replace(FILM, release_year=2019))
    assert match.verdict == "year corrected"
    assert "year: 2018 → 2019" in match.evidence


@pytest.mark.parametrize("gap", [-26, -1, 0, 1, 39])
def test_another_film_of_the_title_is_removed_and_added(gap: int) -> None:
    matches = match_editions([FILM], [replace(OTHER_FILM, release_year=FILM.release_year + gap)])
    assert sorted(match.verdict for match in matches) == ["added", "removed"]
    removed = next(match for match in matches if match.verdict == "removed")
    assert removed.rival.directors == ("Ben Bay",)
    assert "director: Ann Ash → Ben Bay" in removed.evidence


def test_homonyms_do_not_change_places() -> None:
    matches = match_editions([FILM, OTHER_FILM], [replace(OTHER_FILM, source_id="s1"), replace(FILM, source_id="s2")])
    assert [(match.verdict, match.former.directors) for match in matches] == [
        ("same", match.present.directors) for match in matches
    ]


def test_the_next_season_is_no_correction() -> None:
    assert only(SERIES, replace(SERIES, release_year=2019, season_count=3)).verdict == "same"
    assert only(SERIES, replace(SERIES, release_year=2017)).verdict == "year corrected"


def test_a_series_made_anew_is_another_one() -> None:
    cast = (*CAST[:2], *OTHERS)
    anew = replace(
        SERIES, release_year=2026, season_count=1, actors=cast, description="Anew.", added_date=date(2026, 2, 3)
    )
    assert verdicts(SERIES, anew) == ["added", "removed"]


def test_film_and_series_of_one_title_are_two_titles() -> None:
    assert verdicts(FILM, replace(OTHER_FILM, kind="series", runtime_min=None)) == ["added", "removed"]


def test_a_corrected_kind_is_the_same_title() -> None:
    match = only(FILM, replace(FILM, kind="series", runtime_min=None))
    assert match.verdict == "same"
    assert "kind: movie → series" in match.evidence


def test_a_sequel_is_no_rename() -> None:
    sequel = replace(FILM, title="Alpha 2", release_year=2020, runtime_min=104, description="The letters come back.")
    assert verdicts(FILM, sequel) == ["added", "removed"]


def test_a_duplicate_that_goes_leaves_the_other() -> None:
    matches = match_editions([FILM, replace(FILM, source_id="s2")], [replace(FILM, source_id="s5")])
    assert [match.verdict for match in matches] == ["same", "removed"]


def test_titles_without_people_or_description_are_told_by_title_and_year() -> None:
    bare = EditionRow("s1", "movie", "46", release_year=2016)
    assert only(bare, replace(bare, source_id="s9")).verdict == "same"
    assert only(bare, replace(bare, countries=("Ghana",))).verdict == "same"
    assert verdicts(bare, replace(bare, release_year=2009)) == ["added", "removed"]
    assert verdicts(bare, replace(bare, title="48")) == ["added", "removed"]


def test_empty_editions_are_compared_too() -> None:
    assert match_editions([], []) == []
    assert [match.verdict for match in match_editions([FILM], [])] == ["removed"]
    assert [match.verdict for match in match_editions([], [FILM])] == ["added"]


NAMES = st.lists(st.sampled_from(CAST), max_size=3, unique=True).map(tuple)
ROWS = st.builds(
    EditionRow,
    source_id=st.just(""),
    kind=st.sampled_from(("movie", "series")),
    title=st.sampled_from(("Alpha", "alpha", "Alpha 2", "Álpha: The Start", "Beta", "忍者")),
    directors=NAMES,
    actors=NAMES,
    release_year=st.sampled_from((None, 2018, 2019, 2021)),
    runtime_min=st.sampled_from((None, 90, 91, 120)),
    description=st.sampled_from((None, "Letters that were never sent.", "Two rival bakers.")),
)
EDITIONS = st.lists(ROWS, max_size=7)


def numbered(rows: list[EditionRow], random) -> list[EditionRow]:
    """The rows in another order, under other numbers."""
    ids = random.sample(range(100), len(rows))
    shuffled = random.sample(rows, len(rows))
    return [replace(row, source_id=f"s{number}") for row, number in zip(shuffled, ids, strict=True)]


def identity(matches: list[EditionMatch]) -> Counter:
    """What became of what, without numbers."""
    return Counter(
        (match.former and match.former.content, match.present and match.present.content, match.verdict)
        for match in matches
    )


@given(EDITIONS, EDITIONS, st.randoms(use_true_random=False))
def test_neither_numbers_nor_order_decide(former: list[EditionRow], present: list[EditionRow], random) -> None:
    one = match_editions(numbered(former, random), numbered(present, random))
    other = match_editions(numbered(former, random), numbered(present, random))
    assert identity(one) == identity(other)


@given(EDITIONS, EDITIONS, st.randoms(use_true_random=False))
def test_every_row_of_both_editions_is_matched_once(
    former: list[EditionRow], present: list[EditionRow], random
) -> None:
    former, present = numbered(former, random), numbered(present, random)
    matches = match_editions(former, present)
    assert Counter(match.former.source_id for match in matches if match.former) == Counter(
        row.source_id for row in former
    )
    assert Counter(match.present.source_id for match in matches if match.present) == Counter(
        row.source_id for row in present
    )


@given(EDITIONS, EDITIONS, st.randoms(use_true_random=False))
def test_a_row_that_says_the_same_is_never_swapped(former: list[EditionRow], present: list[EditionRow], random) -> None:
    former, present = numbered(former, random), numbered(present, random)
    kept = Counter(row.content for row in former) & Counter(row.content for row in present)
    same = Counter(
        match.former.content
        for match in match_editions(former, present)
        if match.former and match.present and match.former.content == match.present.content
    )
    assert same == kept


@given(EDITIONS, st.randoms(use_true_random=False))
def test_an_edition_against_itself_is_all_the_same(rows: list[EditionRow], random) -> None:
    matches = match_editions(numbered(rows, random), numbered(rows, random))
    assert all(match.verdict == "same" and match.former.content == match.present.content for match in matches)
    assert len(matches) == len(rows)
