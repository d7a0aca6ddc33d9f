"""``GET /metrics``: the metrics of this worker as Prometheus reads them."""

from __future__ import annotations

from aiohttp import hdrs, web

from connect.api import NotFoundException
from connect.herder.herder import Herder
from connect.rest.routing import JSON_RANGES, Route
from connect.runtime.metrics.prometheus import CONTENT_TYPE, render
from connect.runtime.metrics.worker_metrics import ConnectorFacts

_RANGES = ("text/plain", "text/*", "application/openmetrics-text", *JSON_RANGES)


class MetricsRoutes:
    """Connectors and tasks of other workers have their metrics there."""

    def __init__(self, herder: Herder) -> None:
        self._herder = herder

    def routes(self) -> list[Route]:
        """The one route."""
        return [Route("GET", "/metrics", self.metrics, consumes_json=False, produces=frozenset(_RANGES))]

    async def metrics(self, request: web.Request) -> web.Response:
        """All metrics.

        Java's worker has no such resource. Who tells neither what it is nor what it takes, as no scraper, browser or
        command line does, gets its 404.
        """
        if hdrs.ACCEPT not in request.headers and hdrs.USER_AGENT not in request.headers:
            raise web.HTTPNotFound
        worker = self._herder.worker
        text = render(worker.metrics.collect(worker.tasks, self._connectors()))
        return web.Response(body=text.encode(), headers={"Content-Type": CONTENT_TYPE})

    def _connectors(self) -> dict[str, ConnectorFacts]:
        """The connectors whose instance is on this worker."""
        herder = self._herder
        found = {}
        for name in herder.connectors():
            try:
                shown = herder.connector_status(name)
                config = herder.connector_config(name)
            except NotFoundException:  # it has no status yet, or was deleted just now
                continue
            if shown["connector"]["worker_id"] == herder.worker_id:
                found[name] = ConnectorFacts(
                    shown["connector"]["state"],
                    shown["type"],
                    str(config.get("connector.class")),
                    shown["connector"].get("version") or "",
                )
        return found
