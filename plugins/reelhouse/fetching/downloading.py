"""Asking a server for a file until it is whole: conditionally, from where it broke off, again after passing faults.

Only 408, 429, 5xx and broken connections are asked again, a few times, after pauses that grow and differ, or as long
as the server says (Retry-After); never beyond the total deadline.
"""

from __future__ import annotations

import http.client
import random
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Protocol
from urllib.parse import quote, urljoin

from reelhouse.errors import FileMissing, NotAdmitted, SourceAway, SourceRefused
from reelhouse.fetching.addresses import connect, shown, split
from reelhouse.settings import Network

CHUNK_BYTES = 1 << 20
REDIRECTS = 5
TELL_SECONDS = 0.5
PASSING = frozenset({408, 429, *range(500, 600)})
# Last-Modified names a version only when the file was at rest for a while (RFC 9110, 8.8.2.2).
SETTLED_SECONDS = 60

_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


class Receiver(Protocol):
    """Who takes the bytes: checks and keeps them as they come."""

    received: int

    def restart(self) -> None: ...

    def take(self, chunk: bytes) -> None: ...


@dataclass(frozen=True, slots=True)
class Version:
    """What a server said a file's version is."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Remote:
    """A file on a server.

    url      with whatever secrets it carries
    place    the same as it may be kept and logged
    sign     headers that let us in, made anew for each request; they never follow a redirect to another server
    """

    url: str
    place: str
    sign: Callable[[], Mapping[str, str]] = dict


@dataclass(frozen=True, slots=True)
class Fetched:
    """How it went.

    is_unchanged  the version is the one we have; no bytes came
    version       what the server called it
    received      bytes that came
    resumed       bytes that did not have to come again
    tries         requests, redirects not counted
    """

    is_unchanged: bool
    version: Version
    received: int
    resumed: int
    tries: int


class _PassingFault(Exception):
    """Worth asking again."""

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


@dataclass(slots=True)
class Download:
    """One file on its way.

    remote    what
    network   how patiently
    receiver  who takes the bytes; may hold some of an earlier transfer
    held      validator of the version those bytes are of
    former    version that we have whole
    remember  called with the validator of the version that is coming, before its first byte
    tell      called with progress
    """

    remote: Remote
    network: Network
    receiver: Receiver
    held: str | None = None
    former: Version = Version()
    remember: Callable[[str | None], None] = lambda validator: None
    tell: Callable[[str, float | None], None] = lambda message, share: None
    deadline: float = field(default=0.0, init=False)
    came: int = field(default=0, init=False)
    resumed: int = field(default=0, init=False)
    version: Version = field(default=Version(), init=False)

    def run(self) -> Fetched:
        """Get the file.

        Raises  SourceAway, SourceRefused, FileMissing; what the receiver raises
        """
        self.deadline = time.monotonic() + self.network.total_seconds
        tries = 0
        while True:
            tries += 1
            try:
                is_unchanged = self._ask()
                return Fetched(is_unchanged, self.version, self.came, self.resumed, tries)
            except _PassingFault as fault:
                self._pause(tries, fault)

    def _pause(self, tries: int, fault: _PassingFault) -> None:
        network = self.network
        grown = min(network.longest_pause, network.pause_seconds * 2 ** (tries - 1))
        pause = max(grown * random.uniform(0.5, 1.0), fault.wait)
        if time.monotonic() + pause >= self.deadline:
            found = f"{fault} after {tries} requests, and {pause:.0f} s to wait"
            raise SourceAway(
                f"{self.remote.place}: expected the whole file in {network.total_seconds:g} s, found {found}. "
                "Try again later, or raise REELHOUSE_FETCH_SECONDS."
            )
        if tries >= network.tries:
            raise SourceAway(
                f"{self.remote.place}: expected the whole file, found {fault}, {tries} times asked. Try again later."
            )
        self.tell(f"{self.remote.place}: {fault}; asking again in {pause:.0f} s", None)
        time.sleep(pause)

    def _ask(self) -> bool:
        """One request and its answer; True when there is nothing new."""
        offset = self.receiver.received if self.held else 0
        if offset == 0 and self.receiver.received:
            self.receiver.restart()
        try:
            connection, response = self._open(self._headers(offset))
        except (OSError, http.client.HTTPException) as error:
            raise _as_fault(error, self.remote.place) from error
        try:
            with self._ended_at_deadline(connection):
                return self._answered(response, offset)
        finally:
            response.close()
            connection.close()

    def _headers(self, offset: int) -> dict[str, str]:
        # Identity: what is checked and kept are the bytes of the file, not of a transfer.
        headers = {"User-Agent": "reelhouse", "Accept-Encoding": "identity", "Accept": "*/*", "Connection": "close"}
        if offset:
            return headers | {"Range": f"bytes={offset}-", "If-Range": self.held or ""}
        if self.former.etag:
            headers["If-None-Match"] = self.former.etag
        if self.former.last_modified:
            headers["If-Modified-Since"] = self.former.last_modified
        return headers

    def _open(self, headers: dict[str, str]) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        """The answer, after redirects: each target is checked like the first one, and gets none of our secrets."""
        url, more = self.remote.url, dict(self.remote.sign())
        for _ in range(REDIRECTS + 1):
            connection = connect(url, self.network)
            try:
                with self._ended_at_deadline(connection):
                    connection.request("GET", _target(url), headers=headers | more)
                    response = connection.getresponse()
            except BaseException:
                connection.close()
                raise
            if response.status not in (301, 302, 303, 307, 308):
                return connection, response
            response.close()
            connection.close()
            following = _redirected(url, response.headers.get("Location"))
            if _server(following) != _server(url):
                more = {}
            url = following
        raise SourceRefused(f"{self.remote.place}: expected at most {REDIRECTS} redirects, found more.")

    @contextmanager
    def _ended_at_deadline(self, connection: http.client.HTTPConnection):
        """Cut the connection when time is up: a server that sends a byte now and then would hold us forever."""
        timer = threading.Timer(max(0.0, self.deadline - time.monotonic()), _cut, (connection.sock,))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _answered(self, response: http.client.HTTPResponse, offset: int) -> bool:
        if response.status == 304 and not offset:
            self.version = self.former
            return True
        if response.status == 416 and offset:
            self._forget()
            raise _PassingFault("416: the rest is not there, so from the start")
        if response.status not in (200, 206):
            raise _as_refusal(response, self.remote.place)
        start, total = self._check_range(response, offset)
        # In this order: a process killed in between must not leave old bytes under a new version.
        if start == 0 and self.receiver.received:
            self.receiver.restart()
        self._note_version(response)
        self.resumed += start
        self._take(response, total)
        return False

    def _check_range(self, response: http.client.HTTPResponse, offset: int) -> tuple[int, int | None]:
        """Where the coming bytes begin and how long the whole file is, when that is known."""
        if response.status == 200:
            return 0, response.length
        match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
        start, last, total = (int(number) for number in match.groups()) if match else (-1, -1, -1)
        etag = response.headers.get("ETag")
        is_other = etag is not None and self.held is not None and self.held.startswith('"') and etag != self.held
        if not offset or start != offset or last != total - 1 or is_other:
            self._forget()
            raise _PassingFault("206 with other bytes than were asked for, so from the start")
        return start, total

    def _forget(self) -> None:
        self.receiver.restart()
        self.held = None
        self.remember(None)

    def _note_version(self, response: http.client.HTTPResponse) -> None:
        etag, modified = response.headers.get("ETag"), response.headers.get("Last-Modified")
        self.version = Version(etag, modified)
        if response.status == 200:
            self.held = _validator(etag, modified, response.headers.get("Date"))
            self.remember(self.held)

    def _take(self, response: http.client.HTTPResponse, total: int | None) -> None:
        if response.headers.get("Content-Type", "").startswith("text/html"):
            raise NotAdmitted(f"{self.remote.place}: expected a data file, found a web page. Correct the address.")
        if total is None and not response.chunked:
            self.remember(None)
        began, told, first = time.monotonic(), 0.0, self.receiver.received
        while chunk := _read(response, self.remote.place):
            self.receiver.take(chunk)
            self.came += len(chunk)
            if time.monotonic() - told > TELL_SECONDS:
                told = time.monotonic()
                self._tell_progress(self.receiver.received, total, self.receiver.received - first, told - began)
        if time.monotonic() >= self.deadline:
            raise _PassingFault("time is up")
        if total is not None and self.receiver.received != total:
            raise _PassingFault(f"an end after {self.receiver.received} of {total} bytes")
        if total is None and not response.chunked and not self.remote.place.endswith(".gz"):
            raise NotAdmitted(
                f"{self.remote.place}: expected a Content-Length, found none: a plain file that was cut off would look "
                "whole. Offer it packed (.gz), or from a server that tells its length."
            )

    def _tell_progress(self, received: int, total: int | None, came: int, seconds: float) -> None:
        rate = came / max(seconds, 0.001)
        text = f"{self.remote.place.rpartition('/')[2]}: {received / 1e6:.1f}"
        if total:
            left = (total - received) / max(rate, 1.0)
            text += f" of {total / 1e6:.1f} MB, {rate / 1e6:.1f} MB/s, {left:.0f} s left"
        else:
            text += f" MB, {rate / 1e6:.1f} MB/s"
        self.tell(text, received / total if total else None)


def _read(response: http.client.HTTPResponse, place: str) -> bytes:
    try:
        return response.read1(CHUNK_BYTES)
    except (OSError, http.client.HTTPException) as error:
        raise _as_fault(error, place) from error


def _cut(sock: socket.socket | None) -> None:
    try:
        if sock is not None:
            sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # it had ended by itself


def _as_fault(error: Exception, place: str) -> Exception:
    """A broken connection is worth asking again; a certificate that does not hold is not."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return SourceRefused(
            f"{place}: expected a certificate that holds, found: {error.verify_message}. SSL_CERT_FILE names the "
            "authorities of servers of your own."
        )
    return _PassingFault(f"a broken connection ({type(error).__name__}: {error})")


