"""Source file -> landing. A file is admitted whole and verified, or not at all; only admitted files are parsed.

A file is taken from the data folder or from the origin that the settings name: a folder, https:// or s3://. Whatever
it comes from, it is checked as `admission` says, moved to `landing/<source>/<file date>/` under a name of ours and
entered in `ops.file`. `ops.day_file` says which admitted file serves which day, `ops.file_fetch` keeps every look at
an origin that ended well. What is done when fails leaves all of them as they were. When an origin has no file that may
serve the day, `lateness` says what does.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import psycopg

from reelhouse import lateness
from reelhouse.admission import CHUNK_BYTES, Receiver, move
from reelhouse.day import OPTIONAL_SOURCES, Day
from reelhouse.errors import FileMissing, NotAdmitted, SourceAway
from reelhouse.fetching import remotes
from reelhouse.fetching.downloading import Download, Fetched, Remote, Version
from reelhouse.fetching.parts import PART_PREFIX, open_part
from reelhouse.sources import SourceFile, files_of
from reelhouse.storage import storage_of

PART_SECONDS = 24 * 3600
UNKNOWN = Version()


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a file is taken from.

    file       what it is
    place      path, or URL without credentials
    file_date  the day it is for
    is_dated   whether that day stands in its folder's name or its address
    version    changes whenever the file does; a server tells it with its answer
    """

    file: SourceFile
    place: str
    file_date: date
    is_dated: bool
    version: Version = UNKNOWN

    @property
    def name(self) -> str:
        return self.place.rpartition("/")[2]


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


def land_source(conn: psycopg.Connection, day: Day, source: str) -> dict[str, object]:
    """Admit the newest files of a provider that are not after the day, and say that they serve it.

    Gives   files, bytes, new_files, file_date, stale_days
    Raises  FileMissing when a required file is not there, SourceAway when a server does not answer, each only if no
            former file may serve the day; NotAdmitted when a file is damaged or too large, SourceRefused when a server
            does not let us in. The day then keeps the files it had
    Reruns  the same bytes again are not copied again
    """
    if source not in day.sources:
        return lateness.keep_former_files(conn, day, source)
    _remove_old_parts(day.settings.landing / source)
    try:
        admitted, file_date = _admit(conn, day, source)
    except (FileMissing, SourceAway) as error:
        return lateness.carry_over(conn, day, source, error)
    except NotAdmitted as error:
        # It may be half delivered: who waits for this source looks again. A former file does not serve in its place.
        error.is_late = lateness.allowed_stale_days(day.settings, source) is not None
        raise
    if not admitted and (carried := lateness.carry_over_optional(conn, day, source)):
        return carried
    with conn.transaction():
        _serve_day(conn, day, source, admitted)
    return {
        "source": source,
        "files": len(admitted),
        "bytes": sum(file.byte_count for file in admitted),
        "new_files": sum(file.is_new for file in admitted),
        "file_date": file_date.isoformat() if file_date else None,
        "stale_days": (day.batch_date - file_date).days or None if file_date else None,
    }


def land_optional_sources(conn: psycopg.Connection, day: Day) -> dict[str, object]:
    """Admit what there is of the sources that nothing depends on. One that never had a file is no error; one that had
    goes on with it, as long as its limit allows.

    Gives   files, bytes, new_files summed, and the sources found
            and `not_taken`: what lies in the folders of the others, under names that no file of theirs has
    """
    landed = [land_source(conn, day, source) for source in OPTIONAL_SOURCES]
    figures: dict[str, object] = {name: sum(each[name] for each in landed) for name in ("files", "bytes", "new_files")}
    found = [each["source"] for each in landed if each["files"]]
    others = [source for source in OPTIONAL_SOURCES if source in day.sources and source not in found]
    lying = [f"{source}: {', '.join(names)}" for source in others if (names := _lying(day, source))]
    return {"sources": found, **figures} | ({"not_taken": "; ".join(lying)} if lying else {})


# --- which files ----------------------------------------------------------------------------------------


def find_origins(day: Day, source: str) -> list[Origin]:
    """The provider's local files that serve the day: those of its newest dated folder not after it, else of its folder.

    Gives   none for an optional source of which there is no file at all
    Raises  FileMissing when a required one is not there
    """
    home, folder, folder_date = _folder_of(day, source)
    if source in OPTIONAL_SOURCES and not _has_any_file(folder, source):
        return []
    origins = []
    for file in files_of(source):
        path = next((folder / name for name in file.file_names if (folder / name).is_file()), None)
        if path is not None:
            stat = path.stat()
            version = Version(f"{stat.st_size}-{stat.st_mtime_ns}-{stat.st_ctime_ns}-{stat.st_ino}")
            is_dated = folder_date is not None
            origins.append(Origin(file, str(path), folder_date or day.batch_date, is_dated, version))
        elif file.is_required:
            raise FileMissing(_missing_message(home, folder, file, day.batch_date))
    return origins


