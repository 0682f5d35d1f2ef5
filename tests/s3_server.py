"""moto's server on 127.0.0.1: a real one of the S3 API, which also knows whether a request was let in."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit


@contextmanager
def s3_server(log: Path) -> Iterator[str]:
    """Its URL, while it runs."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], stdout=output, stderr=output
        )
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and server.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        assert server.poll() is None, log.read_text()
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def put(endpoint: str, path: str, body: bytes = b"") -> None:
    """Put an object there, or make a bucket."""
    # moto looks at the header of a request to tell whose it is; it does not check the signature.
    connection = http.client.HTTPConnection(urlsplit(endpoint).netloc)
    scope = "20260101/us-east-1/s3/aws4_request"
    credential = f"AWS4-HMAC-SHA256 Credential=test/{scope}, SignedHeaders=host, Signature=0"
    connection.request("PUT", path, body, {"Authorization": credential})
    response = connection.getresponse()
    assert response.status == 200, response.read()
    connection.close()
