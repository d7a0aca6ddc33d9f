"""Documents: a batch's values as JSON texts.

One call of orjson writes a whole batch, which is then cut at marks that JSON text can't hold: a call for each document
would cost several times as much.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import repeat
from typing import Any

import orjson

from connect.api import DataException, Schema, Struct
from connect.api.logical import to_millis
from connectors.elasticsearch.plain import Plain, PlainRules, compile_plain, names_of_plain_rows, to_base64

_OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME
_ROWS = frozenset((tuple, list))
_MARK = orjson.Fragment(b"\n")
_CUT = b",\n,"
_SCALARS = (str, int, float, bool, type(None))
_JSON_TYPES: dict[type, str] = {str: "STRING", list: "ARRAY", bool: "BOOLEAN", type(None): "NULL"}
_KINDS = {"STRING": "a string", "ARRAY": "an array", "BOOLEAN": "a boolean", "NULL": "null", "NUMBER": "a number"}


class NotAnObject(DataException):
    """The value is JSON, but no object: the server can't index it. ``json_type`` is such as ``STRING``."""

    def __init__(self, message: str, json_type: str = "STRING") -> None:
        super().__init__(message)
        self.json_type = json_type


class DocumentEncoder:
    """Turns values of one schema into JSON objects, without line breaks."""

    def __init__(self, schema: Schema | None, rules: PlainRules) -> None:
        self.schema = schema
        self._rules = rules
        self._plain: Plain | None = None if schema is None else compile_plain(schema, rules)
        self._names = None if schema is None else names_of_plain_rows(schema, rules)

    def plain(self, value: Any) -> dict[str, Any]:
        """One value as a dict. Raises DataException, NotAnObject where it is none."""
        if isinstance(value, bytes):
            plain = _read(value)
        else:
            plain = value if self._plain is None or value is None else self._plain(value)
        if not isinstance(plain, dict):
            json_type = _JSON_TYPES.get(type(plain), "NUMBER")
            raise NotAnObject(f"a document must be a JSON object, this is {_KINDS[json_type]}", json_type)
        return plain

    def encode(self, values: Sequence[Any]) -> list[bytes]:
        """All values as texts. Raises DataException when one can't be, without saying which.

        Bytes (of the ByteArrayConverter) that look like a JSON object on one line are a document as they are.
        """
        if {type(value) for value in values} == {bytes}:
            return self._finished(values)
        if self.schema is None:
            if {type(value) for value in values} != {dict}:
                values = [self.plain(value) for value in values]
            return self.texts(values)
        if self._names is not None and _ROWS.issuperset(map(type, values)) and not any(None in row for row in values):
            return self.texts(list(map(dict, map(zip, repeat(self._names), values))))
        return self.texts(list(map(self.plain, values)))

    def _finished(self, values: Sequence[bytes]) -> list[bytes]:
        if {value[:1] for value in values} == {b"{"} and b"\n" not in b"".join(values):
            return list(values)
        return self.texts([self.plain(value) for value in values])

    def texts(self, documents: Sequence[Mapping[str, Any]]) -> list[bytes]:
        """Dicts as texts. Raises DataException."""
        marked: list[Any] = [_MARK] * (2 * len(documents))
        marked[::2] = documents
        try:
            return orjson.dumps(marked, self._odd_value, _OPTIONS)[1:-3].split(_CUT)
        except orjson.JSONEncodeError:
            return [self._text(document) for document in documents]

    def _text(self, document: Mapping[str, Any]) -> bytes:
        try:
            return orjson.dumps(document, self._odd_value, _OPTIONS)
        except orjson.JSONEncodeError:
            return self._slow_text(document)

    def _slow_text(self, document: Mapping[str, Any]) -> bytes:
        """For what orjson refuses: integers beyond 64 bits, keys that are no text, lone surrogates."""
        text = json.dumps(self._simple(document), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        return text.encode("utf-8", "replace")

    def _simple(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            if all(isinstance(key, str) for key in value):
                return {key: self._simple(item) for key, item in value.items()}
            return [[self._simple(key), self._simple(item)] for key, item in value.items()]
        if isinstance(value, list | tuple):
            return [self._simple(item) for item in value]
        if isinstance(value, float) and value - value != 0:
            return str(value)
        return value if isinstance(value, _SCALARS) else self._simple(self._odd_value(value))

    def _odd_value(self, value: Any) -> Any:
        """What JSON has no form for, in documents without a schema."""
        if isinstance(value, bytes | bytearray | memoryview):
            return to_base64(value)
        if isinstance(value, dt.datetime):
            return to_millis(value)
        if isinstance(value, Decimal | float):
            return float(value)
        if isinstance(value, Struct):
            plain = compile_plain(value.schema, self._rules)
            assert plain is not None
            return plain(value)
        raise DataException(f"{type(value).__name__} can't be written as JSON.")


def _read(value: bytes) -> Any:
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise NotAnObject(f"a document must be a JSON object, these bytes are none: {error}") from None


class StreamTimestamps:
    """Sets ``@timestamp`` in documents of data streams."""

    def __init__(self, fields: Sequence[str]) -> None:
        self._fields = fields

    def add(self, document: dict[str, Any], timestamp: int | None) -> dict[str, Any]:
        """The document with the text of the first of the fields that it has; without fields, the record's timestamp.

        A document that has none of the fields stays as it is: the server takes it if it has its own, or refuses it.
        """
        if not self._fields:
            return {**document, "@timestamp": timestamp}
        for name in self._fields:
            if name in document:
                return {**document, "@timestamp": _as_text(document[name])}
        return document


def _as_text(value: Any) -> str:
    """A scalar as text; objects and arrays have none."""
    if isinstance(value, str):
        return value
    return "" if isinstance(value, dict | list) else orjson.dumps(value).decode()
