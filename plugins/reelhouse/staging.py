"""Landed file -> staging tables, quarantine and the row account; and the load that is made of what is staged.

One transaction a file: a reader of staging sees all rows of the old file or all of the new one. The rows of
`ops.staged_file` are the locks: who writes a staging table holds its row for update, who reads staging shares all.
"""

from __future__ import annotations

import hashlib
import inspect
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import cache
from gzip import BadGzipFile
from pathlib import Path
from types import ModuleType
from typing import BinaryIO

import numpy as np
import psycopg
from isal import isal_zlib
from psycopg import sql

from reelhouse import comparing, copying, kept, sources, volume_gate
from reelhouse.ahead import ahead
from reelhouse.copying import CopyText, copy_rows, copy_texts
from reelhouse.database import identifiers, indexes_made_afterwards, translated_errors
from reelhouse.day import EVERY_SOURCE, OPTIONAL_SOURCES, SOURCES, Day
from reelhouse.errors import Emptied, FileMissing, NotAdmitted, OutOfStep
from reelhouse.kept import Changes
from reelhouse.sources import SourceFile, files_of, provider, reading, values
from reelhouse.sources.number_set import NumberSet
from reelhouse.sources.reading import Header, Reading, open_landed, read_header
from reelhouse.storage import Storage, storage_of
from reelhouse.warehousing import loads

SECONDS_BETWEEN_TELLS = 0.2
ACCOUNT = ("rows_in", "rows_staged", "rows_filtered", "rows_quarantined", "rows_duplicate", "rows_repaired")


@dataclass(frozen=True, slots=True)
class Landed:
    """The admitted file that serves the day, and the digest that what is staged of it will have.

    staged_sha256  over its bytes, the files its filter depends on, and the code that reads it
    """

    file: SourceFile
    file_id: int
    path: Path
    staged_sha256: str
    storage: Storage


@dataclass(frozen=True, slots=True)
class Mentioned:
    """Numbers that files are filtered by, gathered while the files that mention them are staged.

    numbers  query of a filter -> numbers
    files    files whose numbers are all in them; what is staged already is asked of the database instead
    came     query of a filter -> numbers in rows that are new, of files that were compared with what was staged
    left     the same in rows that are gone
    formers  file that was compared -> digest of what was staged before
    """

    numbers: dict[str, NumberSet] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    came: dict[str, NumberSet] = field(default_factory=dict)
    left: dict[str, NumberSet] = field(default_factory=dict)
    formers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Staged:
    """What came of staging a file: its header and account, the rows of its table, how they differ from the former."""

    header: Header
    record: Reading
    rows: int
    changes: Changes


# --- staging a source -----------------------------------------------------------------------------------


def stage_source(conn: psycopg.Connection, day: Day, source: str) -> dict[str, object]:
    """Fill a provider's staging tables from the files that serve the day, each after those it depends on.

    Gives   files_staged, the account summed over the provider's files, added_columns
    Raises  ContractBroken before the first row moves, Locked when a reader or another run holds staging,
            OutOfStep when the day's files have not been landed
    Reruns  what staging holds already is left alone
    """
    landed = _landed_files(conn, day, source)
    mentioned = Mentioned()
    staged = 0
    for file in files_of(source):
        # All headers first: of two files that belong together not one row moves when either is wrong.
        if file.name in landed and not _is_staged(conn, landed[file.name]):
            _read_only_header(landed[file.name])
    for file in files_of(source):
        if file.name not in landed:
            _empty(conn, file)
        elif day.force or not (_is_staged(conn, landed[file.name]) or _takes_over(conn, landed[file.name])):
            _stage_file(conn, day, landed[file.name], mentioned)
            staged += 1
    return {"source": source, "files_staged": staged, **_account_of(conn, source)}


