"""The lines in which a landed file differs from the one that is staged -> the rows of its table that change."""

from __future__ import annotations

from contextlib import ExitStack, closing

import numpy as np
import psycopg

from reelhouse.ahead import ahead
from reelhouse.day import Day
from reelhouse.sources import SourceFile
from reelhouse.sources.number_set import NumberSet
from reelhouse.sources.reading import Reading, read_header
from reelhouse.staging import comparing, kept
from reelhouse.staging.landed import Landed, kept_path, open_file
from reelhouse.staging.ledger import Staged, is_filled, staged_row
from reelhouse.staging.mentioned import Mentioned, asked_of, known_of
from reelhouse.staging.telling import ToldStream
from reelhouse.storage import storage_of


def stage_differences(
    conn: psycopg.Connection, day: Day, landed: Landed, mentioned: Mentioned, stack: ExitStack
) -> Staged | None:
    """Read only the lines in which a file differs from the one that is staged; None when that is not to be done."""
    file, asked = landed.file, asked_of(landed.file)
    former = _former(conn, day, file)
    if former is None:
        return None
    record = stack.enter_context(closing(Reading(landed.file_id)))
    known = known_of(conn, day, file, mentioned, former)
    came = mentioned.came.setdefault(asked, NumberSet()) if asked else None
    left = mentioned.left.setdefault(asked, NumberSet()) if asked else None
    with open_file(landed) as (stream, position):
        header = read_header(file, stream)
        told, found = ToldStream(day, landed, stream, position), comparing.Found()
        rows = comparing.compare(file, former, header, told, record, known, came, left, found)
        with ahead(rows) as portions:
            changes = kept.apply(conn, file, portions)
    if changes is None or not found.is_whole:
        return None
    day.tell(f"comparing {file.name}", 1.0)
    mentioned.formers[file.name] = former.digest
    comparing.write_notes(kept_path(day, file, landed.staged_sha256), known, set(found.repeated))
    return Staged(header, record, former.account[1] + found.arrived - found.departed, changes)


def _former(conn: psycopg.Connection, day: Day, file: SourceFile) -> comparing.Former | None:
    """What the table holds now, for the next file to be compared with; None when that is not known."""
    digest = staged_row(conn, file)[1]
    row = conn.execute(
        "select file.file_id, file.landed_path, file.sha256, staged.rows_in, staged.rows_staged, staged.rows_filtered,"
        " staged.rows_quarantined, staged.rows_duplicate from ops.staged_file as staged"
        " inner join ops.file using (file_id) where staged.source = %s and staged.file_name = %s",
        (file.source, file.name),
    ).fetchone()
    notes = kept_path(day, file, digest)
    path, storage = day.settings.landing / row[1], storage_of(day.settings)
    if not is_filled(conn, file, row[4]) or not (storage.bring(notes) and storage.bring(path)):
        return None
    read = comparing.read_notes(notes)
    if read is None:
        return None
    rejected = conn.execute(
        "select line_number from quarantine.rejected_row where file_id = %s order by 1", (row[0],)
    ).fetchall()
    numbers = np.array([number for (number,) in rejected], np.int64)
    return comparing.Former(path, *read, row[3:], numbers, row[2], digest)
