"""Conversions between any Connect values, and between values and text (see :mod:`connect.api.values_parser`).

Each ``convert_to_*`` takes the value's schema (None = schemaless) and the value, and raises DataException where Java's
``Values`` does. Numbers come back plain, elements of collections marked where no schema goes with them.
"""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Callable, Iterable
from typing import Any

from connect.api.converter import NULL, SchemaAndValue
from connect.api.errors import DataException, SchemaBuilderException
from connect.api.java_calendar import MILLIS_PER_DAY
from connect.api.java_decimal import decimal_to_long, double_to_long, parse_decimal, to_double
from connect.api.java_names import java_type_name
from connect.api.java_numbers import double_text
from connect.api.java_text import to_java_string
from connect.api.logical import (
    DATE_NAME,
    DATE_SCHEMA,
    TIME_NAME,
    TIME_SCHEMA,
    TIMESTAMP_NAME,
    TIMESTAMP_SCHEMA,
    EpochMillis,
    date_from_logical,
    date_to_logical,
    decimal_schema,
    decimal_to_logical,
    from_millis,
    time_from_logical,
    time_to_logical,
    timestamp_from_logical,
    timestamp_to_logical,
    to_millis,
)
from connect.api.maps import make_map
from connect.api.numbers import Float32, Float64, Int8, Int16, Int32, Int64, to_single, wrap
from connect.api.schema import (
    BOOLEAN_SCHEMA,
    BYTES_SCHEMA,
    FLOAT32_SCHEMA,
    FLOAT64_SCHEMA,
    INT8_SCHEMA,
    INT16_SCHEMA,
    INT32_SCHEMA,
    INT64_SCHEMA,
    STRING_SCHEMA,
    Schema,
    Type,
)
from connect.api.schema_builder import SchemaBuilder
from connect.api.struct import Struct
from connect.api.values_parser import parse
from connect.api.values_text import to_text

_MARKS: dict[Type, type] = {
    Type.INT8: Int8,
    Type.INT16: Int16,
    Type.INT32: Int32,
    Type.FLOAT32: Float32,
}
_ARRAY, _MAP = "Schema{ARRAY}", "Schema{MAP}"
_PLAIN: dict[type, Callable[[Any], Any]] = {Int8: int, Int16: int, Int32: int, Float32: float}
_SCHEMAS: dict[type, Schema] = {
    str: STRING_SCHEMA,
    bool: BOOLEAN_SCHEMA,
    Int8: INT8_SCHEMA,
    Int16: INT16_SCHEMA,
    Int32: INT32_SCHEMA,
    Int64: INT64_SCHEMA,
    Float32: FLOAT32_SCHEMA,
    float: FLOAT64_SCHEMA,
    Float64: FLOAT64_SCHEMA,
    bytes: BYTES_SCHEMA,
    bytearray: BYTES_SCHEMA,
    memoryview: BYTES_SCHEMA,
}


def parse_string(text: str | None) -> SchemaAndValue:
    """What a text says; a string unless it is clearly something else. Never raises."""
    if text is None:
        return NULL
    schema, value = _parse(text)
    return NULL if value is None else SchemaAndValue(schema, _unmarked(schema, value))


_TOO_DEEP = "The value nests too deeply"


def infer_schema(value: Any) -> Schema | None:
    """The schema of a schemaless value; None where the elements differ, or Java can't tell (Decimal, datetime).

    Raises SchemaBuilderException for a collection of nothing but nulls, DataException for what nests deeper than the
    stack allows.
    """
    try:
        return _inferred(value)
    except RecursionError:
        raise DataException(_TOO_DEEP) from None


def _inferred(value: Any) -> Schema | None:
    if type(value) is int:
        return INT64_SCHEMA if -(2**63) <= value < 2**63 else None
    if isinstance(value, list | tuple):
        types = _element_types(value)
        return None if types is None else SchemaBuilder.array(_element_schema(types)).build()
    if isinstance(value, dict):
        keys, values = _element_types(value.keys()), _element_types(value.values())
        if keys is None or values is None:
            return None
        return SchemaBuilder.map(_element_schema(keys), _element_schema(values)).build()
    return value.schema if isinstance(value, Struct) else _SCHEMAS.get(type(value))


def _element_types(items: Iterable[Any]) -> set[Type | None] | None:
    """The one type of all elements, and None where there are nulls; None when there is no such type."""
    types: set[Type | None] = set()
    for item in items:
        schema = None if item is None else _inferred(item)
        if schema is None and item is not None:
            return None
        types.add(None if schema is None else schema.type)
    return types if types and len(types - {None}) <= 1 else None


def _element_schema(types: set[Type | None]) -> Schema:
    known = next((found for found in types if found is not None), None)
    if known is None:
        raise SchemaBuilderException("type cannot be null")
    return Schema(known, optional=None in types)


