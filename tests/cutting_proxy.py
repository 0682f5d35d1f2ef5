"""A proxy before PostgreSQL that cuts the connection at the n-th request: before it is asked, or answered."""

from __future__ import annotations

import select
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field

QUERY, SYNC, READY = b"Q", b"S", b"Z"


@dataclass
class _Messages:
    """Cuts a stream of PostgreSQL's protocol into its messages."""

    is_begun: bool
    _rest: bytes = b""

    def types(self, data: bytes) -> list[bytes]:
        """Types of the messages that end in this piece; the client's first one has none."""
        self._rest += data
        found: list[bytes] = []
        while True:
            head = 1 if self.is_begun else 0
            if len(self._rest) < head + 4:
                return found
            end = head + int.from_bytes(self._rest[head : head + 4], "big")
            if len(self._rest) < end:
                return found
            found.append(self._rest[:head])
            self._rest, self.is_begun = self._rest[end:], True


@dataclass
class CuttingProxy:
    """Listens on 127.0.0.1 while it is entered.

    target    host and port of the server
    cut_at    number of the request to cut at, counted from 1 over all of a connection; 0 for never
    is_asked  whether that request still reaches the server, which then answers in vain
    requests  how many the last connection made
    """

    target: tuple[str, int]
    cut_at: int = 0
    is_asked: bool = False
    requests: int = 0
    _listener: socket.socket = field(default_factory=socket.socket)

    @property
    def port(self) -> int:
        return self._listener.getsockname()[1]

    def __enter__(self) -> CuttingProxy:
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        # Closing alone does not wake a thread that waits in accept.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with client, socket.create_connection(self.target) as server, suppress(ConnectionError):
                self._forward(client, server)

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        asked, answered = _Messages(is_begun=False), _Messages(is_begun=True)
        self.requests, is_last = 0, False
        while True:
            readable, _, _ = select.select([client, server], [], [])
            for source in readable:
                data = source.recv(65536)
                if not data:
                    return
                if source is server:
                    if is_last:
                        if READY in answered.types(data):
                            return
                        continue
                    answered.types(data)
                    client.sendall(data)
                    continue
                self.requests += sum(kind in (QUERY, SYNC) for kind in asked.types(data))
                if self.requests == self.cut_at:
                    if not self.is_asked:
                        return
                    is_last = True
                server.sendall(data)
