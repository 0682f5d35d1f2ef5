"""Which rows are one work: a law over all orders, and what a day more may change."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta

import pytest

from reelhouse.warehousing.identity import FIRST_KEY, Node, Run, Work, works_of

DAY = date(2021, 9, 20)


def node(people: str = "", days: tuple[int, int] = (0, 0), link: int | None = None, **fields) -> Node:
    """A node of the name Ares; people are one letter each, days are counted from the first."""
    description = fields.get("description")
    return Node(
        "netflix",
        fields.get("plain_key", "netflix|movie|ares|2019"),
        f"{people}#{description or ''}".ljust(12, "0"),
        fields.get("is_base", True),
        frozenset(people),
        description,
        (Run(DAY + timedelta(days[0]), DAY + timedelta(days[1]), link),),
        fields.get("stated_year"),
    )


def united(nodes: list[Node]) -> list[Node]:
    """What says the same is one node, with all its days."""
    runs: dict[str, list[Run]] = defaultdict(list)
    for one in nodes:
        runs[one.fingerprint] += one.runs
    first = {one.fingerprint: one for one in reversed(nodes)}
    return [replace(one, runs=tuple(runs[one.fingerprint])) for one in first.values()]


def told(works: list[Work]) -> dict[Node, tuple[str, int | None]]:
    return {one: (work.natural_key, work.link[one]) for work in works for one in work.nodes}


@pytest.mark.parametrize("seed", range(30))
def test_works_do_not_depend_on_the_order_of_rows(seed):
    chance = random.Random(seed)
    nodes = []
    for _ in range(12):
        first = chance.randrange(6)
        people = "".join(sorted(chance.sample("abcdef", chance.choice((0, 1, 2)))))
        days = (first, first + chance.randrange(3))
        nodes.append(node(people, days, chance.choice((None, 7, 8)), description=chance.choice((None, "x", "y"))))
    nodes = united(nodes)
    in_order = told(works_of(nodes))
    for _ in range(5):
        assert told(works_of(chance.sample(nodes, len(nodes)))) == in_order


def test_a_later_day_gives_no_known_work_another_key():
    chance = random.Random(7)
    for _ in range(100):
        known = [node(people, (place, place)) for place, people in enumerate(chance.sample(("ab", "cd", "ef"), 2))]
        before = told(works_of(known))
        after = told(works_of([*known, node(chance.choice(("ab", "ef", "gh")), (9, 9))]))
        assert {one: key for one, (key, _) in after.items() if one in before} == {
            one: key for one, (key, _) in before.items()
        }


def test_what_turned_out_to_be_an_imdb_title_is_that_title_on_all_days():
    early, late = node("ab", (0, 1)), node("bc", (2, 3), link=7)
    (work,) = works_of([early, late])
    assert (work.title_key(early), work.merged_into, work.was_unlinked) == (7, 7, True)


def test_a_wrong_link_is_split_again_and_the_key_means_the_work_again():
    nodes = [node("a", (0, 0)), node("ab", (1, 1), link=7), node("b", (2, 2))]
    (work,) = works_of(nodes)
    assert {work.title_key(one) for one in nodes} == {work.identity_key}
    assert work.identity_key >= FIRST_KEY
    assert (work.merged_into, work.split_from) == (None, 7)


def test_namesakes_of_one_day_with_different_links_do_not_follow_each_other():
    gone, stays = node("ab", (0, 1), link=7), node("b", (1, 5), link=8)
    (work,) = works_of([gone, stays])
    assert (work.title_key(gone), work.title_key(stays)) == (7, 8)


def test_a_row_that_names_nobody_is_taken_for_the_namesake_nearest_in_time():
    nobody, near, far = node(days=(0, 0)), node("a", (2, 2)), node("b", (9, 9))
    assert [{one.names for one in work.nodes} for work in works_of([far, nobody, near])] == [
        {frozenset(), frozenset("a")},
        {frozenset("b")},
    ]


def test_series_that_state_other_years_are_two_works():
    # ThunderCats (1985), ThunderCats (2011) of Hulu, which names nobody; Fruits Basket of 2001, Fruits Basket (2019).
    first = node(description="a", is_base=False, stated_year=1985)
    remake = node(description="b", is_base=False, stated_year=2011)
    bare = node(description="c")
    assert len(works_of([first, remake])) == 2
    assert len(works_of([bare, remake])) == 2
    # Nor when the one came as the other left.
    later = node(days=(1, 1), description="b", is_base=False, stated_year=2011)
    assert len(works_of([first, later])) == 2


def test_a_year_that_a_later_edition_states_makes_no_other_work():
    bare = node("ab", description="a")
    dated = node("ab", (1, 1), description="b", is_base=False, stated_year=2019)
    assert len(works_of([bare, dated])) == 1


def test_versions_that_name_nobody_are_not_the_namesake_that_names_somebody():
    # Seven (Tamil), Seven (Telugu) of Netflix name nobody; Seven of the same year is a film of Nigeria.
    versions = node(days=(0, 5), description="a", is_base=False)
    namesake = node("ab", (3, 5), description="b")
    assert [len(work.nodes) for work in works_of([versions, namesake])] == [1, 1]
    # Where nobody is named at all, or nothing is said, the title and its version are one.
    assert len(works_of([versions, node(days=(3, 5), description="b")])) == 1
    assert len(works_of([node(days=(0, 5), is_base=False), namesake])) == 1
