"""Linking sources with one another: one identity for a work that IMDb does not have, and never one for two works."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelhouse.matching.gathering import SourceRow
from reelhouse.matching.keys import fold_name, fold_title, person_key, stated_year, title_forms, title_key
from reelhouse.matching.link_evidence import LinkRow, conflict, contradict, link_row
from reelhouse.matching.linking import Linked, link_rows

CAST = ("Ada Lark", "Bo Quill", "Cy Thorne", "Di Umber", "Ed Vance")
OTHERS = ("Gus Yarrow", "Hal Zeller", "Ida Abbot", "Jo Birch", "Kit Cole")


def row(source: str, source_id: str, title: str = "Harbour of Letters", year: int | None = 2018, **given_) -> LinkRow:
    """A row as the database gives it, with what a test cares about; the rest unknown."""
    kind, runtime = given_.pop("kind", "movie"), given_.pop("runtime", None)
    directors, actors = given_.pop("directors", ()), given_.pop("actors", ())
    description, genres = given_.pop("description", None), given_.pop("genres", "")
    forms = title_forms(title)
    folded = [sorted(fold_name(name) for name in names) for names in (directors, actors)]
    source_row = SourceRow(
        source, source_id, kind, title, forms.folded, forms.base, "", year, stated_year(title), runtime, None,
        fold_title(description) if description else "", "|".join(folded[0]), "|".join(folded[1]), genres,
    )  # fmt: skip
    keys = {title_key(part): True for part in forms.part_folds}
    keys |= dict.fromkeys((title_key(forms.folded), title_key(forms.base)), False)
    people = {person_key(name) for names in folded for name in names}
    return link_row(
        source_row, directors=directors, actors=actors, description=description, keys_of_title=tuple(keys.items()),
        people=tuple(sorted(people)), **given_,
    )  # fmt: skip


def works(linked: Linked) -> set[frozenset[str]]:
    """The rows of each work, as source and id."""
    together: dict[str, set[str]] = {}
    for member in linked.members:
        together.setdefault(member.work_key, set()).add(f"{member.row.source} {member.row.row.source_id}")
    return {frozenset(each) for each in together.values()}


def are_one(*rows: LinkRow) -> bool:
    return len(works(link_rows(rows))) == 1


def test_a_work_that_imdb_does_not_have_is_one_work_on_every_platform() -> None:
    rows = [
        row("netflix", "s1", directors=["Ann Ash"], actors=CAST, runtime=90),
        row("amazon", "s1", "HARBOUR OF LETTERS [4K UHD]", 2019, directors=["Ann Ash"], actors=CAST[:2]),
        row("justwatch", "tm7", actors=[*CAST, "Flo Wick"], runtime=91),
    ]
    linked = link_rows(rows)
    assert [member.work_key for member in linked.members] == ["netflix|movie|harbour of letters|2018"] * 3
    assert {(join.one.source, join.other.source) for join in linked.joins} >= {("amazon", "netflix")}
    assert all(join.probability > 0.9 and not join.is_proposal for join in linked.joins)


def test_what_joined_two_rows_is_said_in_words() -> None:
    one = row("hulu", "s4", directors=["Ann Ash"], runtime=90, genres="Drama")
    linked = link_rows([one, row("netflix", "s1", year=2019, directors=["Ann Ash"], runtime=90, genres="Dramas")])
    (join,) = linked.joins
    assert join.evidence == (
        "title: the same", "director: Ann Ash in both", "year: 2018 → 2019", "runtime: 90 min in both",
        "genre: Drama in both", "name: nothing else bears it",
    )  # fmt: skip


@pytest.mark.parametrize(
    "other",
    [
        {"kind": "series"},
        {"title": "Harbour of Letters 2"},
        {"title": "Harbour of Letters (1988)"},
        {"year": 1988},
        {"year": 2021},
    ],
    ids=str,
)
def test_another_kind_number_or_year_is_never_one_work(other: dict) -> None:
    said = {"directors": ["Ann Ash"], "actors": CAST, "description": "A keeper answers letters."}
    one, two = row("netflix", "s1", **said), row("amazon", "s1", **(said | other))
    assert conflict(one, two)
    assert not are_one(one, two)


@pytest.mark.parametrize(
    "other",
    [
        {"directors": ["Ben Bay"], "actors": OTHERS},
        {"directors": ["Ben Bay"], "runtime": 90},
        {"actors": OTHERS, "runtime": 90},
    ],
    ids=str,
)
def test_a_name_alone_joins_no_rows_that_name_people(other: dict) -> None:
    one = row("netflix", "s1", directors=["Ann Ash"], actors=CAST, runtime=90)
    assert not are_one(one, row("amazon", "s1", **other))


def test_a_person_of_another_spelling_does_not_keep_rows_apart() -> None:
    said = {"actors": CAST[:2], "runtime": 90}
    one = row("netflix", "s1", directors=["Robert Radler"], **said)
    assert are_one(one, row("amazon", "s1", directors=["Bob Radler"], **said))


def test_without_people_a_rare_name_and_the_year_are_enough() -> None:
    assert are_one(row("hulu", "s1"), row("netflix", "s1", directors=["Ann Ash"], actors=CAST))
    assert are_one(row("hulu", "s1", runtime=90), row("netflix", "s1", year=2019, runtime=90))


@pytest.mark.parametrize(
    "other",
    [{"imdb_names": 1}, {"year": 2020}, {"year": None}, {"title": "Harbour of Letters: The Beginning"}],
    ids=str,
)
def test_without_people_what_speaks_against_or_a_common_name_keeps_rows_apart(other: dict) -> None:
    assert not are_one(row("hulu", "s1"), row("netflix", "s1", **other))


@pytest.mark.parametrize("year", [2018, 2019, 2027], ids=str)
def test_platforms_that_date_a_series_by_other_seasons_have_one_series_under_a_rare_name(year: int) -> None:
    assert are_one(row("hulu", "s1", kind="series"), row("netflix", "s1", year=year, kind="series", actors=CAST))


@pytest.mark.parametrize(
    "other", [{"year": 2031}, {"year": None}, {"imdb_names": 1}, {"title": "Harbour of Letters (2016)"}], ids=str
)
def test_a_series_of_a_later_time_or_of_a_name_that_others_bear_is_another(other: dict) -> None:
    assert not are_one(row("hulu", "s1", kind="series"), row("netflix", "s1", kind="series", **other))


def test_an_imdb_title_that_both_rows_likely_are_does_not_keep_them_apart() -> None:
    said = {"imdb_names": 2, "likely_imdb_title_number": 7}
    one, other = row("hulu", "s1", **said), row("disney", "s1", **said)
    assert are_one(one, other)
    assert not are_one(one, replace(other, likely_imdb_title_number=8))
    assert not are_one(*(replace(each, likely_imdb_title_number=None) for each in (one, other)))


def test_without_people_a_rare_name_is_not_enough_when_something_speaks_against() -> None:
    said = {"runtime": 90, "genres": "Horror"}
    assert are_one(row("hulu", "s1", **said), row("netflix", "s1", **said))
    for other in ({"genres": "Documentaries"}, {"runtime": 105}):
        assert not are_one(row("hulu", "s1", **said), row("netflix", "s1", **(said | other)))


def test_another_genre_does_not_keep_a_rare_name_of_one_year_apart() -> None:
    said = {"kind": "series", "genres": "Drama"}
    other = said | {"genres": "Horror|International"}
    assert are_one(row("hulu", "s1", **said), row("amazon", "s1", **other))
    assert not are_one(row("hulu", "s1", **said), row("amazon", "s1", **other, year=2022))


def test_a_remake_does_not_take_the_place_of_the_work_it_is_not() -> None:
    said = "A keeper answers letters."
    rows = [
        row("amazon", "s1", actors=CAST, description=said),
        row("netflix", "s1", actors=CAST),
        row("netflix", "s2", year=1988, actors=CAST, description=said),
    ]
    assert frozenset({"amazon s1", "netflix s1"}) in works(link_rows(rows))


def test_without_people_a_name_that_one_source_has_twice_joins_nothing() -> None:
    rows = [
        row("hulu", "s1"),
        row("netflix", "s1", actors=CAST),
        row("netflix", "s2", actors=OTHERS),
    ]
    assert len(works(link_rows(rows))) == 3


def test_without_people_a_name_of_two_works_of_other_sources_joins_nothing() -> None:
    rows = [row("hulu", "s1"), row("netflix", "s1", actors=CAST), row("amazon", "s1", actors=OTHERS)]
    assert len(works(link_rows(rows))) == 3


def test_the_description_tells_which_of_two_homonyms_it_is() -> None:
    said = "Two rival bakers share one oven for a summer."
    rows = [
        row("hulu", "s1", description=said),
        row("netflix", "s1", actors=CAST, description="A keeper answers letters."),
        row("netflix", "s2", actors=OTHERS, description=said),
    ]
    assert frozenset({"hulu s1", "netflix s2"}) in works(link_rows(rows))


def test_homonyms_of_one_year_are_two_works_with_keys_of_their_own() -> None:
    rows = [
        row(source, f"s{number}", "The Night", actors=actors)
        for source in ("netflix", "amazon")
        for number, actors in enumerate((CAST, OTHERS), start=1)
    ]
    linked = link_rows(rows)
    assert works(linked) == {frozenset({"netflix s1", "amazon s1"}), frozenset({"netflix s2", "amazon s2"})}
    assert all(member.work_key.startswith("netflix|movie|the night|2018|") for member in linked.members)


def test_a_sequel_whose_title_goes_on_is_another_work() -> None:
    one = row("amazon", "s1", "Cocoa City", 2015, directors=["Ann Ash"], actors=CAST, runtime=91)
    sequel = row(
        "netflix", "s1", "Cocoa City: The Strip", 2016, directors=["Ann Ash"], actors=[*CAST[:2], *OTHERS], runtime=89
    )
    assert not are_one(one, sequel)


def test_language_versions_of_one_platform_are_one_work_with_another_platforms_row() -> None:
    rows = [
        row("netflix", "s1", "Harbour of Letters (Tamil Version)", actors=CAST),
        row("netflix", "s2", "Harbour of Letters (Hindi Version)", actors=CAST),
        row("amazon", "s1", actors=CAST),
    ]
    linked = link_rows(rows)
    assert len(works(linked)) == 1
    assert any(join.one.source == join.other.source == "netflix" for join in linked.joins)


def test_rows_of_one_title_are_one_work_and_a_partner_of_theirs_is_only_proposed() -> None:
    rows = [
        row("netflix", "s123", actors=CAST, imdb_title_number=7, imdb_names=1),
        row("justwatch", "tm1", actors=CAST, imdb_title_number=7, imdb_names=1),
        row("amazon", "s5", actors=CAST, imdb_names=1),
    ]
    linked = {member.row.source: member for member in link_rows(rows).members}
    assert linked["netflix"].work_key == linked["justwatch"].work_key == "tt0000007"
    proposed = linked["amazon"]
    assert (proposed.work_key, proposed.proposed) == ("amazon|movie|harbour of letters|2018", 7)
    assert proposed.through.imdb_title_number == 7


def test_a_title_is_proposed_through_a_row_that_the_partner_is_joined_with() -> None:
    rows = [
        row("netflix", "s1", actors=CAST[:3], imdb_title_number=7, imdb_names=1),
        row("amazon", "s1", actors=CAST[:3], directors=["Ann Ash"], imdb_names=1),
        row("hulu", "s1", directors=["Ann Ash"], runtime=90, imdb_names=1, genres="Drama"),
    ]
    rows[1] = replace(rows[1], row=replace(rows[1].row, runtime_min=90))
    linked = link_rows(rows)
    found = {member.row.source: (member.work_key, member.proposed, member.through) for member in linked.members}
    assert found["hulu"][0] == found["amazon"][0]
    assert found["hulu"][1:] == found["amazon"][1:] == (7, rows[0])


@pytest.mark.parametrize("barred", [frozenset({7}), frozenset({None})], ids=["not this title", "no title at all"])
def test_what_a_person_said_a_row_is_not_is_never_proposed(barred: frozenset) -> None:
    rows = [
        row("netflix", "s1", actors=CAST, imdb_title_number=7, imdb_names=1),
        row("amazon", "s1", actors=CAST, imdb_names=1, barred=barred),
    ]
    assert [member.proposed for member in link_rows(rows).members] == [None, None]


def test_a_title_that_another_row_of_the_source_is_linked_to_is_not_proposed() -> None:
    rows = [
        row("netflix", "s1", actors=CAST, imdb_title_number=7, imdb_names=1),
        row("amazon", "s1", actors=CAST, imdb_title_number=7, imdb_names=1),
        row("amazon", "s2", actors=CAST[:4], description="Another cut.", imdb_names=1),
    ]
    assert {member.proposed for member in link_rows(rows).members} == {None}


def test_a_third_row_never_brings_two_works_of_one_source_together() -> None:
    # The two of Netflix agree with the two others, which agree with each other.
    rows = [
        row("netflix", "s1", actors=CAST[:3], directors=["Ann Ash"]),
        row("netflix", "s2", actors=OTHERS[:3], directors=["Ben Bay"]),
        row("amazon", "s1", actors=CAST[:3], description="A keeper answers letters."),
        row("hulu", "s1", directors=["Ben Bay"], description="A keeper answers letters."),
    ]
    linked = link_rows(rows)
    for together in works(linked):
        assert not {"netflix s1", "netflix s2"} <= together
    assert linked.contradicted
    assert all(join.evidence[-1].startswith("refused: ") for join in linked.contradicted)


NAMES = ("Harbour", "Harbour 2", "Harbour: The Letters", "The Letters", "Harbour (1988)", "Harbor")
PEOPLE = (*CAST[:3], *OTHERS[:2])


@st.composite
def _rows(draw: st.DrawFn) -> list[LinkRow]:
    """Rows that are hard to tell apart, of sources whose ids are alike."""
    rows = []
    for number in range(draw(st.integers(2, 9))):
        source = draw(st.sampled_from(("netflix", "amazon", "hulu", "justwatch", "rotten_tomatoes")))
        rows.append(row(
            source, f"s{number}", draw(st.sampled_from(NAMES)), draw(st.sampled_from((None, 1988, 2017, 2018, 2019))),
            kind="movie" if source == "rotten_tomatoes" else draw(st.sampled_from(("movie", "movie", "series"))),
            directors=draw(st.lists(st.sampled_from(("Ann Ash", "Ben Bay")), max_size=1)),
            actors=draw(st.lists(st.sampled_from(PEOPLE), max_size=4, unique=True)),
            runtime=draw(st.sampled_from((None, 90, 91, 130))),
            description=draw(st.sampled_from((None, None, "A keeper answers letters.", "Two rival bakers."))),
            imdb_names=draw(st.integers(0, 1)),
            imdb_title_number=draw(st.sampled_from((None, None, None, 7, 8))),
            likely_imdb_title_number=draw(st.sampled_from((None, 7, 8))),
        ))  # fmt: skip
    return rows


@given(_rows(), st.randoms(use_true_random=False))
@settings(max_examples=150)
def test_the_order_of_rows_decides_nothing(rows: list[LinkRow], chance: random.Random) -> None:
    def said(linked: Linked) -> tuple[dict, set]:
        members = {
            (each.row.source, each.row.row.source_id): (each.work_key, each.proposed, each.through)
            for each in linked.members
        }
        return members, {(each.one.order, each.other.order, each.score) for each in linked.joins}

    shuffled = chance.sample(rows, len(rows))
    assert said(link_rows(rows)) == said(link_rows(shuffled))


@given(_rows())
@settings(max_examples=150)
def test_no_work_holds_rows_that_contradict_each_other(rows: list[LinkRow]) -> None:
    linked = link_rows(rows)
    assert len(linked.members) == len(rows)
    together: dict[str, list[LinkRow]] = {}
    for member in linked.members:
        together.setdefault(member.work_key, []).append(member.row)
        if member.row.imdb_title_number is not None:
            assert member.work_key == f"tt{member.row.imdb_title_number:07d}"
        else:
            assert not member.work_key.startswith("tt")
    for members in together.values():
        unlinked = [each for each in members if each.imdb_title_number is None]
        for place, one in enumerate(unlinked):
            for other in unlinked[:place]:
                if one.source != other.source:
                    assert contradict(one, other) is None
