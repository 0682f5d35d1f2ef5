"""Landed files -> staging tables, quarantine and the row account: the steps stage_*.

One transaction a file: a reader of staging sees all rows of the old file or all of the new one.
"""

from __future__ import annotations

import time
from contextlib import ExitStack

import psycopg

from reelhouse.database import translated_errors
from reelhouse.day import OPTIONAL_SOURCES, Day
from reelhouse.sources import files_of
from reelhouse.staging import kept
from reelhouse.staging.differences import stage_differences
from reelhouse.staging.landed import Landed, is_by_lines, kept_path, landed_files, read_only_header
from reelhouse.staging.ledger import (
    ACCOUNT,
    account_of,
    empty_table,
    is_staged,
    lock_staged,
    takes_over,
    write_account,
    write_quarantine,
)
from reelhouse.staging.mentioned import Mentioned
from reelhouse.staging.whole import stage_whole


def stage_source(conn: psycopg.Connection, day: Day, source: str) -> dict[str, object]:
    """Fill a provider's staging tables from the files that serve the day, each after those it depends on.

    Gives   files_staged, the account summed over the provider's files, added_columns
    Raises  ContractBroken before the first row moves, Locked when a reader or another run holds staging,
            OutOfStep when the day's files have not been landed
    Reruns  what staging holds already is left alone
    """
    landed = landed_files(conn, day, source)
    mentioned = Mentioned()
    staged = 0
    for file in files_of(source):
        # All headers first: of two files that belong together not one row moves when either is wrong.
        if file.name in landed and not is_staged(conn, landed[file.name]):
            read_only_header(landed[file.name])
    for file in files_of(source):
        if file.name not in landed:
            empty_table(conn, file)
        elif day.force or not (is_staged(conn, landed[file.name]) or takes_over(conn, landed[file.name])):
            _stage_file(conn, day, landed[file.name], mentioned)
            staged += 1
    return {"source": source, "files_staged": staged, **account_of(conn, source)}


def stage_optional_sources(conn: psycopg.Connection, day: Day) -> dict[str, object]:
    """Fill the staging tables of the sources that nothing depends on; those without a file that day are left empty.

    Gives   files_staged, the account summed, added_columns by source
    """
    staged = {source: stage_source(conn, day, source) for source in OPTIONAL_SOURCES}
    names = ("files_staged", *ACCOUNT)
    figures: dict[str, object] = {name: sum(each[name] for each in staged.values()) for name in names}
    added = {source: each["added_columns"] for source, each in staged.items() if "added_columns" in each}
    return figures | ({"added_columns": added} if added else {})


def _stage_file(conn: psycopg.Connection, day: Day, landed: Landed, mentioned: Mentioned) -> None:
    """Make one staging table hold the rows of a landed file, with its account and quarantine."""
    started = time.monotonic()
    lines = kept_path(day, landed.file, landed.staged_sha256)
    with ExitStack() as stack, translated_errors(), conn.transaction():
        lock_staged(conn, landed)
        staged = None
        if is_by_lines(landed.file) and not day.force:
            staged = stage_differences(conn, day, landed, mentioned, stack)
        staged = staged or stage_whole(conn, day, landed, mentioned, stack)
        write_quarantine(conn, landed, staged.record)
        write_account(conn, landed, staged, time.monotonic() - started)
    # Those that are lost here cost the next day a whole reading, and nothing else.
    if lines.is_file():
        landed.storage.keep(lines)
    kept.remove_others(lines, landed.file, landed.storage)
