"""Which rows of all sources are one work, where IMDb does not say so.

Pure: rows in, works out; no database. Rows linked to one IMDb title are one work already. The others are compared with
the rows of other sources that share a key; between each two sources the likeliest one-to-one assignment is taken; what
it joins is put together, likeliest first, as long as no two rows of a work contradict each other. A row that is joined
with a linked one is not linked by that: the title is proposed to a person.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product

from reelhouse.day import LINKED_SOURCES
from reelhouse.matching.assigning import assign
from reelhouse.matching.edition_evidence import Finding
from reelhouse.matching.keys import imdb_id
from reelhouse.matching.link_evidence import MOST_YEARS, LinkRow, compare, conflict, contradict, score_of, speaks
from reelhouse.matching.same_work import group_works

# Their ids are the same in every edition; the others number their rows anew.
STEADY_IDS = frozenset({"rotten_tomatoes", "justwatch"})
# Named in more rows, a person brings no candidate; the title does.
BUSY_PERSON = 30
# Rows whose titles share nothing are compared when they name that many people together.
LEAST_PEOPLE = 2
# A key of more rows brings only films of a near year.
HOT_KEY = 60
# A false join is worse than a missed one: nine to one against any other arrangement, "two works" among them.
SURE_FROM = 0.9
# Of rows linked to the same title; more than any evidence comes to.
LINKED_SCORE = 1000.0
FINGERPRINT_DIGITS = 12

Place = int
Pair = tuple[Place, Place]
# A title's key, and whether it is a film's or a series'.
Name = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Join:
    """Two rows that are one work, and why.

    score, probability  None within a source, where duplicates and language versions are told by rule
    is_proposal         one of them is linked to an IMDb title, which is proposed for the other
    """

    one: LinkRow
    other: LinkRow
    score: float | None
    probability: float | None
    evidence: tuple[str, ...]
    is_proposal: bool = False


@dataclass(frozen=True, slots=True)
class Member:
    """A row and the work it belongs to.

    work_key  tt and the number of its IMDb title; else the natural key of the work's first row
    proposed  the IMDb title that the row it is joined with is linked to
    through   that row
    """

    row: LinkRow
    work_key: str
    proposed: int | None = None
    through: LinkRow | None = None


@dataclass(frozen=True, slots=True)
class Linked:
    """What became of all rows: each a member of one work, what joined them, and joins that were contradicted."""

    members: list[Member]
    joins: list[Join]
    contradicted: list[Join]


def link_rows(rows: Sequence[LinkRow]) -> Linked:
    """Give every row its work. The order of rows, and of the members given back, does not matter."""
    rows = sorted(rows, key=lambda row: row.order)
    work_of = _works_within_sources(rows)
    findings = _compare_candidates(rows, work_of)
    joined = _assign_between_sources(rows, work_of, findings)
    groups, accepted, refused = _merge(rows, work_of, joined)
    members = _members(rows, groups, accepted)
    joins = [*accepted, *_joins_within_sources(rows, work_of)]
    return Linked(members, [_join_of(rows, join) for join in joins], [_join_of(rows, join) for join in refused])


@dataclass(frozen=True, slots=True)
class _Joined:
    """A join by the places of its rows."""

    pair: Pair
    score: float | None
    probability: float | None
    evidence: tuple[str, ...]


def _works_within_sources(rows: Sequence[LinkRow]) -> list[Place]:
    """For each row the place of the first row of its source that is the same work."""
    first = list(range(len(rows)))
    linked: dict[tuple[str, int], Place] = {}
    unlinked: dict[str, list[Place]] = defaultdict(list)
    for place, row in enumerate(rows):
        if row.imdb_title_number is None:
            unlinked[row.source].append(place)
        else:
            first[place] = linked.setdefault((row.source, row.imdb_title_number), place)
    for places in unlinked.values():
        works = group_works([rows[place].source_row for place in places])
        bare: dict[tuple[str, str], Place] = {}
        for place, work in zip(places, works, strict=True):
            # Rows that differ in nothing but a number that says nothing: nobody could tell which is which.
            same = natural_key(rows[place]), fingerprint(rows[place])
            first[place] = bare.setdefault(same, places[work])
    return first


def natural_key(row: LinkRow) -> str:
    """What a row is called without IMDb: an id that stays, else source, kind, base title and the year of a film."""
    source_row = row.source_row
    if row.source in STEADY_IDS:
        return f"{row.source}|{source_row.source_id}"
    year = source_row.release_year if source_row.kind == "movie" and source_row.release_year else ""
    return f"{row.source}|{source_row.kind}|{source_row.base_title}|{year}"


def fingerprint(row: LinkRow) -> str:
    """Tells rows of one natural key apart: by whom they name and how they describe themselves."""
    source_row = row.source_row
    told = f"{source_row.director_names}|{source_row.cast_names}#{source_row.description_sha256}"
    return hashlib.sha256(told.encode()).hexdigest()[:FINGERPRINT_DIGITS]


# --- candidates and their evidence ----------------------------------------------------------------------


def _compare_candidates(rows: Sequence[LinkRow], work_of: Sequence[Place]) -> dict[Pair, list[Finding]]:
    contested = _contested_names(rows, work_of)
    return {
        (one, other): compare(rows[one], rows[other], _is_rare(rows[one], rows[other], contested))
        for one, other in sorted(_by_key(rows) | _by_people(rows))
        if conflict(rows[one], rows[other]) is None
    }


def _contested_names(rows: Sequence[LinkRow], work_of: Sequence[Place]) -> set[Name]:
    """Names that certainly more than one work bears, whichever sources have them."""
    bearers: dict[Name, list[Place]] = defaultdict(list)
    for place, row in enumerate(rows):
        bearers[row.key, row.row.kind].append(place)
    return {
        name
        for name, places in bearers.items()
        if len(places) > HOT_KEY or any(_are_two(rows, work_of, pair) for pair in combinations(places, 2))
    }


def _are_two(rows: Sequence[LinkRow], work_of: Sequence[Place], pair: Pair) -> bool:
    one, other = (rows[place] for place in pair)
    if None not in (one.imdb_title_number, other.imdb_title_number):
        return one.imdb_title_number != other.imdb_title_number
    if one.source == other.source:
        return work_of[pair[0]] != work_of[pair[1]]
    return contradict(one, other) is not None


def _is_rare(one: LinkRow, other: LinkRow, contested: set[Name]) -> bool:
    """Whether nothing else bears the name of either, but for an IMDb title that both are likely to be."""
    if not contested.isdisjoint((row.key, row.row.kind) for row in (one, other)):
        return False
    # A year in a title is there to tell it from others of its name.
    if (one.source_row.link_year or other.source_row.link_year) and one.film_year != other.film_year:
        return False
    if one.likely_imdb_title_number is not None and one.likely_imdb_title_number == other.likely_imdb_title_number:
        return True
    # The title that one of them is linked to may bear the name, of course.
    allowed = int(one.imdb_title_number is not None or other.imdb_title_number is not None)
    return max(one.imdb_names, other.imdb_names) <= allowed


def _by_key(rows: Sequence[LinkRow]) -> set[Pair]:
    """Pairs of two sources with an equal title key."""
    by_key: dict[str, list[tuple[Place, bool]]] = defaultdict(list)
    for place, row in enumerate(rows):
        for key, is_part in row.keys_of_title:
            by_key[key].append((place, is_part))
    return {
        (one, other)
        for places in by_key.values()
        for (one, is_part), (other, is_other_part) in combinations(places, 2)
        # Two parts that agree say little: every film of a series shares its first part.
        if not (is_part and is_other_part)
        and _may_join(rows[one], rows[other])
        and (len(places) <= HOT_KEY or _is_near(rows[one], rows[other]))
    }


def _by_people(rows: Sequence[LinkRow]) -> set[Pair]:
    """Pairs of two sources, of one kind and a near year, that name several people who are not too busy."""
    by_person: dict[str, list[Place]] = defaultdict(list)
    for place, row in enumerate(rows):
        for person in row.people:
            by_person[person].append(place)
    shared = Counter(
        (one, other)
        for places in by_person.values()
        if len(places) <= BUSY_PERSON
        for one, other in combinations(places, 2)
        if _may_join(rows[one], rows[other]) and _is_near(rows[one], rows[other])
    )
    return {pair for pair, count in shared.items() if count >= LEAST_PEOPLE}


def _may_join(one: LinkRow, other: LinkRow) -> bool:
    if one.source == other.source or one.row.kind != other.row.kind:
        return False
    return one.imdb_title_number is None or other.imdb_title_number is None


def _is_near(one: LinkRow, other: LinkRow) -> bool:
    ours, theirs = one.film_year, other.film_year
    return ours is not None and theirs is not None and abs(ours - theirs) <= MOST_YEARS


# --- one to one between each two sources ----------------------------------------------------------------


def _assign_between_sources(
    rows: Sequence[LinkRow], work_of: Sequence[Place], findings: Mapping[Pair, list[Finding]]
) -> list[_Joined]:
    """What the likeliest assignment of each two sources joins and is sure of, strongest first."""
    best = _best_of_works(work_of, findings)
    scores: dict[tuple[str, str], dict[Place, dict[Place, float]]] = defaultdict(lambda: defaultdict(dict))
    barred = _barred_of_works(rows, work_of)
    for (one, other), (score, _) in best.items():
        if not _is_barred(rows, barred, one, other):
            scores[rows[one].source, rows[other].source][one][other] = score
    _add_linked(rows, work_of, scores)
    joined = [
        _Joined(best[one, each.title][1], scores_of[one][each.title], each.probability, _words(found))
        for scores_of in scores.values()
        for one, each in assign(scores_of).items()
        if (one, each.title) in best and each.probability >= SURE_FROM
        for pair in (best[one, each.title][1],)
        for found in (findings[pair],)
        if speaks(rows[pair[0]], rows[pair[1]], found)
    ]
    return sorted(joined, key=lambda each: (-each.score, each.pair))


def _best_of_works(work_of: Sequence[Place], findings: Mapping[Pair, list[Finding]]) -> dict[Pair, tuple[float, Pair]]:
    """The score of two works is the best of their rows'; given with those rows."""
    best: dict[Pair, tuple[float, Pair]] = {}
    for (one, other), found in findings.items():
        works, score = (work_of[one], work_of[other]), score_of(found)
        if works not in best or score > best[works][0]:
            best[works] = score, (one, other)
    return best


