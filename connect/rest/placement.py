"""``GET /admin/placement``: which worker runs what, and why."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from connect.herder.distributed.herder import DistributedHerder
from connect.herder.distributed.leadership import Placement
from connect.herder.distributed.protocol import Work
from connect.rest.answers import json_response
from connect.rest.routing import Route


class PlacementRoutes:
    """Answered by the leader; the others pass the request on."""

    def __init__(self, herder: DistributedHerder) -> None:
        self._herder = herder

    def routes(self) -> list[Route]:
        """The route."""
        return [Route("GET", "/admin/placement", self.placement)]

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
