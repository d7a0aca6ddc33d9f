"""A line per request, under the logger and in the format that Kafka Connect uses."""

from __future__ import annotations

import logging

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger
from aiohttp.http_exceptions import HttpProcessingError

LOGGER = logging.getLogger("org.apache.kafka.connect.runtime.rest.RestServer")


def shorten_protocol_errors(record: logging.LogRecord) -> bool:
    """A filter: what is no HTTP at all gets a line, not a traceback."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, HttpProcessingError):
        reason = " ".join(str(error).split())
        record.msg, record.args, record.exc_info, record.exc_text = "Refused a bad request: %s", (reason,), None, None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    return True


class RequestLog(AbstractAccessLogger):
    """NCSA's extended format, with the milliseconds at the end."""

    @property
    def enabled(self) -> bool:
        """Whether anybody wants the lines."""
        return self.logger.isEnabledFor(logging.INFO)

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        """Log one request; ``time`` in seconds."""
        version = f"HTTP/{request.version.major}.{request.version.minor}"
        self.logger.info(
            '%s - - "%s %s %s" %d %s "%s" "%s" %d',
            request.remote or "-",
            request.method,
            request.raw_path,
            version,
            response.status,
            response.body_length,
            request.headers.get("Referer", "-"),
            request.headers.get("User-Agent", "-"),
            round(time * 1000),
        )