def convert_to_boolean(schema: Schema | None, value: Any) -> bool | None:
    """The truth of a value: a number isn't zero, a text says so or is such a number."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        _, parsed = _parse(value)
        if parsed is None:
            raise _unable(value, schema, "a boolean")
        if isinstance(parsed, bool):
            return parsed
    return _to_long(value, schema) != 0


def convert_to_byte(schema: Schema | None, value: Any) -> int | None:
    """A value as 8-bit number, wrapped around."""
    return _to_integer(schema, value, 8)


def convert_to_short(schema: Schema | None, value: Any) -> int | None:
    """A value as 16-bit number, wrapped around."""
    return _to_integer(schema, value, 16)


def convert_to_integer(schema: Schema | None, value: Any) -> int | None:
    """A value as 32-bit number, wrapped around."""
    return _to_integer(schema, value, 32)


def convert_to_long(schema: Schema | None, value: Any) -> int | None:
    """A value as 64-bit number: fractions cut off, times as their schema encodes them."""
    return _to_integer(schema, value, 64)


def _to_integer(schema: Schema | None, value: Any, bits: int) -> int | None:
    return None if value is None else wrap(_to_long(value, schema), bits)


def convert_to_float(schema: Schema | None, value: Any) -> float | None:
    """A value in single precision."""
    return None if value is None else to_single(_to_double(value, schema))


def convert_to_double(schema: Schema | None, value: Any) -> float | None:
    """A value in double precision."""
    return None if value is None else _to_double(value, schema)


def convert_to_list(schema: Schema | None, value: Any) -> list[Any]:
    """A list, or the list that a text holds."""
    parsed = _parsed(value, schema, _ARRAY)
    if isinstance(parsed, list | tuple):
        return parsed  # type: ignore[return-value]  # tuples count as lists
    raise _unable(parsed, schema, _ARRAY)


def convert_to_map(schema: Schema | None, value: Any) -> dict[Any, Any]:
    """A map, or the map that a text holds."""
    parsed = _parsed(value, schema, _MAP)
    if isinstance(parsed, dict):
        return parsed
    raise _unable(parsed, schema, _MAP)


def convert_to_struct(schema: Schema | None, value: Any) -> Struct:
    """A struct; nothing else can be made one."""
    if isinstance(_required(value), Struct):
        return value  # type: ignore[no-any-return]
    raise _unable(value, schema, "Schema{STRUCT}")


def convert_to_date(schema: Schema | None, value: Any) -> dt.datetime | EpochMillis:
    """A date: a timestamp loses its time of day, a number counts days since the epoch."""
    value = _parsed(value, schema, _number_for(schema))
    if _is_instant(value):
        if schema is None or schema.name == DATE_NAME:
            return value  # type: ignore[no-any-return]
        if schema.name == TIMESTAMP_NAME:
            millis = to_millis(value)
            days = millis // MILLIS_PER_DAY if millis >= 0 else -(-millis // MILLIS_PER_DAY)
            return date_to_logical(DATE_SCHEMA, wrap(days, 32))
    return date_to_logical(DATE_SCHEMA, wrap(_to_long(value, schema), 32))


def convert_to_time(schema: Schema | None, value: Any) -> dt.datetime | EpochMillis:
    """A time of day: a timestamp loses its date, a number counts milliseconds after midnight."""
    value = _parsed(value, schema, _number_for(schema))
    if _is_instant(value):
        if schema is None or schema.name == TIME_NAME:
            return value  # type: ignore[no-any-return]
        if schema.name == TIMESTAMP_NAME:
            return from_millis(to_millis(value) % MILLIS_PER_DAY)
    return time_to_logical(TIME_SCHEMA, wrap(_to_long(value, schema), 32))


def convert_to_timestamp(schema: Schema | None, value: Any) -> dt.datetime | EpochMillis:
    """An instant: a date is its midnight, a time lies on 1970-01-01, a number counts milliseconds since the epoch."""
    value = _parsed(value, schema, _number_for(schema))
    if _is_instant(value):
        if schema is None or schema.name == TIMESTAMP_NAME:
            return value  # type: ignore[no-any-return]
        if schema.name == DATE_NAME:
            return from_millis(date_from_logical(schema, value) * MILLIS_PER_DAY)
        if schema.name == TIME_NAME:
            return from_millis(time_from_logical(schema, value))
    return timestamp_to_logical(TIMESTAMP_SCHEMA, _to_long(value, schema))


def convert_to_decimal(schema: Schema | None, value: Any, scale: int) -> decimal.Decimal:
    """A decimal; ``scale`` counts for bytes only, all others keep their own."""
    if isinstance(_required(value), bytes | bytearray | memoryview):
        return decimal_to_logical(decimal_schema(scale), value)
    if isinstance(value, decimal.Decimal) and value.is_finite():
        return value
    is_number = isinstance(value, int | float) and not isinstance(value, bool | EpochMillis)
    text = double_text(to_double(value)) if is_number else value
    if not isinstance(text, str):
        raise _unable(value, schema, str(decimal_schema(scale)))
    number = parse_decimal(text)
    if number is None:
        raise DataException(f"Unable to convert {text} to a Decimal since it is not a number")
    return number


def convert_to_string(schema: Schema | None, value: Any) -> str | None:
    """The text form, which :func:`parse_string` reads; None for None.

    Raises DataException for foreign objects, and for what nests deeper than the stack allows.
    """
    if value is None:
        return None
    try:
        return value if isinstance(value, str) else to_text(value, schema)
    except RecursionError:
        raise DataException(_TOO_DEEP) from None


def _parse(text: str) -> tuple[Schema | None, Any]:
    return parse(text, _aligned) if text else (STRING_SCHEMA, text)


def _parsed(value: Any, schema: Schema | None, wanted: str) -> Any:
    """What a text says, or another value as it is. Raises DataException for null and what stands for it."""
    if not isinstance(_required(value), str):
        return value
    _, parsed = _parse(value)
    if parsed is None:
        raise _unable(value, schema, wanted)
    if isinstance(parsed, dict) and wanted != _MAP:
        raise DataException(f"Unable to convert {to_java_string(parsed)} (class java.util.LinkedHashMap) to {wanted}")
    return parsed


def _number_for(schema: Schema | None) -> str:
    return "a number" if schema is None else str(schema)


def _unmarked(schema: Schema | None, value: Any) -> Any:
    """A parsed value with plain numbers where the schema says their class."""
    if schema is None:
        return value
    if schema.type is Type.ARRAY:
        return value if schema.value_schema is None else [_unmarked(schema.value_schema, item) for item in value]
    if schema.type is Type.MAP:
        keys, values = schema.key_schema, schema.value_schema
        return make_map((_unmarked(keys, key), _unmarked(values, item)) for key, item in value.items())
    is_marked = type(value) is _MARKS.get(schema.type)
    return _PLAIN[type(value)](value) if is_marked else value


def _aligned(schema: Schema, value: Any) -> Any:
    """An element of a parsed collection as the common schema of all wants it, marked."""
    convert = _ALIGN.get(schema.name or schema.type)
    return _required(value) if convert is None else convert(_required(value))


_ALIGN: dict[Type | str, Callable[[Any], Any]] = {
    Type.INT8: lambda value: Int8(wrap(_to_long(value, None), 8)),
    Type.INT16: lambda value: Int16(wrap(_to_long(value, None), 16)),
    Type.INT32: lambda value: Int32(wrap(_to_long(value, None), 32)),
    Type.INT64: lambda value: _to_long(value, None),
    Type.FLOAT32: lambda value: Float32(to_single(_to_double(value, None))),
    Type.FLOAT64: lambda value: _to_double(value, None),
    DATE_NAME: lambda value: convert_to_date(None, value),
    TIME_NAME: lambda value: convert_to_time(None, value),
    TIMESTAMP_NAME: lambda value: convert_to_timestamp(None, value),
}


def _required(value: Any) -> Any:
    if value is None:
        raise DataException("Unable to convert a null value to a schema that requires a value")
    return value


def _unable(value: Any, schema: Schema | None, wanted: str) -> DataException:
    text, name = to_java_string(value, schema), java_type_name(value, schema)
    return DataException(f"Unable to convert {text} (class {name}) to {wanted}")


def _is_instant(value: Any) -> bool:
    return isinstance(value, dt.datetime | EpochMillis)


def _to_long(value: Any, schema: Schema | None) -> int:
    """A number, text or (by its schema) time as a 64-bit number."""
    if isinstance(value, int) and not isinstance(value, bool | EpochMillis):
        return wrap(value, 64)
    if isinstance(value, float):
        return double_to_long(value)
    number = _decimal(value)
    if number is not None:
        return decimal_to_long(number)
    if schema is not None and _is_instant(value) and schema.name in _TIME_TO_NUMBER:
        return _TIME_TO_NUMBER[schema.name](schema, value)
    raise _unable(value, schema, _number_for(schema))


_TIME_TO_NUMBER: dict[str, Callable[[Schema, Any], int]] = {
    DATE_NAME: date_from_logical,
    TIME_NAME: time_from_logical,
    TIMESTAMP_NAME: timestamp_from_logical,
}


def _to_double(value: Any, schema: Schema | None) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool | EpochMillis):
        return to_double(value)
    number = _decimal(value)
    return float(_to_long(value, schema)) if number is None else to_double(number)


def _decimal(value: Any) -> decimal.Decimal | None:
    """A text or Decimal as the number that BigDecimal could be; None for all others."""
    if isinstance(value, str):
        return parse_decimal(value)
    return value if isinstance(value, decimal.Decimal) and value.is_finite() else None
