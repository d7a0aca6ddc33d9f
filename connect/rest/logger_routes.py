"""``/admin/loggers``."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from connect.api import ConnectException, NotFoundException
from connect.herder.errors import BadRequest
from connect.herder.herder import Herder
from connect.loggers import LONGEST_UNKNOWN, MOST_UNKNOWN, LoggerLevel, Loggers, is_level
from connect.rest.answers import json_response, no_content
from connect.rest.bodies import config_of, parse_texts
from connect.rest.routing import Route


class LoggerRoutes:
    """Shows and sets log levels, of this worker or of all."""

    def __init__(self, herder: Herder, loggers: Loggers) -> None:
        self._herder = herder
        self._loggers = loggers

    def routes(self) -> list[Route]:
        """All routes below ``/admin/loggers``."""
        return [
            Route("GET", "/admin/loggers", self.list),
            Route("GET", "/admin/loggers/{logger}", self.level),
            Route("PUT", "/admin/loggers/{logger}", self.set_level, reads_body=True),
        ]

    async def list(self, _: web.Request) -> web.Response:
        """All loggers with a level of their own."""
        return json_response({name: _shown(level) for name, level in self._loggers.all_levels().items()})

    async def level(self, request: web.Request) -> web.Response:
        """The level of one logger."""
        name = request.match_info["logger"]
        found = self._loggers.level(name)
        if found is None:
            raise NotFoundException(f"Logger {name} not found.")
        return json_response(_shown(found))

    async def set_level(self, request: web.Request) -> web.Response:
        """Set a level; ``scope`` is ``worker`` or ``cluster``."""
        name = request.match_info["logger"]
        level = config_of(parse_texts(await request.read())).get("level")
        if level is None:
            raise BadRequest("Desired 'level' parameter was not specified in request.")
        if not level:
            raise ConnectException("Illegal null or empty Level name.")
        if not is_level(level):
            raise NotFoundException(f"invalid log level '{level}'.")
        if not self._loggers.has_room_for(name):
            raise BadRequest(
                f"Nothing logs to '{name[:100]}', and this worker keeps levels of {MOST_UNKNOWN} such names of at most "
                f"{LONGEST_UNKNOWN} characters"
            )
        if request.query.get("scope", "").lower() == "cluster":
            await self._herder.set_cluster_logger_level(name, level.strip().upper())
            return no_content(204)
        return json_response(self._herder.set_logger_level(name, level.strip()))


def _shown(level: LoggerLevel) -> dict[str, Any]:
    return {"level": level.level, "last_modified": level.last_modified}
