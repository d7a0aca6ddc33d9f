"""The REST server: routes on sockets, and an orderly end."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web
from aiohttp.typedefs import Middleware

from connect.herder.distributed.herder import DistributedHerder
from connect.herder.herder import Herder
from connect.herder.offsets import ConnectorOffsets
from connect.herder.plugin_listing import PluginListing
from connect.herder.validation import ConnectorValidation
from connect.loggers import Loggers
from connect.rest.audit import audit_log
from connect.rest.connectors import ConnectorRoutes
from connect.rest.cors import cors_middleware
from connect.rest.errors import error_middleware
from connect.rest.extensions import extensions_middleware, load_extensions
from connect.rest.forwarding import Forwarding
from connect.rest.internal import InternalRoutes
from connect.rest.listeners import BoundListener, Listeners
from connect.rest.logger_routes import LoggerRoutes
from connect.rest.metrics import MetricsRoutes
from connect.rest.offsets import OffsetRoutes
from connect.rest.openapi import OpenApiRoutes
from connect.rest.placement import PlacementRoutes
from connect.rest.plugins import PluginRoutes
from connect.rest.request_log import LOGGER, RequestLog, shorten_protocol_errors
from connect.rest.response_headers import HeaderRule, header_rules, on_prepare
from connect.rest.root import RootRoutes
from connect.rest.routing import Route, add_routes, refuse_ambiguous_paths
from connect.rest.slow_clients import SlowClients
from connect.rest.tls import server_context, ssl_settings

http_log = logging.getLogger("connect.rest.http")
http_log.addFilter(shorten_protocol_errors)

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
            *MetricsRoutes(self.herder).routes(),
        ]

    def admin_routes(self) -> list[Route]:
        """The routes that may be kept apart, by ``admin.listeners``."""
        placement = PlacementRoutes(self.herder).routes() if isinstance(self.herder, DistributedHerder) else []
        return [*LoggerRoutes(self.herder, self.loggers).routes(), *placement]


class RestServer:
    """Serves the REST API."""

    def __init__(self, properties: Mapping[str, str], listeners: Listeners) -> None:
        """Raises ConfigException for settings that can't work."""
        self._listeners = listeners
        self._rules = header_rules(properties)
        self._extensions = load_extensions(properties)
        self._slow = SlowClients()
        self._audit = audit_log(properties)
        cors = cors_middleware(properties)
        self._middlewares: list[Middleware] = [
            self._slow.middleware,
            *([] if self._audit is None else [self._audit.middleware()]),
            *([] if cors is None else [cors]),
            refuse_ambiguous_paths,
            error_middleware,
            *([extensions_middleware(self._extensions)] if self._extensions else []),
        ]
        bound = {*listeners.main, *(listeners.admin or ())}
        self._tls = {
            each: self._context(properties, "listeners.https." if each in listeners.main else "admin.listeners.https.")
            for each in bound
            if each.listener.scheme == "https"
        }
        self._runners: list[web.AppRunner] = []

    @staticmethod
    def _context(properties: Mapping[str, str], prefix: str) -> ssl.SSLContext:
        return server_context(ssl_settings(properties, prefix))

    async def start(self, services: Services, cluster_id: str | None) -> None:
        """Begin to answer; ``cluster_id`` is the Kafka cluster's."""
        routes, admin = services.routes(cluster_id), services.admin_routes()
        shared = self._listeners.admin is None or set(self._listeners.admin) & set(self._listeners.main)
        await self._serve(routes + admin if shared else routes, self._listeners.main, self._rules)
        apart = [each for each in self._listeners.admin or () if each not in self._listeners.main]
        if apart:
            await self._serve(admin, apart, [])

    async def _serve(
        self, routes: Sequence[Route], listeners: Iterable[BoundListener], rules: list[HeaderRule]
    ) -> None:
        forwarding = Forwarding()
        middlewares = [*self._middlewares, forwarding.middleware()]
        app = web.Application(middlewares=middlewares, client_max_size=MAX_BODY_BYTES)
        app.on_cleanup.append(forwarding.close)
        if rules:
            app.on_response_prepare.append(on_prepare(rules))
        add_routes(app, [*routes, *OpenApiRoutes(routes).routes()])
        runner = web.AppRunner(
            app,
            access_log_class=RequestLog,
            access_log=LOGGER,
            logger=http_log,
            shutdown_timeout=_SHUTDOWN_SECONDS,
            max_line_size=MAX_LINE_BYTES,
            max_field_size=MAX_LINE_BYTES,
        )
        self._runners.append(runner)
        await runner.setup()
        for bound in listeners:
            await web.SockSite(runner, bound.socket, ssl_context=self._tls.get(bound)).start()
        self._slow.watch(runner)

    async def stop(self) -> None:
        """Finish what is being answered, then close."""
        self._slow.stop()
        for runner in self._runners:
            await runner.cleanup()
        for extension in self._extensions:
            extension.close()
        if self._audit is not None:
            self._audit.close()
