"""How requests travel to one node: time limits for connecting and reading, idle connections, a proxy."""

from __future__ import annotations

import gzip
import logging
import queue
import time
from typing import Any

import urllib3

from connectors.elasticsearch.settings import ConnectionSettings
from connectors.elasticsearch.transport import NodeConfig, Urllib3HttpNode

_transport_log = logging.getLogger("elastic_transport.node")

_COMPRESSION_LEVEL = 3
"""Half the time of gzip's default for about a tenth more bytes."""


class SinkNode(Urllib3HttpNode):
    """A node that tells connecting from reading, and forgets connections that were idle for too long."""

    settings: ConnectionSettings

    def __init__(self, config: NodeConfig) -> None:
        super().__init__(config)
        self._compress = config.http_compress
        self._http_compress = False
        self._limits = urllib3.Timeout(
            connect=self.settings.connect_seconds or None, read=self.settings.read_seconds or None
        )
        self._used = time.monotonic()
        if isinstance(self.pool, urllib3.HTTPSConnectionPool) and not _checks_host(config):
            self.pool.assert_hostname = False  # else urllib3 compares the names itself
        if self.settings.proxy_url is not None:
            self.pool.close()
            self.pool = _ProxiedPool(self, self.settings)  # type: ignore[assignment]  # all that is called is urlopen and close

    def perform_request(
        self, method: str, target: str, body: bytes | None = None, headers: Any = None, request_timeout: Any = None
    ) -> Any:
        now = time.monotonic()
        if self.settings.proxy_url is None and 0 <= self.settings.idle_seconds < now - self._used:
            self._drop_idle_connections()
        self._used = now
        if body and self._compress:
            body = gzip.compress(body, _COMPRESSION_LEVEL)
            headers = {**(headers or {}), "content-encoding": "gzip"}
        return super().perform_request(method, target, body, headers, self._limits)  # type: ignore[arg-type]  # urllib3 takes both

    def _log_request(self, *args: Any, **details: Any) -> None:
        """The base class decodes whole bodies for the log even when nobody reads it."""
        if _transport_log.isEnabledFor(logging.DEBUG):
            super()._log_request(*args, **details)

    def _drop_idle_connections(self) -> None:
        """Close what waits in the pool's queue; connections in use are not in it and go on."""
        waiting = self.pool.pool
        if waiting is None:
            return
        for _ in range(waiting.qsize()):
            try:
                connection = waiting.get_nowait()
            except queue.Empty:
                return
            if connection is not None:
                connection.close()
            waiting.put(connection)


def _checks_host(config: NodeConfig) -> bool:
    return config.ssl_context is None or config.ssl_context.check_hostname


class _ProxiedPool:
    """Sends a node's requests through a proxy: absolute addresses for http, CONNECT for https."""

    def __init__(self, node: SinkNode, settings: ConnectionSettings) -> None:
        assert settings.proxy_url is not None
        self._base = f"{node.config.scheme}://{node.config.host}:{node.config.port}"
        credentials = None
        if settings.proxy_username:
            pair = f"{settings.proxy_username}:{settings.proxy_password or ''}"
            credentials = urllib3.make_headers(proxy_basic_auth=pair)
        options: dict[str, Any] = {"maxsize": settings.connections, "block": True}
        if node.config.scheme == "https":
            options["ssl_context"] = node.config.ssl_context
            if not _checks_host(node.config):
                options["assert_hostname"] = False
        self._manager = urllib3.ProxyManager(settings.proxy_url, proxy_headers=credentials, **options)

    def urlopen(self, method: str, target: str, **more: Any) -> urllib3.BaseHTTPResponse:
        return self._manager.urlopen(method, self._base + target, redirect=False, **more)

    def close(self) -> None:
        self._manager.clear()


def make_node_class(settings: ConnectionSettings) -> type[SinkNode]:
    """A node class that knows the settings; the pool makes its nodes from a class."""
    return type("ConfiguredSinkNode", (SinkNode,), {"settings": settings})