def _barred_of_works(rows: Sequence[LinkRow], work_of: Sequence[Place]) -> Mapping[Place, set[int | None]]:
    barred: dict[Place, set[int | None]] = defaultdict(set)
    for row, work in zip(rows, work_of, strict=True):
        barred[work] |= row.barred
    return barred


def _is_barred(rows: Sequence[LinkRow], barred: Mapping[Place, set[int | None]], one: Place, other: Place) -> bool:
    """Whether a person said that one is not the title of the other, or none of IMDb at all."""
    numbers = {rows[one].imdb_title_number, rows[other].imdb_title_number} - {None}
    refused = barred.get(one, set()) | barred.get(other, set())
    return bool(numbers) and (None in refused or not numbers.isdisjoint(refused))


def _add_linked(
    rows: Sequence[LinkRow],
    work_of: Sequence[Place],
    scores: Mapping[tuple[str, str], dict[Place, dict[Place, float]]],
) -> None:
    """Works that are linked to one title have each other, so that neither is free for a third."""
    works = {
        (row.source, row.imdb_title_number): work
        for row, work in zip(rows, work_of, strict=True)
        if row.imdb_title_number is not None
    }
    for (source, other_source), scores_of in scores.items():
        for (held_by, number), work in works.items():
            other = works.get((other_source, number))
            if held_by == source and other is not None:
                scores_of[work][other] = LINKED_SCORE