def stage_optional_sources(conn: psycopg.Connection, day: Day) -> dict[str, object]:
    """Fill the staging tables of the sources that nothing depends on; those without a file that day are left empty.

    Gives   files_staged, the account summed, added_columns by source
    """
    staged = {source: stage_source(conn, day, source) for source in OPTIONAL_SOURCES}
    names = ("files_staged", *ACCOUNT)
    figures: dict[str, object] = {name: sum(each[name] for each in staged.values()) for name in names}
    added = {source: each["added_columns"] for source, each in staged.items() if "added_columns" in each}
    return figures | ({"added_columns": added} if added else {})


def _landed_files(conn: psycopg.Connection, day: Day, source: str) -> dict[str, Landed]:
    rows = conn.execute(
        "select day_file.file_name, file.file_id, file.landed_path, file.sha256"
        " from ops.day_file inner join ops.file using (file_id)"
        " where day_file.batch_date = %s and day_file.source = %s",
        (day.batch_date, source),
    ).fetchall()
    found = {row[0]: row[1:] for row in rows}
    landed: dict[str, Landed] = {}
    storage = storage_of(day.settings)
    for file in files_of(source):
        if file.name in found:
            file_id, path, sha256 = found[file.name]
            others = [landed[name].staged_sha256 if name in landed else "none" for name in file.depends_on]
            digest = _staged_sha256(source, sha256, others)
            landed[file.name] = Landed(file, file_id, day.settings.landing / path, digest, storage)
        elif file.is_required and (found or source in SOURCES):
            raise OutOfStep(
                f"{file.name}: expected to be landed for {day.batch_date}, found no such file. Run land_{source} first."
            )
    return landed


def _staged_sha256(source: str, sha256: str, others: Iterable[str]) -> str:
    """The digest of what is staged of a file, after those of the files that it depends on."""
    return hashlib.sha256("\n".join([sha256, code_sha256(source), *others]).encode()).hexdigest()


@cache
def code_sha256(source: str) -> str:
    """The version of the contract: a digest over the code that decides what a file's rows come out as."""
    modules = {module.__name__: module for module in (sources, reading, values, copying)}
    _add_code_of(provider(source), modules)
    digest = hashlib.sha256()
    for name in sorted(modules):
        digest.update(Path(inspect.getsourcefile(modules[name])).read_bytes())
    return digest.hexdigest()


def _add_code_of(module: ModuleType, modules: dict[str, ModuleType]) -> None:
    """Add a reader and whatever of its package it uses: a part that several providers share is each one's."""
    modules[module.__name__] = module
    for value in vars(module).values():
        name = value.__name__ if inspect.ismodule(value) else getattr(value, "__module__", None)
        if str(name).startswith(f"{sources.__name__}.") and name not in modules:
            _add_code_of(sys.modules[name], modules)


def _is_staged(conn: psycopg.Connection, landed: Landed) -> bool:
    """Whether staging holds this very file; a crash of the server empties unlogged tables, and that shows here."""
    row = _staged_row(conn, landed.file)
    if row is None or row[:2] != (landed.file_id, landed.staged_sha256):
        return False
    return _is_filled(conn, landed.file, row[2])


def _staged_row(conn: psycopg.Connection, file: SourceFile) -> tuple[int, str, int] | None:
    return conn.execute(
        "select file_id, staged_sha256, rows_staged from ops.staged_file where source = %s and file_name = %s",
        (file.source, file.name),
    ).fetchone()


def _is_filled(conn: psycopg.Connection, file: SourceFile, rows_staged: int) -> bool:
    return _has_rows(conn, file) is (rows_staged > 0)


def _takes_over(conn: psycopg.Connection, landed: Landed) -> bool:
    """Staging holds the same rows from a file of another day: only the ledger has to say so."""
    row = _staged_row(conn, landed.file)
    if row is None or row[0] == landed.file_id or row[1] != landed.staged_sha256:
        return False
    with conn.transaction():
        _lock(conn, landed)
        if _staged_row(conn, landed.file) != row or not _is_filled(conn, landed.file, row[2]):
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