def _has_any_file(folder: Path, source: str) -> bool:
    return any((folder / name).is_file() for file in files_of(source) for name in file.file_names)


def _folder_of(day: Day, source: str) -> tuple[Path, Path, date | None]:
    """Where a provider's files lie: its folder, the one of them that serves the day, and that one's day."""
    template = day.settings.origin_of(source)
    if template is None:
        home = day.settings.data / source
    elif not remotes.is_dated(template):
        home = remotes.local_folder(template, day.batch_date)
    else:
        folders = {each: remotes.local_folder(template, each) for each in remotes.days_to_try(template, day.batch_date)}
        newest = next((each for each, folder in folders.items() if folder.is_dir()), day.batch_date)
        return folders[newest], folders[newest], newest
    return home, *_newest_folder(home, day.batch_date)


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
    lying = _names_in(folder)
    found = ", ".join(lying) if lying else "nothing"
    return (
        f"{file.name}: expected {' or '.join(file.file_names)} in {folder}, found {found}. "
        f"Put it there, or into {home}/<day> with a day not after {batch_date}."
    )


def _lying(day: Day, source: str) -> list[str]:
    """What lies in the local folder of a source that serves the day, but for folders of days."""
    template = day.settings.origin_of(source)
    if template is not None and not remotes.is_local(template):
        return []
    _, folder, _ = _folder_of(day, source)
    days = {each.name for _, each in _dated_folders(folder)}
    return [name for name in _names_in(folder) if name not in days and not name.startswith(".")]


def _names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())[:12] if folder.is_dir() else []


# --- admission ------------------------------------------------------------------------------------------


def _admit(conn: psycopg.Connection, day: Day, source: str) -> tuple[list[Admitted], date | None]:
    """Bring a provider's files into landing; gives them and the day of the newest.

    Raises  FileMissing also when they are older than the source's limit
    """
    template = day.settings.origin_of(source)
    if template is None or remotes.is_local(template):
        origins = find_origins(day, source)
        lateness.expect_young(day, source, [origin.file_date for origin in origins])
        admitted = [_admit_local(conn, day, origin) for origin in origins]
    else:
        admitted = _admit_remote(conn, day, source, template)
    dates = conn.execute(
        "select file_date from ops.file where file_id = any(%s)", ([file.file_id for file in admitted],)
    ).fetchall()
    file_dates = [row[0] for row in dates]
    # A file without a day in its name may have been here, the same, for long.
    lateness.expect_young(day, source, file_dates)
    return admitted, max(file_dates, default=None)


def _admit_local(conn: psycopg.Connection, day: Day, origin: Origin) -> Admitted:
    """Bring one file into landing and the ledger, or find it there."""
    known = None if day.force else _unchanged(conn, day, origin) or _admitted_before(conn, day, origin)
    if known is not None:
        return known
    began = time.monotonic()
    with open_part(day.settings.landing / origin.file.source) as part:
        day.tell(f"landing {origin.name}", None)
        receiver = Receiver(origin.file, origin.place, part.stream)
        _copy(Path(origin.place), receiver)
        return _enter(
            conn, day, origin, receiver, part.path, Fetched(False, origin.version, receiver.received, 0, 1), began
        )


def _copy(path: Path, receiver: Receiver) -> None:
    """Take all of a local file.

    Raises  NotAdmitted, also when it changes meanwhile
    """
    with path.open("rb") as source:
        size = os.fstat(source.fileno()).st_size
        while chunk := source.read(CHUNK_BYTES):
            receiver.take(chunk)
        receiver.finish()
    stat = path.stat()
    if receiver.received != size or stat.st_size != size:
        found = f"{stat.st_size}: it changed while it was read"
        raise NotAdmitted(f"{path}: expected {size} bytes, found {found}. Try again.")


def _admit_remote(conn: psycopg.Connection, day: Day, source: str, template: str) -> list[Admitted]:
    """Bring a provider's files into landing: of the newest day that its first required file is there for.

    Raises  FileMissing when there is none
    """
    allowed = lateness.allowed_stale_days(day.settings, source)
    tried = remotes.days_to_try(template, day.batch_date, allowed)
    first, *others = sorted(files_of(source), key=lambda file: not file.is_required)
    for file_date in tried:
        try:
            admitted = [_admit_named(conn, day, template, first, file_date)]
        except FileMissing:
            if file_date == tried[-1]:
                raise
            continue
        break
    for file in others:
        try:
            admitted.append(_admit_named(conn, day, template, file, file_date))
        except FileMissing:
            if file.is_required:
                raise
    return admitted


