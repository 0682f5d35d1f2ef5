"""What the providers offer the public, and how it comes into a data folder.

The files of a day come into a folder beside the day's own name first; only when all are whole does it get that name,
so that a day that broke off never stands before an older one that is complete.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from typing import BinaryIO

from reelhouse.admission import CHUNK_BYTES, GREATEST_RATIO, RATIO_FLOOR_BYTES, ZIP_MAGIC, Receiver, move
from reelhouse.day import Day
from reelhouse.errors import FileMissing, NotAdmitted, SettingsWrong
from reelhouse.fetching.addresses import shown
from reelhouse.fetching.downloading import Download, Fetched, Remote, Version
from reelhouse.fetching.parts import open_part
from reelhouse.sources import SourceFile, files_of


@dataclass(frozen=True, slots=True)
class Offer:
    """Where a provider's files are to be had.

    source       the provider
    template     URL with {name}
    page         where a person finds them
    licence      the terms, in a sentence or two
    needs_token  the address lets in only who has a Kaggle token
    hosts        that answers may be redirected to
    """

    source: str
    template: str
    page: str
    licence: str
    needs_token: bool = False
    hosts: tuple[str, ...] = ()


def _on_kaggle(source: str, dataset: str) -> Offer:
    return Offer(
        source,
        f"https://www.kaggle.com/api/v1/datasets/download/{dataset}/{{name}}",
        f"https://www.kaggle.com/datasets/{dataset}",
        "The data set's page on Kaggle states its terms; they are its owners'.",
        needs_token=True,
        hosts=("storage.googleapis.com",),
    )


OFFERS: tuple[Offer, ...] = (
    _on_kaggle("netflix", "shivamb/netflix-shows"),
    Offer(
        "imdb",
        "https://datasets.imdbws.com/{name}",
        "https://developer.imdb.com/non-commercial-datasets/",
        "IMDb's files are for personal and non-commercial use only, and must not be passed on. "
        "Information courtesy of IMDb (https://www.imdb.com). Used with permission.",
    ),
    _on_kaggle("rotten_tomatoes", "stefanoleone992/rotten-tomatoes-movies-and-critic-reviews-dataset"),
)


@dataclass(frozen=True, slots=True)
class Brought:
    """A file in the data folder.

    outcome  fetched, or unchanged
    """

    path: Path
    outcome: str
    byte_count: int
    received: int
    resumed: int


def find_token(env: Mapping[str, str]) -> str | None:
    """The Authorization header of the user's Kaggle token, if there is one.

    Raises  SettingsWrong when there is one that cannot be read
    """
    name, key = env.get("KAGGLE_USERNAME"), env.get("KAGGLE_KEY")
    if not (name and key):
        folder = env.get("KAGGLE_CONFIG_DIR") or "~/.kaggle"
        path = Path(folder).expanduser() / "kaggle.json"
        if not path.is_file():
            return None
        try:
            token = json.loads(path.read_text())
            name, key = str(token["username"]), str(token["key"])
        except (ValueError, KeyError, TypeError):
            raise SettingsWrong(
                f"{path}: expected {{'username': …, 'key': …}}, found something else. Make a new token on kaggle.com."
            ) from None
    return "Basic " + base64.b64encode(f"{name}:{key}".encode()).decode()


def by_hand(offer: Offer, data: Path, batch_date: date) -> str:
    """What to do where there is no token: which file, from where, to which place."""
    folder = data / offer.source / batch_date.isoformat()
    names = " and ".join(file.file_names[0] for file in files_of(offer.source) if file.is_required)
    return (
        f"{offer.source}: expected a Kaggle token (KAGGLE_USERNAME and KAGGLE_KEY, or ~/.kaggle/kaggle.json), found "
        f"none. Without one: download {names} from {offer.page} and put it at {folder / names}."
    )


def bring(offer: Offer, day: Day, data: Path, env: Mapping[str, str] | None = None) -> list[Brought]:
    """Bring a provider's files into `<data>/<source>/<day>/`.

    Raises  FileMissing without a token, SourceAway, SourceRefused, NotAdmitted; the folder then is as it was
    """
    token = find_token(os.environ if env is None else env) if offer.needs_token else None
    if offer.needs_token and token is None:
        raise FileMissing(by_hand(offer, data, day.batch_date))
    home = data / offer.source
    coming = home / f".coming-{day.batch_date}"
    coming.mkdir(parents=True, exist_ok=True)
    brought: list[Brought] = []
    for file in files_of(offer.source):
        try:
            brought.append(_bring_file(offer, day, file, home, coming, token))
        except FileMissing:
            if file.is_required:
                raise
    folder = home / day.batch_date.isoformat()
    for each in brought:
        move(each.path, folder / each.path.name)
    shutil.rmtree(coming)
    return [replace(each, path=folder / each.path.name) for each in brought]


def _bring_file(offer: Offer, day: Day, file: SourceFile, home: Path, coming: Path, token: str | None) -> Brought:
    name = file.file_names[0]
    target, former = coming / name, None if day.force else _newest(home, name, day.batch_date)
    if target.is_file():
        return Brought(target, "fetched", target.stat().st_size, 0, target.stat().st_size)
    url = offer.template.format(name=name)
    remote = Remote(url, shown(url), lambda: {"Authorization": token} if token else {})
    with open_part(coming, url) as part:
        receiver = Receiver(file, remote.place, part.stream)
        if part.validator:
            receiver.resume()
        network = replace(day.settings.network, allowed_hosts=_hosts(offer, day))
        version = Version(last_modified=_modified(former)) if former else Version()
        fetched = Download(remote, network, receiver, part.validator, version, part.remember, day.tell).run()
        if fetched.is_unchanged and former is not None:
            _link(former, target)
            return Brought(target, "unchanged", target.stat().st_size, 0, 0)
        receiver.finish()
        _keep(file, part.path, target, fetched)
    return Brought(target, "fetched", target.stat().st_size, fetched.received, fetched.resumed)


def _hosts(offer: Offer, day: Day) -> tuple[str, ...]:
    host = shown(offer.template).split("/")[2].partition(":")[0]
    return (*day.settings.network.allowed_hosts, host, *offer.hosts)


def _keep(file: SourceFile, part: Path, target: Path, fetched: Fetched) -> None:
    """Give a whole file its name and the age that the server gave it, by which it can be asked for again."""
    with part.open("rb") as stream:
        is_zip = stream.read(4) == ZIP_MAGIC
    if is_zip:
        with open_part(target.parent) as inner:
            _unzip(file, part, inner.stream)
            move(inner.path, target)
    else:
        move(part, target)
    with suppress(ValueError, TypeError):
        age = parsedate_to_datetime(fetched.version.last_modified or "").timestamp()
        os.utime(target, (age, age))


def _unzip(file: SourceFile, part: Path, stream: BinaryIO) -> None:
    """The one member that is the file, whatever folder the archive says it is in, checked like any other file."""
    name = file.file_names[0]
    receiver = Receiver(file, f"{part.parent.parent.name}/{name}", stream)
    try:
        with zipfile.ZipFile(part) as archive:
            members = [each for each in archive.infolist() if each.filename.rpartition("/")[2] == name]
            if len(members) != 1:
                raise NotAdmitted(f"{name}: expected it once in the archive, found it {len(members)} times.")
            if members[0].file_size > max(RATIO_FLOOR_BYTES, GREATEST_RATIO * members[0].compress_size):
                raise NotAdmitted(f"{name}: expected at most {GREATEST_RATIO} bytes for each packed one, found more.")
            with archive.open(members[0]) as source:
                while chunk := source.read(CHUNK_BYTES):
                    receiver.take(chunk)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise NotAdmitted(f"{name}: expected a whole archive, found damage: {error}. Fetch it again.") from error
    receiver.finish()


def _newest(home: Path, name: str, batch_date: date) -> Path | None:
    """The newest of these files that is there for a day not after it."""
    found = [path for path in home.glob(f"????-??-??/{name}") if path.parent.name <= batch_date.isoformat()]
    return max(found, default=None, key=lambda path: path.parent.name)


def _modified(path: Path) -> str:
    return format_datetime(datetime.fromtimestamp(int(path.stat().st_mtime), UTC), usegmt=True)


def _link(former: Path, target: Path) -> None:
    try:
        os.link(former, target)
    except OSError:
        shutil.copy2(former, target)