def _lock(conn: psycopg.Connection, landed: Landed) -> None:
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


def _empty(conn: psycopg.Connection, file: SourceFile) -> None:
    """The day has no such file, so staging has no such rows."""
    if _staged_row(conn, file) is None:
        return
    with conn.transaction(), translated_errors():
        conn.execute(
            "select from ops.staged_file where source = %s and file_name = %s for update nowait",
            (file.source, file.name),
        )
        conn.execute("set local lock_timeout = '5s'")
        conn.execute(sql.SQL("truncate {}").format(sql.Identifier("staging", file.table)))
        conn.execute("delete from ops.staged_file where source = %s and file_name = %s", (file.source, file.name))


# --- staging a file -------------------------------------------------------------------------------------


def _stage_file(conn: psycopg.Connection, day: Day, landed: Landed, mentioned: Mentioned) -> None:
    """Make one staging table hold the rows of a landed file, with its account and quarantine."""
    started = time.monotonic()
    is_by_lines = hasattr(provider(landed.file.source), "BlockReader")
    lines = _kept_path(day, landed.file, landed.staged_sha256)
    with ExitStack() as stack, translated_errors(), conn.transaction():
        _lock(conn, landed)
        staged = _stage_differences(conn, day, landed, mentioned, stack) if is_by_lines and not day.force else None
        staged = staged or _stage_whole(conn, day, landed, mentioned, stack)
        _write_quarantine(conn, landed, staged.record)
        _write_account(conn, landed, staged, time.monotonic() - started)
    # Those that are lost here cost the next day a whole reading, and nothing else.
    if lines.is_file():
        landed.storage.keep(lines)
    kept.remove_others(lines, landed.file, landed.storage)


def _kept_path(day: Day, file: SourceFile, staged_sha256: str) -> Path:
    """Where that is which the next day of a file is compared with: its kept lines, or notes beside the landed file."""
    is_by_lines = hasattr(provider(file.source), "BlockReader")
    code = code_sha256(file.source) if is_by_lines else ""
    return kept.path_in(day.settings.landing / file.source, staged_sha256, file, code)


def _stage_whole(conn: psycopg.Connection, day: Day, landed: Landed, mentioned: Mentioned, stack: ExitStack) -> Staged:
    """Read all of a file."""
    file, is_by_lines = landed.file, hasattr(provider(landed.file.source), "BlockReader")
    record = stack.enter_context(closing(Reading(landed.file_id)))
    lines = _kept_path(day, file, landed.staged_sha256)
    with _opened(landed) as (stream, position), kept.Keeper(lines) as keeper:
        header = read_header(file, stream)
        # Asked for here and now: once the copy into the table has begun, the connection has no ear for a question.
        known = _known_of(conn, day, file, mentioned, None)
        asked = _asked_of(file)
        target = mentioned.numbers.setdefault(asked, NumberSet()) if asked else None
        repeated: set[int] = set()
        more = (repeated,) if is_by_lines else ()
        texts = provider(file.source).read_texts(file, header, stream, record, known, target, *more)
        texts = _told(day, landed, texts, position)
        if is_by_lines:
            changes = _fill_by_lines(conn, file, keeper, texts)
        else:
            changes = _fill(conn, file, keeper, texts, record, None if day.force else _former_lines(conn, day, file))
        if record.rows_aside:
            added = _keep_new_of_aside(conn, file, record)
            record.rows_duplicate += record.rows_aside - added
            keeper.rows += added
        elif is_by_lines:
            comparing.write_notes(lines, known, repeated)
        else:
            keeper.keep()
    # Of rows set aside the database has decided, so that the lines are not all that the table holds, and the numbers
    # gathered here are not all.
    if not record.rows_aside:
        mentioned.files.add(file.name)
    return Staged(header, record, keeper.rows, changes or Changes(keeper.rows, 0, 0))


