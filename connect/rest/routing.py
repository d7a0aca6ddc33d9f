"""From a request to the handler of its resource: trailing slashes, methods, media types, and paths that are refused."""

from __future__ import annotations

import asyncio
import logging
import re
from collections import defaultdict
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from connect.rest.answers import JSON
from connect.rest.errors import error_response
from connect.rest.media_types import accepts, is_well_formed, media_type_of
from connect.runtime.plugin_calls import REQUEST_SECONDS

log = logging.getLogger(__name__)

_ALLOW_ORDER = ("HEAD", "POST", "DELETE", "GET", "OPTIONS", "PUT", "PATCH")
_AMBIGUOUS = re.compile(
    r"//|%2[fF]|%5[cC]|%25"  # what might be a separator, or decoded twice
    r"|/(?=[^/]*%)(?:\.|%2[eE]){1,2}(?:/|$)|^/\.\.(?:/|$)"  # dots in disguise, and above the root
    r"|%[01][0-9A-Fa-f]|%7[fF]|%(?![0-9A-Fa-f]{2})"  # control characters, and what is no encoding
    r'|[\\|<>^`{}"]'
)
JSON_RANGES = frozenset({JSON, "application/*", "*/json", "*/*", "*"})


@dataclass(frozen=True, slots=True)
class Route:
    """A method of a resource.

    ``consumes_json``: bodies of other types are refused. ``reads_body``: the body is what matters, and is nothing
    without its type. ``produces``: the media ranges that its answers fit.
    """

    method: str
    path: str
    handler: Handler
    consumes_json: bool = True
    reads_body: bool = False
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
        headers = {"Allow": ",".join(allowed), "Content-Type": "text/plain"}
        return web.Response(body=", ".join(allowed).encode(), headers=headers)

    return options


def _checked(route: Route) -> Handler:
    changes = route.method not in ("GET", "HEAD")

    async def checked(request: web.Request) -> web.StreamResponse:
        content_type = request.headers.get(hdrs.CONTENT_TYPE)
        if content_type is not None and not is_well_formed(content_type):
            return bad_message(request, "Bad Request")
        if route.consumes_json and not _is_json(content_type, request, route.reads_body):
            raise web.HTTPUnsupportedMediaType
        accepted = request.headers.get(hdrs.ACCEPT)
        if accepted:
            fits = accepts(accepted, route.produces)
            if fits is None:
                return bad_message(request, "Bad Request")
            if not fits:
                raise web.HTTPNotAcceptable
        return await (_in_time(route.handler(request)) if changes else route.handler(request))

    return checked


def _is_json(content_type: str | None, request: web.Request, reads_body: bool) -> bool:
    if content_type is None:
        return not (reads_body and request.body_exists)
    given = media_type_of(content_type)
    if not reads_body:
        # Some clients call nothing at all an octet stream.
        return given in JSON_RANGES or (given == "application/octet-stream" and not request.body_exists)
    return given == JSON


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


def bad_message(request: web.Request, reason: str) -> web.Response:
    """What an HTTP server says to a request that no resource gets to see; Kafka Connect's says it in HTML."""
    text = f"<h1>Bad Message 400</h1><p>{reason}</p>" if request.method in ("GET", "POST") else ""
    return web.Response(status=400, text=text, content_type="text/html")


@web.middleware
async def refuse_ambiguous_paths(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Paths that servers and proxies might read in different ways get a 400."""
    path = request.raw_path.partition("?")[0]
    if _AMBIGUOUS.search(path) or not _is_text(path):
        return bad_message(request, "Ambiguous URI")
    return await handler(request)


def _is_text(path: str) -> bool:
    try:
        unquote_to_bytes(path).decode()
    except UnicodeDecodeError:
        return False
    return True
