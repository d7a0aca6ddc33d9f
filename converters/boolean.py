"""BooleanConverter: one byte, 0 or 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connect.api import (
    ConfigDef,
    Converter,
    DataException,
    HeaderConverter,
    Headers,
    Schema,
    SchemaAndValue,
    SerializationException,
    Type,
)
from connect.api.java_names import java_type_name
from connect.api.schema import OPTIONAL_BOOLEAN_SCHEMA
from converters.converter_type import CONVERTER_TYPE, for_headers

_VALUES = {b"\x00": False, b"\x01": True}


class BooleanConverter(Converter, HeaderConverter):
    """Writes booleans as one byte, 1 for true and 0 for false, and reads them as OPTIONAL BOOLEAN."""

    EXAMPLE = {
        "config": {},
        "value": {"schema": {"type": "boolean", "optional": False}, "payload": True},
        "hex": "01",
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
        """The byte of a boolean; None for null."""
        if schema is not None and schema.type is not Type.BOOLEAN:
            raise DataException(f"Invalid schema type for BooleanConverter: {schema.type.name}")
        if value is None:
            return None
        if not isinstance(value, bool):
            raise DataException(
                f"BooleanConverter is not compatible with objects of type class {java_type_name(value, schema)}"
            )
        return b"\x01" if value else b"\x00"

    def to_connect_data(self, topic: str | None, data: bytes | None, headers: Headers | None = None) -> SchemaAndValue:
        """The boolean of a byte."""
        if data is None:
            return SchemaAndValue(OPTIONAL_BOOLEAN_SCHEMA, None)
        value = _VALUES.get(bytes(data))
        if value is None:
            reason = (
                "Size of data received by BooleanDeserializer is not 1"
                if len(data) != 1
                else f"Unexpected byte received by BooleanDeserializer: {data[0] - 256 if data[0] > 127 else data[0]}"
            )
            raise DataException("Failed to deserialize boolean: ") from SerializationException(reason)
        return SchemaAndValue(OPTIONAL_BOOLEAN_SCHEMA, value)

    def from_connect_header(self, topic: str | None, key: str, schema: Schema | None, value: Any) -> bytes | None:
        """As for values."""
        return self.from_connect_data(topic, schema, value)

    def to_connect_header(self, topic: str | None, key: str, data: bytes | None) -> SchemaAndValue:
        """As for values."""
        return self.to_connect_data(topic, data)