def _stage_differences(
    conn: psycopg.Connection, day: Day, landed: Landed, mentioned: Mentioned, stack: ExitStack
) -> Staged | None:
    """Read only the lines in which a file differs from the one that is staged; None when that is not to be done."""
    file, asked = landed.file, _asked_of(landed.file)
    former = _former(conn, day, file)
    if former is None:
        return None
    record = stack.enter_context(closing(Reading(landed.file_id)))
    known = _known_of(conn, day, file, mentioned, former)
    came = mentioned.came.setdefault(asked, NumberSet()) if asked else None
    left = mentioned.left.setdefault(asked, NumberSet()) if asked else None
    with _opened(landed) as (stream, position):
        header = read_header(file, stream)
        told, found = _ToldOf(day, landed, stream, position), comparing.Found()
        rows = comparing.compare(file, former, header, told, record, known, came, left, found)
        with ahead(rows) as portions:
            changes = kept.apply(conn, file, portions)
    if changes is None or not found.is_whole:
        return None
    day.tell(f"comparing {file.name}", 1.0)
    mentioned.formers[file.name] = former.digest
    comparing.write_notes(_kept_path(day, file, landed.staged_sha256), known, set(found.repeated))
    return Staged(header, record, former.account[1] + found.arrived - found.departed, changes)


def _former(conn: psycopg.Connection, day: Day, file: SourceFile) -> comparing.Former | None:
    """What the table holds now, for the next file to be compared with; None when that is not known."""
    digest = _staged_row(conn, file)[1]
    row = conn.execute(
        "select file.file_id, file.landed_path, file.sha256, staged.rows_in, staged.rows_staged, staged.rows_filtered,"
        " staged.rows_quarantined, staged.rows_duplicate from ops.staged_file as staged"
        " inner join ops.file using (file_id) where staged.source = %s and staged.file_name = %s",
        (file.source, file.name),
    ).fetchone()
    notes = _kept_path(day, file, digest)
    path, storage = day.settings.landing / row[1], storage_of(day.settings)
    if not _is_filled(conn, file, row[4]) or not (storage.bring(notes) and storage.bring(path)):
        return None
    read = comparing.read_notes(notes)
    if read is None:
        return None
    rejected = conn.execute(
        "select line_number from quarantine.rejected_row where file_id = %s order by 1", (row[0],)
    ).fetchall()
    numbers = np.array([number for (number,) in rejected], np.int64)
    return comparing.Former(path, *read, row[3:], numbers, row[2], digest)


def _asked_of(file: SourceFile) -> str | None:
    """The query for numbers by which later files are filtered and which this one mentions."""
    asked = [other.keep_referenced.query for other in files_of(file.source) if file.name in other.depends_on]
    return asked[0] if asked else None


@contextmanager
def _opened(landed: Landed, *, is_read_whole: bool = True) -> Iterator[tuple[BinaryIO, Callable[[], int]]]:
    if not landed.storage.bring(landed.path):
        raise FileMissing(f"{landed.path}: expected the landed file, found nothing. Land the day again.")
    try:
        with open_landed(landed.path, is_read_whole=is_read_whole) as opened:
            yield opened
    except (EOFError, BadGzipFile, isal_zlib.error) as error:
        raise NotAdmitted(
            f"{landed.path}: expected the file as it was landed, found it damaged since: {error}. Remove it there and "
            "land the day again."
        ) from error


def _read_only_header(landed: Landed) -> None:
    with _opened(landed, is_read_whole=False) as (stream, _):
        read_header(landed.file, stream)


