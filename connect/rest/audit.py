"""The audit log: a line of JSON per control action, with who did it, what, and from where.

``audit.log.file`` names the file; ``-`` is standard output. Values of configurations are never written, as they may be
secret: only the keys of a request's body are. Rotation by moving the file is noticed.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import json
import logging
import logging.handlers
import sys
from collections.abc import Mapping
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from connect.api import ConfigException

KEY = "audit.log.file"
_ACTIONS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_ONLY_ASKS = "/config/validate"


class AuditLog:
    """Writes what was asked for and how it ended."""

    def __init__(self, path: str) -> None:
        """Raises ConfigException when the file can't be written."""
        self._logger = logging.Logger("audit", logging.INFO)  # of its own: levels and formats of others don't apply
        try:
            handler = (
                logging.StreamHandler(sys.stdout)
                if path == "-"
                else logging.handlers.WatchedFileHandler(path, encoding="utf-8")
            )
        except OSError as error:
            raise ConfigException(KEY, path, f"it can't be written: {error.strerror}") from None
        handler.setFormatter(logging.Formatter("%(message)s"))
        self._logger.addHandler(handler)

    def middleware(self) -> Middleware:
        """Around all others, so that refused requests are seen too."""

        @web.middleware
        async def audit(request: web.Request, handler: Handler) -> web.StreamResponse:
            if request.method not in _ACTIONS or request.path.rstrip("/").endswith(_ONLY_ASKS):
                return await handler(request)
            try:
                response = await handler(request)
            except web.HTTPException as error:
                self._write(request, error.status, await _keys(request))
                raise
            except BaseException:
                self._write(request, None, await _keys(request))
                raise
            self._write(request, response.status, await _keys(request))
            return response

        return audit

    def close(self) -> None:
        """Close the file."""
        for handler in self._logger.handlers:
            handler.close()

    def _write(self, request: web.Request, status: int | None, keys: list[str] | None) -> None:
        line: dict[str, Any] = {
            "time": datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds"),
            "from": request.remote,
            "user": _user(request),
            "method": request.method,
            "path": request.path,
            "query": dict(request.query),
            "connector": request.match_info.get("connector"),
            "keys": keys,
            "agent": request.headers.get("User-Agent"),
            "status": status,
        }
        self._logger.info(json.dumps({name: value for name, value in line.items() if value not in (None, {})}))


def audit_log(properties: Mapping[str, str]) -> AuditLog | None:
    """The worker's audit log, if it is to keep one. Raises ConfigException."""
    path = properties.get(KEY)
    return AuditLog(path) if path else None


def _user(request: web.Request) -> str | None:
    """The name that basic authentication gives, or the client certificate's common name."""
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(credentials.strip(), validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return None
    transport = request.transport
    certificate = None if transport is None else transport.get_extra_info("peercert")
    subject = {name: value for part in (certificate or {}).get("subject", ()) for name, value in part}
    return subject.get("commonName")


async def _keys(request: web.Request) -> list[str] | None:
    """The keys of the body's configuration; None without a body that says some."""
    if not request.body_exists:
        return None
    try:
        body = json.loads(await request.read())
    except (ValueError, web.HTTPException):
        return None
    if not isinstance(body, dict):
        return None
    config = body.get("config")
    return sorted(config if isinstance(config, dict) else body)
