"""Keeping: a published link changes only when the new best beats it by a margin, and every change is logged.

Evidence moves a little every day: a runtime by two minutes, an actor, a namesake. Links that follow each such move
would take scores and recommendations with them. Pure, but for the last two functions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log
from pathlib import Path

import psycopg

from reelhouse.database import run_file
from reelhouse.matching.assigning import Assignment, Scores, Title, Work, assign
from reelhouse.matching.gathering import SourceRow
from reelhouse.matching.keys import fold_title

# Another title must be nine times as likely as the published one: the odds (.90) from which a link is made in the
# first place. More than one thing that changed moves: a runtime moves a score by 1.4, a genre by 2.2.
KEEP_MARGIN = log(0.90 / 0.10)


@dataclass(frozen=True, slots=True)
class Settled:
    """The title of one work after what is published was weighed in.

    probability  that it is right, by today's evidence alone
    is_kept      the published link, which holds whatever its probability
    kept_over    the title that would be assigned without it, when that is another one
    """

    title: Title
    probability: float
    is_kept: bool = False
    kept_over: Title | None = None


@dataclass(frozen=True, slots=True)
class PublishedLink:
    """What readers have now of one row. `imdb_title_number` None: it is not linked."""

    source: str
    source_id: str
    kind: str
    title: str
    imdb_title_number: int | None
    decided_by: str
    load_id: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is decided of one row now: its link, who decided, and the scores of its candidates."""

    link: int | None
    decided_by: str
    scores: Mapping[Title, float]


def settle(scores: Scores, published: Mapping[Work, Title]) -> dict[Work, Settled]:
    """Assign, with the published titles ahead by the margin as long as they are likelier than no title.

    A set of assignments replaces the published one only as a whole, so two works that could as well be swapped stay
    as they are.
    """
    plain = assign(scores)
    ahead = {work: title for work, title in published.items() if scores.get(work, {}).get(title, 0.0) > 0}
    if all(work in plain and plain[work].title == title for work, title in ahead.items()):
        chosen = plain
    else:
        chosen = assign({
            work: {title: score + KEEP_MARGIN * (ahead.get(work) == title) for title, score in titles.items()}
            for work, titles in scores.items()
        })  # fmt: skip
    return {work: _settled(each, plain.get(work), ahead.get(work)) for work, each in chosen.items()}


def _settled(chosen: Assignment, plain: Assignment | None, published: Title | None) -> Settled:
    is_kept = chosen.title == published
    if plain is not None and plain.title == chosen.title:
        return Settled(chosen.title, plain.probability, is_kept)
    if not is_kept:
        return Settled(chosen.title, chosen.probability)
    # Without the head start that it had.
    odds = chosen.probability / max(1.0 - chosen.probability, 1e-12) * exp(-KEEP_MARGIN)
    return Settled(chosen.title, odds / (1.0 + odds), True, plain.title if plain else None)


def published_titles(rows: Sequence[SourceRow], links: Sequence[PublishedLink]) -> dict[int, Title]:
    """The title that the model linked each row to in what readers have, by index of the row."""
    return {
        position: link.imdb_title_number
        for position, link in _same_rows(rows, links)
        if link.imdb_title_number is not None and link.decided_by == "model"
    }


def published_by_work(titles: Mapping[int, Title], members: Sequence[int], works: Sequence[Work]) -> dict[Work, Title]:
    """The published title of each work, where its rows agree on one."""
    found: dict[Work, set[Title]] = {}
    for position, work in zip(members, works, strict=True):
        if position in titles:
            found.setdefault(work, set()).add(titles[position])
    return {work: one.copy().pop() for work, one in found.items() if len(one) == 1}


def _same_rows(rows: Sequence[SourceRow], links: Sequence[PublishedLink]) -> Iterator[tuple[int, PublishedLink]]:
    """Rows with what was published of the same id, kind and title; a renumbered row has another title."""
    by_id = {(link.source, link.source_id): link for link in links}
    for position, row in enumerate(rows):
        link = by_id.get((row.source, row.source_id))
        if link is not None and (link.kind, fold_title(link.title)) == (row.kind, row.folded_title):
            yield position, link


def changes(
    rows: Sequence[SourceRow], links: Sequence[PublishedLink], outcomes: Sequence[Outcome]
) -> Iterator[tuple[SourceRow, PublishedLink, int | None, float | None, str]]:
    """Each row that is linked otherwise than readers have it: its new link, by how much it is better, and why."""
    for position, link in _same_rows(rows, links):
        former, outcome = link.imdb_title_number, outcomes[position]
        if former != outcome.link:
            own = outcome.scores.get(former) if former is not None else None
            new = 0.0 if outcome.link is None else outcome.scores.get(outcome.link)
            gap = None if own is None or new is None else new - own
            yield rows[position], link, outcome.link, gap, _reason(link, outcome, own)


def _reason(link: PublishedLink, outcome: Outcome, own: float | None) -> str:
    if outcome.decided_by == "manual":
        return "a person decided so"
    if link.decided_by == "manual":
        return "a person's decision was taken back"
    if link.imdb_title_number is None:
        return "likely enough now"
    if own is None:
        return "the former title is no candidate any more"
    if own <= 0:
        return "the former title is less likely than none"
    return "the former title goes to another row" if outcome.link is None else "another title is better by the margin"


def read_published(conn: psycopg.Connection, folder: Path) -> list[PublishedLink]:
    """What readers have now, of every row of a source.

    Takes   folder  include/sql/2_matching
    """
    return [PublishedLink(*row) for row in run_file(conn, folder / "published_links.sql")]


def log_changes(
    conn: psycopg.Connection,
    load_id: int,
    rows: Sequence[SourceRow],
    links: Sequence[PublishedLink],
    outcomes: Sequence[Outcome],
) -> int:
    """Keep in matching.decision_change what a load decides otherwise than the one that readers have.

    Gives   number of changes; a load that readers have already keeps the log that it was published with
    """
    if any(link.load_id == load_id for link in links):
        return 0
    conn.execute("delete from matching.decision_change where load_id = %s", (load_id,))
    found = [
        (
            load_id, row.source, row.source_id, row.kind, row.title, link.load_id, link.imdb_title_number, number, gap,
            reason,
        )
        for row, link, number, gap, reason in changes(rows, links, outcomes)
    ]  # fmt: skip
    conn.cursor().executemany(
        "insert into matching.decision_change values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)", found
    )
    return len(found)