def _known_of(
    conn: psycopg.Connection, day: Day, file: SourceFile, mentioned: Mentioned, former: comparing.Former | None
) -> NumberSet | None:
    """The numbers that the filter of a file lets through."""
    if not file.keep_referenced:
        return None
    query = file.keep_referenced.query
    gathered = mentioned.numbers.get(query)
    if gathered is not None and mentioned.files.issuperset(file.depends_on):
        return gathered
    text = (day.settings.sql / "1_staging" / query).read_text()
    if former is None or not _is_of_formers(conn, file, mentioned, former):
        return _known_numbers(conn, text)
    known, came, left = former.known.copy(), mentioned.came.get(query), mentioned.left.get(query)
    if came is not None:
        known.unite(came.used())
        left.take_out(came)
        # What one row does not mention any more another one may.
        known.take_out(left)
        statement = (
            f"select distinct number from ({text.rstrip().rstrip(';')}\n) as asked (number) where number = any(%s)"
        )
        still = conn.execute(statement, (left.numbers().tolist(),)).fetchall()
        known.add(np.array([number for (number,) in still], np.int64))
    return known


def _is_of_formers(conn: psycopg.Connection, file: SourceFile, mentioned: Mentioned, former: comparing.Former) -> bool:
    """Whether what is staged of a file was filtered by what was staged of the others before this run."""
    others = []
    for name in file.depends_on:
        other = next(one for one in files_of(file.source) if one.name == name)
        row = _staged_row(conn, other)
        others.append(mentioned.formers.get(name) or (row[1] if row else "none"))
    return former.digest == _staged_sha256(file.source, former.sha256, others)


def _known_numbers(conn: psycopg.Connection, query: str) -> NumberSet:
    """The numbers that a query gives, read as a stream."""
    known = NumberSet()
    statement = sql.SQL("copy ({}) to stdout").format(sql.SQL(query.rstrip().rstrip(";") + "\n"))
    rest = b""
    with conn.cursor() as cursor, cursor.copy(statement) as copy:
        for block in _joined(copy):
            lines, _, rest = (rest + block).rpartition(b"\n")
            if lines:
                known.add(np.fromstring(lines, dtype=np.int64, sep="\n"))
    return known


def _joined(blocks: Iterable[bytes | memoryview]) -> Iterator[bytes]:
    """Small pieces as larger ones: the driver hands out a row at a time."""
    waiting: list[bytes] = []
    for block in blocks:
        waiting.append(bytes(block))
        if len(waiting) == 65_536:
            yield b"".join(waiting)
            waiting = []
    yield b"".join(waiting)


def _told(day: Day, landed: Landed, texts: Iterable[CopyText], position: Callable[[], int]) -> Iterator[CopyText]:
    """The portions as they are, with progress told from time to time."""
    size = max(landed.path.stat().st_size, 1)
    day.tell(f"staging {landed.file.name}", 0.0)
    told = time.monotonic()
    for portion in texts:
        yield portion
        if time.monotonic() - told > SECONDS_BETWEEN_TELLS:
            day.tell(f"staging {landed.file.name}", min(position() / size, 1.0))
            told = time.monotonic()
    day.tell(f"staging {landed.file.name}", 1.0)


class _ToldOf:
    """A stream that tells of the progress while it is read."""

    def __init__(self, day: Day, landed: Landed, stream: BinaryIO, position: Callable[[], int]) -> None:
        self.day, self.name, self.stream, self.position = day, landed.file.name, stream, position
        self.size = max(landed.path.stat().st_size, 1)
        self.told = time.monotonic()

    def readinto(self, target: memoryview) -> int:
        if time.monotonic() - self.told > SECONDS_BETWEEN_TELLS:
            self.day.tell(f"comparing {self.name}", min(self.position() / self.size, 1.0))
            self.told = time.monotonic()
        return self.stream.readinto(target)


def _former_lines(conn: psycopg.Connection, day: Day, file: SourceFile) -> tuple[Path, int] | None:
    """The kept lines of what the table holds now, and how many rows that is; None when there is no such thing."""
    _, staged_sha256, rows = _staged_row(conn, file)
    lines = kept.path_in(day.settings.landing / file.source, staged_sha256, file)
    is_there = _is_filled(conn, file, rows) and storage_of(day.settings).bring(lines)
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


