"""What workers ask of each other: ``POST /connectors/<name>/tasks`` and ``PUT /connectors/<name>/fence``."""

from __future__ import annotations

from aiohttp import web

from connect.herder.herder import Herder
from connect.herder.internal_requests import Signature
from connect.rest.answers import no_content
from connect.rest.bodies import BadBody, config_of, mismatch, parse_texts
from connect.rest.connectors import connector_name
from connect.rest.routing import Route

_TASK_CONFIGS = "java.util.ArrayList<java.util.Map<java.lang.String,java.lang.String>>"


class InternalRoutes:
    """Takes raw bodies, since signatures are made over their bytes."""

    def __init__(self, herder: Herder) -> None:
        self._herder = herder

    def routes(self) -> list[Route]:
        """The two routes."""
        one = "/connectors/{connector}"
        return [
            Route("POST", f"{one}/tasks", self.put_tasks, consumes_json=False),
            Route("PUT", f"{one}/fence", self.fence, consumes_json=False),
        ]

    async def put_tasks(self, request: web.Request) -> web.Response:
        """New task configurations from the worker that runs the connector."""
        body = await request.read()
        configs = parse_texts(body, _TASK_CONFIGS)
        if configs is None and not body.strip():
            raise BadBody("No content to map due to end-of-input")
        if configs is not None and not isinstance(configs, list):
            raise mismatch(_TASK_CONFIGS, configs)
        parsed = [config_of(config) for config in configs or ()]
        signature = Signature.of(request.headers)
        await self._herder.take_task_configs(connector_name(request), parsed, body, signature)
        return no_content(204)

    async def fence(self, request: web.Request) -> web.Response:
        """Fence off former tasks of a source connector."""
        body = await request.read()
        await self._herder.fence_zombies(connector_name(request), body, Signature.of(request.headers))
        return no_content(204)
