"""The door to the server: one request in, status and raw bytes out.

It stands on ``elastic_transport``, the transport below the ``elasticsearch`` client, and not on that client itself:
the client refuses servers that don't call themselves Elasticsearch (OpenSearch, older versions), and a bulk body
here is finished bytes that need no serializer.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson

from connect.api import ConfigException, ConnectException
from connectors.elasticsearch.node import make_node_class
from connectors.elasticsearch.settings import ConnectionSettings
from connectors.elasticsearch.tls import tls_options
from connectors.elasticsearch.transport import NodeConfig, NodePool, TransportError, url_to_node_config

JSON = "application/json"
NO_KERBEROS = "Kerberos is not available here; use user and password, or an API key."
_DEAD_NODE_SECONDS = 0.5
_MAX_DEAD_NODE_SECONDS = 5.0
_ANSWERS_OF_DEAD_NODES = (502, 503, 504)


class RequestFailed(ConnectException):
    """A request got no answer: refused, reset, timed out, or TLS didn't come about. The message says which."""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer: ``headers`` in lower case, ``body`` as received."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """True for 2xx."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The body, parsed; None where it is no JSON (a proxy's page, an empty answer)."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return None


class Door(Protocol):
    """What the sink needs from a client; safe to use from several threads."""

    def request(self, method: str, path: str, body: bytes | None = None) -> Response:
        """Send one request, once. Raises RequestFailed when there is no answer; any status is an answer."""

    def close(self) -> None:
        """Close all connections."""


class HttpDoor:
    """A :class:`Door` over HTTP to the nodes of one cluster, in turn; a node that failed rests for a moment."""

    def __init__(self, settings: ConnectionSettings) -> None:
        """Raises ConfigException when certificates can't be read, or Kerberos is asked for."""
        if settings.kerberos_principal is not None:
            raise ConfigException("kerberos.user.principal", settings.kerberos_principal, NO_KERBEROS)
        headers = _authorization(settings)
        tls = tls_options(settings) if settings.urls[0].startswith("https:") else {}
        nodes = [self._node(url, settings, headers, tls) for url in settings.urls]
        self._pool = NodePool(
            nodes,
            node_class=make_node_class(settings),
            dead_node_backoff_factor=_DEAD_NODE_SECONDS,
            max_dead_node_backoff=_MAX_DEAD_NODE_SECONDS,
            randomize_nodes=False,
        )
        self._json_headers = {"content-type": JSON}

    @staticmethod
    def _node(url: str, settings: ConnectionSettings, headers: Mapping[str, str], tls: Mapping[str, Any]) -> NodeConfig:
        return url_to_node_config(url, use_default_ports_for_scheme=True).replace(
            headers=headers,
            connections_per_node=settings.connections,
            request_timeout=settings.read_seconds or None,
            http_compress=settings.compression,
            **tls,
        )

    def request(self, method: str, path: str, body: bytes | None = None) -> Response:
        node = self._pool.get()
        try:
            meta, data = node.perform_request(method, path, body, self._json_headers if body is not None else None)  # type: ignore[arg-type]  # any mapping will do
        except TransportError as error:
            self._pool.mark_dead(node)
            raise RequestFailed(_reason(error)) from error
        if meta.status in _ANSWERS_OF_DEAD_NODES:
            self._pool.mark_dead(node)
        else:
            self._pool.mark_live(node)
        return Response(meta.status, data, {key.lower(): value for key, value in meta.headers.items()})

    def close(self) -> None:
        for node in self._pool.all():
            node.close()


def _authorization(settings: ConnectionSettings) -> dict[str, str]:
    if settings.api_key is not None:
        key = settings.api_key
        encoded = base64.b64encode(key.encode()).decode() if ":" in key else key
        return {"authorization": f"ApiKey {encoded}"}
    if settings.username is not None and settings.password is not None:
        pair = f"{settings.username}:{settings.password}".encode()
        return {"authorization": f"Basic {base64.b64encode(pair).decode()}"}
    return {}


def _reason(error: TransportError) -> str:
    """The innermost reason, such as ``Connection refused``, behind the layers of client libraries."""
    cause: BaseException = error.errors[-1] if error.errors and isinstance(error.errors[-1], BaseException) else error
    text = str(cause) or type(cause).__name__
    return text.rpartition("] ")[2] if "[Errno" in text else text
