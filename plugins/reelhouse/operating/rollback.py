"""`reelhouse rollback`: let readers see again what they saw with one of the last three loads.

The rows that have changed since then are changed back in one transaction, recommendations too, while people read. The
loads that are taken back stay recorded, with who did it and why; none of them is published again unless somebody
approves it. Without --to it shows the loads that one can go back to.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

import psycopg

from reelhouse.database import connect, translated_errors
from reelhouse.day import Day
from reelhouse.errors import SettingsWrong
from reelhouse.operating import embedded
from reelhouse.operating.people import person
from reelhouse.operating.showing import Screen, format_table
from reelhouse.settings import Settings, read_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--to", type=int, metavar="LOAD", help="number of the load to go back to")
    parser.add_argument("--reason", metavar="TEXT", help="why; needed with --to, recorded")
    parser.add_argument("--by", metavar="NAME", help="who does it (the user of this shell)")


def run(arguments: argparse.Namespace) -> int:
    settings = read_settings()
    if arguments.to is not None and not (arguments.reason or "").strip():
        raise SettingsWrong("--reason: expected why, found nothing. It is recorded with the rollback.")
    with (
        embedded.warehouse_dsn(settings) as dsn,
        translated_errors(),
        connect(dsn, "reelhouse rollback", autocommit=True) as conn,
    ):
        return _show(conn) if arguments.to is None else _roll_back(conn, settings, arguments)


def _show(conn: psycopg.Connection) -> int:
    from reelhouse.warehousing.rolling_back import former_loads

    rows = [
        {"load": load.load_id, "day": f"{load.batch_date}", "published": f"{load.published_at:%Y-%m-%d %H:%M} UTC"}
        for load in former_loads(conn)
    ]
    print("\n".join(format_table(rows)) if rows else "There is no former load to go back to.")
    return 0


def _roll_back(conn: psycopg.Connection, settings: Settings, arguments: argparse.Namespace) -> int:
    from reelhouse.warehousing.rolling_back import roll_back

    day = Day(datetime.now(UTC).date(), settings, tell=Screen().tell)
    done = roll_back(conn, day, arguments.to, arguments.reason, person(arguments.by))
    taken = ", ".join(map(str, done["taken_back"])) or "none"
    print(f"Readers see load {done['load_id']} again: {done['rows_changed']:,} rows changed back. Taken back: {taken}.")
    return 0
