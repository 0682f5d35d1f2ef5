"""What every answer carries and every request is held to, whatever route it is for. Plain ASGI."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 1 << 20
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}"
)


class Shield:
    """Adds security headers; refuses bodies that are larger than any form of ours.

    Takes   ancestors  who may show our pages in a frame: 'none', or 'self' within Airflow
            large      paths that take files, and count the bytes themselves
    """

    def __init__(self, app: ASGIApp, ancestors: str = "'none'", large: tuple[str, ...] = ()) -> None:
        self.app = app
        self.large = large
        self.headers = {
            "Content-Security-Policy": POLICY.format(ancestors=ancestors),
            "X-Content-Type-Options": "nosniff",
            # Not no-referrer: browsers then say "Origin: null" with our own forms.
            "Referrer-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        is_begun = False

        async def send_shielded(message: Message) -> None:
            nonlocal is_begun
            if message["type"] == "http.response.start":
                is_begun = True
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
                if scope["scheme"] == "https":
                    headers.setdefault("Strict-Transport-Security", "max-age=31536000")
            await send(message)

        taken = 0

        async def receive_counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > LARGEST_BODY:
                raise BodyTooLarge
            return message

        is_large = (
            scope["path"].removeprefix(scope.get("root_path", "")).startswith(self.large) if self.large else False
        )
        try:
            await self.app(scope, receive if is_large else receive_counted, send_shielded)
        except BodyTooLarge:
            if is_begun:
                raise
            body = b'{"status":413,"title":"Too large","detail":"Expected at most 1 MiB.","suggestions":[],"wrong":[]}'
            headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
            await send_shielded({"type": "http.response.start", "status": 413, "headers": headers})
            await send({"type": "http.response.body", "body": body})


class BodyTooLarge(Exception):
    """More bytes than a form of ours has."""
