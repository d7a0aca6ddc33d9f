"""What only workers of a group serve: requests from each other, and where things run."""

from __future__ import annotations

from typing import Any

import orjson
from aiohttp import web

from connect.api import ConnectException
from connect.herder.distributed.herder import DistributedHerder
from connect.herder.distributed.leadership import Placement
from connect.herder.distributed.protocol import Work
from connect.rest.answers import json_response


class ClusterRoutes:
    """Parses, asks the herder, answers."""

    def __init__(self, herder: DistributedHerder) -> None:
        self._herder = herder

    def routes(self) -> list[web.RouteDef]:
        """All routes."""
        return [
            web.post("/connectors/{connector}/tasks", self.put_task_configs),
            web.get("/admin/placement", self.placement),
        ]

    async def put_task_configs(self, request: web.Request) -> web.Response:
        """A follower has new task configurations."""
        body = await request.read()
        try:
            configs = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise ConnectException(f"The request's body is not JSON: {error}") from None
        if not isinstance(configs, list) or not all(isinstance(config, dict) for config in configs):
            raise ConnectException("Cannot deserialize value: the request's body must be an array of JSON objects")
        await self._herder.put_task_configs(request.match_info["connector"], configs, request.headers, body)
        return web.Response(status=204)

    async def placement(self, _request: web.Request) -> web.Response:
        """Which worker runs what, and why."""
        return json_response(placement_json(await self._herder.placement()))


def placement_json(placement: Placement) -> dict[str, Any]:
    """A placement: workers with their connectors and tasks, what waits, and why."""
    workers = [
        {"member": member, "url": placement.urls[member], **_work_json(work)}
        for member, work in sorted(placement.running.items())
    ]
    return {
        "generation": placement.generation,
        "protocol": placement.protocol.name.lower(),
        "workers": workers,
        "waiting": _work_json(placement.waiting),
        "delay_ms": placement.delay,
        "reasons": list(placement.reasons),
    }


def _work_json(work: Work) -> dict[str, list[str]]:
    return {"connectors": list(work.connectors), "tasks": [str(task) for task in work.tasks]}
