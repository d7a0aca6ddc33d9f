"""``/``, ``/health`` and ``/health/connectors``."""

from __future__ import annotations

from aiohttp import web

from connect import KAFKA_VERSION
from connect.api import NotFoundException
from connect.herder.herder import Herder
from connect.rest.answers import json_response
from connect.rest.routing import Route

_COMMIT = "unknown"
HEALTH_SECONDS = 10.0


class RootRoutes:
    """Who this worker is, and how it is."""

    def __init__(self, herder: Herder, cluster_id: str | None) -> None:
        self._herder = herder
        self._cluster_id = cluster_id

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route("GET", "/", self.root, consumes_json=False),
            Route("GET", "/health", self.health, consumes_json=False),
            Route("GET", "/health/connectors", self.connectors, consumes_json=False),
        ]

    async def root(self, _: web.Request) -> web.Response:
        """Version and Kafka cluster."""
        return json_response({"version": KAFKA_VERSION, "commit": _COMMIT, "kafka_cluster_id": self._cluster_id})

    async def health(self, _: web.Request) -> web.Response:
        """200 when the worker does its work, 503 while it starts, 500 when it is stuck."""
        try:
            await self._herder.check_health(HEALTH_SECONDS)
        except TimeoutError:
            if not self._herder.is_ready:
                message = "Worker is still starting up."
                return json_response({"status": "starting", "message": message}, 503)
            message = "Worker was unable to handle this request and may be unable to handle other requests."
            return json_response({"status": "unhealthy", "message": message}, 500)
        message = "Worker has completed startup and is ready to handle requests."
        return json_response({"status": "healthy", "message": message})

    async def connectors(self, _: web.Request) -> web.Response:
        """200 when no connector and no task is FAILED, 503 otherwise, with their names; ours, for probes and alarms."""
        failed = [name for connector in self._herder.connectors() for name in self._failed(connector)]
        status = "unhealthy" if failed else "healthy"
        return json_response({"status": status, "failed": sorted(failed)}, 503 if failed else 200)

    def _failed(self, connector: str) -> list[str]:
        try:
            shown = self._herder.connector_status(connector)
        except NotFoundException:
            return []  # created or deleted just now
        failed = [connector] if shown["connector"]["state"] == "FAILED" else []
        return [*failed, *(f"{connector}-{task['id']}" for task in shown["tasks"] if task["state"] == "FAILED")]
