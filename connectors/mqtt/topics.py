"""From an MQTT topic to a Kafka topic."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from connect.api import ConfigException
from connectors.mqtt.keys import check_filter

_ILLEGAL = re.compile(r"[^a-zA-Z0-9._-]")
_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}|^\$$")
_LONGEST = 249
_KEPT = 50_000


def matches(pattern: str, topic: str) -> bool:
    """Whether a topic is one of those that a filter stands for.

    >>> matches("a/+/c/#", "a/b/c"), matches("#", "$SYS/load")
    (True, False)
    """
    if topic.startswith("$") and pattern[:1] in ("+", "#"):
        return False
    levels, wanted = topic.split("/"), pattern.split("/")
    for index, each in enumerate(wanted):
        if each == "#":
            return True
        if index >= len(levels) or each not in ("+", levels[index]):
            return False
    return len(levels) == len(wanted)


def kafka_name(topic: str) -> str:
    """A topic with what Kafka doesn't allow, such as the slash, replaced by an underscore."""
    return _ILLEGAL.sub("_", topic)[:_LONGEST]


class Route(NamedTuple):
    """Messages of a filter go to a Kafka topic, in which ``${topic}`` and ``${1}`` … stand for topic and levels."""

    pattern: str
    target: str

    @classmethod
    def parse(cls, key: str, text: str) -> Route:
        """Read ``filter=topic``. Raises ConfigException."""
        pattern, separator, target = (part.strip() for part in text.rpartition("="))
        if not separator:
            raise ConfigException(key, text, "A mapping is written filter=topic")
        check_filter(key, pattern)
        check_target(key, target)
        return cls(pattern, target)

    def topic(self, topic: str) -> str:
        """The Kafka topic of a message."""
        levels = topic.split("/")

        def replaced(found: re.Match[str]) -> str:
            name = found.group(1)
            if not name or name == "topic":
                return kafka_name(topic)
            place = int(name) - 1
            return kafka_name(levels[place]) if place < len(levels) else ""

        return _PLACEHOLDER.sub(replaced, self.target)[:_LONGEST]


def check_target(key: str, target: str) -> None:
    """Raise ConfigException unless the text, with its placeholders, makes legal Kafka topics."""
    for found in _PLACEHOLDER.finditer(target):
        name = found.group(1)
        if name not in (None, "topic") and not (name.isascii() and name.isdigit() and int(name) > 0):
            raise ConfigException(key, target, f"Unknown placeholder {found.group()}: there are ${{topic}}, ${{1}}, …")
    rest = _PLACEHOLDER.sub("x", target)
    if not rest or _ILLEGAL.search(rest) or len(rest) > _LONGEST:
        raise ConfigException(key, target, "A Kafka topic has 1 to 249 of the characters a-z, A-Z, 0-9, '.', '_', '-'")


class Router:
    """Finds the Kafka topic of a message; the first route that matches counts."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._routes = routes
        self._known: dict[str, str] = {}
        [first] = routes if len(routes) == 1 else [None]
        everything = first is not None and first.pattern == "#" and not _PLACEHOLDER.search(first.target)
        self.constant = first.target if first is not None and everything else None
        """The one Kafka topic of all messages, where there is only one."""

    def topic(self, topic: str) -> str:
        """The Kafka topic of a message."""
        found = self._known.get(topic)
        if found is None:
            if len(self._known) >= _KEPT:
                self._known.clear()
            found = self._known[topic] = self._find(topic)
        return found

    def _find(self, topic: str) -> str:
        for route in self._routes:
            if route.pattern == "#" or matches(route.pattern, topic):
                return route.topic(topic)
        # The server sends only what was subscribed to; a session that is older than the configuration may hold more.
        return self._routes[-1].topic(topic)
