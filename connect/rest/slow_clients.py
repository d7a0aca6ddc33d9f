"""Keeps clients that take too long to say what they want from holding connections and slots for ever."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from connect.rest.errors import error_response

FIRST_REQUEST_SECONDS = 30.0
BODY_SECONDS = 30.0
IDLE_SECONDS = 120.0
_ROUND_SECONDS = 5.0


class SlowClients:
    """Reads bodies within a time limit, and looks every few seconds for connections that bring no request."""

    def __init__(
        self,
        first_request_seconds: float = FIRST_REQUEST_SECONDS,
        body_seconds: float = BODY_SECONDS,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        """``idle_seconds`` may pass between two requests of a connection, whether it is silent or sends slowly."""
        self._first_limit = first_request_seconds
        self._body_limit = body_seconds
        self._idle_limit = idle_seconds
        self._busy: Counter[Any] = Counter()
        self._ended: dict[Any, float] = {}
        self._watching: list[asyncio.Task[None]] = []

    @property
    def middleware(self) -> Middleware:
        """Goes before all others, so that a request whose body is under way doesn't count as one yet."""

        @web.middleware
        async def note(request: web.Request, handler: Handler) -> web.StreamResponse:
            connection = request.protocol
            self._busy[connection] += 1
            try:
                refusal = await self._read_body(request) if request.can_read_body else None
                return refusal or await handler(request)
            finally:
                self._ended[connection] = time.monotonic()
                self._busy[connection] -= 1
                if not self._busy[connection]:
                    del self._busy[connection]

        return note

    async def _read_body(self, request: web.Request) -> web.Response | None:
        """Read it, for whoever asks the request later; the answer when that can't be done."""
        try:
            async with asyncio.timeout(self._body_limit):
                await request.read()
        except TimeoutError:
            answer = error_response(408, f"The request's body did not come within {self._body_limit:g} s")
            answer.force_close()
            return answer
        except (ConnectionError, web.RequestPayloadError):
            return error_response(400, "The request ended before its body did")  # hardly anybody is left to read it
        except web.HTTPRequestEntityTooLarge as error:
            return error_response(error.status, f"HTTP {error.status} {error.reason}")
        return None

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
            await asyncio.sleep(min(_ROUND_SECONDS, self._first_limit / 2))
            now = time.monotonic()
            connections = runner.server.connections
            # Most connections come and go between two looks.
            self._ended = {each: self._ended[each] for each in connections if each in self._ended}
            opened = {connection: opened.get(connection, now) for connection in connections}
            for connection, since in opened.items():
                if connection not in self._busy and self._is_late(connection, since, now):
                    connection.force_close()

    def _is_late(self, connection: Any, opened: float, now: float) -> bool:
        ended = self._ended.get(connection)
        return now - opened > self._first_limit if ended is None else now - ended > self._idle_limit
