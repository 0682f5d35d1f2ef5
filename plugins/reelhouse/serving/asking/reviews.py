"""The review queue: rows that wait for a person, side by side with what they may be; and what a person says of one."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg

from reelhouse.errors import SettingsWrong
from reelhouse.matching.keys import fold_name, fold_title, person_key
from reelhouse.matching.overriding import (
    NO_MATCH,
    NOT_THIS_PAIR,
    NewOverride,
    add_override,
    parse_imdb_id,
    withdraw_override,
)
from reelhouse.serving.asking.titles import card_rows
from reelhouse.serving.models import Decided, Decision, TitleCard, Waiting, Withdrawn
from reelhouse.serving.problems import InTheWay, NotThere, NotUnderstood
from reelhouse.serving.reading import Snapshot
from reelhouse.sources.values import shown

SHOWN_PEOPLE = 8
COUNTS_FROM = "It counts from the next run on."
# A decision of somebody about the very row, which has not been taken back. Films of one name are told apart by year.
DECIDED_ALREADY = """
    select override_id, decided_by, verdict, matching.imdb_id(imdb_title_number) as imdb_id
    from matching.override
    where
        withdrawn_at is null and source = %(source)s and kind = %(kind)s and folded_title = %(folded_title)s
        and coalesce(release_year, %(release_year)s) is not distinct from %(release_year)s
    order by override_id desc
"""
# The day whose rows reviewers see, and the one that readers have.
MATCHED_AND_SEEN = """
    select load.batch_date as matched, publication.batch_date as seen
    from ops.layer
    left join ops.load using (load_id)
    left join warehouse.publication on publication.part = 'warehouse'
    where layer = 'matching'
"""


@dataclass(frozen=True, slots=True)
class Candidate:
    """What a row may be.

    people   the first of its people, those whom the row names before the others
    shared   whom of them the row names
    differs  the fields that do not agree
    """

    card: TitleCard
    probability: float
    found_by: str
    people: list[str]
    shared: frozenset[str]
    differs: frozenset[str]


@dataclass(frozen=True, slots=True)
class Pair:
    """A row that waits, and its candidates."""

    row: dict
    candidates: list[Candidate]
    decided: list[dict]
    position: int
    left: int


WAITING = """
    from matching.title_decision as decision
    inner join matching.source_title as title using (source, source_id)
    where
        decision.band = 'review'
        and not exists (
            select
            from matching.override
            where
                override.withdrawn_at is null and override.verdict <> 'not this pair'
                and override.source = title.source and override.kind = title.kind
                and override.folded_title = title.folded_title
                and coalesce(override.release_year, title.release_year) is not distinct from title.release_year
        )
