"""/metrics: the app and the warehouse for a monitoring server, as OpenMetrics or in Prometheus' own words."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric

from reelhouse.serving.asking.figures import figures
from reelhouse.serving.measuring import OfWorkers

router = APIRouter(include_in_schema=False)
OPENMETRICS = "application/openmetrics-text; version=1.0.0"


class Told:
    """Measures that were read, for a registry."""

    def __init__(self, measures: list[Metric]) -> None:
        self.measures = measures

    def collect(self) -> Iterator[Metric]:
        yield from self.measures


@router.get("/metrics")
def metrics(request: Request) -> Response:
    """Read in one snapshot at each scrape; a key of its own with the scope read is all a scraper needs."""
    settings = request.app.state.settings
    measures, _ = request.app.state.reader.ask(lambda seen: list(figures(seen, settings)))
    registry = CollectorRegistry()
    registry.register(Told(measures))
    registry.register(OfWorkers())
    accept = request.headers.get("accept", "")
    encode, media_type = choose_encoder(accept if "openmetrics" in accept or "text/plain" in accept else OPENMETRICS)
    return Response(encode(registry), headers={"Cache-Control": "no-store", "Content-Type": media_type})