def _admit_named(conn: psycopg.Connection, day: Day, template: str, file: SourceFile, file_date: date) -> Admitted:
    """One file from a server, under the first of its names that is there."""
    wanted = [remotes.remote_of(template, file, name, file_date, day.settings.network) for name in file.file_names]
    is_dated = remotes.is_dated(template)
    missing: list[FileMissing] = []
    for remote in {remote.place: remote for remote in wanted}.values():
        try:
            return _fetch(conn, day, Origin(file, remote.place, file_date, is_dated), remote)
        except FileMissing as error:
            missing.append(error)
    raise missing[0]


def _fetch(conn: psycopg.Connection, day: Day, origin: Origin, remote: Remote) -> Admitted:
    began = time.monotonic()
    former, version = (None, Version()) if day.force else _former(conn, day, origin)
    with open_part(day.settings.landing / origin.file.source, origin.place) as part:
        receiver = Receiver(origin.file, origin.place, part.stream)
        if part.validator:
            receiver.resume()
        network = remotes.with_host_of(day.settings.network, remote.url)
        download = Download(remote, network, receiver, part.validator, version, part.remember, day.tell)
        fetched = download.run()
        if fetched.is_unchanged and former is not None:
            return replace(former, place=origin.place, tries=fetched.tries, seconds=time.monotonic() - began)
        receiver.finish()
        return _enter(conn, day, origin, receiver, part.path, fetched, began)


def _former(conn: psycopg.Connection, day: Day, origin: Origin) -> tuple[Admitted | None, Version]:
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


def _unchanged(conn: psycopg.Connection, day: Day, origin: Origin) -> Admitted | None:
    """The admitted file, when the origin has not changed since; then its bytes need not even be read."""
    rows = conn.execute(
        "select file_id, byte_count, landed_path, file_date from ops.file"
        " where source = %s and file_name = %s and origin = %s and etag = %s and file_date <= %s"
        " order by file_date desc, file_id desc",
        (origin.file.source, origin.file.name, origin.place, origin.version.etag, origin.file_date),
    )
    return _first_usable(rows, day, origin, "unchanged")


def _admitted_before(conn: psycopg.Connection, day: Day, origin: Origin) -> Admitted | None:
    """A local file whose very bytes have been admitted, for whatever day: known by its digest, and not unpacked again.

    The digest of IMDb's files takes a second, unpacking them half a minute.
    """
    size = Path(origin.place).stat().st_size
    rows = conn.execute(
        "select sha256, landed_path from ops.file where source = %s and file_name = %s and byte_count = %s",
        (origin.file.source, origin.file.name, size),
    ).fetchall()
    storage = storage_of(day.settings)
    landed = {sha256: path for sha256, path in rows if storage.has(day.settings.landing / path, size)}
    if not landed:
        return None
    with Path(origin.place).open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    if sha256 not in landed:
        return None
    same = _same_bytes(conn, day, origin, sha256, origin.version)
    if same is not None:
        return same
    own = _landed_path(origin, sha256)
    if not storage.link(day.settings.landing / landed[sha256], day.settings.landing / own):
        return None
    return replace(_insert(conn, origin, sha256, size, origin.version, own), outcome="same_bytes")


def _landed_path(origin: Origin, sha256: str) -> Path:
    return Path(origin.file.source) / origin.file_date.isoformat() / f"{sha256}-{origin.name}"


def _enter(
    conn: psycopg.Connection, day: Day, origin: Origin, receiver: Receiver, part: Path, fetched: Fetched, began: float
) -> Admitted:
    """Give a whole file its name and its row, unless landing has these bytes already."""
    known = _same_bytes(conn, day, origin, receiver.sha256, fetched.version)
    if known is None:
        landed = _landed_path(origin, receiver.sha256)
        move(part, day.settings.landing / landed)
        storage_of(day.settings).keep(day.settings.landing / landed)
        known = _insert(conn, origin, receiver.sha256, receiver.received, fetched.version, landed)
    return replace(
        known,
        received=fetched.received,
        resumed=fetched.resumed,
        tries=fetched.tries,
        seconds=time.monotonic() - began,
    )


def _same_bytes(conn: psycopg.Connection, day: Day, origin: Origin, sha256: str, version: Version) -> Admitted | None:
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


def _remove_old_parts(folder: Path) -> None:
    """Temporary files of runs that were killed. Young ones may belong to a run that is still at it."""
    for part in folder.glob(f"{PART_PREFIX}*") if folder.is_dir() else ():
        if time.time() - part.stat().st_mtime > PART_SECONDS:
            part.unlink(missing_ok=True)


# --- the ledger -----------------------------------------------------------------------------------------


def _insert(
    conn: psycopg.Connection, origin: Origin, sha256: str, byte_count: int, version: Version, landed: Path
) -> Admitted:
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


def _serve_day(conn: psycopg.Connection, day: Day, source: str, admitted: list[Admitted]) -> None:
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
