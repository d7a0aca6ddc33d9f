"""Single records, as the per-record API of plugins sees them."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any, TypeVar

from connect.api.header import Headers
from connect.api.schema import Schema


class TimestampType(enum.Enum):
    """What a consumed record's timestamp means."""

    NO_TIMESTAMP_TYPE = "NoTimestampType"
    CREATE_TIME = "CreateTime"
    LOG_APPEND_TIME = "LogAppendTime"


class ConnectRecord:
    """What source and sink records share. Treat it as a value: make a changed copy with :meth:`replace`.

    ``partition`` is the Kafka partition (None = not decided), ``timestamp`` is in milliseconds since the epoch or None.
    """

    __slots__ = ("headers", "key", "key_schema", "partition", "timestamp", "topic", "value", "value_schema")

    def __init__(
        self,
        topic: str | None,
        partition: int | None = None,
        key_schema: Schema | None = None,
        key: Any = None,
        value_schema: Schema | None = None,
        value: Any = None,
        timestamp: int | None = None,
        headers: Headers | None = None,
    ) -> None:
        self.topic = topic
        self.partition = partition
        self.key_schema = key_schema
        self.key = key
        self.value_schema = value_schema
        self.value = value
        self.timestamp = timestamp
        self.headers = Headers() if headers is None else headers

    def replace(self: R, **changes: Any) -> R:
        """A copy with the named attributes changed. ``headers`` are shared unless given."""
        copy = object.__new__(type(self))
        for name in self._attributes():
            setattr(copy, name, changes.pop(name) if name in changes else getattr(self, name))
        if changes:
            raise TypeError(f"{type(self).__name__} has no attribute {', '.join(changes)}")
        return copy

    @classmethod
    def _attributes(cls) -> list[str]:
        return [name for base in reversed(cls.__mro__) for name in getattr(base, "__slots__", ())]

    @classmethod
    def _shown(cls) -> list[str]:
        return [name for name in cls._attributes() if not name.startswith("_")]

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and all(getattr(self, n) == getattr(other, n) for n in self._shown())

    __hash__ = None  # type: ignore[assignment]  # holds mutable data

    def __repr__(self) -> str:
        parts = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._shown())
        return f"{type(self).__name__}({parts})"


R = TypeVar("R", bound=ConnectRecord)


class SourceRecord(ConnectRecord):
    """A record on its way into Kafka, with where it came from.

    ``source_partition`` names the place in the source system, ``source_offset`` the position in it from which reading
    would continue; both are flat mappings of JSON values.
    """

    __slots__ = ("source_offset", "source_partition")

    def __init__(
        self,
        source_partition: Mapping[str, Any] | None,
        source_offset: Mapping[str, Any] | None,
        topic: str | None,
        **attributes: Any,
    ) -> None:
        super().__init__(topic, **attributes)
        self.source_partition = source_partition
        self.source_offset = source_offset


class SinkRecord(ConnectRecord):
    """A record on its way out of Kafka.

    ``offset`` and the ``original_*`` coordinates are where it lay in Kafka, whatever transformations did to ``topic``
    and ``partition``.
    """

    __slots__ = (
        "_origin",
        "_position",
        "offset",
        "original_offset",
        "original_partition",
        "original_topic",
        "timestamp_type",
    )

    def __init__(
        self,
        topic: str | None,
        partition: int,
        offset: int,
        *,
        timestamp_type: TimestampType = TimestampType.NO_TIMESTAMP_TYPE,
        **attributes: Any,
    ) -> None:
        super().__init__(topic, partition, **attributes)
        self.offset = offset
        self.timestamp_type = timestamp_type
        self.original_topic = topic
        self.original_partition = partition
        self.original_offset = offset
        self._origin: Any = None  # the consumed bytes, for error reports; set by the batch that made the record
        self._position = 0
