"""``GET /metrics``: the metrics of this worker as Prometheus reads them."""

from __future__ import annotations

from aiohttp import web

from connect.api import NotFoundException
from connect.herder.herder import Herder
from connect.rest.routing import Route
from connect.runtime.metrics.prometheus import CONTENT_TYPE, render
from connect.runtime.metrics.worker_metrics import ConnectorFacts


class MetricsRoutes:
    """Connectors and tasks of other workers have their metrics there."""

    def __init__(self, herder: Herder) -> None:
        self._herder = herder

    def routes(self) -> list[Route]:
        """The one route."""
        return [Route("GET", "/metrics", self.metrics)]

    async def metrics(self, request: web.Request) -> web.Response:
        """All metrics. Who names no type to accept, as no scraper does, gets the 404 that Java's worker gives here."""
        if "Accept" not in request.headers:
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
