"""How header values are written as text."""

from __future__ import annotations

import base64
import datetime as dt
import decimal
from typing import Any

from connect.api.errors import DataException
from connect.api.java_calendar import MILLIS_PER_DAY, fields_of
from connect.api.java_names import java_type_name
from connect.api.java_text import to_java_string
from connect.api.logical import EpochMillis, to_millis
from connect.api.schema import Schema, Type
from connect.api.struct import Struct


def to_text(value: Any, schema: Schema | None = None, *, embedded: bool = False) -> str:
    """The text of a value; embedded in a collection, strings are quoted. Raises DataException for foreign objects."""
    if value is None:
        return "null"
    if isinstance(value, str):
        return _quoted(value) if embedded else value
    if isinstance(value, bytes | bytearray | memoryview):
        data = base64.b64encode(value).decode("ascii")
        return f'"{data}"' if embedded else data
    if isinstance(value, dt.datetime | EpochMillis):
        return instant_text(to_millis(value))
    if isinstance(value, int | float | decimal.Decimal):
        return to_java_string(value, schema)
    if isinstance(value, list | tuple):
        elements = schema.value_schema if schema is not None and schema.type is Type.ARRAY else None
        return f"[{','.join([to_text(item, elements, embedded=True) for item in value])}]"
    if isinstance(value, dict | Struct):
        pairs = _struct_pairs(value) if isinstance(value, Struct) else _map_pairs(value, schema)
        return f"{{{','.join(pairs)}}}"
    raise DataException(f"Failed to serialize unexpected value type {java_type_name(value)}: {to_java_string(value)}")


def _map_pairs(value: dict[Any, Any], schema: Schema | None) -> list[str]:
    is_map = schema is not None and schema.type is Type.MAP
    keys, values = (schema.key_schema, schema.value_schema) if schema is not None and is_map else (None, None)
    return [
        f"{to_text(key, keys, embedded=True)}:{to_text(item, values, embedded=True)}" for key, item in value.items()
    ]


def _struct_pairs(value: Struct) -> list[str]:
    return [f"{_quoted(f.name)}:{to_text(value.get(f), f.schema, embedded=True)}" for f in value.schema.fields]


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def instant_text(millis: int) -> str:
    """An instant as time of day when it lies before 1970-01-02, as date when at midnight, else as both."""
    fields = fields_of(millis)
    year = fields.year if fields.year > 0 else 1 - fields.year
    date = f"{year:04}-{fields.month:02}-{fields.day:02}"
    time = f"{fields.hour:02}:{fields.minute:02}:{fields.second:02}.{fields.millisecond:03}Z"
    if millis < MILLIS_PER_DAY:
        return time
    return date if millis % MILLIS_PER_DAY == 0 else f"{date}T{time}"
