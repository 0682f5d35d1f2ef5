"""What a broken transfer left: the bytes, and the validator that says which version of the file they are of.

A part is named by the digest of its URL; beside it lies its validator, so that the server can be asked for the rest
of that version and of no other (If-Range). Two runs at once do not share one: the second gets a part of its own.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from reelhouse.errors import SourceAway

PART_PREFIX = ".part-"
NOTE_SUFFIX = ".note"
OLD_SECONDS = 24 * 3600


@dataclass(slots=True)
class Part:
    """An open temporary file in landing.

    path       where it lies
    stream     open for reading and writing
    validator  ETag or Last-Modified of the version that its bytes are of; without one they are of no use later
    """

    path: Path
    stream: BinaryIO
    validator: str | None

    @property
    def note(self) -> Path:
        return self.path.with_name(self.path.name + NOTE_SUFFIX)

    def remember(self, validator: str | None) -> None:
        """Note the version that is coming now, before its first byte is written."""
        self.validator = validator
        if validator is None:
            self.note.unlink(missing_ok=True)
        else:
            self.note.write_text(json.dumps({"validator": validator}))


@contextmanager
def open_part(folder: Path, url: str | None = None) -> Iterator[Part]:
    """A temporary name in landing.

    Takes   url  what the bytes will be of; without one nothing is kept
    Notes   gone afterwards, unless the transfer broke (or the process was killed) and can be continued
    """
    folder.mkdir(parents=True, exist_ok=True)
    part = _reopen(folder, url) if url else None
    part = part or _new(folder / f"{PART_PREFIX}{uuid.uuid4().hex}")
    is_kept = False
    try:
        yield part
    except (SourceAway, KeyboardInterrupt, SystemExit):
        is_kept = part.validator is not None
        raise
    finally:
        if not is_kept and not _is_anothers(part):
            part.path.unlink(missing_ok=True)
            part.note.unlink(missing_ok=True)
        part.stream.close()


def remove_old_parts(folder: Path) -> None:
    """Temporary files of runs that were killed. Young ones may belong to a run that is still at it."""
    for part in folder.glob(f"{PART_PREFIX}*") if folder.is_dir() else ():
        if time.time() - part.stat().st_mtime > OLD_SECONDS:
            part.unlink(missing_ok=True)


def _is_anothers(part: Part) -> bool:
    """Whether another run has the name now: it is free as soon as the file has been given the one that it keeps."""
    try:
        return part.path.stat().st_ino != os.fstat(part.stream.fileno()).st_ino
    except FileNotFoundError:
        return False


def _new(path: Path) -> Part:
    return Part(path, path.open("x+b"), None)


def _reopen(folder: Path, url: str) -> Part | None:
    """The part of this URL with its lock, or None when another process is at it."""
    path = folder / f"{PART_PREFIX}{hashlib.sha256(url.encode()).hexdigest()[:32]}"
    stream = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        is_ours = path.stat().st_ino == os.fstat(stream.fileno()).st_ino
    except OSError:
        is_ours = False
    if not is_ours:
        stream.close()
        return None
    part = Part(path, stream, None)
    part.validator = _read_note(part.note)
    return part


def _read_note(note: Path) -> str | None:
    try:
        value = json.loads(note.read_text())["validator"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return value if isinstance(value, str) else None
