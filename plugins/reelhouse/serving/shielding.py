"""What every answer carries and every request is held to, whatever route it is for. Plain ASGI."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 1 << 20
TOO_LARGE = b'{"status":413,"title":"Too large","detail":"Expected at most 1 MiB.","suggestions":[],"wrong":[]}'
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}"
)


class Shield:
    """Adds security headers; refuses bodies that are larger than any form of ours; answers HEAD as GET without a body.

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
        taken = 0
        # Routes have GET alone: what looks whether somebody is there, or what an answer's tag is, asks HEAD.
        is_head = scope["method"] == "HEAD"
        asked = {**scope, "method": "GET"} if is_head else scope

        async def send_shielded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
                if headers.get("Allow") == "GET":
                    headers["Allow"] = "GET, HEAD"
                if scope["scheme"] == "https":
                    headers.setdefault("Strict-Transport-Security", "max-age=31536000")
            if is_head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            # Whatever the framework makes of the body that broke off, it was too large.
            if taken <= LARGEST_BODY:
                await send(message)
            elif message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["content-type"], headers["content-length"] = "application/json", str(len(TOO_LARGE))
                headers["connection"] = "close"
                await send({**message, "status": 413})
                await send({"type": "http.response.body", "body": TOO_LARGE})

        async def receive_counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > LARGEST_BODY:
                raise BodyTooLarge
            return message

        path = scope["path"].removeprefix(scope.get("root_path", ""))
        is_large = any(path.startswith(each) for each in self.large)
        await self.app(asked, receive if is_large else receive_counted, send_shielded)
        if is_head and "route" in asked:
            # Answers are measured by it.
            scope["route"] = asked["route"]


class BodyTooLarge(Exception):
    """More bytes than a form of ours has."""
