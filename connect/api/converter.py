"""Converters: between a record's data and the bytes in Kafka.

A converter implements the single-value methods; one that is on a hot path also implements the batch methods, which the
runtime calls. A converter is configured once per task and side (key, value, header) and used by one thread.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from connect.api.batch import to_held, to_value
from connect.api.config_def import ConfigDef
from connect.api.header import Headers
from connect.api.schema import Schema


class SchemaAndValue(NamedTuple):
    """A value and its schema (None = schemaless)."""

    schema: Schema | None
    value: Any


NULL = SchemaAndValue(None, None)

Run = tuple[Schema | None, list[Any]]
"""Consecutive values that share a schema, held as a batch holds them (rows for structs)."""


class Converter(ABC):
    """Turns keys or values into bytes and back."""

    CONFIG: ConfigDef = ConfigDef()
    VERSION: str | None = None
    """None = this distribution's version."""

    @abstractmethod
    def configure(self, config: Mapping[str, Any], is_key: bool) -> None:
        """Take the properties under ``key.converter.`` or ``value.converter.``, prefix removed.

        Raises ConfigException.
        """

    @abstractmethod
    def from_connect_data(
        self, topic: str | None, schema: Schema | None, value: Any, headers: Headers | None = None
    ) -> bytes | None:
        """Bytes for one value; None makes a tombstone. ``headers`` may be added to. Raises DataException."""

    @abstractmethod
    def to_connect_data(self, topic: str | None, data: bytes | None, headers: Headers | None = None) -> SchemaAndValue:
        """The value of some bytes. Raises DataException."""

    def from_connect_batch(
        self, topic: str | None, schema: Schema | None, values: Sequence[Any], headers: Sequence[Headers] | None = None
    ) -> list[bytes | None]:
        """Bytes for the values of one batch (rows for structs). Raises on the first value that can't be converted."""
        convert = self.from_connect_data
        if headers is None:
            return [convert(topic, schema, to_value(schema, value)) for value in values]
        return [convert(topic, schema, to_value(schema, v), h) for v, h in zip(values, headers, strict=True)]

    def to_connect_batch(
        self, topic: str | None, data: Sequence[bytes | None], headers: Sequence[Headers] | None = None
    ) -> list[Run]:
        """The values of many bytes, as consecutive runs of equal schema whose lengths add up to ``len(data)``.

        Raises on the first item that can't be converted.
        """
        runs: list[Run] = []
        for index, item in enumerate(data):
            schema, value = self.to_connect_data(topic, item, None if headers is None else headers[index])
            if runs and (runs[-1][0] is schema or runs[-1][0] == schema):
                runs[-1][1].append(to_held(schema, value))
            else:
                runs.append((schema, [to_held(schema, value)]))
        return runs

    def close(self) -> None:  # noqa: B027  # optional
        """Release what the converter holds."""


class HeaderConverter(ABC):
    """Turns header values into bytes and back.

    The batch method is for headers whose schema is the same in a whole batch; it may be left as it is.
    """

    CONFIG: ConfigDef = ConfigDef()
    VERSION: str | None = None

    @abstractmethod
    def configure_header(self, config: Mapping[str, Any]) -> None:
        """Take the properties under ``header.converter.``, prefix removed. Raises ConfigException."""

    @abstractmethod
    def from_connect_header(self, topic: str | None, key: str, schema: Schema | None, value: Any) -> bytes | None:
        """Bytes for one header value. Raises DataException."""

    def from_connect_header_batch(
        self, topic: str | None, key: str, schema: Schema | None, values: Sequence[Any]
    ) -> list[bytes | None]:
        """Bytes for the values that a header has in the records of a batch. Raises as for one value."""
        convert = self.from_connect_header
        return [convert(topic, key, schema, value) for value in values]

    @abstractmethod
    def to_connect_header(self, topic: str | None, key: str, data: bytes | None) -> SchemaAndValue:
        """The value of a header's bytes. Raises DataException."""

    def close(self) -> None:  # noqa: B027  # optional
        """Release what the converter holds."""
