"""Bodies of requests and answers."""

from __future__ import annotations

from typing import Any

import orjson
from aiohttp import web

from connect.api import ConnectException

_JSON = "application/json"


def json_response(body: Any, status: int = 200, location: str | None = None) -> web.Response:
    """An answer with a JSON body."""
    headers = {"Content-Type": _JSON}
    if location is not None:
        headers["Location"] = location
    return web.Response(body=orjson.dumps(body), status=status, headers=headers)


async def json_object(request: web.Request) -> dict[str, Any]:
    """The request's body. Raises ConnectException (a 500, as in Kafka Connect) when it is no JSON object."""
    if request.body_exists and request.content_type not in (_JSON, "application/octet-stream"):
        raise web.HTTPUnsupportedMediaType
    try:
        body = orjson.loads(await request.read())
    except orjson.JSONDecodeError as error:
        raise ConnectException(f"The request's body is not JSON: {error}") from None
    if not isinstance(body, dict):
        raise ConnectException("Cannot deserialize value: the request's body must be a JSON object")
    return body


def flag(request: web.Request, name: str, default: bool = False) -> bool:
    """A boolean query parameter; anything but ``true`` is false."""
    return request.query[name].lower() == "true" if name in request.query else default
