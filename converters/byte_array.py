"""ByteArrayConverter: bytes as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connect.api import (
    ConfigDef,
    Converter,
    DataException,
    HeaderConverter,
    Headers,
    Run,
    Schema,
    SchemaAndValue,
    Type,
)
from connect.api.java_names import java_type_name
from connect.api.schema import OPTIONAL_BYTES_SCHEMA
from converters.converter_type import CONVERTER_TYPE, for_headers


class ByteArrayConverter(Converter, HeaderConverter):
    """Passes bytes through unchanged and reads them as OPTIONAL BYTES."""

    EXAMPLE = {
        "config": {},
        "value": {"schema": {"type": "bytes", "optional": False}, "payload": "AQIDBA=="},
        "hex": "01 02 03 04",
    }

    CONFIG = ConfigDef(CONVERTER_TYPE)

    def configure(self, config: Mapping[str, Any], is_key: bool) -> None:
        """Nothing to set."""

    def configure_header(self, config: Mapping[str, Any]) -> None:
        """Nothing to set."""
        self.CONFIG.parse(for_headers(config))

    def from_connect_data(
        self, topic: str | None, schema: Schema | None, value: Any, headers: Headers | None = None
    ) -> bytes | None:
        """The bytes; None for null."""
        if schema is not None and schema.type is not Type.BYTES:
            raise DataException(f"Invalid schema type for ByteArrayConverter: {schema.type.name}")
        if value is None:
            return None
        if not isinstance(value, bytes | bytearray | memoryview):
            raise DataException(
                f"ByteArrayConverter is not compatible with objects of type class {java_type_name(value, schema)}"
            )
        return bytes(value)

    def to_connect_data(self, topic: str | None, data: bytes | None, headers: Headers | None = None) -> SchemaAndValue:
        """The bytes."""
        return SchemaAndValue(OPTIONAL_BYTES_SCHEMA, data)

    def to_connect_batch(
        self, topic: str | None, data: Sequence[bytes | None], headers: Sequence[Headers] | None = None
    ) -> list[Run]:
        """The bytes, all in one run."""
        return [(OPTIONAL_BYTES_SCHEMA, list(data))] if data else []

    def from_connect_header(self, topic: str | None, key: str, schema: Schema | None, value: Any) -> bytes | None:
        """As for values."""
        return self.from_connect_data(topic, schema, value)

    def to_connect_header(self, topic: str | None, key: str, data: bytes | None) -> SchemaAndValue:
        """As for values."""
        return self.to_connect_data(topic, data)
