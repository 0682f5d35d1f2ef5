"""The ledger of staging, `ops.staged_file`: what each table holds, with its account and quarantine.

Its rows are the locks: who writes a staging table holds its row for update, who reads staging shares all.
"""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from psycopg import sql

from reelhouse.copying import copy_rows
from reelhouse.database import identifiers, translated_errors
from reelhouse.sources import SourceFile
from reelhouse.sources.reading import Header, Reading
from reelhouse.staging.kept import Changes
from reelhouse.staging.landed import Landed

ACCOUNT = ("rows_in", "rows_staged", "rows_filtered", "rows_quarantined", "rows_duplicate", "rows_repaired")


@dataclass(frozen=True, slots=True)
class Staged:
    """What came of staging a file: its header and account, the rows of its table, how they differ from the former."""

    header: Header
    record: Reading
    rows: int
    changes: Changes


def staged_row(conn: psycopg.Connection, file: SourceFile) -> tuple[int, str, int] | None:
    """What the table of a file holds: file_id, staged_sha256 and rows; None when it was never staged."""
    return conn.execute(
        "select file_id, staged_sha256, rows_staged from ops.staged_file where source = %s and file_name = %s",
        (file.source, file.name),
    ).fetchone()


def is_filled(conn: psycopg.Connection, file: SourceFile, rows_staged: int) -> bool:
    """Whether a table has rows when the ledger says so: a crash of the server empties unlogged tables."""
    return has_rows(conn, file) is (rows_staged > 0)


def has_rows(conn: psycopg.Connection, file: SourceFile) -> bool:
    """Whether the table of a file has any."""
    query = sql.SQL("select exists (select from {})").format(sql.Identifier("staging", file.table))
    return conn.execute(query).fetchone()[0]


def is_staged(conn: psycopg.Connection, landed: Landed) -> bool:
    """Whether staging holds this very file."""
    row = staged_row(conn, landed.file)
    if row is None or row[:2] != (landed.file_id, landed.staged_sha256):
        return False
    return is_filled(conn, landed.file, row[2])


def takes_over(conn: psycopg.Connection, landed: Landed) -> bool:
    """Whether staging holds the same rows from a file of another day.

    Then the ledger says from now on that they are this file's.
    """
    row = staged_row(conn, landed.file)
    if row is None or row[0] == landed.file_id or row[1] != landed.staged_sha256:
        return False
    with conn.transaction():
        lock_staged(conn, landed)
        if staged_row(conn, landed.file) != row or not is_filled(conn, landed.file, row[2]):
            return False
        conn.execute("delete from quarantine.rejected_row where file_id = %s", (landed.file_id,))
        conn.execute(
            "insert into quarantine.rejected_row (file_id, line_number, reasons, raw_text, raw_bytes)"
            " select %s, line_number, reasons, raw_text, raw_bytes from quarantine.rejected_row where file_id = %s",
            (landed.file_id, row[0]),
        )
        conn.execute(
            "update ops.staged_file set file_id = %s, rows_new = 0, rows_changed = 0, rows_gone = 0, staged_at = now()"
            " where source = %s and file_name = %s",
            (landed.file_id, landed.file.source, landed.file.name),
        )
    return True


def lock_staged(conn: psycopg.Connection, landed: Landed) -> None:
    """Take the row that guards a staging table, made first when the file has never been staged."""
    key = (landed.file.source, landed.file.name)
    with translated_errors():
        # Somebody who reads a staging table without sharing the ledger's rows must not hold us up for long.
        conn.execute("set local lock_timeout = '5s'")
        conn.execute(
            "insert into ops.staged_file (source, file_name, file_id, staged_sha256, rows_in, rows_staged,"
            " rows_filtered, rows_quarantined, rows_duplicate, seconds) values (%s, %s, %s, '', 0, 0, 0, 0, 0, 0)"
            " on conflict do nothing",
            (*key, landed.file_id),
        )
        conn.execute("select from ops.staged_file where source = %s and file_name = %s for update nowait", key)


def empty_table(conn: psycopg.Connection, file: SourceFile) -> None:
    """The day has no such file, so staging has no such rows."""
    if staged_row(conn, file) is None:
        return
    with conn.transaction(), translated_errors():
        conn.execute(
            "select from ops.staged_file where source = %s and file_name = %s for update nowait",
            (file.source, file.name),
        )
        conn.execute("set local lock_timeout = '5s'")
        conn.execute(sql.SQL("truncate {}").format(sql.Identifier("staging", file.table)))
        conn.execute("delete from ops.staged_file where source = %s and file_name = %s", (file.source, file.name))


def write_quarantine(conn: psycopg.Connection, landed: Landed, record: Reading) -> None:
    """Keep a file's rows that were not valid, in place of what was kept of it before."""
    conn.execute("delete from quarantine.rejected_row where file_id = %s", (landed.file_id,))
    record.rejected.seek(0)
    fields = ("file_id", "line_number", "reasons", "raw_text", "raw_bytes")
    copy_rows(conn, ("quarantine", "rejected_row"), fields, record.rejected)


def write_account(conn: psycopg.Connection, landed: Landed, staged: Staged, seconds: float) -> None:
    """Say what the table holds now, with every row of the file accounted for."""
    record, changes = staged.record, staged.changes
    values = {
        "file_id": landed.file_id,
        "staged_sha256": landed.staged_sha256,
        "rows_in": record.rows_in,
        "rows_staged": staged.rows,
        "rows_filtered": record.rows_filtered,
        "rows_quarantined": record.rows_quarantined,
        "rows_duplicate": record.rows_duplicate,
        "rows_repaired": record.rows_repaired,
        "rows_new": changes.new,
        "rows_changed": changes.changed,
        "rows_gone": changes.gone,
        "added_columns": [name.replace("\0", "") for name in staged.header.added],
        "seconds": seconds,
    }
    # The table's own constraint holds that every row is accounted for; if not, the transaction fails.
    statement = sql.SQL(
        "update ops.staged_file set ({}, staged_at) = ({}, now()) where source = %(source)s and file_name = %(name)s"
    ).format(identifiers(tuple(values)), sql.SQL(", ").join(map(sql.Placeholder, values)))
    conn.execute(statement, values | {"source": landed.file.source, "name": landed.file.name})


def account_of(conn: psycopg.Connection, source: str) -> dict[str, object]:
    """The account of a provider's staged files, summed, and the columns that no contract names."""
    rows = conn.execute(
        "select file_name, rows_in, rows_staged, rows_filtered, rows_quarantined, rows_duplicate, rows_repaired,"
        " added_columns from ops.staged_file where source = %s order by file_name",
        (source,),
    ).fetchall()
    figures: dict[str, object] = {name: sum(row[place] for row in rows) for place, name in enumerate(ACCOUNT, 1)}
    added = {row[0]: row[7] for row in rows if row[7]}
    return figures | ({"added_columns": added} if added else {})


def share_staged_files(conn: psycopg.Connection) -> dict[tuple[str, str], dict[str, object]]:
    """The whole ledger by source and file, which nobody writes until the transaction ends.

    Raises  Locked when a file is being staged
    """
    columns = ("source", "file_name", "file_id", "staged_sha256", *ACCOUNT)
    query = sql.SQL("select {} from ops.staged_file order by source, file_name for share nowait")
    with translated_errors():
        rows = conn.execute(query.format(identifiers(columns))).fetchall()
    return {row[:2]: dict(zip(columns, row, strict=True)) for row in rows}
