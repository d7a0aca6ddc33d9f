"""Closes connections whose client takes too long to make its first request, so that they can't pile up."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

FIRST_REQUEST_SECONDS = 30.0
_ROUND_SECONDS = 5.0


class SlowClients:
    """Looks at the connections of a server every few seconds."""

    def __init__(self, first_request_seconds: float = FIRST_REQUEST_SECONDS) -> None:
        self._limit = first_request_seconds
        self._proven: set[Any] = set()
        self._watching: list[asyncio.Task[None]] = []

    @property
    def middleware(self) -> Middleware:
        """Notes which connections have brought a request."""

        @web.middleware
        async def note(request: web.Request, handler: Handler) -> web.StreamResponse:
            self._proven.add(request.protocol)
            return await handler(request)

        return note

    def watch(self, runner: web.AppRunner) -> None:
        """Begin to look."""
        self._watching.append(asyncio.create_task(self._watch(runner)))

    def stop(self) -> None:
        """Look no more."""
        for watching in self._watching:
            watching.cancel()

    async def _watch(self, runner: web.AppRunner) -> None:
        opened: dict[Any, float] = {}
        while runner.server is not None:
            await asyncio.sleep(min(_ROUND_SECONDS, self._limit / 2))
            now = time.monotonic()
            connections = runner.server.connections
            gone = opened.keys() - set(connections)
            self._proven -= gone
            opened = {connection: opened.get(connection, now) for connection in connections}
            for connection, since in opened.items():
                if connection not in self._proven and now - since > self._limit:
                    connection.force_close()
