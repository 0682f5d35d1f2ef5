"""`reelhouse tidy`: remove old files and records, clear dead rows, tell of idle sessions.

The DAG tidy_warehouse does the same every night. Kept are the files of the last REELHOUSE_KEEP_DAYS days (30), the
newest of each kind, and whatever staging or the last three loads are made of.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from reelhouse.database import connect, translated_errors
from reelhouse.day import Day
from reelhouse.operating import embedded
from reelhouse.operating.showing import Screen
from reelhouse.settings import read_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="only tell what would go")


def run(arguments: argparse.Namespace) -> int:
    from reelhouse import tidying

    settings, dry_run = read_settings(), arguments.dry_run
    day = Day(datetime.now(UTC).date(), settings, tell=Screen().tell)
    with (
        embedded.warehouse_dsn(settings) as dsn,
        translated_errors(),
        connect(dsn, "reelhouse tidy", autocommit=True) as conn,
    ):
        files = tidying.retire_files(conn, day, dry_run)
        rows = tidying.retire_rows(conn, day, dry_run)
        dead = tidying.clear_dead_rows(conn, day, dry_run)
    went = "would go" if dry_run else "went"
    print(f"Of the days before {tidying.first_kept_day(day)} {went}:")
    print(
        f"  {files['files']} landed files ({files['bytes'] / 1e6:,.1f} MB), {files['reports']} reports,"
        f" {files['log_bytes'] / 1e6:,.1f} MB of logs"
    )
    print(f"  {', '.join(f'{count} {name}' for name, count in rows.items())}")
    print(f"{'To vacuum' if dry_run else 'Vacuumed'}: {', '.join(dead['tables']) or 'nothing'}")
    for session in dead["idle_sessions"]:
        print("Idle in a transaction for {minutes} min: {person}, {application} (session {pid})".format(**session))
    return 0
