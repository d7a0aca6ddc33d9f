"""Log lines as operators of Kafka Connect know them: ``[date] LEVEL [connector|task-0] message (logger)``."""

from __future__ import annotations

import contextlib
import contextvars
import io
import logging
import sys
from collections.abc import Iterator

_context: contextvars.ContextVar[str] = contextvars.ContextVar("connector.context", default="")
_process_context = ""

_LEVELS = {"WARNING": "WARN", "CRITICAL": "FATAL"}


class _Formatter(logging.Formatter):
    default_msec_format = "%s,%03d"

    def format(self, record: logging.LogRecord) -> str:
        record.connect_level = _LEVELS.get(record.levelname, record.levelname)
        record.connect_context = _context.get() or _process_context
        return super().format(record)


def configure(level: str = "INFO") -> None:
    """Log to standard output at that level; client libraries speak up from WARNING on."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_Formatter("[%(asctime)s] %(connect_level)s %(connect_context)s%(message)s (%(name)s)"))
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
    """A text stream whose lines are logged."""

    def __init__(self) -> None:
        self._begun = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *lines, self._begun = (self._begun + text).split("\n")
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


def set_level(logger: str, level: str) -> None:
    """Change a logger's level; ``level`` is one of Kafka Connect's names. An unknown one changes nothing."""
    names = logging.getLevelNamesMapping() | {
        "WARN": logging.WARNING,
        "TRACE": logging.DEBUG,
        "FATAL": logging.CRITICAL,
    }
    names |= {"OFF": logging.CRITICAL + 1, "ALL": logging.NOTSET + 1}
    number = names.get(level.upper())
    if number is not None:
        logging.getLogger(None if logger == "root" else logger).setLevel(number)
