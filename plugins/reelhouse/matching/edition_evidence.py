"""Evidence that a row of a catalogue's former edition and one of its present edition are the same title.

Pure: two rows in, findings out, each with its weight and its words. Titles and people are folded as for IMDb
(keys.py); the weights are others (edition_weights.toml, with the reason of each).
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import date
from functools import cache, cached_property
from pathlib import Path

from rapidfuzz.distance import Indel

from reelhouse.matching.keys import TitleForms, fold_name, fold_title, hard_numbers, person_key, title_forms, title_key

# Shares of common letters: a title with a word more or less, a sentence with some words exchanged.
NEAR_TITLE, LIKE_TITLE = 0.9, 0.75
ALIKE_DESCRIPTION = 0.8
# This share of the shorter cast, and that many at least, is the same cast.
MOST_CAST, LEAST_CAST = 0.7, 3
FEW_CAST = 4
SAME_MINUTES, NEAR_MINUTES, FAR_MINUTES = 1, 5, 20
# Names shown of those that are shared.
NAMES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class EditionRow:
    """One row of a catalogue, as its staging table has it. `source_id` says nothing across editions."""

    source_id: str
    kind: str
    title: str
    directors: tuple[str, ...] = ()
    actors: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    added_date: date | None = None
    release_year: int | None = None
    certification: str | None = None
    runtime_min: int | None = None
    season_count: int | None = None
    categories: tuple[str, ...] = ()
    description: str | None = None

    @property
    def content(self) -> tuple[object, ...]:
        """All that the row says but its number."""
        return tuple(getattr(self, field.name) for field in fields(self) if field.name != "source_id")


@dataclass(frozen=True)
class Folded:
    """A row with its folds, worked out when they are asked for."""

    row: EditionRow

    @cached_property
    def forms(self) -> TitleForms:
        return title_forms(self.row.title)

    @cached_property
    def key(self) -> str:
        return title_key(self.forms.base)

    @cached_property
    def keys(self) -> dict[str, bool]:
        """Join keys, with whether they are only a part's."""
        whole = dict.fromkeys((title_key(self.forms.folded), self.key), False)
        return {title_key(part): True for part in self.forms.part_folds} | whole

    @cached_property
    def directors(self) -> dict[str, str]:
        return _people(self.row.directors)

    @cached_property
    def cast(self) -> dict[str, str]:
        return _people(self.row.actors)

    @cached_property
    def description(self) -> str:
        return fold_title(self.row.description) if self.row.description else ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One piece of evidence: its name in edition_weights.toml, its weight, and what was seen."""

    name: str
    weight: float
    words: str


def compare_rows(former: Folded, present: Folded) -> list[Finding]:
    """All that speaks for and against two rows being the same title; their weights and the prior add up to a score."""
    weights = weights_in("edition_weights.toml")
    return [
        Finding(name, weights[name], words) for family in _FAMILIES for name, words in family(former, present)
    ]  # fmt: skip


def score_of(findings: Iterable[Finding]) -> float:
    """Log odds against "this row has no counterpart"."""
    return weights_in("edition_weights.toml")["prior.row"] + sum(finding.weight for finding in findings)


@cache
def weights_in(file_name: str) -> dict[str, float]:
    """Weights of a file beside this one, by `family.feature`."""
    document = tomllib.loads((Path(__file__).parent / file_name).read_text())
    return {f"{family}.{name}": value for family, values in document.items() for name, value in values.items()}


Seen = Iterator[tuple[str, str]]


def see_title(former: Folded, present: Folded) -> Seen:
    one, other = former.row.title, present.row.title
    changed = f"title: {one} → {other}"
    if former.forms.folded == present.forms.folded:
        yield "title.same", "title: the same" if one == other else changed
        return
    if former.keys.keys() & present.keys.keys() and former.key == present.key:
        yield "title.key", changed
        return
    similarity = Indel.normalized_similarity(former.key, present.key)
    shared = former.keys.keys() & present.keys.keys()
    if any(not (former.keys[key] and present.keys[key]) for key in shared):
        yield "title.part", f"{changed} (a part of it)"
    elif similarity >= NEAR_TITLE:
        yield "title.near", f"{changed} (nearly the same)"
    elif similarity >= LIKE_TITLE:
        yield "title.like", f"{changed} (like it)"
    else:
        yield "title.other", f"{changed} (another one)"
    if similarity >= LIKE_TITLE and hard_numbers(former.forms.base) != hard_numbers(present.forms.base):
        yield "title.numbers", "title: another number"


def _kind(former: Folded, present: Folded) -> Seen:
    if former.row.kind != present.row.kind:
        yield "kind.other", f"kind: {former.row.kind} → {present.row.kind}"


def see_description(former: Folded, present: Folded) -> Seen:
    one, other = former.description, present.description
    if not one or not other:
        return
    if one == other:
        yield "description.same", "description: the same"
    elif Indel.normalized_similarity(one, other) >= ALIKE_DESCRIPTION:
        yield "description.alike", "description: nearly the same"
    else:
        yield "description.other", "description: another one"


def _year(former: Folded, present: Folded) -> Seen:
    one, other = former.row.release_year, present.row.release_year
    if one is None or other is None:
        return
    words = f"year: {one} → {other}" if one != other else f"year: {one} in both"
    is_series = former.row.kind == present.row.kind == "series"
    far = abs(one - other)
    if far == 0:
        yield "year.same", words
    elif is_series:
        yield ("year.season" if other > one else "year.back"), words
    else:
        yield {1: "year.next", 2: "year.near"}.get(far, "year.far"), words


def see_runtime(former: Folded, present: Folded) -> Seen:
    one, other = former.row.runtime_min, present.row.runtime_min
    if one is None or other is None:
        return
    words = f"runtime: {one} → {other} min" if one != other else f"runtime: {one} min in both"
    far = abs(one - other)
    if far <= SAME_MINUTES:
        yield "runtime.same", words
    elif far <= NEAR_MINUTES:
        yield "runtime.near", words
    elif far > FAR_MINUTES:
        yield "runtime.other", words
    elif far > 2 * NEAR_MINUTES:
        yield "runtime.far", words


def see_director(former: Folded, present: Folded) -> Seen:
    if not former.directors or not present.directors:
        return
    shared = sorted(former.directors.keys() & present.directors.keys())
    if shared:
        yield "director.same", f"director: {_named(present.directors[key] for key in shared)} in both"
    else:
        yield "director.other", (
            f"director: {_named(former.directors.values())} → {_named(present.directors.values())}"
        )  # fmt: skip


def see_cast(former: Folded, present: Folded) -> Seen:
    if not former.cast or not present.cast:
        return
    smaller = min(len(former.cast), len(present.cast))
    count = len(former.cast.keys() & present.cast.keys())
    words = f"cast: {count} of {smaller} in both"
    if count >= LEAST_CAST and count >= MOST_CAST * smaller:
        yield "cast.most", words
    elif count:
        yield "cast.some", words
    else:
        yield ("cast.none_of_few" if smaller < FEW_CAST else "cast.none"), words


def _added(former: Folded, present: Folded) -> Seen:
    if former.row.added_date is not None and former.row.added_date == present.row.added_date:
        yield "added.same", f"added: {former.row.added_date} in both"


def _country(former: Folded, present: Folded) -> Seen:
    one, other = set(former.row.countries), set(present.row.countries)
    if one and other:
        is_shared = not one.isdisjoint(other)
        yield ("country.shared", "country: one in both") if is_shared else ("country.other", "country: another one")


def _category(former: Folded, present: Folded) -> Seen:
    one, other = set(former.row.categories), set(present.row.categories)
    if not one or not other:
        return
    if one == other:
        yield "category.same", "categories: the same"
    elif one.isdisjoint(other):
        yield "category.other", "categories: others"


def _seasons(former: Folded, present: Folded) -> Seen:
    one, other = former.row.season_count, present.row.season_count
    if one is not None and other is not None and other < one:
        yield "seasons.fewer", f"seasons: {one} → {other}"


_FAMILIES: tuple[Callable[[Folded, Folded], Seen], ...] = (
    see_title, _kind, _year, see_director, see_cast, see_runtime, see_description, _added, _country, _category,
    _seasons,
)  # fmt: skip


def _people(names: Iterable[str]) -> dict[str, str]:
    """Names by join key; of two with one key the first."""
    people: dict[str, str] = {}
    for name in names:
        people.setdefault(person_key(fold_name(name)), name)
    return people


def _named(names: Iterable[str]) -> str:
    """A few names and how many more.

    >>> _named(["A", "B", "C", "D"]), _named(["A"])
    ('A, B, C and 1 more', 'A')
    """
    listed = list(names)
    more = len(listed) - NAMES_SHOWN
    return ", ".join(listed[:NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")
