"""``GET /metrics``: the metrics of this worker as Prometheus reads them."""

from __future__ import annotations

from aiohttp import hdrs, web

from connect.herder.errors import BadRequest
from connect.herder.herder import Herder
from connect.herder.shown_metrics import collect_metrics
from connect.rest.routing import JSON_RANGES, Route
from connect.runtime.metrics.prometheus import CONTENT_TYPE, render

_RANGES = ("text/plain", "text/*", "application/openmetrics-text", *JSON_RANGES)


class MetricsRoutes:
    def __init__(self, herder: Herder) -> None:
        self._herder = herder

    def routes(self) -> list[Route]:
        """The one route."""
        return [Route("GET", "/metrics", self.metrics, consumes_json=False, produces=frozenset(_RANGES))]

    async def metrics(self, request: web.Request) -> web.Response:
        """All metrics, with ``?names=short`` under the names of the JMX exporter's example rules.

        Java's worker has no such resource. Who tells neither what it is nor what it takes, as no scraper, browser or
        command line does, gets its 404.
        """
        if hdrs.ACCEPT not in request.headers and hdrs.USER_AGENT not in request.headers:
            raise web.HTTPNotFound
        names = request.query.get("names", "full")
        if names not in ("full", "short"):
            raise BadRequest(f"names={names}: it must be full or short")
        text = render(collect_metrics(self._herder), short=names == "short")
        return web.Response(body=text.encode(), headers={"Content-Type": CONTENT_TYPE})
