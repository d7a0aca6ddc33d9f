"""Loads ``rest.extension.classes`` and asks the extensions about every request."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Mapping, Sequence

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from connect.api import ConfigException
from connect.api.rest_extension import RestExtension, RestRequest
from connect.rest.basic_auth import BasicAuthSecurityRestExtension

log = logging.getLogger(__name__)

KEY = "rest.extension.classes"
_BUILTIN = {"BasicAuthSecurityRestExtension": BasicAuthSecurityRestExtension}


def load_extensions(properties: Mapping[str, str]) -> list[RestExtension]:
    """The extensions of a worker, configured. Raises ConfigException."""
    names = dict.fromkeys(name.strip() for name in properties.get(KEY, "").split(",") if name.strip())
    extensions = [_load(name)() for name in names]
    for extension in extensions:
        extension.configure(properties)
    return extensions


def _load(name: str) -> type[RestExtension]:
    builtin = _BUILTIN.get(name.rsplit(".", 1)[-1])
    if builtin is not None:
        return builtin
    module, _, attribute = name.rpartition(":" if ":" in name else ".")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, ValueError, AttributeError) as error:
        raise ConfigException(KEY, name, f"it can't be loaded: {error}") from error
    if not (isinstance(found, type) and issubclass(found, RestExtension)):
        raise ConfigException(KEY, name, "it is no RestExtension")
    return found


def extensions_middleware(extensions: Sequence[RestExtension]) -> Middleware:
    """Asks the extensions in order; the first answer counts."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        seen = RestRequest(
            request.method,
            request.path,
            dict(request.query),
            {name.lower(): value for name, value in request.headers.items()},
            request.remote,
        )
        for extension in extensions:
            answer = extension.check(seen)
            if answer is not None:
                return web.Response(status=answer.status, text=answer.text, headers=dict(answer.headers))
        return await handler(request)

    return check
