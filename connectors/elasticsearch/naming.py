"""What an index or data stream is called."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

from connect.api import ConfigException, ConnectException
from connectors.elasticsearch.settings import TargetSettings

_MAX_INDEX = 255
_MAX_NAMESPACE = 100
_TIMESTAMP = re.compile(r"\$\{timestamp:([^}]*)\}")
_LETTERS = re.compile(r"'[^']*'|([A-Za-z])\1*")
_FORMATS = {"yyyy": "%Y", "yy": "%y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M"}


def index_name(topic: str) -> str:
    """The topic as the server accepts it: lower case, at most 255 characters, no ``-`` or ``_`` in front."""
    name = topic.lower()[:_MAX_INDEX]
    if name.startswith(("-", "_")):
        name = name[1:]
    return {".": "dot", "..": "dotdot"}.get(name, name)


def data_stream_name(settings: TargetSettings, topic: str) -> str:
    """``<type>-<dataset>-<namespace>``."""
    namespace = settings.data_stream_namespace.replace("${topic}", topic.lower())[:_MAX_NAMESPACE]
    return f"{settings.data_stream_type}-{settings.data_stream_dataset}-{namespace}"


class IndexNamer:
    """Names the index of a topic, and of a timestamp where the format asks for it."""

    def __init__(self, settings: TargetSettings) -> None:
        """Raises ConfigException for a format that can't be understood."""
        self._settings = settings
        self._format = settings.index_name_format
        found = _TIMESTAMP.search(self._format)
        self._date_format = strftime_format(found.group(1)) if found else None

    @property
    def by_timestamp(self) -> bool:
        """True when records of one topic may go to several indices."""
        return self._date_format is not None

    def name(self, topic: str, timestamp: int | None = None) -> str:
        """The index, data stream or other resource for a record; ``timestamp`` in milliseconds.

        Raises ConnectException when the topic is mapped to nothing, or the record lacks the timestamp that is needed.
        """
        settings = self._settings
        if settings.resources:
            if topic not in settings.resources:
                raise ConnectException(
                    f"Topic '{topic}' is not mapped to any resource. All topics must be mapped when using"
                    " topic-to-resource mapping configuration. Please check the 'topic.to.external.resource.mapping'"
                    " configuration to ensure all topics are properly mapped."
                )
            return settings.resources[topic]
        if settings.data_stream_type is not None:
            return data_stream_name(settings, topic)
        return index_name(self._fill(topic, timestamp))

    def day_of(self) -> Callable[[int], str] | None:
        """How to tell records apart that go to different indices; None when all of a topic go to one."""
        pattern = self._date_format
        if pattern is None:
            return None
        return lambda millis: dt.datetime.fromtimestamp(millis / 1000, dt.UTC).strftime(pattern)

    def _fill(self, topic: str, timestamp: int | None) -> str:
        text = self._format
        if self._date_format is not None:
            if timestamp is None:
                raise ConnectException(f"A record without timestamp can't be put into an index named '{self._format}'.")
            date = dt.datetime.fromtimestamp(timestamp / 1000, dt.UTC).strftime(self._date_format)
            text = _TIMESTAMP.sub(lambda _: date, text)
        return text.replace("${topic}", topic)


def strftime_format(pattern: str) -> str:
    """A Java date pattern as Python's; letters y, M, d, H, m and quoted text. Raises ConfigException for others."""

    def translate(match: re.Match[str]) -> str:
        letters = match.group()
        if letters.startswith("'"):
            return letters[1:-1]
        if letters not in _FORMATS:
            raise ConfigException("index.name.format", pattern, f"letters {letters} are not known")
        return _FORMATS[letters]

    return _LETTERS.sub(translate, pattern.replace("%", "%%"))
