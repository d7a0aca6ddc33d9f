"""``GET /admin/placement``: which worker runs what, and why; ``POST /admin/drain``: this one shall run nothing more."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from connect.herder.distributed.herder import DistributedHerder
from connect.herder.distributed.leadership import Placement
from connect.herder.distributed.protocol import Work
from connect.rest.answers import json_response, no_content
from connect.rest.routing import Route


class PlacementRoutes:
    """Where things run is answered by the leader; the others pass the request on. A drain concerns who is asked."""

    def __init__(self, herder: DistributedHerder) -> None:
        self._herder = herder

    def routes(self) -> list[Route]:
        """Both routes."""
        return [
            Route("GET", "/admin/placement", self.placement),
            Route("POST", "/admin/drain", self.drain, consumes_json=False),
        ]

    async def drain(self, _request: web.Request) -> web.Response:
        """Hand all work over and leave the group; answered when that is done."""
        await self._herder.drain()
        return no_content(204)

    async def placement(self, _request: web.Request) -> web.Response:
        """The leader's last decision."""
        return json_response(placement_json(await self._herder.placement()))


def placement_json(placement: Placement) -> dict[str, Any]:
    """Workers with their connectors and tasks, what waits for a worker to return, and why things are as they are."""
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
