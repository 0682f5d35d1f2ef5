"""The admitted files that serve a day, and the digest of what is staged of each."""

from __future__ import annotations

import hashlib
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from gzip import BadGzipFile
from pathlib import Path
from types import ModuleType
from typing import BinaryIO

import psycopg
from isal import isal_zlib

from reelhouse import copying, sources
from reelhouse.day import SOURCES, Day
from reelhouse.errors import FileMissing, NotAdmitted, OutOfStep
from reelhouse.sources import SourceFile, files_of, provider, reading, values
from reelhouse.sources.reading import open_landed, read_header
from reelhouse.staging import kept
from reelhouse.storage import Storage, storage_of


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


def landed_files(conn: psycopg.Connection, day: Day, source: str) -> dict[str, Landed]:
    """The files of a source that serve the day, by name, each after those it depends on.

    Raises  OutOfStep when one that must be there has not been landed
    """
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
            digest = staged_sha256_of(source, sha256, others)
            landed[file.name] = Landed(file, file_id, day.settings.landing / path, digest, storage)
        elif file.is_required and (found or source in SOURCES):
            raise OutOfStep(
                f"{file.name}: expected to be landed for {day.batch_date}, found no such file. Run land_{source} first."
            )
    return landed


def staged_sha256_of(source: str, sha256: str, others: Iterable[str]) -> str:
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


def is_by_lines(file: SourceFile) -> bool:
    """Whether a file is read in blocks of lines, and compared by them with the one before."""
    return hasattr(provider(file.source), "BlockReader")


def kept_path(day: Day, file: SourceFile, staged_sha256: str) -> Path:
    """Where that is which the next day of a file is compared with: its kept lines, or notes beside the landed file."""
    code = code_sha256(file.source) if is_by_lines(file) else ""
    return kept.path_in(day.settings.landing / file.source, staged_sha256, file, code)


@contextmanager
def open_file(landed: Landed, *, is_read_whole: bool = True) -> Iterator[tuple[BinaryIO, Callable[[], int]]]:
    """The text of a landed file as a stream, and how many of the file's bytes have been read.

    Raises  FileMissing, and NotAdmitted when it was damaged since it was landed
    """
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


def read_only_header(landed: Landed) -> None:
    """Make sure that a file's header is what its contract asks for.

    Raises  ContractBroken
    """
    with open_file(landed, is_read_whole=False) as (stream, _):
        read_header(landed.file, stream)
