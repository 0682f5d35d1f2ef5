"""`reelhouse keys`: who may ask the API. A key is shown once, when it is made; only its digest is kept."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime, timedelta

import psycopg

from reelhouse.database import connect, migrate, translated_errors
from reelhouse.operating import embedded
from reelhouse.operating.people import person
from reelhouse.operating.showing import format_table
from reelhouse.settings import read_settings

LONGEST_DAYS = 3650


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="create|list|revoke", required=True)
    create = actions.add_parser("create", help="make a key and show it, once", allow_abbrev=False)
    create.add_argument("name", help="whose it is or what it is for")
    create.add_argument(
        "--scope",
        type=lambda text: tuple(word.strip() for word in text.split(",") if word.strip()),
        default=("read",),
        metavar="A,B",
        help="what it may: read, write (viewings, files), review (links) (read)",
    )
    create.add_argument("--days", type=_days, metavar="N", help="days it is good for (for ever)")
    create.add_argument("--by", metavar="NAME", help="who makes it (the user of this shell)")
    show = actions.add_parser("list", help="show the keys", allow_abbrev=False)
    show.add_argument("--all", action="store_true", help="also those that are of no use any more")
    show.add_argument("--json", action="store_true", help="as JSON")
    revoke = actions.add_parser("revoke", help="take a key back, with the sessions it began", allow_abbrev=False)
    revoke.add_argument("number", type=int, help="its number in the list")
    revoke.add_argument("--by", metavar="NAME", help="who takes it back (the user of this shell)")


def run(arguments: argparse.Namespace) -> int:
    actions = {"create": _create, "list": _list, "revoke": _revoke}
    settings = read_settings()
    with embedded.warehouse_dsn(settings) as dsn, translated_errors():
        # Keys may be wanted before the first run makes the schema.
        migrate(dsn, settings.sql)
        with connect(dsn, "reelhouse keys", autocommit=True) as conn:
            return actions[arguments.action](conn, arguments)


def _create(conn: psycopg.Connection, arguments: argparse.Namespace) -> int:
    from reelhouse.serving.keys import create_key

    expires_at = datetime.now(UTC) + timedelta(days=arguments.days) if arguments.days else None
    number, key = create_key(conn, arguments.name, arguments.scope, person(arguments.by), expires_at)
    print(f"Key {number} of {arguments.name}: it is not shown again.")
    print(key)
    return 0


def _list(conn: psycopg.Connection, arguments: argparse.Namespace) -> int:
    cursor = conn.execute(
        "select key_id as number, key_name as name, array_to_string(scopes, ',') as scopes,"
        " created_at::date::text as created, created_by, expires_at::date::text as expires,"
        " case when revoked_at is not null then 'taken back by ' || revoked_by"
        " when expires_at < clock_timestamp() then 'expired' else 'good' end as state"
        " from ops.api_key where %s or (revoked_at is null and coalesce(expires_at, 'infinity') > clock_timestamp())"
        " order by key_id",
        (arguments.all,),
    )
    names = [column.name for column in cursor.description]
    rows = [dict(zip(names, row, strict=True)) for row in cursor]
    if arguments.json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        print("\n".join(format_table(rows)) if rows else "No keys. ./reelhouse keys create NAME makes one.")
    return 0


def _revoke(conn: psycopg.Connection, arguments: argparse.Namespace) -> int:
    from reelhouse.serving.keys import revoke_key

    name = revoke_key(conn, arguments.number, person(arguments.by))
    print(f"Key {arguments.number} ({name}) is taken back, from now on.")
    return 0


def _days(text: str) -> int:
    """
    >>> _days("90")
    90
    """
    if not (text.isascii() and text.isdecimal() and 0 < int(text) <= LONGEST_DAYS):
        raise argparse.ArgumentTypeError(f"expected a number of days from 1 to {LONGEST_DAYS}, found {text!r}")
    return int(text)
