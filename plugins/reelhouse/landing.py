"""Source file -> landing. A file is admitted whole and verified, or not at all; only admitted files are parsed.

A file is copied to a temporary name while it is hashed, unpacked to its last byte and held against the caps;
then it is moved to `landing/<source>/<file date>/` under a name of ours and entered in `ops.file`.
`ops.day_file` says which admitted file serves which day. What is done when fails leaves both as they were.
"""

from __future__ import annotations

import hashlib
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import psycopg
from isal import isal_zlib

from reelhouse.day import OPTIONAL_SOURCES, Day
from reelhouse.errors import FileMissing, NotAdmitted
from reelhouse.sources import SourceFile, files_of
from reelhouse.sources.reading import LINE_BYTES

CHUNK_BYTES = 1 << 20
GREATEST_RATIO = 200
# Below this many unpacked bytes no ratio is dangerous.
RATIO_FLOOR_BYTES = 16 << 20
GZIP_MAGIC = b"\x1f\x8b"
PART_PREFIX = ".part-"
PART_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a file is taken from.

    file       what it is
    path       where it lies
    file_date  the day it is for
    is_dated   whether that day stands in its folder's name
    etag       changes whenever the file does
    """

    file: SourceFile
    path: Path
    file_date: date
    is_dated: bool
    etag: str


@dataclass(frozen=True, slots=True)
class Admitted:
    """A file in landing, as the ledger has it."""

    file_id: int
    file_name: str
    byte_count: int
    is_new: bool


def land_source(conn: psycopg.Connection, day: Day, source: str) -> dict[str, object]:
    """Admit the newest files of a provider that are not after the day, and say that they serve it.

    Gives   files, bytes, new_files, file_date
    Raises  FileMissing when a required file is not there, NotAdmitted when one is damaged or too large;
            the day then keeps the files it had
    Reruns  the same bytes again are not copied again
    """
    if source not in day.sources:
        return _keep_former_files(conn, day, source)
    _remove_old_parts(day.settings.landing / source)
    admitted = [_admit(conn, day, origin) for origin in find_origins(day, source)]
    with conn.transaction():
        _serve_day(conn, day, source, admitted)
    row = conn.execute(
        "select max(file.file_date) from ops.day_file inner join ops.file using (file_id)"
        " where day_file.batch_date = %s and day_file.source = %s",
        (day.batch_date, source),
    ).fetchone()
    return {
        "source": source,
        "files": len(admitted),
        "bytes": sum(file.byte_count for file in admitted),
        "new_files": sum(file.is_new for file in admitted),
        "file_date": row[0].isoformat() if row[0] else None,
    }


def land_optional_sources(conn: psycopg.Connection, day: Day) -> dict[str, object]:
    """Admit what there is of the sources that nothing depends on. A source without a file is no error.

    Gives   files, bytes, new_files summed, and the sources found
    """
    landed = [land_source(conn, day, source) for source in OPTIONAL_SOURCES]
    figures: dict[str, object] = {name: sum(each[name] for each in landed) for name in ("files", "bytes", "new_files")}
    return {"sources": [each["source"] for each in landed if each["files"]], **figures}


# --- which files ----------------------------------------------------------------------------------------


def find_origins(day: Day, source: str) -> list[Origin]:
    """The provider's files that serve the day: those of its newest dated folder not after it, else of its folder.

    Gives   none for an optional source of which there is no file at all
    Raises  FileMissing when a required one is not there
    """
    home = day.settings.data / source
    folder, folder_date = _newest_folder(home, day.batch_date)
    if source in OPTIONAL_SOURCES and not _has_any_file(folder, source):
        return []
    origins = []
    for file in files_of(source):
        path = next((folder / name for name in file.file_names if (folder / name).is_file()), None)
        if path is not None:
            stat = path.stat()
            etag = f"{stat.st_size}-{stat.st_mtime_ns}-{stat.st_ctime_ns}-{stat.st_ino}"
            origins.append(Origin(file, path, folder_date or day.batch_date, folder_date is not None, etag))
        elif file.is_required:
            raise FileMissing(_missing_message(home, folder, file, day.batch_date))
    return origins


def _has_any_file(folder: Path, source: str) -> bool:
    return any((folder / name).is_file() for file in files_of(source) for name in file.file_names)


def _newest_folder(home: Path, batch_date: date) -> tuple[Path, date | None]:
    dated = [(day, folder) for day, folder in _dated_folders(home) if day <= batch_date]
    if not dated:
        return home, None
    day, folder = max(dated)
    return folder, day


def _dated_folders(home: Path) -> Iterator[tuple[date, Path]]:
    for folder in home.iterdir() if home.is_dir() else ():
        try:
            day = date.fromisoformat(folder.name)
        except ValueError:
            continue
        # fromisoformat also takes 20210925 and 2021-W38-6; one day, one spelling.
        if folder.is_dir() and folder.name == day.isoformat():
            yield day, folder


def _missing_message(home: Path, folder: Path, file: SourceFile, batch_date: date) -> str:
    lying = sorted(path.name for path in folder.iterdir())[:12] if folder.is_dir() else []
    found = ", ".join(lying) if lying else "nothing"
    return (
        f"{file.name}: expected {' or '.join(file.file_names)} in {folder}, found {found}. "
        f"Put it there, or into {home}/<day> with a day not after {batch_date}."
    )


def _keep_former_files(conn: psycopg.Connection, day: Day, source: str) -> dict[str, object]:
    """Let the files that served the newest day before serve this one too."""
    row = conn.execute(
        "select max(batch_date) from ops.day_file where source = %s and batch_date <= %s", (source, day.batch_date)
    ).fetchone()
    if row[0] is None and source in OPTIONAL_SOURCES:
        return {"source": source, "files": 0, "bytes": 0, "new_files": 0, "served_by": None}
    if row[0] is None:
        raise FileMissing(
            f"{source}: expected files landed for {day.batch_date} or before, found none. Include it in the sources."
        )
    conn.execute(
        "insert into ops.day_file (batch_date, source, file_name, file_id)"
        " select %s, source, file_name, file_id from ops.day_file where source = %s and batch_date = %s"
        " on conflict (batch_date, source, file_name) do nothing",
        (day.batch_date, source, row[0]),
    )
    return {"source": source, "files": 0, "bytes": 0, "new_files": 0, "served_by": row[0].isoformat()}


# --- admission ------------------------------------------------------------------------------------------


def _admit(conn: psycopg.Connection, day: Day, origin: Origin) -> Admitted:
    """Bring one file into landing and the ledger, or find it there."""
    known = None if day.force else _unchanged(conn, day, origin)
    if known is not None:
        return known
    folder = day.settings.landing / origin.file.source / origin.file_date.isoformat()
    with _part(day.settings.landing / origin.file.source) as part:
        day.tell(f"landing {origin.path.name}", None)
        sha256, byte_count = _copy_verified(origin, part)
        same = _same_bytes(conn, day, origin, sha256)
        if same is not None:
            return same
        landed = folder / f"{sha256}-{origin.path.name}"
        _move(part, landed)
    file_id, is_new = _enter(conn, origin, sha256, byte_count, landed.relative_to(day.settings.landing))
    return Admitted(file_id, origin.file.name, byte_count, is_new)


def _unchanged(conn: psycopg.Connection, day: Day, origin: Origin) -> Admitted | None:
    """The admitted file, when the origin has not changed since; then its bytes need not even be read."""
    rows = conn.execute(
        "select file_id, byte_count, landed_path, file_date from ops.file"
        " where source = %s and file_name = %s and origin = %s and etag = %s and file_date <= %s"
        " order by file_date desc, file_id desc",
        (origin.file.source, origin.file.name, str(origin.path), origin.etag, origin.file_date),
    )
    return _first_usable(rows, day, origin)


def _same_bytes(conn: psycopg.Connection, day: Day, origin: Origin, sha256: str) -> Admitted | None:
    """The admitted file with these bytes; an undated file that did not change keeps the day it was first landed for."""
    rows = conn.execute(
        "select file_id, byte_count, landed_path, file_date from ops.file"
        " where source = %s and file_name = %s and sha256 = %s and file_date <= %s"
        " order by file_date desc, file_id desc",
        (origin.file.source, origin.file.name, sha256, origin.file_date),
    )
    same = _first_usable(rows, day, origin)
    if same is not None:
        conn.execute(
            "update ops.file set etag = %s, origin = %s where file_id = %s",
            (origin.etag, str(origin.path), same.file_id),
        )
    return same


def _first_usable(rows: psycopg.Cursor, day: Day, origin: Origin) -> Admitted | None:
    for file_id, byte_count, landed_path, file_date in rows:
        landed = day.settings.landing / landed_path
        is_whole = landed.is_file() and landed.stat().st_size == byte_count
        if is_whole and (file_date == origin.file_date or not origin.is_dated):
            return Admitted(file_id, origin.file.name, byte_count, is_new=False)
    return None


@contextmanager
def _part(folder: Path) -> Iterator[Path]:
    """A temporary name in landing that is gone afterwards, whatever happens."""
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{PART_PREFIX}{uuid.uuid4().hex}"
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)


def _remove_old_parts(folder: Path) -> None:
    """Temporary files of runs that were killed. Young ones may belong to a run that is still at it."""
    for part in folder.glob(f"{PART_PREFIX}*") if folder.is_dir() else ():
        if time.time() - part.stat().st_mtime > PART_SECONDS:
            part.unlink(missing_ok=True)


def _copy_verified(origin: Origin, part: Path) -> tuple[str, int]:
    """Copy a file while it is hashed and checked to its last byte.

    Gives   its sha256 and its size
    Raises  NotAdmitted
    """
    checked = _Checked(origin)
    digest = hashlib.sha256()
    with origin.path.open("rb") as source, part.open("xb") as target:
        size = os.fstat(source.fileno()).st_size
        while chunk := source.read(CHUNK_BYTES):
            target.write(chunk)
            digest.update(chunk)
            checked.take(chunk)
        checked.finish()
        target.flush()
        os.fsync(target.fileno())
        stat = origin.path.stat()
        if checked.packed != size or stat.st_size != size:
            found = f"{stat.st_size}: it changed while it was read"
            raise NotAdmitted(f"{origin.path}: expected {size} bytes, found {found}. Try again.")
    return digest.hexdigest(), checked.packed


class _Checked:
    """What admission has seen of a file so far: bytes packed and unpacked, the line it is in, the gzip member."""

    def __init__(self, origin: Origin) -> None:
        self.path = origin.path
        self.file = origin.file
        self.is_gzip = origin.path.name.endswith(".gz")
        self.member = isal_zlib.decompressobj(wbits=31) if self.is_gzip else None
        self.packed = 0
        self.unpacked = 0
        self.line = 0
        self.last_byte = b""

    def take(self, chunk: bytes) -> None:
        """The next bytes of the file as it lies there."""
        if self.packed == 0 and chunk.startswith(GZIP_MAGIC) is not self.is_gzip:
            found = "something else" if self.is_gzip else "gzip"
            self._refuse(f"{'gzip' if self.is_gzip else 'plain text'}, as its name says", found)
        self.packed += len(chunk)
        if not self.is_gzip:
            self._take_unpacked(chunk)
            return
        try:
            self._unpack(chunk)
        except isal_zlib.error as error:
            self._refuse("whole gzip data", f"damage at byte {self.packed}: {error}")

    def _unpack(self, chunk: bytes) -> None:
        while chunk:
            if self.member.eof:
                # A file may consist of several members; anything else after one is garbage.
                if not GZIP_MAGIC.startswith(chunk[:2]):
                    self._refuse("nothing after the end of the gzip data", f"{len(chunk)} more bytes or more")
                self.member = isal_zlib.decompressobj(wbits=31)
            self._take_unpacked(self.member.decompress(chunk, CHUNK_BYTES))
            chunk = self.member.unused_data if self.member.eof else self.member.unconsumed_tail

    def _take_unpacked(self, data: bytes) -> None:
        if not data:
            return
        self.unpacked += len(data)
        self.last_byte = data[-1:]
        if self.unpacked > self.file.max_bytes:
            self._refuse(f"at most {self.file.max_bytes} bytes unpacked", "more")
        if self.is_gzip and self.unpacked > max(RATIO_FLOOR_BYTES, GREATEST_RATIO * self.packed):
            self._refuse(f"at most {GREATEST_RATIO} bytes for each packed one", f"{self.unpacked} from {self.packed}")
        first, last = data.find(b"\n"), data.rfind(b"\n")
        if self.line + (first if first >= 0 else len(data)) > LINE_BYTES:
            self._refuse(f"lines of at most {LINE_BYTES} bytes", "a longer one")
        self.line = len(data) - last - 1 if last >= 0 else self.line + len(data)

    def finish(self) -> None:
        """The file ended here."""
        if self.packed == 0 or (self.unpacked == 0 and (self.member is None or self.member.eof)):
            self._refuse("a header and rows", "an empty file")
        if self.member is not None and not self.member.eof:
            self._refuse("the end of the gzip data", f"a file cut off after {self.packed} bytes")
        if self.file.ends_with_newline and self.last_byte != b"\n":
            self._refuse("a last line that ends", "a file cut off in mid-line")

    def _refuse(self, expected: str, found: str) -> None:
        raise NotAdmitted(f"{self.path}: expected {expected}, found {found}. Fetch it again; nothing of it was loaded.")


def _move(part: Path, landed: Path) -> None:
    """Give the part its name, so that it is there whole or not at all, even after a power cut."""
    landed.parent.mkdir(parents=True, exist_ok=True)
    part.replace(landed)
    folder = os.open(landed.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


# --- the ledger -----------------------------------------------------------------------------------------


def _enter(
    conn: psycopg.Connection, origin: Origin, sha256: str, byte_count: int, landed_path: Path
) -> tuple[int, bool]:
    row = conn.execute(
        "insert into ops.file (source, file_name, file_date, origin, etag, sha256, byte_count, landed_path)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s)"
        " on conflict (source, file_name, file_date, sha256) do update set landed_path = excluded.landed_path,"
        " origin = excluded.origin, etag = excluded.etag returning file_id, xmax = 0",
        (
            origin.file.source, origin.file.name, origin.file_date, str(origin.path), origin.etag, sha256, byte_count,
            landed_path.as_posix(),
        ),
    ).fetchone()  # fmt: skip
    return row[0], row[1]


def _serve_day(conn: psycopg.Connection, day: Day, source: str, admitted: list[Admitted]) -> None:
    conn.execute(
        "delete from ops.day_file where batch_date = %s and source = %s and not file_name = any(%s)",
        (day.batch_date, source, [file.file_name for file in admitted]),
    )
    for file in admitted:
        conn.execute(
            "insert into ops.day_file (batch_date, source, file_name, file_id) values (%s, %s, %s, %s)"
            " on conflict (batch_date, source, file_name) do update set file_id = excluded.file_id"
            " where ops.day_file.file_id <> excluded.file_id",
            (day.batch_date, source, file.file_name, file.file_id),
        )
