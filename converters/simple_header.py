"""SimpleHeaderConverter: header values as text from which their type is guessed back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connect.api import NULL, DataException, HeaderConverter, Schema, SchemaAndValue
from connect.api.values import convert_to_string, parse_string
from converters.charset import decode_utf8, encode_utf8


class SimpleHeaderConverter(HeaderConverter):
    """Writes header values as text, and reads text as the number, boolean, date, list or map that it looks like.

    What looks like nothing else is read as STRING: ``12`` is INT8, ``[1,2]`` an ARRAY of INT8, ``hello`` itself.
    """

    EXAMPLE = {"config": {}, "value": [1, 2, 3], "text": "[1,2,3]"}

    def configure_header(self, config: Mapping[str, Any]) -> None:
        """Nothing to set."""

    def from_connect_header(self, topic: str | None, key: str, schema: Schema | None, value: Any) -> bytes | None:
        """The value's text in UTF-8; None for null."""
        try:
            text = convert_to_string(schema, value)
        except RecursionError as error:
            raise DataException("Failed to serialize a value that nests too deeply") from error
        return None if text is None else encode_utf8(text)

    def to_connect_header(self, topic: str | None, key: str, data: bytes | None) -> SchemaAndValue:
        """What the text says."""
        return NULL if data is None else parse_string(decode_utf8(data))