def _fill_by_lines(
    conn: psycopg.Connection, file: SourceFile, keeper: kept.Keeper, texts: Iterator[CopyText]
) -> Changes | None:
    """Make the table hold the rows of the texts and no others; the landed file itself is compared with later."""
    return _fill_anew(conn, file, keeper.counting(texts))


def _fill_anew(conn: psycopg.Connection, file: SourceFile, texts: Iterator[CopyText]) -> Changes | None:
    had_rows = _has_rows(conn, file)
    _replace(conn, file, texts)
    return Changes(None, None, None) if had_rows else None


def _has_rows(conn: psycopg.Connection, file: SourceFile) -> bool:
    query = sql.SQL("select exists (select from {})").format(sql.Identifier("staging", file.table))
    return conn.execute(query).fetchone()[0]


def _replace(conn: psycopg.Connection, file: SourceFile, texts: Iterable[CopyText]) -> None:
    """Empty the table and fill it with all rows."""
    table = sql.Identifier("staging", file.table)
    conn.execute(sql.SQL("truncate {}").format(table))
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


def _write_quarantine(conn: psycopg.Connection, landed: Landed, record: Reading) -> None:
    conn.execute("delete from quarantine.rejected_row where file_id = %s", (landed.file_id,))
    record.rejected.seek(0)
    fields = ("file_id", "line_number", "reasons", "raw_text", "raw_bytes")
    copy_rows(conn, ("quarantine", "rejected_row"), fields, record.rejected)


def _write_account(
    conn: psycopg.Connection,
    landed: Landed,
    staged: Staged,
    seconds: float,
) -> None:
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


def _account_of(conn: psycopg.Connection, source: str) -> dict[str, object]:
    """The account of a provider's staged files, summed, and the columns that no contract names."""
    rows = conn.execute(
        "select file_name, rows_in, rows_staged, rows_filtered, rows_quarantined, rows_duplicate, rows_repaired,"
        " added_columns from ops.staged_file where source = %s order by file_name",
        (source,),
    ).fetchall()
    figures: dict[str, object] = {name: sum(row[place] for row in rows) for place, name in enumerate(ACCOUNT, 1)}
    added = {row[0]: row[7] for row in rows if row[7]}
    return figures | ({"added_columns": added} if added else {})


# --- the load -------------------------------------------------------------------------------------------


def open_load(conn: psycopg.Connection, day: Day) -> dict[str, object]:
    """Open the day's load of what is staged, with the account of its files.

    Gives   load_id, is_seen and the account summed
            and `objections`: what the volume gate has against it (too many rows that are not valid, no rows, far fewer
            or more than usual). It is built aside all the same; check_warehouse holds it
    Raises  OutOfStep when staging does not hold the files that serve the day
    Reruns  the same staging is the same load; what a person has accepted of it is not asked again
    """
    with conn.transaction():
        staged = _share_staged_files(conn)
        _check_serves_day(conn, day, staged)
        parts = [f"{source}/{name} {row['staged_sha256']}" for (source, name), row in sorted(staged.items())]
        parts += [loads.code_sha256(day.settings), loads.overrides_sha256(conn)]
        digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()
        load = loads.open_load(conn, "warehouse", day.batch_date, digest)
        _write_file_loads(conn, load.load_id)
        figures: dict[str, object] = {name: sum(row[name] for row in staged.values()) for name in ACCOUNT}
        loads.add_figures(conn, load.load_id, figures)
        reasons = [] if load.state != "building" else volume_gate.objections(conn, day, staged)
        if reasons and loads.is_accepted(conn, load.load_id, reasons, day.accept):
            reasons = []
        if load.state == "building":
            loads.object_to(conn, load.load_id, "volume", reasons)
    objections = {"objections": reasons} if reasons else {}
    return {"load_id": load.load_id, "is_seen": load.is_seen, **figures, **objections}


