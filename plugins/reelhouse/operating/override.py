"""`reelhouse override`: what a person knows better about a link: this pair, not this pair, or no match.

A decision is about the rows of one source, kind and title (and of one year, for films), not about an id, so that it
survives renumbered files. It counts from the next run on, before anything that the model thinks, and stays in
matching.override with who made it and why, also when it is taken back. Lines of include/data/manual_matches.csv say
the same and come first.
"""

from __future__ import annotations

import argparse
import json

import psycopg

from reelhouse.database import connect, translated_errors
from reelhouse.day import LINKED_SOURCES
from reelhouse.errors import SettingsWrong
from reelhouse.operating import embedded
from reelhouse.operating.people import person
from reelhouse.operating.showing import format_table
from reelhouse.settings import read_settings

KINDS = ("movie", "series")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="add|list|remove", required=True)
    add = actions.add_parser("add", help="record a decision", allow_abbrev=False)
    add.add_argument("title", help="title of the row, as the source writes it")
    add.add_argument("--source", required=True, choices=LINKED_SOURCES, help="whose row")
    verdict = add.add_mutually_exclusive_group(required=True)
    verdict.add_argument("--is", dest="this", metavar="tt0133093", help="it is this IMDb title")
    verdict.add_argument("--not", dest="not_this", metavar="tt0133093", help="it is not this one; the rest is open")
    verdict.add_argument("--none", action="store_true", help="IMDb has no such title")
    add.add_argument("--why", required=True, metavar="REASON", help="recorded with the decision")
    add.add_argument("--kind", choices=KINDS, help="needed when a film and a series have the title")
    add.add_argument("--year", type=int, help="needed when films of several years have the title")
    add.add_argument("--by", metavar="NAME", help="who decides (the user of this shell)")
    show = actions.add_parser("list", help="show the decisions", allow_abbrev=False)
    show.add_argument("--all", action="store_true", help="also those that were taken back")
    show.add_argument("--json", action="store_true", help="as JSON")
    remove = actions.add_parser("remove", help="take a decision back; it stays recorded", allow_abbrev=False)
    remove.add_argument("number", type=int, help="its number in the list")
    remove.add_argument("--by", metavar="NAME", help="who takes it back (the user of this shell)")


def run(arguments: argparse.Namespace) -> int:
    actions = {"add": _add, "list": _list, "remove": _remove}
    with (
        embedded.warehouse_dsn(read_settings()) as dsn,
        translated_errors(),
        connect(dsn, "reelhouse override", autocommit=True) as conn,
    ):
        return actions[arguments.action](conn, arguments)


def _add(conn: psycopg.Connection, arguments: argparse.Namespace) -> int:
    from reelhouse.matching.overriding import NO_MATCH, NOT_THIS_PAIR, THIS_PAIR, NewOverride, add_override

    if not arguments.why.strip():
        raise SettingsWrong("--why: expected a reason, found nothing.")
    verdict = NO_MATCH if arguments.none else THIS_PAIR if arguments.this else NOT_THIS_PAIR
    number, target = _target(conn, arguments.this or arguments.not_this)
    row = _row(conn, arguments)
    # A series' year is that of its latest season, so it would be another one when the next season comes.
    year = arguments.year if row.kind == "series" else row.release_year
    new = NewOverride(
        arguments.source, row.kind, row.title, year, verdict, number, person(arguments.by), arguments.why.strip()
    )
    override_id = add_override(conn, new)
    about = f"{row.source}, {row.kind}, {row.title!r}" + (f" ({year})" if year else "")
    print(f"Override {override_id}: {about}: {verdict}{f', {target}' if target else ''}.")
    print("It counts from the next run on: ./reelhouse run, or extract_sources in Airflow.")
    return 0


def _target(conn: psycopg.Connection, imdb_id: str | None) -> tuple[int | None, str]:
    """The number of an IMDb title that staging holds, and the title in words."""
    from reelhouse.matching.overriding import parse_imdb_id

    if imdb_id is None:
        return None, ""
    try:
        number = parse_imdb_id(imdb_id)
    except ValueError as error:
        raise SettingsWrong(f"{imdb_id}: {error}.") from error
    row = conn.execute(
        "select primary_title, title_type, start_year from staging.imdb_titles where imdb_title_number = %s", (number,)
    ).fetchone()
    if row is None:
        raise SettingsWrong(
            f"{imdb_id}: expected an IMDb title of the warehouse, found none: unknown, or of a type that is not kept "
            "(episodes, games). Use --none if IMDb has no such film or series."
        )
    return number, f"tt{number:07d} {row[0]} ({row[1]}, {row[2] or 'no year'})"


def _row(conn: psycopg.Connection, arguments: argparse.Namespace):
    """The one row that is meant.

    Raises  SettingsWrong when there is none, or rows that the decision would not tell apart by kind or year
    """
    from reelhouse.matching.finding import find_rows
    from reelhouse.matching.keys import fold_title

    found = find_rows(conn, arguments.title, arguments.source, arguments.year, arguments.kind)
    same = [row for row in found if row.folded_title == fold_title(arguments.title)]
    if not same:
        near = "; ".join(f"{row.title} ({row.kind}, {row.release_year})" for row in found[:5])
        raise SettingsWrong(
            f"{arguments.title!r}: expected a row of {arguments.source} with this title, found none."
            + (f" Like it: {near}." if near else " Has a day been run?")
        )
    if len({(row.kind, row.release_year if row.kind == "movie" else None) for row in same}) > 1:
        raise SettingsWrong(
            f"{arguments.title!r}: expected one film or series, found "
            + "; ".join(f"{row.kind} of {row.release_year}" for row in same)
            + ". Say which with --kind or --year."
        )
    return same[0]


def _list(conn: psycopg.Connection, arguments: argparse.Namespace) -> int:
    cursor = conn.execute(
        "select override.override_id as number, override.source, override.kind, override.title,"
        " override.release_year, override.verdict, matching.imdb_id(override.imdb_title_number) as imdb_id,"
        " override.decided_by, override.decided_at::date::text as decided, override.why,"
        " case when override.withdrawn_at is not null then 'taken back by ' || override.withdrawn_by"
        " when ruling.ruling_number is null then 'counts from the next run on'"
        " when not ruling.is_target_there then 'its IMDb title is gone: not followed'"
        " when ruling.row_count = 0 then 'no such row in this edition' else 'followed' end as state"
        " from matching.override left join matching.ruling using (override_id)"
        " where %s or override.withdrawn_at is null order by override.override_id",
        (arguments.all,),
    )
    names = [column.name for column in cursor.description]
    rows = [dict(zip(names, row, strict=True)) for row in cursor]
    if arguments.json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        print("\n".join(format_table(rows)) if rows else "No overrides.")
    return 0


def _remove(conn: psycopg.Connection, arguments: argparse.Namespace) -> int:
    from reelhouse.matching.overriding import withdraw_override

    title = withdraw_override(conn, arguments.number, person(arguments.by))
    print(f"Override {arguments.number} ({title}) is taken back, from the next run on.")
    return 0
