"""Identity: which rows of a source, of whatever day, are the same work, and which key it has. Pure.

A row is a node: its name (plain key), people and description. What is known of nodes is on which days they stood in
their source, and which IMDb title they were linked to on each. From that set everything here follows, so the order in
which the days were loaded cannot show.

1. Nodes of one plain key are one work when they share a person or the description, directly or through others; or,
   on one day, when one is a version ("(Hindi)") and nobody is named by either, or one of them says nothing at all of
   itself. A series that states a year is no version of one that does not, or states another ("ThunderCats (1985)"):
   the year is there to tell them apart. A work that names nobody is taken for the one that is nearest to it in time,
   unless both stood there on one day or state different years. A Rotten Tomatoes film has its own id.
2. The work of a plain key that was there first has the plain key as natural key; each other one adds "|" and 12 hex
   digits of its first fingerprint. The number is 10^12 plus 52 bits of the natural key's sha256.
3. The newest day that has a work says which IMDb title it is, or that it is none. What stood there earlier follows the
   node of its work that came later and is most like it, unless both were there on one day with different links.
4. A row without an IMDb title may be the work of a row of another source; its link is then the key of that work.
   Sources have an order, and only a row of an earlier one is named, so that this ends.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from reelhouse.day import LINKED_SOURCES

FIRST_KEY = 10**12
MARK_LENGTH = 12


@dataclass(frozen=True, slots=True)
class Run:
    """Loaded days without a break on which a node stood in its source with this link.

    link     the IMDb title; of a row that is the work of another source's row the key of that, once it is known
    through  without an IMDb title: plain key and fingerprint of that other row
    """

    first: date
    last: date
    link: int | None
    through: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """Name, people and description as rows of a source had them.

    plain_key    what rows of one name share
    fingerprint  digest of people and description; empty where the plain key alone says who it is
    is_base      not a version of a title
    stated_year  the year that the titles of a series state; of a film its plain key has the year
    """

    source: str
    plain_key: str
    fingerprint: str
    is_base: bool
    names: frozenset[str]
    description: str | None
    runs: tuple[Run, ...]
    stated_year: int | None = None

    @property
    def first(self) -> date:
        return min(run.first for run in self.runs)

    @property
    def last(self) -> date:
        return max(run.last for run in self.runs)

    @property
    def order(self) -> tuple[str, bool]:
        return self.fingerprint, not self.is_base


@dataclass(frozen=True, slots=True)
class Work:
    """Nodes that are one work.

    link  by node: the IMDb title, or the work of another source, that it is; None for none
    """

    natural_key: str
    nodes: tuple[Node, ...]
    link: Mapping[Node, int | None]

    @property
    def identity_key(self) -> int:
        return key_of(self.natural_key)

    @property
    def was_unlinked(self) -> bool:
        """Whether it was without a link on some day, and so was known by its own key."""
        return any(run.link is None for node in self.nodes for run in node.runs)

    @property
    def merged_into(self) -> int | None:
        """The title that all of it turned out to be."""
        if None in self.link.values():
            return None
        return self.link[max(self.nodes, key=lambda node: (node.last, node.order))]

    @property
    def split_from(self) -> int | None:
        """The title that it was last taken for, when it is another one or none now."""
        now = self.merged_into
        former = [(run.last, run.link) for node in self.nodes for run in node.runs if run.link not in (None, now)]
        return max(former)[1] if former else None

    def title_key(self, node: Node) -> int:
        link = self.link[node]
        return self.identity_key if link is None else link


def key_of(natural_key: str) -> int:
    """The number of a natural key.

    >>> key_of("netflix|movie|red sea|2019") == key_of("netflix|movie|red sea|2019") >= FIRST_KEY
    True
    """
    return FIRST_KEY + int(hashlib.sha256(natural_key.encode()).hexdigest()[:13], 16)


def plain_part(natural_key: str) -> tuple[str, str]:
    """A natural key as plain key and mark.

    >>> plain_part("netflix|series|ares||0123456789ab"), plain_part("netflix|series|ares|")
    (('netflix|series|ares|', '0123456789ab'), ('netflix|series|ares|', ''))
    """
    plain, bar, mark = natural_key.rpartition("|")
    if bar and len(mark) == MARK_LENGTH and set(mark) <= set("0123456789abcdef"):
        return plain, mark
    return natural_key, ""


def works_of(nodes: Iterable[Node]) -> list[Work]:
    """The works that nodes are; the same for the same nodes in any order."""
    named: dict[tuple[int, str], list[Node]] = defaultdict(list)
    for node in nodes:
        named[LINKED_SOURCES.index(node.source), node.plain_key].append(node)
    works: list[Work] = []
    keys: dict[tuple[str, str], int] = {}
    for _, group in sorted(named.items()):
        of_name = _works_of_name(sorted((_with_links(node, keys) for node in group), key=_place))
        told = [(node, work.title_key(node)) for work in of_name for node in work.nodes]
        # A title and its versions may have the same people: the title is meant, which comes last.
        told.sort(key=lambda pair: pair[0].is_base)
        keys |= {(node.plain_key, node.fingerprint): key for node, key in told}
        works += of_name
    return works


def _with_links(node: Node, keys: Mapping[tuple[str, str], int]) -> Node:
    """The node, linked to the works of the rows of other sources that it is, where it has no link of its own."""
    if all(run.through is None for run in node.runs):
        return node
    runs = (
        replace(run, link=keys.get(run.through) if run.link is None and run.through else run.link) for run in node.runs
    )
    return replace(node, runs=tuple(runs))


def _place(node: Node) -> tuple[date, str, bool]:
    return node.first, *node.order


def _works_of_name(nodes: list[Node]) -> list[Work]:
    groups = _joined(nodes, _is_same_work)
    if len(groups) > 1:
        nearest = {_key(group): _nearest(group, groups) for group in groups if not any(node.names for node in group)}
        whole = {_key(group): group for group in groups}
        pairs = {frozenset((one, other)) for one, other in nearest.items() if other is not None}
        keys = _joined(sorted(whole), lambda one, other: frozenset((one, other)) in pairs)
        groups = [[node for key in part for node in whole[key]] for part in keys]
    groups = sorted((sorted(group, key=_place) for group in groups), key=_key)
    return [_work(group, is_first=not number) for number, group in enumerate(groups)]


def _key(group: Sequence[Node]) -> tuple[date, str, bool]:
    return min(map(_place, group))


def _joined(items: Sequence, is_same) -> list[list]:
    """Items in groups of those that are the same, directly or through others."""
    groups: list[list] = []
    for item in items:
        near = [group for group in groups if any(is_same(item, other) for other in group)]
        groups = [group for group in groups if group not in near]
        groups.append([*(one for group in near for one in group), item])
    return groups


def _is_same_work(one: Node, other: Node) -> bool:
    if one.fingerprint == other.fingerprint or not one.names.isdisjoint(other.names):
        return True
    if one.description is not None and one.description == other.description:
        return True
    are_versions = not (one.is_base and other.is_base) and one.stated_year == other.stated_year
    # By its name alone a row is not taken for one that says who is in it and what it is about.
    are_silent = not (one.names or other.names) or _says_nothing(one) or _says_nothing(other)
    return are_versions and are_silent and _stood_together(one, other)


def _says_nothing(node: Node) -> bool:
    return not node.names and node.description is None


def _nearest(group: Sequence[Node], groups: Sequence[Sequence[Node]]) -> tuple[date, str, bool] | None:
    """The group that one which names nobody is taken for."""
    free = [
        other
        for other in groups
        if other is not group
        and not any(_stood_together(one, two) or _state_two_years(one, two) for one in group for two in other)
    ]
    return min(((_days_between(group, other), _key(other)) for other in free), default=(0, None))[1]


def _days_between(one: Sequence[Node], other: Sequence[Node]) -> int:
    return min(
        max((two.first - run.last).days, (run.first - two.last).days, 0)
        for run in (run for node in one for run in node.runs)
        for two in (two for node in other for two in node.runs)
    )


def _stood_together(one: Node, other: Node) -> bool:
    return any(a.first <= b.last and b.first <= a.last for a in one.runs for b in other.runs)


def _state_two_years(one: Node, other: Node) -> bool:
    return None not in (one.stated_year, other.stated_year) and one.stated_year != other.stated_year


def _told_apart(one: Node, other: Node) -> bool:
    """Whether both were there on one day and were linked differently."""
    return any(a.link != b.link and a.first <= b.last and b.first <= a.last for a in one.runs for b in other.runs)


def _work(nodes: list[Node], is_first: bool) -> Work:
    plain_key, mark = nodes[0].plain_key, nodes[0].fingerprint[:MARK_LENGTH]
    return Work(plain_key if is_first or not mark else f"{plain_key}|{mark}", tuple(nodes), _links(nodes))


def _links(nodes: list[Node]) -> dict[Node, int | None]:
    links: dict[Node, int | None] = {}
    for node in sorted(nodes, key=lambda node: (node.last, node.order), reverse=True):
        later = [other for other in links if other.last > node.last and not _told_apart(node, other)]
        links[node] = links[max(later, key=lambda other: _likeness(node, other))] if later else _own_link(node)
    return links


def _likeness(node: Node, other: Node) -> tuple[bool, int, bool, date, tuple[str, bool]]:
    return (
        node.description is not None and node.description == other.description,
        len(node.names & other.names),
        node.is_base == other.is_base,
        other.last,
        other.order,
    )


def _own_link(node: Node) -> int | None:
    """What the newest day says of it; of equal rows that were linked differently the least title."""
    last = node.last
    return min((run.link for run in node.runs if run.last == last and run.link is not None), default=None)
