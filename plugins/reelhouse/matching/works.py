"""Works in the database: every row of every source becomes a member of one, linked to IMDb or not."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import psycopg
from psycopg import sql

from reelhouse import loads
from reelhouse.database import identifiers, lock_layer, run_file, set_layer
from reelhouse.day import Day
from reelhouse.matching.gathering import SourceRow
from reelhouse.matching.gathering import read_rows as read_source_rows
from reelhouse.matching.link_evidence import LinkRow, link_row
from reelhouse.matching.linking import Join, Linked, Member, link_rows
from reelhouse.matching.overriding import ManualMatch, rule
from reelhouse.staging.opening import share_staging

_MEMBER_COLUMNS = (
    "source", "source_id", "work_key", "imdb_title_number", "proposed_imdb_title_number", "through_source",
    "through_source_id", "load_id",
)  # fmt: skip
_JOIN_COLUMNS = (
    "source", "source_id", "other_source", "other_source_id", "outcome", "score", "probability", "evidence", "load_id",
)  # fmt: skip

WORK_COLUMNS = ("source_id", "work_key", "imdb_id", "proposed_imdb_id", "others")


def link_sources(conn: psycopg.Connection, day: Day) -> dict[str, object]:
    """Give each row of every source its work: rows that IMDb does not have are linked with one another.

    Gives   rows and works without a link, works of several sources among them, joins by the two sources, proposals
    Raises  OutOfStep when the decisions are of another load, Locked when another run is here
    Reruns  same decisions: same rows; all or nothing
    """
    load = loads.current_load(conn, "warehouse", day.batch_date)
    if load.is_seen and not day.force:
        return {"load_id": load.load_id, "unchanged": True}
    with conn.transaction():
        share_staging(conn, load.load_id)
        lock_layer(conn, writes="works", reads=("matching",))
        loads.require_layer(conn, "matching", load.load_id)
        day.tell("linking the sources", 0.2)
        linked = link_rows(read_rows(conn, day))
        day.tell("keeping the works", 0.8)
        conn.execute("truncate matching.work_member, matching.work_join")
        _copy(conn, "work_member", _MEMBER_COLUMNS, (_member(each, load.load_id) for each in linked.members))
        _copy(conn, "work_join", _JOIN_COLUMNS, _joins(linked, load.load_id))
        conn.execute("analyze matching.work_member, matching.work_join")
        set_layer(conn, "works", load.load_id)
        figures = {"works": _figures(linked)}
        loads.add_figures(conn, load.load_id, figures)
    return {"load_id": load.load_id, **figures}


def read_rows(conn: psycopg.Connection, day: Day) -> list[LinkRow]:
    """The rows of every source, with what was decided of them."""
    folder = day.settings.sql / "2_matching"
    source_rows = read_source_rows(conn, folder)
    barred = _barred(conn, source_rows)
    stored = {(source, source_id): rest for source, source_id, *rest in run_file(conn, folder / "rows_to_link.sql")}
    return [
        _row(row, barred[place], *stored[row.source, row.source_id]) for place, row in enumerate(source_rows)
    ]  # fmt: skip


def _row(
    source_row: SourceRow,
    barred: frozenset[int | None],
    number: int | None,
    likely_number: int | None,
    directors: list[str],
    actors: list[str],
    description: str | None,
    people: list[str],
    keys: list[str],
    are_parts: list[bool],
    imdb_names: int,
) -> LinkRow:
    return link_row(
        source_row,
        directors=directors,
        actors=actors,
        description=description,
        keys_of_title=tuple(zip(keys, are_parts, strict=True)),
        people=tuple(people),
        imdb_names=imdb_names,
        imdb_title_number=number,
        likely_imdb_title_number=likely_number,
        barred=barred,
    )


def _barred(conn: psycopg.Connection, rows: Sequence[SourceRow]) -> list[frozenset[int | None]]:
    """For each row the IMDb titles that a person said it is not; None among them: it has none."""
    decided = conn.execute(
        "select source, kind, folded_title, release_year, imdb_title_number, verdict from matching.ruling"
        " order by ruling_number"
    ).fetchall()
    rulings = rule(rows, [ManualMatch(*each) for each in decided])
    has_none = {place for place, number in rulings.title.items() if number is None}
    return [
        rulings.barred.get(place, frozenset()) | (frozenset({None}) if place in has_none else frozenset())
        for place in range(len(rows))
    ]


def _member(each: Member, load_id: int) -> tuple[object, ...]:
    row, through = each.row, each.through
    return (
        row.source, row.row.source_id, each.work_key, row.imdb_title_number, each.proposed,
        through and through.source, through and through.row.source_id, load_id,
    )  # fmt: skip


def _joins(linked: Linked, load_id: int) -> Iterator[tuple[object, ...]]:
    outcomes = [("proposed" if each.is_proposal else "joined", each) for each in linked.joins]
    for outcome, each in [*outcomes, *(("contradicted", each) for each in linked.contradicted)]:
        one, other = each.one, each.other
        yield (
            one.source, one.row.source_id, other.source, other.row.source_id, outcome, each.score, each.probability,
            list(each.evidence), load_id,
        )  # fmt: skip


def _copy(conn: psycopg.Connection, table: str, columns: tuple[str, ...], rows: Iterator[tuple]) -> None:
    statement = sql.SQL("copy matching.{} ({}) from stdin").format(sql.Identifier(table), identifiers(columns))
    with conn.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def _figures(linked: Linked) -> dict[str, object]:
    unlinked = [each for each in linked.members if each.row.imdb_title_number is None]
    sources: dict[str, set[str]] = {}
    for each in unlinked:
        sources.setdefault(each.work_key, set()).add(each.row.source)
    return {
        "rows_without_link": len(unlinked),
        "works_without_link": len(sources),
        "of_several_sources": sum(len(each) > 1 for each in sources.values()),
        "joins": dict(sorted(Counter(map(_sources_of, linked.joins)).items())),
        "proposed": sum(each.proposed is not None for each in unlinked),
        "contradicted": len(linked.contradicted),
    }


def _sources_of(join: Join) -> str:
    return f"{join.one.source}, {join.other.source}"


def write_works(conn: psycopg.Connection, source: str, out: Path) -> int:
    """Write the work of each row of a source's current edition as CSV, by id.

    Gives   number of rows
    """
    rows = conn.execute(
        "select member.source_id, member.work_key, matching.imdb_id(member.imdb_title_number),"
        " matching.imdb_id(member.proposed_imdb_title_number), array_to_string(array("
        "  select other.source || ' ' || other.source_id from matching.work_member as other"
        "  where other.work_key = member.work_key and (other.source, other.source_id) <> (%(source)s, member.source_id)"
        "  order by 1), '|')"
        " from matching.work_member as member where member.source = %(source)s"
        ' order by member.source_id collate "C"',
        {"source": source},
    ).fetchall()
    with out.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([WORK_COLUMNS, *rows])
    return len(rows)
