"""The ledger of landing: `ops.file` and which of its files serves which day.

A file that is asked for again is there already when the ledger has its version or its bytes and landing still has all
of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg

from reelhouse import lateness
from reelhouse.day import Day
from reelhouse.fetching.downloading import Version
from reelhouse.landing.origins import Origin
from reelhouse.storage import storage_of


@dataclass(frozen=True, slots=True)
class Admitted:
    """A file in landing, as the ledger has it, and how it was got.

    place    where it was looked for
    outcome  admitted, same_bytes or unchanged
    """

    file_id: int
    file_name: str
    byte_count: int
    place: str
    outcome: str
    received: int = 0
    resumed: int = 0
    tries: int = 1
    seconds: float = 0.0

    @property
    def is_new(self) -> bool:
        return self.outcome == "admitted"


def landed_path(origin: Origin, sha256: str) -> Path:
    """Where a file lies below the landing folder, under a name of ours."""
    return Path(origin.file.source) / origin.file_date.isoformat() / f"{sha256}-{origin.name}"


def former(conn: psycopg.Connection, day: Day, origin: Origin) -> tuple[Admitted | None, Version]:
    """The newest file admitted from this place that could serve again, and what the server called its version."""
    rows = conn.execute(
        "select file_id, byte_count, landed_path, file_date, etag, last_modified from ops.file"
        " where source = %s and file_name = %s and origin = %s and file_date <= %s"
        " order by file_date desc, file_id desc",
        (origin.file.source, origin.file.name, origin.place, origin.file_date),
    )
    for *row, etag, modified in rows:
        usable = _first_usable([row], day, origin, "unchanged")
        if usable is not None:
            return usable, Version(etag, modified)
    return None, Version()


def unchanged(conn: psycopg.Connection, day: Day, origin: Origin) -> Admitted | None:
    """The admitted file, when the origin has not changed since; then its bytes need not even be read."""
    rows = conn.execute(
        "select file_id, byte_count, landed_path, file_date from ops.file"
        " where source = %s and file_name = %s and origin = %s and etag = %s and file_date <= %s"
        " order by file_date desc, file_id desc",
        (origin.file.source, origin.file.name, origin.place, origin.version.etag, origin.file_date),
    )
    return _first_usable(rows, day, origin, "unchanged")


def same_bytes(conn: psycopg.Connection, day: Day, origin: Origin, sha256: str, version: Version) -> Admitted | None:
    """The admitted file with these bytes; an undated file that did not change keeps the day it was first landed for."""
    rows = conn.execute(
        "select file_id, byte_count, landed_path, file_date from ops.file"
        " where source = %s and file_name = %s and sha256 = %s and file_date <= %s"
        " order by file_date desc, file_id desc",
        (origin.file.source, origin.file.name, sha256, origin.file_date),
    )
    same = _first_usable(rows, day, origin, "same_bytes")
    if same is not None:
        conn.execute(
            "update ops.file set etag = %s, last_modified = %s, origin = %s where file_id = %s",
            (version.etag, version.last_modified, origin.place, same.file_id),
        )
    return same


def _first_usable(rows: Iterable[Sequence], day: Day, origin: Origin, outcome: str) -> Admitted | None:
    for file_id, byte_count, landed_path, file_date in rows:
        is_whole = storage_of(day.settings).has(day.settings.landing / landed_path, byte_count)
        if is_whole and (file_date == origin.file_date or not origin.is_dated):
            return Admitted(file_id, origin.file.name, byte_count, origin.place, outcome)
    return None


def insert(
    conn: psycopg.Connection, origin: Origin, sha256: str, byte_count: int, version: Version, landed: Path
) -> Admitted:
    """Enter a landed file, or find its row: another run may have landed the same bytes meanwhile."""
    row = conn.execute(
        "insert into ops.file (source, file_name, file_date, origin, etag, last_modified, sha256, byte_count,"
        " landed_path) values (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
        " on conflict (source, file_name, file_date, sha256) do update set landed_path = excluded.landed_path,"
        # One that had been retired is kept from now on as long as a new one.
        " landed_at = case when file.retired_at is null then file.landed_at else excluded.landed_at end,"
        " retired_at = null,"
        " origin = excluded.origin, etag = excluded.etag, last_modified = excluded.last_modified"
        " returning file_id, xmax = 0",
        (
            origin.file.source, origin.file.name, origin.file_date, origin.place, version.etag, version.last_modified,
            sha256, byte_count, landed.as_posix(),
        ),
    ).fetchone()  # fmt: skip
    outcome = "admitted" if row[1] else "same_bytes"
    return Admitted(row[0], origin.file.name, byte_count, origin.place, outcome)


def serve_day(conn: psycopg.Connection, day: Day, source: str, admitted: list[Admitted]) -> None:
    """Say that these files and no others of the provider serve the day, and how each was got."""
    conn.execute(
        "delete from ops.day_file where batch_date = %s and source = %s and not file_name = any(%s)",
        (day.batch_date, source, [file.file_name for file in admitted]),
    )
    conn.execute(
        "insert into ops.day_file (batch_date, source, file_name, file_id, carried_because, allowed_stale_days)"
        " select %(day)s, source, file_name, file_id,"
        " case when file_date < %(day)s then 'nothing newer than ' || file_date || ' there' end, %(allowed)s"
        " from ops.file where file_id = any(%(files)s)"
        " on conflict (batch_date, source, file_name) do update set file_id = excluded.file_id,"
        " carried_because = excluded.carried_because, allowed_stale_days = excluded.allowed_stale_days"
        " where (day_file.file_id, day_file.carried_because, day_file.allowed_stale_days)"
        " is distinct from (excluded.file_id, excluded.carried_because, excluded.allowed_stale_days)",
        {
            "day": day.batch_date,
            "allowed": lateness.allowed_stale_days(day.settings, source),
            "files": [file.file_id for file in admitted],
        },
    )
    for file in admitted:
        conn.execute(
            "insert into ops.file_fetch (batch_date, source, file_name, file_id, origin, outcome, bytes_received,"
            " bytes_resumed, tries, seconds) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                day.batch_date, source, file.file_name, file.file_id, file.place, file.outcome, file.received,
                file.resumed, file.tries, file.seconds,
            ),
        )  # fmt: skip
