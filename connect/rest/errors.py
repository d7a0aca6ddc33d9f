"""From exception to status code and body, once."""

from __future__ import annotations

import logging

from aiohttp import web
from aiohttp.typedefs import Handler

from connect.api import AlreadyExistsException, ConnectException, NotFoundException
from connect.herder.errors import BadRequest, Conflict, Forbidden, RebalanceNeeded, Rejected, Unavailable
from connect.rest.answers import json_response

log = logging.getLogger(__name__)

_STATUS = {
    NotFoundException: 404,
    AlreadyExistsException: 409,
    BadRequest: 400,
    Forbidden: 403,
    RebalanceNeeded: 409,
    Conflict: 409,
    Unavailable: 503,
}


def error_response(status: int, message: str | None) -> web.Response:
    """The body that every error has."""
    return json_response({"error_code": status, "message": message}, status)


@web.middleware
async def error_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn exceptions into answers; unforeseen ones are logged and answered with their message, never a traceback."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        answer = error_response(error.status, f"HTTP {error.status} {error.reason}")
        if isinstance(error, web.HTTPMethodNotAllowed):
            answer.headers["Allow"] = ",".join(sorted({*error.allowed_methods, "OPTIONS"}))
        return answer
    except Rejected as error:
        return error_response(error.status, str(error))
    except ConnectException as error:
        return error_response(_STATUS.get(type(error), 500), str(error))
    except Exception as error:
        log.exception("%s %s failed", request.method, request.path)
        return error_response(500, str(error) or type(error).__name__)