def _words(findings: Sequence[Finding]) -> tuple[str, ...]:
    return tuple(finding.words for finding in findings)


# --- works of several sources ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Group:
    """Rows that are one work, at most one work of each source."""

    places: tuple[Place, ...]
    sources: frozenset[str]
    number: int | None
    barred: frozenset[int | None]


def _merge(
    rows: Sequence[LinkRow], work_of: Sequence[Place], joined: Sequence[_Joined]
) -> tuple[list[_Group], list[_Joined], list[_Joined]]:
    """Put together what was joined, strongest first.

    Gives   the works; the joins that hold; those that would have brought rows together which contradict each other
    """
    group_of = _first_groups(rows, work_of)
    accepted: list[_Joined] = []
    refused: list[_Joined] = []
    for each in joined:
        one, other = (group_of[place] for place in each.pair)
        if one is not other:
            reason = _contradiction(rows, one, other)
            if reason is not None:
                refused.append(replace(each, evidence=(*each.evidence, f"refused: {reason}")))
                continue
            merged = _Group(
                tuple(sorted(one.places + other.places)),
                one.sources | other.sources,
                one.number if other.number is None else other.number,
                one.barred | other.barred,
            )
            group_of |= dict.fromkeys(merged.places, merged)
        accepted.append(each)
    groups = {id(group): group for group in group_of.values()}
    return sorted(groups.values(), key=lambda group: group.places), accepted, refused


