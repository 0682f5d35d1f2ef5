"""Origins: where a provider's files lie for a day; local ones are looked for here, those of servers by `fetching`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from reelhouse.day import OPTIONAL_SOURCES, Day
from reelhouse.errors import FileMissing
from reelhouse.fetching import remotes
from reelhouse.fetching.downloading import Version
from reelhouse.sources import SourceFile, files_of

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


def files_not_taken(day: Day, source: str) -> list[str]:
    """What lies in the local folder of a source that serves the day, but for folders of days."""
    template = day.settings.origin_of(source)
    if template is not None and not remotes.is_local(template):
        return []
    _, folder, _ = _folder_of(day, source)
    days = {each.name for _, each in _dated_folders(folder)}
    return [name for name in _names_in(folder) if name not in days and not name.startswith(".")]


def _names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())[:12] if folder.is_dir() else []
