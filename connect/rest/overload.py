"""Answers 503 when more requests are under way than a worker can do something about."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from connect.rest.errors import error_response

MOST_REQUESTS = 1_000
_RETRY_SECONDS = "1"


def overload_middleware(most: int = MOST_REQUESTS) -> Middleware:
    """Lets that many requests be answered at a time."""
    under_way = 0

    @web.middleware
    async def limit(request: web.Request, handler: Handler) -> web.StreamResponse:
        nonlocal under_way
        if under_way >= most:
            answer = error_response(503, f"Too many requests: {most} are being answered already")
            answer.headers["Retry-After"] = _RETRY_SECONDS
            return answer
        under_way += 1
        try:
            return await handler(request)
        finally:
            under_way -= 1

    return limit