def _first_groups(rows: Sequence[LinkRow], work_of: Sequence[Place]) -> dict[Place, _Group]:
    together: dict[object, list[Place]] = defaultdict(list)
    for place, row in enumerate(rows):
        number = row.imdb_title_number
        together[("work", work_of[place]) if number is None else ("title", number)].append(place)
    group_of: dict[Place, _Group] = {}
    for places in together.values():
        group = _Group(
            tuple(places),
            frozenset(rows[place].source for place in places),
            rows[places[0]].imdb_title_number,
            frozenset().union(*(rows[place].barred for place in places if rows[place].imdb_title_number is None)),
        )
        group_of |= dict.fromkeys(places, group)
    return group_of


def _contradiction(rows: Sequence[LinkRow], one: _Group, other: _Group) -> str | None:
    twice = one.sources & other.sources
    if twice:
        return f"two works of {', '.join(sorted(twice))}"
    numbers = {one.number, other.number} - {None}
    if len(numbers) > 1:
        return "two IMDb titles"
    barred = one.barred | other.barred
    if numbers and (None in barred or not numbers.isdisjoint(barred)):
        return "a person said that it is not this IMDb title"
    told = (contradict(rows[first], rows[second]) for first, second in product(one.places, other.places))
    return next(filter(None, told), None)


def _members(rows: Sequence[LinkRow], groups: Sequence[_Group], joined: Sequence[_Joined]) -> list[Member]:
    keys = _work_keys(rows, groups)
    through = _linked_partners(rows, joined)
    members: dict[Place, Member] = {}
    for group, key in zip(groups, keys, strict=True):
        partner = min((through[place] for place in group.places if place in through), default=None)
        for place in group.places:
            row = rows[place]
            if row.imdb_title_number is not None:
                members[place] = Member(row, imdb_id(row.imdb_title_number))
            elif group.number is not None:
                members[place] = Member(row, key, group.number, rows[through.get(place, partner)])
            else:
                members[place] = Member(row, key)
    return [members[place] for place in range(len(rows))]


def _linked_partners(rows: Sequence[LinkRow], joined: Sequence[_Joined]) -> dict[Place, Place]:
    """For each unlinked row that is joined with a linked one, the linked row it is joined with most strongly."""
    partners: dict[Place, Place] = {}
    for each in joined:
        one, other = each.pair
        if rows[one].imdb_title_number is not None:
            one, other = other, one
        if rows[other].imdb_title_number is not None:
            partners.setdefault(one, other)
    return partners


def _work_keys(rows: Sequence[LinkRow], groups: Sequence[_Group]) -> list[str]:
    """The natural key of each work's first unlinked row; of works that share one, each with its own fingerprint."""
    firsts = [_first_name(rows, group) for group in groups]
    counts = Counter(name for name, _ in firsts)
    return [name if counts[name] == 1 else f"{name}|{print_}" for name, print_ in firsts]


def _first_name(rows: Sequence[LinkRow], group: _Group) -> tuple[str, str]:
    unlinked = [rows[place] for place in group.places if rows[place].imdb_title_number is None]
    if not unlinked:
        return imdb_id(group.number), ""
    names = [(LINKED_SOURCES.index(row.source), natural_key(row), fingerprint(row)) for row in unlinked]
    return min(names)[1:]


def _joins_within_sources(rows: Sequence[LinkRow], work_of: Sequence[Place]) -> Iterator[_Joined]:
    for place, first in enumerate(work_of):
        if place != first and rows[place].imdb_title_number is None:
            words = (f"one work of {rows[place].source}: the title, and people or the description, are the same",)
            yield _Joined((first, place), None, None, words)


def _join_of(rows: Sequence[LinkRow], joined: _Joined) -> Join:
    one, other = (rows[place] for place in joined.pair)
    is_proposal = (one.imdb_title_number is None) != (other.imdb_title_number is None)
    return Join(one, other, joined.score, joined.probability, joined.evidence, is_proposal)
