"""All of a landed file -> its staging table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from reelhouse.copying import CopyText, copy_rows, copy_texts
from reelhouse.database import identifiers, indexes_made_afterwards
from reelhouse.day import Day
from reelhouse.sources import SourceFile, provider
from reelhouse.sources.number_set import NumberSet
from reelhouse.sources.reading import Reading, read_header
from reelhouse.staging import comparing, kept
from reelhouse.staging.kept import Changes
from reelhouse.staging.landed import Landed, is_by_lines, kept_path, open_file
from reelhouse.staging.ledger import Staged, has_rows, is_filled, staged_row
from reelhouse.staging.mentioned import Mentioned, asked_of, known_of
from reelhouse.staging.telling import told_texts
from reelhouse.storage import storage_of


def stage_whole(conn: psycopg.Connection, day: Day, landed: Landed, mentioned: Mentioned, stack: ExitStack) -> Staged:
    """Make a table hold all rows of a file and no others.

    Takes   mentioned  numbers gathered from the files before it; those that it mentions are added
            stack      what it closes keeps the rows set aside and quarantined until they are written
    """
    file, by_lines = landed.file, is_by_lines(landed.file)
    record = stack.enter_context(closing(Reading(landed.file_id)))
    lines = kept_path(day, file, landed.staged_sha256)
    with open_file(landed) as (stream, position), kept.Keeper(lines) as keeper:
        header = read_header(file, stream)
        # Asked for here and now: once the copy into the table has begun, the connection has no ear for a question.
        known = known_of(conn, day, file, mentioned, None)
        asked = asked_of(file)
        target = mentioned.numbers.setdefault(asked, NumberSet()) if asked else None
        repeated: set[int] = set()
        more = (repeated,) if by_lines else ()
        texts = provider(file.source).read_texts(file, header, stream, record, known, target, *more)
        texts = told_texts(day, landed, texts, position)
        if by_lines:
            # The landed file itself is compared with later.
            changes = _fill_anew(conn, file, keeper.counting(texts))
        else:
            changes = _fill(conn, file, keeper, texts, record, None if day.force else _former_lines(conn, day, file))
        if record.rows_aside:
            added = _keep_new_of_aside(conn, file, record)
            record.rows_duplicate += record.rows_aside - added
            keeper.rows += added
        elif by_lines:
            comparing.write_notes(lines, known, repeated)
        else:
            keeper.keep()
    # Of rows set aside the database has decided, so that the lines are not all that the table holds, and the numbers
    # gathered here are not all.
    if not record.rows_aside:
        mentioned.files.add(file.name)
    return Staged(header, record, keeper.rows, changes or Changes(keeper.rows, 0, 0))


def _former_lines(conn: psycopg.Connection, day: Day, file: SourceFile) -> tuple[Path, int] | None:
    """The kept lines of what the table holds now, and how many rows that is; None when there is no such thing."""
    _, staged_sha256, rows = staged_row(conn, file)
    lines = kept.path_in(day.settings.landing / file.source, staged_sha256, file)
    is_there = is_filled(conn, file, rows) and storage_of(day.settings).bring(lines)
    return (lines, rows) if is_there else None


def _fill(
    conn: psycopg.Connection,
    file: SourceFile,
    keeper: kept.Keeper,
    texts: Iterator[CopyText],
    record: Reading,
    former: tuple[Path, int] | None,
) -> Changes | None:
    """Make the table hold the rows of the texts and no others, by as few changes as are needed.

    Gives   None when it was empty before
    """
    if former is not None:
        with closing(kept.compare(former[0], keeper.passing(texts))) as found:
            if found.is_whole and found.rows == former[1] and not record.rows_aside:
                changes = kept.apply(conn, file, found.portions())
                # What was changed must explain the number of rows; else all are put in.
                if changes is not None and former[1] + changes.new - changes.gone == keeper.rows:
                    return changes
        texts = keeper.texts()
    else:
        texts = keeper.passing(texts)
    return _fill_anew(conn, file, texts)


def _fill_anew(conn: psycopg.Connection, file: SourceFile, texts: Iterator[CopyText]) -> Changes | None:
    had_rows = has_rows(conn, file)
    _replace(conn, file, texts)
    return Changes(None, None, None) if had_rows else None


def _replace(conn: psycopg.Connection, file: SourceFile, texts: Iterable[CopyText]) -> None:
    """Empty the table and fill it with all rows."""
    table = sql.Identifier("staging", file.table)
    conn.execute(sql.SQL("truncate {}").format(table))
    # Files are in the order of their key: where nothing is left to sort, more processes only cost more.
    conn.execute("set local max_parallel_maintenance_workers = 0")
    with indexes_made_afterwards(conn, ("staging", file.table), only_key=True), _without_notes(conn, file):
        copy_texts(conn, ("staging", file.table), file.fields, texts, is_emptied=True)
    conn.execute(sql.SQL("analyze {}").format(table))


@contextmanager
def _without_notes(conn: psycopg.Connection, file: SourceFile) -> Iterator[None]:
    """Leave the table without its triggers meanwhile: that all of it is new was noted when it was emptied."""
    table = sql.Identifier("staging", file.table)
    conn.execute(sql.SQL("alter table {} disable trigger user").format(table))
    yield
    conn.execute(sql.SQL("alter table {} enable trigger user").format(table))


def _keep_new_of_aside(conn: psycopg.Connection, file: SourceFile, record: Reading) -> int:
    """Add those rows set aside whose key the table has not; of several the first in the file."""
    table, key, fields = sql.Identifier("staging", file.table), identifiers(file.key), identifiers(file.fields)
    conn.execute(
        sql.SQL("create temporary table aside on commit drop as select 0::bigint as place, {} from {} limit 0").format(
            fields, table
        )
    )
    record.aside.seek(0)
    copy_rows(conn, ("aside",), ("place", *file.fields), record.aside)
    query = sql.SQL(
        "insert into {table} ({fields}) select distinct on ({key}) {fields} from aside order by {key}, place"
        " on conflict do nothing"
    )
    kept = conn.execute(query.format(table=table, key=key, fields=fields)).rowcount
    conn.execute("drop table aside")
    return kept
