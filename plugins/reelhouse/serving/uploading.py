"""Taking a source's file from somebody who sends it: admitted like any other file, read once for its account, then put
where the day's run finds it. What is not admitted leaves nothing behind.
"""

from __future__ import annotations

import filecmp
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from starlette.concurrency import run_in_threadpool

from reelhouse.admission import Receiver, move
from reelhouse.errors import ReelhouseError
from reelhouse.fetching.parts import open_part
from reelhouse.fetching.remotes import is_local
from reelhouse.serving.models import Account
from reelhouse.serving.problems import InTheWay, NotUnderstood, TooLarge
from reelhouse.settings import Settings
from reelhouse.sources import SourceFile, files_of, provider
from reelhouse.sources.reading import Reading, open_landed, read_header

# A larger file, or one that is filtered by what others say, is counted when its day is staged.
COUNTED_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class Sent:
    """A file that somebody sends."""

    file: SourceFile
    file_name: str
    day: date
    is_replaced: bool


def expected(source: str, file_name: str) -> SourceFile:
    """The file of a source that has this name.

    Raises  NotUnderstood with the names there are
    """
    names = [name for file in files_of(source) for name in file.file_names]
    for file in files_of(source):
        if file_name in file.file_names:
            return file
    raise NotUnderstood(f"name: expected one of {', '.join(names)}, found {file_name!r}.", names)


def folder_for(settings: Settings, source: str) -> Path:
    """Where a run looks for the source's files; never the sample that ships with the project.

    Raises  InTheWay when a run takes them from elsewhere
    """
    origin = settings.origin_of(source)
    if origin is not None:
        place = "a folder" if is_local(origin) else "a server"
        raise InTheWay(
            f"{source} is taken from {place} that REELHOUSE_ORIGIN_{source.upper()} names. Put the file there."
        )
    sample = settings.include / "data" / "sample"
    data = settings.home / "data" if settings.data.resolve() == sample.resolve() else settings.data
    return data / source


async def receive(settings: Settings, sent: Sent, body: AsyncIterator[bytes], most_bytes: int) -> Account:
    """Admit a file and put it in its place.

    Gives   its account
    Raises  NotUnderstood when it is not admitted, TooLarge, InTheWay when another one is there already
    """
    home = folder_for(settings, sent.file.source)
    place = home / sent.day.isoformat() / sent.file_name
    try:
        with open_part(home) as part:
            receiver = Receiver(sent.file, sent.file_name, part.stream)
            async for chunk in body:
                if receiver.received + len(chunk) > most_bytes:
                    raise TooLarge(f"Expected at most {most_bytes >> 20} MiB, found more.")
                if chunk:
                    await run_in_threadpool(receiver.take, chunk)
            return await run_in_threadpool(_keep, sent, receiver, part.path, place)
    except OSError as error:
        raise InTheWay(f"Files cannot be put into this server's data folder ({error.strerror}).") from error
    except ReelhouseError as error:
        raise NotUnderstood(str(error).replace(f"{home}/", "")) from error


def _keep(sent: Sent, receiver: Receiver, part: Path, place: Path) -> Account:
    if receiver.received == 0:
        raise NotUnderstood("body: expected the file's bytes, found none.")
    receiver.finish()
    # Its name says whether it is gzip.
    named = part.with_name(f"{part.name}-{sent.file_name}")
    part.rename(named)
    try:
        rows = _count(sent.file, named)
        is_there = place.is_file()
        if is_there and not sent.is_replaced and not filecmp.cmp(place, named, shallow=False):
            raise InTheWay(f"{sent.file_name} of {sent.day} is there already, with something else. Send replace=true.")
        move(named, place)
    finally:
        named.unlink(missing_ok=True)
    return Account(
        source=sent.file.source,
        file_name=sent.file_name,
        day=sent.day,
        sha256=receiver.sha256,
        byte_count=receiver.received,
        is_new=not is_there,
        **rows,
    )


def _count(file: SourceFile, path: Path) -> dict[str, int | None]:
    """Read a file as staging will; nothing of it is kept.

    Raises  ContractBroken when its columns are not those expected
    """
    reading = Reading(0)
    try:
        with open_landed(path) as (stream, _):
            header = read_header(file, stream)
            if file.keep_referenced or path.stat().st_size > COUNTED_BYTES:
                return dict.fromkeys(("rows_in", "rows_kept", "rows_filtered", "rows_quarantined", "rows_duplicate"))
            for _ in provider(file.source).read_texts(file, header, stream, reading, None, None):
                pass
    finally:
        reading.close()
    left_out = reading.rows_filtered + reading.rows_quarantined + reading.rows_duplicate
    return {
        "rows_in": reading.rows_in,
        "rows_kept": reading.rows_in - left_out,
        "rows_filtered": reading.rows_filtered,
        "rows_quarantined": reading.rows_quarantined,
        "rows_duplicate": reading.rows_duplicate,
    }
