"""The REST server: listeners, routes, and an orderly end."""

from __future__ import annotations

import logging
import re
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import web

from connect import KAFKA_VERSION
from connect.api import ConfigException
from connect.herder.distributed.herder import DistributedHerder
from connect.herder.herder import Herder
from connect.rest.answers import flag, json_response
from connect.rest.cluster import ClusterRoutes
from connect.rest.connectors import ConnectorRoutes
from connect.rest.errors import error_middleware
from connect.rest.forwarding import Forwarding

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 16 * 1024 * 1024
_LISTENER = re.compile(r"^(.*)://\[?([0-9a-zA-Z\-%._:]*)\]?:(-?[0-9]+)")
_SHUTDOWN_SECONDS = 3.0
_COMMIT = "unknown"


@dataclass(frozen=True, slots=True)
class Listener:
    """An address to listen on; an empty host means all interfaces."""

    scheme: str
    host: str
    port: int


def parse_listeners(properties: Mapping[str, str]) -> list[Listener]:
    """The worker's ``listeners``. Raises ConfigException."""
    text = properties.get("listeners", "http://:8083")
    listeners = []
    for part in text.split(","):
        match = _LISTENER.match(part.strip())
        if match is None:
            raise ConfigException(
                "listeners", text, "Listener doesn't have the right format (protocol://hostname:port)."
            )
        scheme, host, port = match.groups()
        if scheme.lower() not in ("http", "https"):
            raise ConfigException("listeners", text, 'Listener protocol must be either "http" or "https".')
        listeners.append(Listener(scheme.lower(), host, int(port)))
    return listeners


def bind(listener: Listener) -> socket.socket:
    """A socket that listens there. Raises ConfigException that says what to do when the port is taken."""
    host = listener.host or None
    try:
        return socket.create_server(
            (host or "", listener.port), family=socket.AF_INET6 if host and ":" in host else socket.AF_INET, backlog=128
        )
    except OSError as error:
        raise ConfigException(
            f"Can't listen on {listener.scheme}://{listener.host}:{listener.port}: {error.strerror}. "
            "Stop what uses the port, or choose another one with 'listeners'."
        ) from None


def advertised_address(properties: Mapping[str, str], listener: Listener, port: int) -> tuple[str, int]:
    """Host and port under which other workers reach this one: its id in the cluster."""
    host = properties.get("rest.advertised.host.name") or listener.host or socket.gethostname()
    return host, int(properties.get("rest.advertised.port") or port)


class RestServer:
    """Serves the REST API."""

    def __init__(self, sockets: Sequence[socket.socket], cluster_id: str | None) -> None:
        self._sockets = list(sockets)
        self.cluster_id = cluster_id
        self._runner: web.AppRunner | None = None

    async def start(self, herder: Herder) -> None:
        """Begin to answer."""
        forwarding = Forwarding()
        app = web.Application(middlewares=[error_middleware, forwarding.middleware()], client_max_size=MAX_BODY_BYTES)
        app.on_cleanup.append(forwarding.close)
        app.add_routes(self._root_routes(herder))
        app.add_routes(ConnectorRoutes(herder).routes())
        if isinstance(herder, DistributedHerder):
            app.add_routes(ClusterRoutes(herder).routes())
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
        await self._runner.setup()
        for sock in self._sockets:
            await web.SockSite(self._runner, sock).start()

    def _root_routes(self, herder: Herder) -> list[web.RouteDef]:
        async def root(_: web.Request) -> web.Response:
            return json_response({"version": KAFKA_VERSION, "commit": _COMMIT, "kafka_cluster_id": self.cluster_id})

        async def health(_: web.Request) -> web.Response:
            message = "Worker has completed startup and is ready to handle requests."
            return json_response({"status": "healthy", "message": message})

        async def plugins(request: web.Request) -> web.Response:
            return json_response(herder.plugins(connectors_only=flag(request, "connectorsOnly", True)))

        return [web.get("/", root), web.get("/health", health), web.get("/connector-plugins", plugins)]

    async def stop(self) -> None:
        """Finish what is being answered, then close."""
        if self._runner is not None:
            await self._runner.cleanup()


def base_url(request: web.Request) -> str:
    """The URL under which the client reached this worker."""
    parts = urlsplit(str(request.url))
    return f"{parts.scheme}://{parts.netloc}"
