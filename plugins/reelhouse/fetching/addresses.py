"""Which servers may be asked. A name must be allowed, what it resolves to must be public, and the connection
goes to the very address that was looked at: a name that resolves differently the second time gains nothing.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from urllib.parse import SplitResult, urlsplit

from reelhouse.errors import SettingsWrong, SourceRefused
from reelhouse.settings import Network

PORTS = {"https": 443, "http": 80}
CONNECT_SECONDS = 10.0
# An IPv4 address travels inside these: NAT64 (RFC 6052), and IPv4-compatible addresses of old.
CARRIERS = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("::/96"))

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def shown(url: str) -> str:
    """A URL as it may be logged and kept: without user, password, query and fragment, where secrets stand.

    >>> shown("https://me:secret@Example.org:8443/a/b.gz?token=x#y")
    'https://example.org:8443/a/b.gz'
    """
    parts = urlsplit(url)
    return f"{parts.scheme}://{_netloc(parts)}{parts.path}"


def _netloc(parts: SplitResult) -> str:
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return host if parts.port is None else f"{host}:{parts.port}"


def split(url: str) -> SplitResult:
    """The parts of a URL.

    Raises  SettingsWrong when it is none; the message does not repeat it, because a password may stand in it
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise SettingsWrong(f"origin: expected a URL, found one that cannot be read: {error}. Correct it.") from None
    return parts


def check_name(url: str, network: Network) -> tuple[str, int]:
    """Host and port of a URL, when its scheme and its host are allowed.

    Raises  SourceRefused
    """
    parts = split(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and network.allows_http):
        wanted = "https:// or http://" if network.allows_http else "https:// (http:// only with REELHOUSE_ALLOW_HTTP=1)"
        raise SourceRefused(f"{shown(url)}: expected {wanted}, found {parts.scheme or 'no scheme'}://. Correct it.")
    host, port = (parts.hostname or "").rstrip("."), parts.port or PORTS[parts.scheme]
    if not host or not _is_listed(host, port, network.allowed_hosts + network.allowed_private_hosts):
        raise SourceRefused(
            f"{shown(url)}: expected an allowed host, found {host or 'none'}. Nothing was asked of it; "
            "if it is right, add it to REELHOUSE_ALLOWED_HOSTS."
        )
    return host, port


def _is_listed(host: str, port: int, listed: tuple[str, ...]) -> bool:
    written = f"[{host}]" if ":" in host else host
    return host in listed or written in listed or f"{written}:{port}" in listed


def check_addresses(host: str, port: int, network: Network) -> list[str]:
    """The addresses of a host, when all of them are public or it is one of the allowed private hosts.

    Raises  SourceRefused; OSError when the name cannot be resolved
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not _is_listed(host, port, network.allowed_private_hosts):
        inside = [address for address in addresses if not is_public(address)]
        if inside:
            raise SourceRefused(
                f"{host}: expected a public address, found {inside[0]}. Nothing was asked of it; if it is a server "
                "of your own, add it to REELHOUSE_ALLOWED_PRIVATE_HOSTS."
            )
    return addresses


def is_public(text: str) -> bool:
    """Whether an address is one of the open internet, also when an IPv4 address hides in it.

    >>> [is_public(text) for text in ("8.8.8.8", "10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "fe80::1%eth0")]
    [True, False, False, False, False]
    """
    try:
        address: Address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    inner = _carried(address)
    if inner is not None:
        return is_public(str(inner))
    is_odd = address.is_multicast or address.is_reserved or address.is_unspecified
    return address.is_global and not is_odd and not getattr(address, "is_site_local", False)


def _carried(address: Address) -> Address | None:
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if any(address in carrier for carrier in CARRIERS):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)


def connect(url: str, network: Network) -> http.client.HTTPConnection:
    """A connection to the server of a URL, open, at an address that was checked.

    Raises  SourceRefused; OSError when it does not answer
    """
    host, port = check_name(url, network)
    addresses = check_addresses(host, port, network)
    connection = http.client.HTTPConnection(host, port)
    plain = _connect_first(addresses, port)
    plain.settimeout(network.read_seconds)
    try:
        if split(url).scheme == "https":
            connection = http.client.HTTPSConnection(host, port)
            connection.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=host)
        else:
            connection.sock = plain
    except BaseException:
        plain.close()
        raise
    return connection


def _connect_first(addresses: list[str], port: int) -> socket.socket:
    """The first address that answers; they are numbers by now, so nothing is resolved again."""
    for address in addresses[:-1]:
        try:
            return socket.create_connection((address, port), CONNECT_SECONDS)
        except OSError:
            continue
    return socket.create_connection((addresses[-1], port), CONNECT_SECONDS)
