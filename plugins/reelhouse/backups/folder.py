"""The folder of a backup: made under another name, given its own last, and trusted only when every digest is right.

dump/           pg_dump's folder: schema and rows, with owners and privileges
rights.json     roles with their memberships, settings and passwords' digests; every privilege
audit_heads.csv the ends of the audit's chain that were carried out, where there are any
manifest.json   what it is of, the digest of every table, and of each of these files
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from reelhouse.errors import ReelhouseError, SettingsWrong

MANIFEST, RIGHTS, DUMP = "manifest.json", "rights.json", "dump"
FORMAT = 1


class BackupBroken(ReelhouseError):
    """A backup is not whole, or not as it was written. Nothing was restored from it."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup is of.

    tables     "count:digest" of each table
    sequences  last number of each
    newest     day and load that readers saw, or None
    files      sha256 of every other file in the folder
    not_kept   what could not be read, in words
    """

    made_at: str
    reelhouse: str
    server_version: int
    database: str
    newest: str | None
    tables: dict[str, str]
    sequences: dict[str, int]
    not_kept: list[str] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    format: int = FORMAT


@contextmanager
def new_folder(place: Path) -> Iterator[Path]:
    """A folder to write into that gets its name when all went well, and is gone when not.

    Raises  SettingsWrong when something is there already
    """
    if place.exists():
        raise SettingsWrong(f"{place}: expected nothing there yet, found something. Name another folder.")
    part = place.with_name(f".{place.name}.{os.getpid()}.part")
    try:
        part.mkdir(mode=0o700, parents=True)
    except OSError as error:
        raise SettingsWrong(f"{part.parent}: expected to be able to write there, found: {error.strerror}.") from error
    try:
        yield part
        for path in (*part.rglob("*"), part):
            _sync(path)
        part.rename(place)
        _sync(place.parent)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write down the digest of every file there is, and all else that the manifest says."""
    files = {path: digest_of(folder / path) for path in _files_in(folder)}
    text = json.dumps(asdict(manifest) | {"files": files}, indent=1, sort_keys=True)
    write_private(folder / MANIFEST, text + "\n")


def write_private(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def open_backup(folder: Path) -> tuple[Manifest, dict]:
    """Manifest and rights of a backup, after every byte of it was read and found as it was written.

    Raises  BackupBroken, with the first thing that is not right
    """
    try:
        said = json.loads((folder / MANIFEST).read_text())
    except FileNotFoundError as error:
        raise BackupBroken(
            f"{folder}: expected a backup with its {MANIFEST}, found none. One that ends in .part was not finished."
        ) from error
    except (OSError, ValueError) as error:
        raise BackupBroken(f"{folder / MANIFEST}: expected to read it, found: {error}. Take another backup.") from error
    if said.get("format") != FORMAT:
        raise BackupBroken(f"{folder / MANIFEST}: expected format {FORMAT}, found {said.get('format')}.")
    manifest = Manifest(**said)
    there = set(_files_in(folder)) - {MANIFEST}
    for path in sorted(there | manifest.files.keys()):
        found = digest_of(folder / path) if path in there else "nothing"
        expected = manifest.files.get(path, "nothing")
        if found != expected:
            raise BackupBroken(
                f"{folder / path}: expected {expected[:12]} (sha256), found {found[:12]}. Take another backup."
            )
    return manifest, json.loads((folder / RIGHTS).read_text())


def digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def size_of(folder: Path) -> int:
    return sum((folder / path).stat().st_size for path in _files_in(folder))


def _files_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
