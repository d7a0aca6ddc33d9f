"""From a request to the handler of its resource: trailing slashes, methods, media types, and paths that are refused."""

from __future__ import annotations

import asyncio
import logging
import re
from collections import defaultdict
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from connect.rest.answers import JSON
from connect.rest.errors import error_response
from connect.runtime.plugin_calls import REQUEST_SECONDS

log = logging.getLogger(__name__)

_ALLOW_ORDER = ("HEAD", "POST", "DELETE", "GET", "OPTIONS", "PUT", "PATCH")
_AMBIGUOUS = re.compile(r"//|%2[fF]|%5[cC]|%25|/\.\.?(?:/|$)|/(?:%2[eE]){1,2}(?:/|$)|%(?![0-9A-Fa-f]{2})|\\")
JSON_RANGES = frozenset({JSON, "application/*", "*/*", "*"})


@dataclass(frozen=True, slots=True)
class Route:
    """A method of a resource.

    ``consumes_json``: bodies of other types are refused. ``produces``: the media ranges that its answers fit.
    """

    method: str
    path: str
    handler: Handler
    consumes_json: bool = True
    produces: frozenset[str] = JSON_RANGES


def add_routes(app: web.Application, routes: Iterable[Route]) -> None:
    """Serve those routes, with and without a trailing slash, and OPTIONS of every resource."""
    by_path: dict[str, list[Route]] = defaultdict(list)
    for route in routes:
        by_path[route.path].append(route)
    for path, methods in by_path.items():
        resource = app.router.add_resource(path if path == "/" else f"{path}{{slash:/?}}")
        allowed = {route.method for route in methods} | {"OPTIONS"}
        if "GET" in allowed:
            allowed.add("HEAD")
        resource.add_route("OPTIONS", _options([method for method in _ALLOW_ORDER if method in allowed]))
        for route in methods:
            handler = _checked(route)
            resource.add_route(route.method, handler)
            if route.method == "GET":
                resource.add_route("HEAD", handler)


def _options(allowed: list[str]) -> Handler:
    async def options(_: web.Request) -> web.StreamResponse:
        return web.Response(text=", ".join(allowed), content_type="text/plain", headers={"Allow": ",".join(allowed)})

    return options


def _checked(route: Route) -> Handler:
    changes = route.method not in ("GET", "HEAD")

    async def checked(request: web.Request) -> web.StreamResponse:
        if route.consumes_json and not _is_json(request):
            raise web.HTTPUnsupportedMediaType
        accepted = request.headers.get(hdrs.ACCEPT)
        if accepted and not _accepts(accepted, route.produces):
            raise web.HTTPNotAcceptable
        return await (_in_time(route.handler(request)) if changes else route.handler(request))

    return checked


def _is_json(request: web.Request) -> bool:
    given = request.headers.get(hdrs.CONTENT_TYPE)
    if given is None:
        return True
    media_type = given.partition(";")[0].strip().lower()
    # Some clients call nothing at all an octet stream.
    return media_type == JSON or (media_type == "application/octet-stream" and not request.body_exists)


def _accepts(accepted: str, produced: frozenset[str]) -> bool:
    for part in accepted.split(","):
        media_range, _, parameters = part.partition(";")
        refused = re.fullmatch(r"(?s).*\bq\s*=\s*0(?:\.0*)?\s*", parameters) is not None
        if media_range.strip().lower() in produced and not refused:
            return True
    return False


_late: set[asyncio.Future[web.StreamResponse]] = set()


async def _in_time(answer: Awaitable[web.StreamResponse]) -> web.StreamResponse:
    """What was begun goes on when time is up, but the client gets to know."""
    task = asyncio.ensure_future(answer)
    done, _ = await asyncio.wait([task], timeout=REQUEST_SECONDS)
    if done:
        return task.result()
    _late.add(task)
    task.add_done_callback(_forget_late)
    return error_response(500, "Request timed out")


def _forget_late(task: asyncio.Future[web.StreamResponse]) -> None:
    _late.discard(task)
    if not task.cancelled() and task.exception() is not None:
        log.warning("A request that had timed out has failed: %s", task.exception())


@web.middleware
async def refuse_ambiguous_paths(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Paths that servers and proxies might read in different ways get a 400."""
    path = request.raw_path.partition("?")[0]
    if _AMBIGUOUS.search(path):
        text = "<h1>Bad Message 400</h1><p>Ambiguous URI</p>" if request.method == "GET" else ""
        return web.Response(status=400, text=text, content_type="text/html")
    return await handler(request)
