"""Which rows of a catalogue's present edition are which of its former one, although every id has changed.

Pure: rows in, matches out; no database. Rows that say the same in every column are the same title. The others are
compared like source rows with IMDb titles: candidates by shared keys, evidence that adds up, the likeliest one-to-one
assignment. Rows are put in the order of what they say, so neither their ids nor their order in the file decide.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import Indel

from reelhouse.matching.assigning import assign
from reelhouse.matching.edition_evidence import LIKE_TITLE, EditionRow, Finding, Folded, compare_rows, score_of

VERDICTS = ("same", "renamed", "year corrected", "removed", "added")
# Shared by more rows, a name or a description ("Stand-up special.") finds too many; the title finds those.
COMMON_MENTION = 50
# Rows compared by the letters of their titles at once, so that memory stays bounded.
BLOCK = 1000
WHOLE_ROW = "every column: the same"

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class EditionMatch:
    """What became of one row.

    verdict      one of VERDICTS
    probability  that former and present are the same title; None without either
    evidence     in words: of the pair; of a removed or added row, what keeps it from being `rival`
    rival        the row of the other edition that bears its title, or comes nearest to it, and is another title
    """

    former: EditionRow | None
    present: EditionRow | None
    verdict: str
    probability: float | None
    evidence: tuple[str, ...]
    rival: EditionRow | None = None


def match_editions(former: Sequence[EditionRow], present: Sequence[EditionRow]) -> list[EditionMatch]:
    """One match for every row of both editions: each row in exactly one. First the present rows, then the removed."""
    repeats, ours, theirs = _take_repeats(former, present)
    folded_ours, folded_theirs = [Folded(row) for row in ours], [Folded(row) for row in theirs]
    findings = {
        pair: compare_rows(folded_ours[pair[0]], folded_theirs[pair[1]])
        for pair in sorted(_candidates(folded_ours, folded_theirs))
    }
    scores: dict[int, dict[int, float]] = defaultdict(dict)
    for (one, other), found in findings.items():
        scores[one][other] = score_of(found)
    paired: dict[Pair, float] = {
        (one, each.title): each.probability for one, each in assign(scores).items() if scores[one][each.title] > 0
    }
    matches = [EditionMatch(one, other, "same", 1.0, (WHOLE_ROW,)) for one, other in repeats]
    for (one, other), probability in paired.items():
        verdict = _verdict(ours[one], theirs[other])
        matches.append(EditionMatch(ours[one], theirs[other], verdict, probability, _words(findings[one, other])))
    matches += _left_over(ours, theirs, paired, findings)
    return sorted(matches, key=_place)


def _take_repeats(
    former: Sequence[EditionRow], present: Sequence[EditionRow]
) -> tuple[list[tuple[EditionRow, EditionRow]], list[EditionRow], list[EditionRow]]:
    """Pairs of rows that say the same in every column, and what is left of both editions in the order of content."""
    known: dict[tuple[object, ...], list[EditionRow]] = defaultdict(list)
    for row in sorted(former, key=_order, reverse=True):
        known[row.content].append(row)
    repeats: list[tuple[EditionRow, EditionRow]] = []
    new: list[EditionRow] = []
    for row in sorted(present, key=_order):
        if known.get(row.content):
            repeats.append((known[row.content].pop(), row))
        else:
            new.append(row)
    gone = [row for rows in known.values() for row in rows]
    return repeats, sorted(gone, key=_order), new


def _order(row: EditionRow) -> tuple[str, str]:
    # Ids order only rows that are equal in all else, between which nobody can tell.
    return repr(row.content), row.source_id


def _candidates(ours: Sequence[Folded], theirs: Sequence[Folded]) -> set[Pair]:
    """Pairs that share a title key, a description or a rare person, or whose titles are alike."""
    by_key: dict[str, list[int]] = defaultdict(list)
    for position, row in enumerate(theirs):
        for key in row.keys:
            by_key[key].append(position)
    pairs = {
        (position, other)
        for position, row in enumerate(ours)
        for key, is_part in row.keys.items()
        for other in by_key.get(key, ())
        # Two parts that agree say little: every film of a series shares its first part.
        if not (is_part and theirs[other].keys[key])
    }
    return pairs | _by_mention(ours, theirs) | _by_letters(ours, theirs)


def _by_mention(ours: Sequence[Folded], theirs: Sequence[Folded]) -> set[Pair]:
    by_mention: dict[str, list[int]] = defaultdict(list)
    for position, row in enumerate(theirs):
        for mention in _mentions(row):
            by_mention[mention].append(position)
    return {
        (position, other)
        for position, row in enumerate(ours)
        for mention in _mentions(row)
        if len(by_mention.get(mention, ())) <= COMMON_MENTION
        for other in by_mention.get(mention, ())
    }


def _mentions(row: Folded) -> set[str]:
    described = {f"description {row.description}"} if row.description else set()
    return described | row.directors.keys() | row.cast.keys()


def _by_letters(ours: Sequence[Folded], theirs: Sequence[Folded]) -> set[Pair]:
    keys = [row.key for row in theirs]
    pairs: set[Pair] = set()
    for begin in range(0, len(ours) if keys else 0, BLOCK):
        similar = process.cdist(
            [row.key for row in ours[begin : begin + BLOCK]],
            keys,
            scorer=Indel.normalized_similarity,
            score_cutoff=LIKE_TITLE,
            dtype=np.float32,
        )
        rows, columns = np.nonzero(similar)
        pairs.update(zip((rows + begin).tolist(), columns.tolist(), strict=True))
    return pairs


def _verdict(former: EditionRow, present: EditionRow) -> str:
    if former.title != present.title:
        return "renamed"
    one, other = former.release_year, present.release_year
    # A series bears the year of its latest season: a later one is no correction.
    is_next_season = former.kind == present.kind == "series" and one is not None and other is not None and other > one
    return "same" if one == other or None in (one, other) or is_next_season else "year corrected"


def _words(findings: Iterable[Finding]) -> tuple[str, ...]:
    return tuple(finding.words for finding in findings)


def _left_over(
    ours: Sequence[EditionRow],
    theirs: Sequence[EditionRow],
    paired: dict[Pair, float],
    findings: dict[Pair, list[Finding]],
) -> list[EditionMatch]:
    """Removed and added rows, each with the row of its title that it might be taken for, if there is one."""
    homonyms = [pair for pair, found in sorted(findings.items()) if found[0].name in ("title.same", "title.key")]
    homonyms.sort(key=lambda pair: score_of(findings[pair]))
    # Sorted upwards, so that the nearest is the one that stays.
    nearest_theirs, nearest_ours = dict(homonyms), {other: one for one, other in homonyms}
    matches = []
    for one in sorted(set(range(len(ours))) - {one for one, _ in paired}):
        rival = nearest_theirs.get(one)
        words = () if rival is None else _words(findings[one, rival])
        matches.append(EditionMatch(ours[one], None, "removed", None, words, None if rival is None else theirs[rival]))
    for other in sorted(set(range(len(theirs))) - {other for _, other in paired}):
        rival = nearest_ours.get(other)
        words = () if rival is None else _words(findings[rival, other])
        matches.append(EditionMatch(None, theirs[other], "added", None, words, None if rival is None else ours[rival]))
    return matches


def _place(match: EditionMatch) -> tuple[bool, tuple[str, str]]:
    return match.present is None, _order(match.present or match.former)
