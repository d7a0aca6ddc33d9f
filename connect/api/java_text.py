"""Values as Java's ``toString`` writes them, with UTC as time zone."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Sequence
from itertools import chain
from typing import Any

from connect.api.errors import DataException
from connect.api.java_calendar import fields_of
from connect.api.java_numbers import decimal_text, double_text, float_text
from connect.api.logical import EpochMillis, to_millis
from connect.api.numbers import Float32
from connect.api.schema import Schema, Type

__all__ = ["column_texts", "date_text", "decimal_text", "double_text", "float_text", "to_java_string"]

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def to_java_string(value: Any, schema: Schema | None = None) -> str:
    """The text of any value; ``schema`` tells FLOAT32 from FLOAT64 where the number itself doesn't.

    >>> to_java_string({"a": 1e7, "b": [None, True]})
    '{a=1.0E7, b=[null, true]}'
    """
    if isinstance(value, str):
        return value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        single = type(value) is Float32 or (schema is not None and schema.type is Type.FLOAT32)
        return float_text(value) if single else double_text(value)
    if isinstance(value, dt.datetime | EpochMillis):
        return date_text(to_millis(value))
    if isinstance(value, int):
        return int.__str__(value)
    if isinstance(value, decimal.Decimal):
        return decimal_text(value)
    if isinstance(value, list | tuple | dict):
        try:
            return _collection_text(value, schema)
        except RecursionError:
            raise DataException("The value is nested too deeply to be shown as text") from None
    if isinstance(value, memoryview):
        return f"java.nio.HeapByteBuffer[pos=0 lim={value.nbytes} cap={value.nbytes}]"
    if isinstance(value, bytes | bytearray):
        return f"[B@{hash(bytes(value)) & 0xFFFFFFFF:x}"
    return str(value)


def column_texts(values: Sequence[Any], schema: Schema | None = None) -> Sequence[str]:
    """The text of each value, as :func:`to_java_string` writes it; a tenth of the time where they are alike."""
    kinds = set(map(type, values))
    if kinds == {str}:
        return values
    if kinds == {int}:
        return list(map(int.__repr__, values))
    if kinds == {dict} and schema is None and (names := _shared_names(values)) is not None:
        return _map_texts(names, values)
    return [to_java_string(value, schema) for value in values]


def _shared_names(maps: Sequence[dict[Any, Any]]) -> list[str] | None:
    """The keys of all maps, where they are texts and the same in the same order."""
    names = list(maps[0])
    alike = set(map(type, names)) <= {str} and list(map(list, maps)).count(names) == len(maps)
    return names if alike else None


def _map_texts(names: list[str], maps: Sequence[dict[str, Any]]) -> list[str]:
    members = ", ".join([f"{name.replace('%', '%%')}=%s" for name in names])
    template = f"{{{members}}}"
    if set(map(type, chain.from_iterable(map(dict.values, maps)))) <= {str, int}:
        return [template % tuple(each.values()) for each in maps]
    columns = [column_texts([each[name] for each in maps]) for name in names]
    return [template % texts for texts in zip(*columns, strict=True)]


def _collection_text(value: list[Any] | tuple[Any, ...] | dict[Any, Any], schema: Schema | None) -> str:
    if isinstance(value, dict):
        keys, values = (schema.key_schema, schema.value_schema) if _is(schema, Type.MAP) else (None, None)  # type: ignore[union-attr]
        pairs = [f"{to_java_string(key, keys)}={to_java_string(item, values)}" for key, item in value.items()]
        return f"{{{', '.join(pairs)}}}"
    elements = schema.value_schema if _is(schema, Type.ARRAY) else None  # type: ignore[union-attr]
    return f"[{', '.join([to_java_string(item, elements) for item in value])}]"


def _is(schema: Schema | None, type: Type) -> bool:
    return schema is not None and schema.type is type


def date_text(millis: int) -> str:
    """A date's text, such as ``Thu Jan 01 00:00:00 UTC 1970``; years before 1 count backwards without a sign."""
    fields = fields_of(millis)
    year = fields.year if fields.year > 0 else 1 - fields.year
    time = f"{fields.hour:02}:{fields.minute:02}:{fields.second:02}"
    return f"{_WEEKDAYS[fields.weekday]} {_MONTHS[fields.month - 1]} {fields.day:02} {time} UTC {year}"
