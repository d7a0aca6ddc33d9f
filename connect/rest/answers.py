"""Answers, and what requests say besides their bodies."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import orjson
from aiohttp import web

JSON = "application/json"
_PATH_SAFE = "/+:@!$&'()*,;=~"
_ENCODED = re.compile(r"%(?=[0-9A-Fa-f]{2})")


def json_response(body: Any, status: int = 200, location: str | None = None) -> web.Response:
    """An answer with a JSON body."""
    headers = {"Content-Type": JSON}
    if location is not None:
        headers["Location"] = location
    return web.Response(body=orjson.dumps(body), status=status, headers=headers)


def no_content(status: int) -> web.Response:
    """An answer without a body."""
    return web.Response(status=status)


def flag(request: web.Request, name: str, default: bool = False) -> bool:
    """A boolean query parameter; anything but ``true`` is false."""
    return request.query[name].lower() == "true" if name in request.query else default


def connector_url(request: web.Request, connector: str) -> str:
    """The URL of a connector, at the address under which the client reached this worker."""
    parts = _ENCODED.split(connector)
    return f"{request.scheme}://{request.host}/connectors/" + "%".join(quote(part, safe=_PATH_SAFE) for part in parts)