def share_staging(conn: psycopg.Connection, load_id: int) -> None:
    """Keep staging as it is until the transaction ends, and make sure that it holds the files of a load.

    Raises  Locked when staging is being written, OutOfStep when it holds other files
    """
    staged = _share_staged_files(conn)
    wanted = conn.execute("select source, file_name, file_id from ops.file_load where load_id = %s", (load_id,))
    expected = {(source, name): file_id for source, name, file_id in wanted}
    found = {key: row["file_id"] for key, row in staged.items()}
    if expected != found:
        raise OutOfStep(
            f"staging: expected the files of load {load_id} ({_named(expected)}), found {_named(found)}. "
            "Stage the day and open its load again."
        )
    _check_filled(conn, staged)


def _named(files: dict[tuple[str, str], int]) -> str:
    return ", ".join(f"{name} #{file_id}" for (_, name), file_id in sorted(files.items())) or "none"


def _share_staged_files(conn: psycopg.Connection) -> dict[tuple[str, str], dict[str, object]]:
    columns = ("source", "file_name", "file_id", "staged_sha256", *ACCOUNT)
    query = sql.SQL("select {} from ops.staged_file order by source, file_name for share nowait")
    with translated_errors():
        rows = conn.execute(query.format(identifiers(columns))).fetchall()
    return {row[:2]: dict(zip(columns, row, strict=True)) for row in rows}


def _check_serves_day(conn: psycopg.Connection, day: Day, staged: dict[tuple[str, str], dict[str, object]]) -> None:
    rows = conn.execute("select source, file_name, file_id from ops.day_file where batch_date = %s", (day.batch_date,))
    expected = {(source, name): file_id for source, name, file_id in rows}
    missing = ", ".join(source for source in SOURCES if source not in {source for source, _ in expected})
    if missing:
        raise OutOfStep(f"{day.batch_date}: expected landed files of {missing}, found none. Land them first.")
    found = {key: row["file_id"] for key, row in staged.items()}
    if expected != found:
        raise OutOfStep(
            f"staging: expected the files of {day.batch_date} ({_named(expected)}), found {_named(found)}. "
            "Run the stage steps of this day again."
        )
    _check_filled(conn, staged)


def _check_filled(conn: psycopg.Connection, staged: dict[tuple[str, str], dict[str, object]]) -> None:
    for source in EVERY_SOURCE:
        for file in files_of(source):
            row = staged.get((source, file.name))
            if row and not _is_filled(conn, file, row["rows_staged"]):
                raise Emptied(
                    f"staging.{file.table}: expected {row['rows_staged']} rows, found none: the server has crashed "
                    f"since. Run {_stage_step(source)} again.",
                    "staging",
                )


def _stage_step(source: str) -> str:
    return "stage_optional_sources" if source in OPTIONAL_SOURCES else f"stage_{source}"


def _write_file_loads(conn: psycopg.Connection, load_id: int) -> None:
    """The accounts of the load's files. Of a file that the load before has too, nothing is new."""
    conn.execute("delete from ops.file_load where load_id = %s", (load_id,))
    columns = identifiers(("file_id", "source", "file_name", *ACCOUNT, "seconds"))
    query = sql.SQL(
        "insert into ops.file_load (load_id, {columns}, rows_new, rows_changed, rows_gone)"
        " select %(load)s, {columns},"
        "  case when is_seen then 0 else rows_new end, case when is_seen then 0 else rows_changed end,"
        "  case when is_seen then 0 else rows_gone end"
        " from ops.staged_file cross join lateral (select exists ("
        "  select from ops.file_load as former where former.file_id = staged_file.file_id and former.load_id = ("
        "   select max(load_id) from ops.load where part = 'warehouse' and load_id < %(load)s)) as is_seen) as before"
    )
    conn.execute(query.format(columns=columns), {"load": load_id})
