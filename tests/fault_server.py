"""A web server on 127.0.0.1 that serves files as a good one does, and can be told to fail like a bad one."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one answer.

    status   instead of the file
    headers  sent besides the usual ones, or instead of them
    cut      end the connection after so many bytes of the body
    length   whether the length is told: "told", "chunked", or "none" (the end of the connection is the end)
    drip     seconds to wait after each byte of the body
    """

    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    cut: int | None = None
    length: str = "told"
    drip: float = 0.0


@dataclass
class Served:
    """What a server has and does.

    files     bytes by path, with or without a query
    etags     by path; without one none is sent
    modified  Last-Modified of all files
    faults    one for each request to come, in order; afterwards all is well
    always    the fault when `faults` is empty
    faulty    end of the paths that faults are for; all by default
    asked     (path, headers) of each request
    sent      bytes of bodies
    """

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    etags: dict[str, str] = field(default_factory=dict)
    modified: str | None = None
    faults: list[Fault] = field(default_factory=list)
    always: Fault = field(default_factory=Fault)
    faulty: str = ""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    sent: int = 0


def _handler(served: Served) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *words: object) -> None:
            pass

        def do_GET(self) -> None:
            path = self.path if self.path in served.files else self.path.partition("?")[0]
            served.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            fault = Fault()
            if path.endswith(served.faulty):
                fault = served.faults.pop(0) if served.faults else served.always
            self.close_connection = True
            if fault.status is not None:
                self._head(fault.status, {"Content-Length": "0"}, fault)
            elif path not in served.files:
                self._head(404, {"Content-Length": "0"}, fault)
            else:
                self._file(path, fault)

        def _file(self, path: str, fault: Fault) -> None:
            data, etag = served.files[path], served.etags.get(path)
            known = {"ETag": etag, "Last-Modified": served.modified}
            headers = {name: value for name, value in known.items() if value}
            asked = self.headers
            if etag and asked.get("If-None-Match") == etag:
                self._head(304, headers, fault)
                return
            if not etag and served.modified and asked.get("If-Modified-Since") == served.modified:
                self._head(304, headers, fault)
                return
            start, status = 0, 200
            if asked.get("Range") and asked.get("If-Range") in (etag, served.modified):
                start, status = int(asked["Range"].removeprefix("bytes=").rstrip("-")), 206
                if start >= len(data):
                    self._head(416, {"Content-Range": f"bytes */{len(data)}", "Content-Length": "0"}, fault)
                    return
                headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
            body = data[start:]
            if fault.length == "told":
                headers["Content-Length"] = str(len(body))
            elif fault.length == "chunked":
                headers["Transfer-Encoding"] = "chunked"
            self._head(status, headers, fault)
            self._body(body if fault.cut is None else body[: fault.cut], fault)

        def _head(self, status: int, headers: dict[str, str], fault: Fault) -> None:
            self.send_response(status)
            for name, value in (headers | dict(fault.headers)).items():
                self.send_header(name, value)
            self.end_headers()

        def _body(self, body: bytes, fault: Fault) -> None:
            step = 1 if fault.drip else 1 << 16
            try:
                for place in range(0, len(body), step):
                    piece = body[place : place + step]
                    served.sent += len(piece)
                    if fault.length == "chunked":
                        piece = f"{len(piece):x}\r\n".encode() + piece + b"\r\n"
                    self.wfile.write(piece)
                    if fault.drip and served.stop.wait(fault.drip):
                        return
                if fault.length == "chunked" and fault.cut is None:
                    self.wfile.write(b"0\r\n\r\n")
            except OSError:
                pass  # the client has left

    served.stop = threading.Event()
    return Handler


@contextmanager
def serving(certificate: Path | None = None) -> Iterator[Served]:
    """A running server; with a certificate (and its key in the same file) it speaks TLS."""
    served = Served()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(served))
    server.daemon_threads = True
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    scheme = "https" if certificate else "http"
    served.url = f"{scheme}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield served
    finally:
        served.stop.set()
        server.shutdown()
        server.server_close()
        thread.join()
