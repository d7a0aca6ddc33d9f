"""Lets web pages of other origins use the REST API, as far as ``access.control.allow.*`` says."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

_USUAL_METHODS = "GET,POST,HEAD"
_ALLOWED_HEADERS = "X-Requested-With,Content-Type,Accept,Origin"
_PREFLIGHT_SECONDS = "1800"


def cors_middleware(properties: Mapping[str, str]) -> Middleware | None:
    """The middleware for a worker; None when it allows no origin."""
    origins = [each.strip() for each in properties.get("access.control.allow.origin", "").split(",") if each.strip()]
    if not origins:
        return None
    methods = properties.get("access.control.allow.methods") or _USUAL_METHODS
    allowed_methods = {method.strip().upper() for method in methods.split(",")}

    @web.middleware
    async def cors(request: web.Request, handler: Handler) -> web.StreamResponse:
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is None or not any(fnmatch.fnmatchcase(origin, allowed) for allowed in origins):
            return await handler(request)
        asked = request.headers.get(hdrs.ACCESS_CONTROL_REQUEST_METHOD)
        if request.method == "OPTIONS" and asked is not None:
            answer: web.StreamResponse = web.Response(status=200)
            if asked.upper() in allowed_methods:
                answer.headers[hdrs.ACCESS_CONTROL_ALLOW_METHODS] = methods
                answer.headers[hdrs.ACCESS_CONTROL_ALLOW_HEADERS] = _ALLOWED_HEADERS
                answer.headers[hdrs.ACCESS_CONTROL_MAX_AGE] = _PREFLIGHT_SECONDS
        else:
            answer = await handler(request)
        answer.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
        answer.headers[hdrs.ACCESS_CONTROL_ALLOW_CREDENTIALS] = "true"
        answer.headers.add(hdrs.VARY, hdrs.ORIGIN)
        return answer

    return cors