"""
# The likeliest first: they are decided quickest, and one that is right is a title more.
ORDER = ' order by decision.probability desc nulls last, source, source_id collate "C"'


def waiting(seen: Snapshot, limit: int = 50, offset: int = 0) -> list[Waiting]:
    rows = seen.rows(
        "select source, source_id, title.title, title.kind, title.release_year, decision.probability,"
        " array(select matching.imdb_id(imdb_title_number) from matching.match_evidence as evidence"
        " where evidence.source = decision.source and evidence.source_id = decision.source_id"
        f" order by candidate_rank) as candidates {WAITING}{ORDER} limit %(limit)s offset %(offset)s",
        {"limit": limit, "offset": offset},
    )
    return [Waiting(**row) for row in rows]


def pair(seen: Snapshot, source: str | None, source_id: str | None, title: str | None = None) -> Pair | None:
    """A row that waits, side by side with its candidates; the first that waits when none is named.

    Takes   title  the row's, where it was met elsewhere
    Raises  NotThere, InTheWay when the row is another title
    """
    if source is None:
        first = waiting(seen, 1)
        if not first:
            return None
        source, source_id = first[0].source, first[0].source_id
    row = find_row(seen.conn, source, source_id)
    if title:
        require_title(seen.conn, row, title)
    evidence = seen.rows(
        "select imdb_title_number, probability, found_by, details from matching.match_evidence"
        " where source = %(source)s and source_id = %(source_id)s order by candidate_rank limit 6",
        {"source": source, "source_id": source_id},
    )
    cards = {card["title_key"]: card for card in card_rows(seen, [each["imdb_title_number"] for each in evidence])}
    candidates = [
        _candidate(seen, row, TitleCard(**cards[each["imdb_title_number"]]), each)
        for each in evidence
        if each["imdb_title_number"] in cards
    ]
    left = seen.value(f"select count(*) {WAITING}")
    order = [(each.source, each.source_id) for each in waiting(seen, 2000)]
    position = order.index((source, source_id)) + 1 if (source, source_id) in order else 0
    return Pair(row, candidates, seen.rows(DECIDED_ALREADY, row), position, left)


def _candidate(seen: Snapshot, row: dict, card: TitleCard, evidence: dict) -> Candidate:
    people = seen.rows(
        "select distinct person_name, min(billing_order) as place from mart.title_people where title_key = %(key)s"
        " group by person_name order by place nulls last, person_name",
        {"key": card.title_key},
    )
    named = {person_key(fold_name(name)) for name in row["director_names"] + row["cast_names"]}
    names = [each["person_name"] for each in people]
    shared = frozenset(name for name in names if person_key(fold_name(name)) in named)
    names = sorted(names, key=lambda name: name not in shared)[:SHOWN_PEOPLE]
    same = {
        "title": card.title.casefold() == row["title"].casefold(),
        "kind": (card.movie_type == "series") == (row["kind"] == "series"),
        "year": card.start_year == row["release_year"],
        "runtime": None in (card.runtime, row["runtime_min"]) or abs(card.runtime - row["runtime_min"]) <= 2,
    }
    differs = frozenset(name for name, is_same in same.items() if not is_same)
    return Candidate(card, evidence["probability"], evidence["found_by"], names, shared, differs)


def next_after(seen: Snapshot, source: str, source_id: str, step: int = 1) -> tuple[str, str] | None:
    """The row that waits behind (or before) one; None at the end."""
    order = [(each.source, each.source_id) for each in waiting(seen, 2000)]
    if (source, source_id) not in order:
        return order[0] if order else None
    place = order.index((source, source_id)) + step
    return order[place] if 0 <= place < len(order) else None


def find_row(conn: psycopg.Connection, source: str, source_id: str) -> dict:
    """A row of a source, as matching has it.

    Raises  NotThere
    """
    with conn.cursor(row_factory=psycopg.rows.dict_row) as cursor:
        row = cursor.execute(
            "select title.source, title.source_id, title.title, title.kind, title.folded_title, title.release_year,"
            " title.runtime_min, title.season_count, decision.band, decision.probability,"
            f" {_names('director')} as director_names, {_names('cast')} as cast_names"
            " from matching.source_title as title left join matching.title_decision as decision"
            " using (source, source_id) where source = %(source)s and source_id = %(source_id)s",
            {"source": source, "source_id": source_id},
        ).fetchone()
    if row is None:
        raise NotThere(f"{source} has no row {source_id} in the edition matched last.")
    return row


def _names(role: str) -> str:
    """People of the row in a role, as the source writes them."""
    return (
        "array(select person_name from matching.source_person as person where person.source = title.source"
        f" and person.source_id = title.source_id and role = '{role}' order by billing_order)"
    )


def require_title(conn: psycopg.Connection, row: dict, title: str) -> None:
    """See that a row is the title that somebody was shown. An id is another one's in another edition, and the edition
    matched last need not be the one that readers have: an older day was filled in, or a load is held.

    Raises  InTheWay, with the ids that the title has
    """
    if fold_title(title) == row["folded_title"]:
        return
    with conn.cursor(row_factory=psycopg.rows.dict_row) as cursor:
        days = cursor.execute(MATCHED_AND_SEEN).fetchone()
        there = cursor.execute(
            "select source_id from matching.source_title where source = %s and folded_title = %s order by source_id",
            (row["source"], fold_title(title)),
        ).fetchall()
    is_another = days["matched"] != days["seen"]
    seen = f" Readers have the edition of {days['seen']}." if is_another and days["seen"] else ""
    again = f", or have that edition matched again (reelhouse run --day {days['seen']} --force)" if seen else ""
    raise InTheWay(
        f"title: expected that of {row['source']} {row['source_id']} in the edition of {days['matched']}, matched last,"
        f" {shown(row['title'])} ({row['kind']}, {row['release_year'] or 'no year'}), found {shown(title)}.{seen}"
        f" Look for the row anew among those that wait (GET /api/v1/reviews){again}.",
        [f"{shown(title)} is {each['source_id']}" for each in there[:5]],
    )


def decide(conn: psycopg.Connection, decision: Decision, person: str) -> Decided:
    """Record what a person says of a row. It survives renumbered editions: it is about title, kind and year.

    Raises  NotThere without such a row or such a title of IMDb, NotUnderstood when verdict and title do not fit,
            InTheWay when the id is another title's in the edition matched last, when somebody has decided
            otherwise, or when it would be about other films as well
    """
    number = _target(conn, decision)
    with conn.transaction():
        # Two reviewers at once: the second waits here and then finds the first one's decision.
        conn.execute("lock table matching.override in share row exclusive mode")
        row = find_row(conn, decision.source, decision.source_id)
        if decision.title is not None:
            require_title(conn, row, decision.title)
        with conn.cursor(row_factory=psycopg.rows.dict_row) as cursor:
            earlier = cursor.execute(DECIDED_ALREADY, row).fetchall()
        _require_free(earlier, decision)
        _require_told_apart(conn, row)
        # A series' year is that of its latest season, so it would be another one when the next season comes.
        year = None if row["kind"] == "series" else row["release_year"]
        new = NewOverride(
            row["source"], row["kind"], row["title"], year, decision.verdict, number, person, decision.why.strip()
        )
        override_id = add_override(conn, new)
    return Decided(
        override_id=override_id,
        title=row["title"],
        verdict=decision.verdict,
        imdb_id=decision.imdb_id,
        decided_by=person,
        words=COUNTS_FROM,
    )


def _target(conn: psycopg.Connection, decision: Decision) -> int | None:
    if (decision.verdict == NO_MATCH) != (decision.imdb_id is None):
        raise NotUnderstood("imdb_id: expected an id like tt0133093, and none with the verdict no match.")
    if decision.imdb_id is None:
        return None
    number = parse_imdb_id(decision.imdb_id)
    if not conn.execute("select 1 from staging.imdb_titles where imdb_title_number = %s", (number,)).fetchone():
        raise NotThere(f"imdb_id: there is no title {decision.imdb_id} in IMDb's files.")
    return number


def _require_free(earlier: list[dict], decision: Decision) -> None:
    for each in earlier:
        is_another = decision.verdict == NOT_THIS_PAIR and each["imdb_id"] != decision.imdb_id
        is_other_pair = each["verdict"] == NOT_THIS_PAIR and each["imdb_id"] != decision.imdb_id
        if not is_another and not is_other_pair:
            raise InTheWay(
                f"{each['decided_by']} has decided: {each['verdict']} {each['imdb_id'] or ''}".strip()
                + f" (decision {each['override_id']}). Take that back first."
            )


def _require_told_apart(conn: psycopg.Connection, row: dict) -> None:
    """A decision without a year is about every film of the name. Of series that is meant."""
    if row["kind"] == "series" or row["release_year"] is not None:
        return
    others = conn.execute(
        "select coalesce(release_year::text, 'no year') from matching.source_title where source = %(source)s"
        " and kind = %(kind)s and folded_title = %(folded_title)s and source_id <> %(source_id)s order by release_year",
        row,
    ).fetchall()
    if others:
        raise InTheWay(
            f"{row['title']}: expected a film with a year, or the only one of its name, found others of {row['source']}"
            f" ({', '.join(year for (year,) in others[:5])}). A decision would be about all of them."
        )


def undo(conn: psycopg.Connection, override_id: int, person: str) -> Withdrawn:
    """Take a decision back; it stays recorded, with who took it back.

    Raises  NotThere when no decision of that number holds
    """
    try:
        title = withdraw_override(conn, override_id, person)
    except SettingsWrong as error:
        raise NotThere(f"No decision {override_id} holds.") from error
    return Withdrawn(override_id=override_id, title=title, words=COUNTS_FROM)


def decisions(seen: Snapshot, limit: int = 20) -> list[dict]:
    """The last decisions of people, the newest first."""
    return seen.rows(
        "select override_id, source, title, kind, verdict, matching.imdb_id(imdb_title_number) as imdb_id, decided_by,"
        " decided_at, why, withdrawn_by from matching.override order by override_id desc limit %(limit)s",
        {"limit": limit},
    )
