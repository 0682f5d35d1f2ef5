"""Admitting: a file of a folder or a server -> landing and its ledger, or found there."""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import psycopg

from reelhouse import lateness
from reelhouse.admission import CHUNK_BYTES, Receiver, move
from reelhouse.day import Day
from reelhouse.errors import FileMissing, NotAdmitted
from reelhouse.fetching import remotes
from reelhouse.fetching.downloading import Download, Fetched, Remote, Version
from reelhouse.fetching.parts import open_part
from reelhouse.landing import ledger
from reelhouse.landing.ledger import Admitted
from reelhouse.landing.origins import Origin, find_origins
from reelhouse.sources import SourceFile, files_of
from reelhouse.storage import storage_of


def admit_files(conn: psycopg.Connection, day: Day, source: str) -> tuple[list[Admitted], date | None]:
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
    known = None if day.force else ledger.unchanged(conn, day, origin) or _admitted_before(conn, day, origin)
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
    former, version = (None, Version()) if day.force else ledger.former(conn, day, origin)
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
    same = ledger.same_bytes(conn, day, origin, sha256, origin.version)
    if same is not None:
        return same
    own = ledger.landed_path(origin, sha256)
    if not storage.link(day.settings.landing / landed[sha256], day.settings.landing / own):
        return None
    return replace(ledger.insert(conn, origin, sha256, size, origin.version, own), outcome="same_bytes")


def _enter(
    conn: psycopg.Connection, day: Day, origin: Origin, receiver: Receiver, part: Path, fetched: Fetched, began: float
) -> Admitted:
    """Give a whole file its name and its row, unless landing has these bytes already."""
    known = ledger.same_bytes(conn, day, origin, receiver.sha256, fetched.version)
    if known is None:
        landed = ledger.landed_path(origin, receiver.sha256)
        move(part, day.settings.landing / landed)
        storage_of(day.settings).keep(day.settings.landing / landed)
        known = ledger.insert(conn, origin, receiver.sha256, receiver.received, fetched.version, landed)
    return replace(
        known,
        received=fetched.received,
        resumed=fetched.resumed,
        tries=fetched.tries,
        seconds=time.monotonic() - began,
    )
