"""StringConverter: any value as its text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from connect.api import (
    ConfigDef,
    ConfigType,
    Converter,
    DataException,
    HeaderConverter,
    Headers,
    Importance,
    Key,
    Run,
    Schema,
    SchemaAndValue,
    Width,
    to_value,
)
from connect.api.java_text import to_java_string
from connect.api.schema import OPTIONAL_STRING_SCHEMA
from converters.charset import Charset
from converters.converter_type import CONVERTER_TYPE, for_data, for_headers

_UTF8 = re.compile("utf[-_]?8", re.IGNORECASE)


class StringConverter(Converter, HeaderConverter):
    """Writes the text of any value, whatever its schema, and reads text as OPTIONAL STRING.

    Structs, lists, maps and dates are written as Java prints them (``Struct{id=1}``), which nothing reads back.
    """

    EXAMPLE = {
        "config": {"converter.encoding": "ISO-8859-1"},
        "value": {"schema": {"type": "string", "optional": False}, "payload": "très bien"},
        "hex": "74 72 e8 73 20 62 69 65 6e",
    }

    CONFIG = ConfigDef(
        CONVERTER_TYPE,
        Key(
            "converter.encoding",
            ConfigType.STRING,
            default="UTF-8",
            doc="The encoding of the text, by a name that Java knows. What it can't hold becomes a question mark.",
            importance=Importance.HIGH,
            width=Width.MEDIUM,
            display_name="Encoding",
        ),
    )

    def configure(self, config: Mapping[str, Any], is_key: bool) -> None:
        """See the setting above. Raises SerializationException for an unknown encoding."""
        self._configure(for_data(config, is_key))

    def configure_header(self, config: Mapping[str, Any]) -> None:
        """See the setting above."""
        self._configure(for_headers(config))

    def _configure(self, properties: Mapping[str, Any]) -> None:
        name = self.CONFIG.parse(properties)["converter.encoding"]
        self._charset = Charset(name)
        self._is_utf8 = _UTF8.fullmatch(name) is not None

    def from_connect_data(
        self, topic: str | None, schema: Schema | None, value: Any, headers: Headers | None = None
    ) -> bytes | None:
        """The text's bytes; None for null, even where the schema has a default."""
        if value is None:
            return None
        try:
            return self._charset.encode(to_java_string(value, schema))
        except (DataException, RecursionError) as error:
            raise DataException("Failed to serialize to a string: ") from error

    def from_connect_batch(
        self, topic: str | None, schema: Schema | None, values: Sequence[Any], headers: Sequence[Headers] | None = None
    ) -> list[bytes | None]:
        """The bytes of many texts."""
        if self._is_utf8:
            try:
                return list(map(str.encode, values))
            except (TypeError, UnicodeEncodeError):
                return self._each(topic, schema, values)
        return self._each(topic, schema, values)

    def _each(self, topic: str | None, schema: Schema | None, values: Sequence[Any]) -> list[bytes | None]:
        return [self.from_connect_data(topic, schema, to_value(schema, value)) for value in values]

    def to_connect_data(self, topic: str | None, data: bytes | None, headers: Headers | None = None) -> SchemaAndValue:
        """The text of those bytes, with U+FFFD for what is malformed."""
        return SchemaAndValue(OPTIONAL_STRING_SCHEMA, None if data is None else self._charset.decode(data))

    def to_connect_batch(
        self, topic: str | None, data: Sequence[bytes | None], headers: Sequence[Headers] | None = None
    ) -> list[Run]:
        """The texts, all in one run."""
        return [(OPTIONAL_STRING_SCHEMA, self._texts(data))] if data else []

    def _texts(self, data: Sequence[bytes | None]) -> list[str | None]:
        if self._is_utf8:
            try:
                return list(map(bytes.decode, data))  # type: ignore[arg-type]  # None raises
            except (TypeError, UnicodeDecodeError):
                return self._each_text(data)
        return self._each_text(data)

    def _each_text(self, data: Sequence[bytes | None]) -> list[str | None]:
        return [None if item is None else self._charset.decode(item) for item in data]

    def from_connect_header(self, topic: str | None, key: str, schema: Schema | None, value: Any) -> bytes | None:
        """As for values."""
        return self.from_connect_data(topic, schema, value)

    def to_connect_header(self, topic: str | None, key: str, data: bytes | None) -> SchemaAndValue:
        """As for values."""
        return self.to_connect_data(topic, data)
