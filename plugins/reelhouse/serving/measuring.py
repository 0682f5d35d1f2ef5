"""What the app measures of itself: how long answers take, by route and status, and where they come from.

Several workers write into files of one folder (PROMETHEUS_MULTIPROC_DIR, which `serve` sets before any of them starts),
so that whichever is asked tells of all.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_registry = CollectorRegistry()
ANSWERS = Histogram(
    "reelhouse_answer_seconds",
    "How long answers of the app took, by route and status.",
    ("method", "route", "status"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 10),
    registry=_registry,
)
KEPT = Counter(
    "reelhouse_catalogue_answers",
    "Answers about the catalogue: known to the one who asked, kept in memory, or read.",
    ("origin",),
    registry=_registry,
)


class OfWorkers:
    """The measures of all workers, for a registry."""

    def collect(self) -> Iterator[Metric]:
        if os.environ.get(FOLDER):
            yield from MultiProcessCollector(CollectorRegistry()).collect()
        else:
            yield from _registry.collect()


class Measure:
    """Measures each answer. Plain ASGI; a path that is none of ours is no label, or anybody could make a million."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 500

        async def send_noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, send_noting)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            ANSWERS.labels(scope["method"], route, status).observe(time.perf_counter() - began)
