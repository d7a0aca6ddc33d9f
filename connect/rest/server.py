"""The REST server: routes on sockets, and an orderly end."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

from connect.herder.distributed.herder import DistributedHerder
from connect.herder.herder import Herder
from connect.herder.offsets import ConnectorOffsets
from connect.herder.plugin_listing import PluginListing
from connect.herder.validation import ConnectorValidation
from connect.loggers import Loggers
from connect.rest.connectors import ConnectorRoutes
from connect.rest.errors import error_middleware
from connect.rest.forwarding import Forwarding
from connect.rest.internal import InternalRoutes
from connect.rest.logger_routes import LoggerRoutes
from connect.rest.offsets import OffsetRoutes
from connect.rest.placement import PlacementRoutes
from connect.rest.plugins import PluginRoutes
from connect.rest.root import RootRoutes
from connect.rest.routing import Route, add_routes, refuse_ambiguous_paths

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 16 * 1024 * 1024
MAX_LINE_BYTES = 16 * 1024
_SHUTDOWN_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Services:
    """What the resources show and change."""

    herder: Herder
    offsets: ConnectorOffsets
    plugins: PluginListing
    validation: ConnectorValidation
    loggers: Loggers

    def routes(self, cluster_id: str | None) -> list[Route]:
        """The routes that users and other workers see."""
        return [
            *RootRoutes(self.herder, cluster_id).routes(),
            *ConnectorRoutes(self.herder).routes(),
            *OffsetRoutes(self.herder, self.offsets).routes(),
            *PluginRoutes(self.plugins, self.validation).routes(),
            *InternalRoutes(self.herder).routes(),
        ]

    def admin_routes(self) -> list[Route]:
        """The routes that may be kept apart, by ``admin.listeners``."""
        placement = PlacementRoutes(self.herder).routes() if isinstance(self.herder, DistributedHerder) else []
        return [*LoggerRoutes(self.herder, self.loggers).routes(), *placement]


class RestServer:
    """Serves the REST API."""

    def __init__(self, properties: Mapping[str, str], sockets: Sequence[socket.socket]) -> None:
        self._properties = properties
        self._sockets = list(sockets)
        self._runners: list[web.AppRunner] = []

    async def start(self, services: Services, cluster_id: str | None) -> None:
        """Begin to answer; ``cluster_id`` is the Kafka cluster's."""
        routes = services.routes(cluster_id)
        if self._properties.get("admin.listeners") is None:
            routes += services.admin_routes()
        await self._serve(routes, self._sockets)

    async def _serve(self, routes: Iterable[Route], sockets: Iterable[socket.socket]) -> None:
        forwarding = Forwarding()
        middlewares = [refuse_ambiguous_paths, error_middleware, forwarding.middleware()]
        app = web.Application(middlewares=middlewares, client_max_size=MAX_BODY_BYTES)
        app.on_cleanup.append(forwarding.close)
        add_routes(app, routes)
        runner = web.AppRunner(
            app,
            access_log=None,
            shutdown_timeout=_SHUTDOWN_SECONDS,
            max_line_size=MAX_LINE_BYTES,
            max_field_size=MAX_LINE_BYTES,
        )
        self._runners.append(runner)
        await runner.setup()
        for sock in sockets:
            await web.SockSite(runner, sock).start()

    async def stop(self) -> None:
        """Finish what is being answered, then close."""
        for runner in self._runners:
            await runner.cleanup()
