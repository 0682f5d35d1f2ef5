"""Evidence that rows of two sources are the same work, whether IMDb has it or not.

Pure: two rows in, findings out, each with its weight and its words. Titles, people, runtimes and descriptions are
looked at as between editions (edition_evidence.py); years, genres and names otherwise, for no two sources mean the
same by them. The weights stand in linking_weights.toml, with the reason of each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

from rapidfuzz import fuzz

from reelhouse.matching.edition_evidence import (
    LEAST_CAST,
    EditionRow,
    Finding,
    Folded,
    Seen,
    see_cast,
    see_description,
    see_director,
    see_runtime,
    see_title,
    weights_in,
)
from reelhouse.matching.evidence import SAME_NAME as ALIKE_NAME
from reelhouse.matching.evidence import genre_set, surnames
from reelhouse.matching.gathering import SourceRow
from reelhouse.matching.keys import hard_numbers, later_numbers

# Films further apart are remakes or homonyms: of labelled links to IMDb one in a hundred is three years off.
MOST_YEARS = 2
# Series run long, but few of one name begin so late after another.
MOST_SEASONS = 12
# What lets two rows that name people, or describe themselves, be one work.
SPEAKING = frozenset(
    {"director.same", "cast.most", "cast.several", "cast.some", "description.same", "description.alike"}
)
OTHER_PEOPLE = frozenset({"director.other", "cast.none"})
# A title by itself says enough only when it is the same, nobody else bears it, and the year agrees.
SAME_NAME = frozenset({"title.same", "title.key"})
OTHER_YEAR = frozenset({"year.next", "year.near", "year.seasons", "year.distant"})
# One source has the year of a series' first season, another that of its latest one.
NEAR_YEAR = frozenset({"year.same", "year.next", "year.seasons"})
RARE_NAME = frozenset({"name.rare", "name.rare_series"})
# Sources sort differently: of linked rows of one rare name and year 119 pairs have other genres, and all are one work.
NOT_AGAINST = frozenset({"genre.differ"})


@dataclass(frozen=True)
class LinkRow(Folded):
    """A row of any source, with its stored keys and what was decided of it.

    row                       what it says, as `Folded` compares it
    source_row                the same as matching has it
    keys_of_title             stored join keys, with whether they are only a part's
    people                    stored keys of all whom it names
    imdb_names                IMDb titles that bear its name
    imdb_title_number         the title it is linked to; None: the row is to be linked here
    likely_imdb_title_number  the title that it is rather than not, linked to it or left to a person
    barred                    titles that a person said it is not; None among them: it has no IMDb title
    """

    source_row: SourceRow
    keys_of_title: tuple[tuple[str, bool], ...] = ()
    people: tuple[str, ...] = ()
    imdb_names: int = 0
    imdb_title_number: int | None = None
    likely_imdb_title_number: int | None = None
    barred: frozenset[int | None] = frozenset()

    @property
    def source(self) -> str:
        return self.source_row.source

    @cached_property
    def film_year(self) -> int | None:
        """A year in the title or the link tells remakes apart, which the column often does not."""
        return self.source_row.link_year or self.row.release_year

    @cached_property
    def order(self) -> tuple[object, ...]:
        """Place among all rows. Ids come last: they order only rows that are equal in all else."""
        return self.source, repr(self.row.content), repr(self.source_row.link_year), self.row.source_id


def link_row(source_row: SourceRow, **stored: object) -> LinkRow:
    """A row made of what matching has of it and of lists and texts that it needs besides.

    Takes   stored  directors, actors and description; the fields of LinkRow
    """
    said = EditionRow(
        source_row.source_id,
        source_row.kind,
        source_row.title,
        tuple(stored.pop("directors", ())),
        tuple(stored.pop("actors", ())),
        release_year=source_row.release_year,
        # Of a series it is the length of an episode, or unknown.
        runtime_min=source_row.runtime_min if source_row.kind == "movie" else None,
        categories=tuple(filter(None, source_row.genres.split("|"))),
        description=stored.pop("description", None),
    )
    return LinkRow(said, source_row, **stored)


def compare(one: LinkRow, other: LinkRow, is_rare: bool = False) -> list[Finding]:
    """All that speaks for and against two rows being one work; their weights and the prior add up to a score.

    Takes   is_rare  whether nothing else bears the name of either
    """
    weights = weights_in("linking_weights.toml")
    seen = [found for family in _FAMILIES for found in family(one, other)]
    names = {name for name, _ in seen}
    if names & SAME_NAME:
        rare = "name.rare_series" if one.row.kind == "series" else "name.rare"
        seen.append((rare, "name: nothing else bears it") if is_rare else ("name.shared", "name: others bear it"))
    elif "title.part" in names and names & OTHER_YEAR:
        seen.append(("name.sequel", "name: a part of it, in another year, as sequels have it"))
    return [Finding(name, weights[name], words) for name, words in seen]


def score_of(findings: Iterable[Finding]) -> float:
    """Log odds against "these are two works"."""
    return weights_in("linking_weights.toml")["prior.row"] + sum(finding.weight for finding in findings)


def conflict(one: LinkRow, other: LinkRow) -> str | None:
    """What makes two rows different works whatever else agrees: another kind, number or year of a film; else None."""
    if one.row.kind != other.row.kind:
        return f"kind: {one.row.kind} → {other.row.kind}"
    ours, theirs = (later_numbers(hard_numbers(row.forms.base)) for row in (one, other))
    if ours != theirs and one.key != other.key:
        return f"number: {' '.join(ours) or 'none'} → {' '.join(theirs) or 'none'}"
    ours, theirs = one.film_year, other.film_year
    if one.row.kind == "movie" and None not in (ours, theirs) and abs(ours - theirs) > MOST_YEARS:
        return f"year: {ours} → {theirs}"
    return None


def contradict(one: LinkRow, other: LinkRow) -> str | None:
    """What keeps two rows out of one work although a third joins them: a conflict, or people who are all others."""
    words = conflict(one, other)
    if words is None:
        people = [found for family in (_see_director, _see_cast, see_description) for found in family(one, other)]
        if SPEAKING.isdisjoint(name for name, _ in people):
            words = next((told for name, told in people if name in OTHER_PEOPLE), None)
    return words


def speaks(one: LinkRow, other: LinkRow, findings: Iterable[Finding]) -> bool:
    """Whether more than a name is shared: a person or the description; where that cannot be, a rare name and year."""
    names = {finding.name for finding in findings}
    if names & SPEAKING:
        return True
    if (one.directors and other.directors) or (one.cast and other.cast):
        return False
    is_against = any(finding.weight < 0 and finding.name not in NOT_AGAINST for finding in findings)
    return all(names & wanted for wanted in (SAME_NAME, RARE_NAME, NEAR_YEAR)) and not is_against


def _see_director(one: LinkRow, other: LinkRow) -> Seen:
    """As between editions, but that sources spell a person differently: Bob Radler, Robert Radler."""
    for name, words in see_director(one, other):
        is_alike = name == "director.other" and _are_alike(
            one.source_row.director_names, other.source_row.director_names
        )
        yield ("director.alike", f"{words} (alike)") if is_alike else (name, words)


def _are_alike(ours: str, theirs: str) -> bool:
    same_words = fuzz.token_set_ratio(ours.replace("|", " "), theirs.replace("|", " ")) / 100
    return same_words >= ALIKE_NAME or not surnames(ours).isdisjoint(surnames(theirs))


def _see_cast(one: LinkRow, other: LinkRow) -> Seen:
    """As between editions, but that sources list other members of one cast: several in both are enough."""
    for name, words in see_cast(one, other):
        is_several = name == "cast.some" and len(one.cast.keys() & other.cast.keys()) >= LEAST_CAST
        yield ("cast.several" if is_several else name), words


def _see_year(one: LinkRow, other: LinkRow) -> Seen:
    ours, theirs = one.film_year, other.film_year
    if ours is None or theirs is None:
        return
    words = f"year: {ours} → {theirs}" if ours != theirs else f"year: {ours} in both"
    apart = abs(ours - theirs)
    if apart <= 1:
        yield ("year.next" if apart else "year.same"), words
    elif one.row.kind == "series":
        yield ("year.seasons" if apart <= MOST_SEASONS else "year.distant"), words
    else:
        yield "year.near", words


def _see_genre(one: LinkRow, other: LinkRow) -> Seen:
    ours, theirs = (genre_set("|".join(row.row.categories)) for row in (one, other))
    if not ours or not theirs:
        return
    if ("Documentary" in ours) != ("Documentary" in theirs):
        yield "genre.documentary", "genre: a documentary is one of them"
    elif ours.isdisjoint(theirs):
        yield "genre.differ", f"genre: {', '.join(sorted(ours))} → {', '.join(sorted(theirs))}"
    else:
        yield "genre.shared", f"genre: {', '.join(sorted(ours & theirs))} in both"


_FAMILIES: tuple[Callable[[LinkRow, LinkRow], Seen], ...] = (
    see_title, _see_director, _see_cast, _see_year, see_runtime, see_description, _see_genre,
)  # fmt: skip
