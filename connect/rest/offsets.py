"""``/connectors/<name>/offsets``."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from connect.herder.errors import BadRequest
from connect.herder.herder import Herder
from connect.herder.offsets import ConnectorOffsets
from connect.rest.answers import json_response
from connect.rest.bodies import BadBody, mismatch, object_of, parse_values
from connect.rest.connectors import connector_name
from connect.rest.routing import Route

_ENTITIES = "org.apache.kafka.connect.runtime.rest.entities"
_OFFSETS = f"{_ENTITIES}.ConnectorOffsets"
_MAP = "java.util.LinkedHashMap<java.lang.String,java.lang.Object>"


class OffsetRoutes:
    """Reads and changes offsets."""

    def __init__(self, herder: Herder, offsets: ConnectorOffsets) -> None:
        self._herder = herder
        self._offsets = offsets

    def routes(self) -> list[Route]:
        """The routes of a connector's offsets."""
        path = "/connectors/{connector}/offsets"
        return [
            Route("GET", path, self.get),
            Route("PATCH", path, self.alter, reads_body=True),
            Route("DELETE", path, self.reset),
        ]

    async def get(self, request: web.Request) -> web.Response:
        """All offsets."""
        return json_response(await self._offsets.offsets(connector_name(request)))

    async def alter(self, request: web.Request) -> web.Response:
        """Change some."""
        body = object_of(parse_values(await request.read(), _OFFSETS), _OFFSETS, "offsets")
        wanted = body.get("offsets")
        if wanted is None or wanted == []:
            raise BadRequest("Partitions / offsets need to be provided for an alter offsets request")
        if not isinstance(wanted, list):
            raise mismatch(f"java.util.ArrayList<{_ENTITIES}.ConnectorOffset>", wanted)
        pairs = [_pair(item) for item in wanted]
        await self._herder.require_leader()
        return json_response(await self._offsets.alter(connector_name(request), pairs))

    async def reset(self, request: web.Request) -> web.Response:
        """Forget all."""
        await self._herder.require_leader()
        return json_response(await self._offsets.reset(connector_name(request)))


def _pair(item: Any) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    if item is None:
        raise BadBody("An offset must not be null")
    entry = object_of(item, f"{_ENTITIES}.ConnectorOffset", "partition", "offset")
    return _map(entry.get("partition")), _map(entry.get("offset"))


def _map(value: Any) -> dict[str, Any] | None:
    if value is None or isinstance(value, dict):
        return value
    raise mismatch(_MAP, value)
