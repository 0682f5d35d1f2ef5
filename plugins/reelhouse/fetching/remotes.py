"""From a template of the settings to the places where a day's files are.

A template is a folder or one file. `{day}` stands for the day (`{day:%Y/%m/%d}` in another form), `{name}` for the
name of the file, which otherwise comes last.
"""

from __future__ import annotations

import base64
import string
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

from reelhouse.errors import SettingsWrong
from reelhouse.fetching import s3
from reelhouse.fetching.addresses import shown, split
from reelhouse.fetching.downloading import Remote
from reelhouse.settings import Network
from reelhouse.sources import SourceFile

# How many days a dated template is followed back from the run's day, that one included.
DAYS_BACK = 7
SCHEMES = ("https", "http", "s3")


def is_local(template: str) -> bool:
    """Whether the files lie in the file system.

    >>> [is_local(text) for text in ("/srv/{day}", "file:///srv", "https://host/a/", "s3://bucket/a/")]
    [True, True, False, False]
    """
    return "://" not in template or template.startswith("file://")


def is_dated(template: str) -> bool:
    """Whether each day has a place of its own.

    Raises  SettingsWrong when there is anything but {day} and {name} in it
    """
    try:
        fields = {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}
    except ValueError as error:
        raise SettingsWrong(f"origin: expected {{day}} and {{name}} in braces, found: {error}. Correct it.") from None
    if fields - {"day", "name"}:
        found = ", ".join(sorted(fields - {"day", "name"}))
        raise SettingsWrong(f"origin: expected {{day}} and {{name}} in braces, found {found}. Correct it.")
    return "day" in fields


def days_to_try(template: str, batch_date: date, allowed_stale_days: int | None = None) -> list[date]:
    """The days whose files may serve a day, the newest first."""
    most = DAYS_BACK if allowed_stale_days is None else min(DAYS_BACK, allowed_stale_days + 1)
    return [batch_date - timedelta(days=back) for back in range(most if is_dated(template) else 1)]


def local_folder(template: str, day: date) -> Path:
    """The folder that a local template means."""
    is_dated(template)
    text = template.removesuffix("{name}").format(day=day, name="")
    if text.startswith("file://"):
        parts = urlsplit(text)
        if parts.netloc not in ("", "localhost"):
            raise SettingsWrong(f"{text}: expected file:///folder, found a host, {parts.netloc}. Correct it.")
        text = unquote(parts.path)
    path = Path(text).expanduser()
    if not path.is_absolute():
        raise SettingsWrong(f"{text}: expected an absolute folder or a URL, found neither. Correct it.")
    return path


def remote_of(template: str, file: SourceFile, file_name: str, day: date, network: Network) -> Remote:
    """The place of one file, and what lets us in there."""
    scheme = template.partition("://")[0]
    if scheme not in SCHEMES:
        raise SettingsWrong(
            f"origin of {file.source}: expected a folder, file://, https:// or s3://, found {scheme}://. Correct it."
        )
    url = _filled(template, file, file_name, day)
    if scheme == "s3":
        return s3.object_of(url, network.s3_endpoint, keys=network.s3_keys)
    parts = split(url)
    place = shown(url)
    if "{name}" in template.partition("?")[2]:
        # Of a query only the file's name is told: a place tells files apart, and by its end whether they are packed.
        place += f"?…/{file_name}"
    if parts.username is None:
        return Remote(url, place)
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    header = {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return Remote(bare, place, lambda: header)


def _filled(template: str, file: SourceFile, file_name: str, day: date) -> str:
    path, mark, query = template.partition("?")
    if "{name}" not in template and not path.endswith(file.file_names):
        path += "{name}" if path.endswith("/") else "/{name}"
    return f"{path}{mark}{query}".format(day=day, name=file_name)


def with_host_of(network: Network, url: str) -> Network:
    """The network settings in which the host of an origin counts as allowed: whoever sets the origin means it."""
    host = (split(url).hostname or "").rstrip(".")
    return replace(network, allowed_hosts=(*network.allowed_hosts, host)) if host else network


def shown_template(template: str) -> str:
    """A template as it may be shown: without user, password and query.

    >>> shown_template("https://me:secret@host/{day}/{name}?token=x")
    'https://host/{day}/{name}'
    """
    return template if is_local(template) else shown(template)
