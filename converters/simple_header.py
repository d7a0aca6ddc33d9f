"""SimpleHeaderConverter: header values as text from which their type is guessed back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from connect.api import NULL, DataException, HeaderConverter, Schema, SchemaAndValue, Type
from connect.api.values import convert_to_string, parse_string
from converters.charset import decode_utf8, encode_utf8

_INTEGERS = frozenset((Type.INT8, Type.INT16, Type.INT32, Type.INT64))


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

    def from_connect_header_batch(
        self, topic: str | None, key: str, schema: Schema | None, values: Sequence[Any]
    ) -> list[bytes | None]:
        """The values' texts; integers, as positions in files are, all at once."""
        if _are_plain_integers(schema, values):
            return [*orjson.dumps(list(values))[1:-1].split(b",")]
        return super().from_connect_header_batch(topic, key, schema, values)

    def to_connect_header(self, topic: str | None, key: str, data: bytes | None) -> SchemaAndValue:
        """What the text says."""
        return NULL if data is None else parse_string(decode_utf8(data))


def _are_plain_integers(schema: Schema | None, values: Sequence[Any]) -> bool:
    if schema is None or schema.type not in _INTEGERS or schema.name is not None:
        return False
    return set(map(type, values)) == {int} and min(values) >= -(1 << 63) and max(values) < 1 << 63
