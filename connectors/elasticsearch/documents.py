"""Documents: a batch's values as lines of JSON."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import orjson

from connect.api import DataException, Schema, Struct, Type
from connect.api.logical import to_millis
from connectors.elasticsearch.plain import Plain, PlainRules, compile_plain, to_base64

_OPTIONS = orjson.OPT_APPEND_NEWLINE | orjson.OPT_PASSTHROUGH_DATETIME
_OBJECTS = ({dict}, {tuple}, {list})
_SCALARS = (str, int, float, bool, type(None))


class NotAnObject(DataException):
    """The value is JSON, but no object: the server can't index it."""


class DocumentEncoder:
    """Turns values of one schema into JSON objects, each with a newline at its end."""

    def __init__(self, schema: Schema | None, rules: PlainRules) -> None:
        self.schema = schema
        self._rules = rules
        self._plain: Plain | None = None if schema is None else compile_plain(schema, rules)

    def plain(self, value: Any) -> dict[str, Any]:
        """One value as a dict. Raises DataException, NotAnObject where it is none."""
        plain = value if self._plain is None or value is None else self._plain(value)
        if not isinstance(plain, dict):
            raise NotAnObject(f"a document must be a JSON object, this is {_kind(plain)}")
        return plain

    def encode(self, values: Sequence[Any]) -> list[bytes]:
        """All values as lines. Raises DataException when one can't be, without saying which."""
        if self.schema is None:
            if {type(value) for value in values} != {dict}:
                values = [self.plain(value) for value in values]
            return self.lines(values)
        if self.schema.type is Type.STRUCT and self._plain is not None and None not in values:
            return self.lines(map(self._plain, values))
        return self.lines(map(self.plain, values))

    def lines(self, documents: Any) -> list[bytes]:
        """Dicts as lines. Raises DataException."""
        dumps, hook, options = orjson.dumps, self._odd_value, _OPTIONS
        kept = documents if isinstance(documents, list) else list(documents)
        try:
            return [dumps(document, hook, options) for document in kept]
        except orjson.JSONEncodeError:
            return [self._line(document) for document in kept]

    def _line(self, document: Mapping[str, Any]) -> bytes:
        try:
            return orjson.dumps(document, self._odd_value, _OPTIONS)
        except orjson.JSONEncodeError:
            return self._slow_line(document)

    def _slow_line(self, document: Mapping[str, Any]) -> bytes:
        """For what orjson refuses: integers beyond 64 bits, keys that are no text, lone surrogates."""
        text = json.dumps(self._simple(document), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        return text.encode("utf-8", "replace") + b"\n"

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


def _kind(value: Any) -> str:
    names: dict[type, str] = {str: "a string", list: "an array", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")


class StreamTimestamps:
    """Adds ``@timestamp`` to documents of data streams."""

    def __init__(self, fields: Sequence[str]) -> None:
        self._fields = fields

    def add(self, document: dict[str, Any], timestamp: int | None) -> dict[str, Any]:
        """The document with a timestamp: its own, that of the first field it has, or the record's."""
        if "@timestamp" in document:
            return document
        for name in self._fields:
            if name in document:
                value = document[name]
                return {**document, "@timestamp": value if isinstance(value, str) else _as_text(value)}
        return {**document, "@timestamp": timestamp}


def _as_text(value: Any) -> str:
    return orjson.dumps(value).decode()
