"""What the system refuses, in words that one can act on: a full disk, a closed folder, too few file handles.

Python's own words for it often name no place: a write fails long after its file was opened. Where room is lacking, the
folders that we write to are asked themselves.
"""

from __future__ import annotations

import errno
import os
import pwd
import resource
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from reelhouse.errors import ReelhouseError
from reelhouse.operating import postgres
from reelhouse.settings import Settings

FULL = (errno.ENOSPC, errno.EDQUOT)
CLOSED = (errno.EACCES, errno.EPERM)
OTHER_PLACE = "Do it as who may, or name a folder of your own: as an option of the command, or by REELHOUSE_HOME."


class Refused(ReelhouseError):
    """The system did not let us: no room, no right, no more files or processes."""


def words_of(error: OSError, settings: Settings | None = None) -> str | None:
    """What is refused, where, and what to do; None of what is no obstacle of the surroundings."""
    place = error.filename if isinstance(error.filename, str) else None
    if isinstance(error.filename, bytes):
        place = os.fsdecode(error.filename)
    said = error.strerror or str(error)
    if error.errno in FULL:
        full = full_places(settings) if settings else []
        # Of another disk we only know what the error names.
        where = ", ".join(map(str, full)) or place or "A disk that is written to"
        return f"{where}: expected room to write, found: {said}. Free space there, then do it again; {_elsewhere(full)}"
    if error.errno == errno.EROFS:
        return (
            f"{place or 'A disk'}: expected to be able to write there, found: {said}. "
            "Have it mounted for writing, or set REELHOUSE_HOME to another disk."
        )
    if error.errno in CLOSED and place:
        return f"{place}: expected that {_who()} may use it, found: {said}{_owner(place)}. {OTHER_PLACE}"
    if error.errno in (errno.ENOTDIR, errno.EEXIST, errno.ELOOP) and place:
        return (
            f"{place}: expected a folder, or nothing there yet, found: {said}. Remove what is there, or name another."
        )
    if error.errno in (errno.EMFILE, errno.ENFILE):
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        where = place or "Files"
        return f"{where}: expected to be able to open one more, found: {said} (limit {limit}). Try: ulimit -n 4096."
    if error.errno in (errno.EAGAIN, errno.ENOMEM):
        return (
            f"{place or 'The system'}: expected to get one more process and memory for it, found: {said}. "
            "End other programs, or raise the limits of processes and memory (ulimit -u, ulimit -v, the container's)."
        )
    if error.errno == errno.ENAMETOOLONG:
        return f"{place}: expected a path that the system can hold, found: {said}. Set REELHOUSE_HOME to a shorter one."
    return None


def full_places(settings: Settings) -> list[Path]:
    """Of the folders that we write to, those whose disk has no room left; one folder a disk."""
    server = postgres.server_folder(settings.home)
    found: dict[int, Path] = {}
    for folder in (settings.home, settings.landing, server, Path(tempfile.gettempdir())):
        there = existing(folder)
        with suppress(OSError):
            if not _has_room(there):
                found.setdefault(there.stat().st_dev, folder)
    return list(found.values())


def _has_room(folder: Path) -> bool:
    disk = os.statvfs(folder)
    # What is left for root alone does not help the server, which runs as another user. No files at all: not counted.
    return disk.f_bavail * disk.f_frsize >= postgres.LEAST_ROOM and (disk.f_files == 0 or disk.f_favail > 0)


def existing(path: Path) -> Path:
    """The path, or the nearest folder above it that is there."""
    while not path.exists():
        path = path.parent
    return path


def _elsewhere(full: Iterable[Path]) -> str:
    is_temporary = list(full) == [Path(tempfile.gettempdir())]
    return "or set TMPDIR to another disk." if is_temporary else "or set REELHOUSE_HOME to another disk."


def _who() -> str:
    with suppress(KeyError):
        return pwd.getpwuid(os.geteuid()).pw_name
    return f"user {os.geteuid()}"


def _owner(place: str) -> str:
    """Whose it is, or whose is the folder above it that is in the way."""
    path = Path(place)
    while True:
        try:
            owner = path.stat().st_uid
            break
        except OSError:
            if path == path.parent:
                return ""
            path = path.parent
    if owner == os.geteuid():
        return ""
    name = str(owner)
    with suppress(KeyError):
        name = pwd.getpwuid(owner).pw_name
    return f" ({path} belongs to {name})"
