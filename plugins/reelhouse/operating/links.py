"""`reelhouse links`: write which IMDb title each row of a source was linked to, for the newest loaded edition.

One line a row: source_id, imdb_id, probability, band. Only assignments with a probability of .5 or more are written.
With --works one line for every row: source_id, work_key, imdb_id, proposed_imdb_id, others. Rows of one work, of
whatever source, have one work_key; `others` are the other rows of it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import psycopg

from reelhouse.database import connect, translated_errors
from reelhouse.day import LINKED_SOURCES
from reelhouse.errors import FileMissing
from reelhouse.operating import embedded
from reelhouse.settings import read_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--source", required=True, choices=LINKED_SOURCES, help="whose rows")
    parser.add_argument("--out", required=True, type=Path, metavar="FILE", help="CSV file to write")
    parser.add_argument("--works", action="store_true", help="write the work of every row instead, linked or not")


def run(arguments: argparse.Namespace) -> int:
    if not arguments.out.parent.is_dir():
        raise FileMissing(f"--out: expected a file in a folder that is there, found {arguments.out}.")
    if arguments.works:
        rows = write_source_works(arguments.source, arguments.out)
        print(f"{arguments.out}: {rows:,} rows of {arguments.source} with their works")
    else:
        rows = write_source_links(arguments.source, arguments.out)
        print(f"{arguments.out}: {rows:,} links of {arguments.source}")
    return 0


def write_source_works(source: str, out: Path) -> int:
    """Write the work of each row of a source, as the day matched last has it; gives the number of rows."""
    from reelhouse.matching.works import write_works

    settings = read_settings()
    with embedded.warehouse_dsn(settings) as dsn, translated_errors(), connect(dsn, autocommit=True) as conn:
        tell_if_readers_have_another_day(conn)
        return write_works(conn, source, out)


def write_source_links(source: str, out: Path) -> int:
    """Write the links of a source as the warehouse has them; gives the number of rows."""
    from reelhouse.matching.evaluation import write_links

    settings = read_settings()
    with embedded.warehouse_dsn(settings) as dsn, translated_errors(), connect(dsn, autocommit=True) as conn:
        tell_if_readers_have_another_day(conn)
        return write_links(conn, source, out)


def tell_if_readers_have_another_day(conn: psycopg.Connection) -> None:
    """Say on stderr that what is matched is not what readers see: an older day came after it, or the load is held."""
    row = conn.execute(
        "select load.batch_date, publication.batch_date from ops.layer inner join ops.load using (load_id),"
        " warehouse.publication where layer = 'matching' and publication.part = 'warehouse'"
        " and load.load_id <> publication.load_id"
    ).fetchone()
    if row:
        matched, seen = row
        # Forced: a day that readers have is not matched again.
        print(
            f"This is of {matched}, matched last; readers have {seen}."
            f" To have that: reelhouse run --day {seen} --force",
            file=sys.stderr,
        )