def _as_refusal(response: http.client.HTTPResponse, place: str) -> Exception:
    status = response.status
    if status in PASSING:
        return _PassingFault(f"status {status}", _retry_after(response.headers.get("Retry-After")))
    if status in (404, 410):
        return FileMissing(f"{place}: expected the file, found status {status}. Correct the address, or wait for it.")
    if status in (401, 403):
        return SourceRefused(f"{place}: expected to be let in, found status {status}. Look at the name and the key.")
    return SourceRefused(f"{place}: expected status 200, found {status} {response.reason}.")


def _retry_after(value: str | None) -> float:
    """Seconds to wait, from a number or a date.

    >>> _retry_after("7"), _retry_after("soon"), _retry_after(None)
    (7.0, 0.0, 0.0)
    """
    if value is None:
        return 0.0
    if value.strip().isdecimal():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return 0.0


def _validator(etag: str | None, modified: str | None, date: str | None) -> str | None:
    """What a range may be asked by: a strong ETag, else a Last-Modified that lies far enough back."""
    if etag is not None:
        return etag if etag.startswith('"') else None
    try:
        age = parsedate_to_datetime(date or "") - parsedate_to_datetime(modified or "")
    except (ValueError, TypeError):
        return None
    return modified if age.total_seconds() >= SETTLED_SECONDS else None


def _target(url: str) -> str:
    parts = split(url)
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    return f"{path}?{quote(parts.query, safe='/%:@!$&()*+,;=~-._?')}" if parts.query else path


def _server(url: str) -> tuple[str, str | None, int | None]:
    parts = split(url)
    return parts.scheme, parts.hostname, parts.port


def _redirected(url: str, location: str | None) -> str:
    if not location:
        raise SourceRefused(f"{shown(url)}: expected a Location in the redirect, found none.")
    following = urljoin(url, location)
    if split(url).scheme == "https" and split(following).scheme != "https":
        raise SourceRefused(f"{shown(url)}: expected a redirect to https://, found {shown(following)}.")
    return following
