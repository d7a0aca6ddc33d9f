"""A request that another worker has to carry out goes there, and its answer comes back."""

from __future__ import annotations

import logging

import aiohttp
import orjson
from aiohttp import web
from aiohttp.typedefs import Handler

from connect.api import ConnectException
from connect.herder.errors import Conflict, HandledElsewhere, Rejected

log = logging.getLogger(__name__)

_TIMEOUT_SECONDS = 90.0
_FORWARD = "forward"


class Forwarding:
    """A middleware. A request takes two hops at most, the first with ``forward=true``, the second with ``false``."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def close(self, _app: web.Application) -> None:
        """Close connections."""
        if self._session is not None:
            await self._session.close()

    def middleware(self) -> web.middleware:  # type: ignore[valid-type]
        """For the application; it belongs inside the one that answers errors."""

        @web.middleware
        async def forward(request: web.Request, handler: Handler) -> web.StreamResponse:
            try:
                return await handler(request)
            except HandledElsewhere as elsewhere:
                return await self._forward(request, elsewhere.url)

        return forward

    async def _forward(self, request: web.Request, url: str | None) -> web.Response:
        hop = request.query.get(_FORWARD)
        if hop is not None and hop.lower() != "true":
            raise Conflict("Cannot complete request because of a conflicting operation (e.g. worker rebalance)")
        if not url:
            raise Conflict(
                "Cannot complete request momentarily due to no known leader URL, "
                "likely because a rebalance was underway."
            )
        target = f"{url.rstrip('/')}{request.rel_url.raw_path}"
        parameters = {key: value for key, value in request.query.items() if key != _FORWARD}
        parameters[_FORWARD] = "true" if hop is None else "false"
        headers = {"Accept": "application/json", "User-Agent": "kafka-connect"}
        if "Authorization" in request.headers:
            headers["Authorization"] = request.headers["Authorization"]
        body = await request.read()
        if body:
            headers["Content-Type"] = "application/json"
        log.debug("Forwarding %s %s to %s", request.method, request.path, target)
        answer = await self._send(request.method, target, parameters, headers, body)
        location = answer.headers.get("Location")
        if location is not None:
            path = location[location.find("/connectors/") :]
            answer.headers["Location"] = f"{request.scheme}://{request.host}{path}"
        return answer

    async def _send(
        self, method: str, target: str, parameters: dict[str, str], headers: dict[str, str], body: bytes
    ) -> web.Response:
        if self._session is None:
            # Java refuses a request without a body that names a content type.
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=_TIMEOUT_SECONDS), skip_auto_headers=["Content-Type"]
            )
        try:
            async with self._session.request(
                method, target, params=parameters, headers=headers, data=body or None, allow_redirects=False
            ) as answer:
                content = await answer.read()
                return _answer(answer.status, content, answer.headers.get("Location"))
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ConnectException(f"IO Error trying to forward REST request: {error}") from error


def _answer(status: int, content: bytes, location: str | None) -> web.Response:
    if status >= 400:
        raise Rejected(status, _message(content))
    if not 200 <= status < 300:
        raise ConnectException(f"Unexpected status code when handling forwarded request: {status}")
    headers = {"Content-Type": "application/json"} if content else {}
    if location is not None:
        headers["Location"] = location
    return web.Response(status=status, body=content, headers=headers)


def _message(content: bytes) -> str:
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        return content.decode(errors="replace")
    return str(body.get("message")) if isinstance(body, dict) else str(body)
