"""Installed packages against known vulnerabilities, in the format of OSV (osv.dev), from its server or from a file.

The file is for machines without the internet: https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip, or a
folder or a file of such advisories in JSON.
"""

from __future__ import annotations

import importlib.metadata
import json
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from reelhouse.errors import ReelhouseError, SettingsWrong

SERVER = "https://api.osv.dev/v1/querybatch"
SECONDS = 30


class NobodyAnswered(ReelhouseError):
    """The server of advisories could not be asked."""

    is_passing = True


@dataclass(frozen=True, slots=True)
class Vulnerable:
    """One installed package with a known vulnerability."""

    package: str
    version: str
    advisory: str
    summary: str = ""
    fixed_in: str = ""


def installed() -> dict[str, str]:
    """Name and version of each package here."""
    return {
        str(canonicalize_name(each.metadata["Name"])): each.version
        for each in importlib.metadata.distributions()
        if each.metadata["Name"]
    }


def ask_server(packages: dict[str, str]) -> list[Vulnerable]:
    """Ask OSV, once for all packages.

    Raises  NobodyAnswered
    """
    names = sorted(packages)
    body = {"queries": [{"package": {"ecosystem": "PyPI", "name": name}, "version": packages[name]} for name in names]}
    request = urllib.request.Request(SERVER, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            results = json.load(answer)["results"]
    except (OSError, ValueError, KeyError) as error:
        reason = getattr(error, "reason", error)
        raise NobodyAnswered(
            f"{SERVER}: expected an answer, found: {reason}. Without the internet, bring OSV's file and name it: "
            "doctor --dependencies --advisories all.zip"
        ) from error
    return [
        Vulnerable(name, packages[name], each["id"])
        for name, result in zip(names, results, strict=True)
        for each in result.get("vulns", [])
    ]


def look_up(packages: dict[str, str], place: Path) -> tuple[list[Vulnerable], int]:
    """Find the packages in a file of advisories.

    Gives   the vulnerable ones, and how many advisories were read
    Raises  SettingsWrong when the file is none, or holds no advisory
    """
    found, count = [], 0
    try:
        for advisory in _read(place):
            count += 1
            found += _vulnerable(packages, advisory)
    except (OSError, ValueError, zipfile.BadZipFile, KeyError, AttributeError) as error:
        raise SettingsWrong(
            f"--advisories: expected a file or folder of OSV's advisories, found {place}: {error}."
        ) from error
    if not count:
        raise SettingsWrong(f"--advisories: expected OSV's advisories, found none in {place}.")
    return sorted(set(found), key=lambda each: (each.package, each.advisory)), count


def _read(place: Path) -> Iterator[dict]:
    if place.is_dir():
        for path in sorted(place.glob("*.json")):
            yield json.loads(path.read_text())
    elif place.suffix == ".zip":
        with zipfile.ZipFile(place) as packed:
            for name in packed.namelist():
                yield json.loads(packed.read(name))
    else:
        said = json.loads(place.read_text())
        yield from said if isinstance(said, list) else [said]


def _vulnerable(packages: dict[str, str], advisory: dict) -> Iterator[Vulnerable]:
    if advisory.get("withdrawn"):
        return
    for affected in advisory.get("affected", []):
        package = affected.get("package", {})
        name = str(canonicalize_name(package.get("name", "")))
        if package.get("ecosystem") != "PyPI" or name not in packages:
            continue
        fixes = _hits(packages[name], affected)
        if fixes is not None:
            yield Vulnerable(name, packages[name], advisory["id"], advisory.get("summary", ""), ", ".join(fixes))


def _hits(version: str, affected: dict) -> list[str] | None:
    """The versions that mend it when this one is vulnerable, else None.

    >>> _hits("1.2", {"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.3"}]}]})
    ['1.3']
    >>> _hits("1.3", {"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.3"}]}]})
    >>> _hits("1.3", {"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "1"}, {"last_affected": "1.3"}]}]})
    []
    >>> _hits("2.0rc1", {"versions": ["2.0rc1"]})
    []
    """
    if version in affected.get("versions", []):
        return _fixes(affected)
    here = _version(version)
    for each in affected.get("ranges", []):
        if each.get("type") != "ECOSYSTEM" or here is None:
            continue
        is_in = False
        for event in each.get("events", []):
            ((kind, text),) = list(event.items())[:1]
            bound = Version("0") if text == "0" else _version(text)
            if bound is None:
                continue
            if kind == "introduced" and here >= bound:
                is_in = True
            elif (kind == "fixed" and here >= bound) or (kind == "last_affected" and here > bound):
                is_in = False
        if is_in:
            return _fixes(affected)
    return None


def _fixes(affected: dict) -> list[str]:
    return [
        event["fixed"]
        for each in affected.get("ranges", [])
        if each.get("type") == "ECOSYSTEM"
        for event in each.get("events", [])
        if "fixed" in event
    ]


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None
