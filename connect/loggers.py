"""Log levels at run time, under the names that Kafka Connect gives to levels and loggers."""

from __future__ import annotations

import logging
import time
from typing import NamedTuple

ROOT = "root"
LEVELS = {
    "ALL": 1,
    "TRACE": 5,
    "DEBUG": logging.DEBUG,
    "INFO": logging.INFO,
    "WARN": logging.WARNING,
    "ERROR": logging.ERROR,
    "FATAL": logging.CRITICAL,
    "OFF": logging.CRITICAL + 10,
}
MOST_UNKNOWN, LONGEST_UNKNOWN = 1_000, 1_000
"""How many loggers that nothing logs to so far may be given a level, and how long their names may be."""

_NAMES = {number: name for name, number in LEVELS.items()}


class LoggerLevel(NamedTuple):
    """A logger's level, and when it was last changed over REST (ms since 1970), or None."""

    level: str
    last_modified: int | None


class Loggers:
    """The loggers of this process that have a level of their own, and changes to them."""

    def __init__(self) -> None:
        self._modified: dict[str, int] = {}
        self._unknown = 0

    def has_room_for(self, name: str) -> bool:
        """False for an unknown logger when too many such names have come already. A logger is never forgotten."""
        known = name.lower() == ROOT or name in _existing()
        return known or (self._unknown < MOST_UNKNOWN and len(name) <= LONGEST_UNKNOWN)

    def all_levels(self) -> dict[str, LoggerLevel]:
        """The loggers with a level of their own, by name; the root logger is always among them."""
        names = [name for name in _existing() if logging.getLogger(name).level != logging.NOTSET]
        return {name: self._level(name) for name in sorted([*names, ROOT])}

    def level(self, name: str) -> LoggerLevel | None:
        """The level in force for a logger; None when there is no such logger."""
        if name.lower() == ROOT:
            return self._level(ROOT)
        return self._level(name) if name in _existing() else None

    def set_level(self, namespace: str, level: str) -> list[str]:
        """Set the level of a logger and of all whose names begin like its own; those for which another level holds now.

        ``level`` is one of ``LEVELS``. For ``root`` these are all loggers. The namespace must have room.
        """
        number = LEVELS[level.strip().upper()]
        existing = _existing()
        if namespace.lower() == ROOT:
            names = [*existing, ROOT]
        else:
            self._unknown += namespace not in existing
            names = sorted({namespace, *(name for name in existing if name.startswith(namespace))})
        changed = [name for name in sorted(names) if _logger(name).getEffectiveLevel() != number]
        for name in names:
            _logger(name).setLevel(number)
        self._modified.update(dict.fromkeys(changed, int(time.time() * 1000)))
        return changed

    def _level(self, name: str) -> LoggerLevel:
        number = _logger(name).getEffectiveLevel()
        return LoggerLevel(_NAMES.get(number, logging.getLevelName(number)), self._modified.get(name))


def parse_levels(text: str) -> list[tuple[str, str]]:
    """``root=WARN,connect.rest=DEBUG`` as loggers with levels. Raises ValueError that names what is wrong."""
    levels = []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        logger, separator, level = part.rpartition("=")
        if not (separator and logger and is_level(level)):
            raise ValueError(f"'{part}' is not LOGGER=LEVEL with a level of {', '.join(LEVELS)}")
        levels.append((logger.strip(), level.strip()))
    return levels


def is_level(text: str) -> bool:
    """Whether that is the name of a level, in whatever case."""
    return text.strip().upper() in LEVELS


def _logger(name: str) -> logging.Logger:
    return logging.getLogger(None if name == ROOT else name)


def _existing() -> list[str]:
    found = dict(logging.root.manager.loggerDict)
    return [name for name, logger in found.items() if isinstance(logger, logging.Logger)]
