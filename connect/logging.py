"""Log lines as operators of Kafka Connect know them: ``[date] LEVEL [connector|task-0] message (logger)``."""

from __future__ import annotations

import contextlib
import contextvars
import datetime
import io
import json
import logging
import os
import re
import sys
import threading
from collections.abc import Iterator

from connect.provided_secrets import hide

_context: contextvars.ContextVar[str] = contextvars.ContextVar("connector.context", default="")
_process_context = ""
_CONTEXT = re.compile(r"\[(.*)\|(worker|task-\d+(?:\|offsets)?)\] ", re.DOTALL)

_LEVELS = {"WARNING": "WARN", "CRITICAL": "FATAL"}


class _Formatter(logging.Formatter):
    default_msec_format = "%s,%03d"

    def format(self, record: logging.LogRecord) -> str:
        record.connect_level = _LEVELS.get(record.levelname, record.levelname)
        record.connect_context = _context.get() or _process_context
        return hide(super().format(record))


class _JsonFormatter(_Formatter):
    """One JSON object per line, for machines."""

    def format(self, record: logging.LogRecord) -> str:
        context = _CONTEXT.match(_context.get() or _process_context)
        line = {
            "time": datetime.datetime.fromtimestamp(record.created, datetime.UTC).isoformat(timespec="milliseconds"),
            "level": _LEVELS.get(record.levelname, record.levelname),
            **({} if context is None else {"connector": context[1], "scope": context[2]}),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps({name: hide(text) for name, text in line.items()}, ensure_ascii=False)


def configure(level: str = "INFO", *, json_lines: bool | None = None) -> None:
    """Log to standard output at that level; client libraries speak up from WARNING on.

    ``json_lines`` None: as the environment variable ``CONNECT_LOG_FORMAT`` says (``json`` or ``text``).
    """
    handler = logging.StreamHandler(sys.stdout)
    as_json = os.environ.get("CONNECT_LOG_FORMAT", "").lower() == "json" if json_lines is None else json_lines
    formatter = _JsonFormatter if as_json else _Formatter
    handler.setFormatter(formatter("[%(asctime)s] %(connect_level)s %(connect_context)s%(message)s (%(name)s)"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for library in ("kafka", "aiohttp", "elastic_transport", "urllib3", "asyncio"):
        logging.getLogger(library).setLevel(logging.WARNING)


def set_process_context(connector: str, scope: str) -> None:
    """From now on every line of this process carries ``[connector|scope]``: it serves that connector alone."""
    global _process_context
    _process_context = f"[{connector}|{scope}] "


class _LineLog(io.TextIOBase):
    """A text stream whose lines are logged; each thread writes its own."""

    def __init__(self) -> None:
        self._begun = threading.local()

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *lines, self._begun.text = (getattr(self._begun, "text", "") + text).split("\n")
        for line in lines:
            logging.getLogger("stdout").info("%s", line)
        return len(text)


def capture_standard_output() -> None:
    """What this process prints from now on becomes log lines."""
    sys.stdout = _LineLog()


@contextlib.contextmanager
def connector_context(connector: str, scope: str) -> Iterator[None]:
    """Lines logged inside carry ``[connector|scope]``; scope is ``worker``, ``task-0`` or ``task-0|offsets``."""
    token = _context.set(f"[{connector}|{scope}] ")
    try:
        yield
    finally:
        _context.reset(token)
