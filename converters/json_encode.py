"""From Connect data to JSON text exactly as Java writes it, one value at a time.

:mod:`converters.json_batch` does the same for batches through orjson and comes here for what orjson can't do.
"""

from __future__ import annotations

import datetime as dt
import enum
import math
import re
import uuid
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any

from connect.api import DataException, Schema, Struct, Type
from connect.api.java_names import java_type_name
from connect.api.java_text import decimal_text, double_text, float_text
from connect.api.logical import (
    DATE_NAME,
    DECIMAL_NAME,
    TIME_NAME,
    TIMESTAMP_NAME,
    EpochMillis,
    date_from_logical,
    decimal_from_logical,
    time_from_logical,
    timestamp_from_logical,
)
from connect.api.numbers import BigInteger, Float32, Float64, Int8, Int16, Int32, Int64
from converters.json_text import MAX_DEPTH

Write = Callable[[Any], str]
"""A value to its JSON text. Raises DataException."""

_FAILED = "Converting Kafka Connect data to byte[] failed due to serialization error: "
_ESCAPES: dict[int, str] = {code: f"\\u{code:04X}" for code in range(0x20)} | {
    ord(char): escape
    for char, escape in {
        '"': '\\"',
        "\\": "\\\\",
        "\b": "\\b",
        "\t": "\\t",
        "\n": "\\n",
        "\f": "\\f",
        "\r": "\\r",
    }.items()
}
_RARE_CONTROL = re.compile(r"[\x00-\x07\x0b\x0e-\x1f]")
"""Control characters that have no short escape: the standard library writes them with other digits than Java."""
_NOT_WRITTEN_RAW = re.compile("[\ud800-\udfff\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """What the configuration says about writing: defaults in the place of nulls, Decimals as numbers."""

    replace_nulls: bool = True
    decimals_as_numbers: bool = False


def too_deep() -> DataException:
    """The error for values that nest deeper than Java's generator allows."""
    error = DataException(_FAILED)
    error.__cause__ = ValueError(f"nesting is deeper than {MAX_DEPTH}")
    return error


def value_writer(schema: Schema | None, options: WriteOptions) -> Write:
    """How values of that schema are written; without a schema as :func:`schemaless_text` does."""
    if schema is None:
        return schemaless_text
    convert = present_writer(schema, options)
    default, optional = schema.default_value, schema.optional
    if default is not None and options.replace_nulls:
        return lambda value: convert(default if value is None else value)

    def write(value: Any) -> str:
        if value is not None:
            return convert(value)
        if not optional:
            raise DataException("Conversion error: null value for field that is required and has no default value")
        return "null"

    return write


def present_writer(schema: Schema, options: WriteOptions) -> Write:
    """How values of that schema are written that are not null."""
    if schema.name == DECIMAL_NAME:
        return _decimal_writer(schema, options)
    if schema.name in _DATES:
        return _date_writer(schema)
    match schema.type:
        case Type.ARRAY:
            return _array_writer(schema, options)
        case Type.MAP:
            return _map_writer(schema, options)
        case Type.STRUCT:
            return _struct_writer(schema, options)
        case Type.INT8 | Type.INT16 | Type.INT32 | Type.INT64:
            return _integer_writer(schema)
        case _:
            return _simple_writer(schema)


def invalid_type(schema: Schema, value: Any) -> DataException:
    """The error for a value of another class than its schema's."""
    if schema.type is Type.BYTES:
        return DataException(f"Invalid type for bytes type: class {java_type_name(value)}")
    return DataException(f"Invalid type for {schema.type.name}: class {java_type_name(value)}")


_INTEGERS: dict[Type, tuple[type[int], int]] = {
    Type.INT8: (Int8, 8),
    Type.INT16: (Int16, 16),
    Type.INT32: (Int32, 32),
    Type.INT64: (Int64, 64),
}


def _integer_writer(schema: Schema) -> Write:
    mark, bits = _INTEGERS[schema.type]
    low, high = -(1 << bits - 1), (1 << bits - 1) - 1

    def write(value: Any) -> str:
        if (type(value) is int or type(value) is mark) and low <= value <= high:
            return int.__repr__(value)
        raise invalid_type(schema, value)

    return write


def _simple_writer(schema: Schema) -> Write:
    classes, to_text = _SIMPLE[schema.type]

    def write(value: Any) -> str:
        if type(value) in classes:
            return to_text(value)
        if isinstance(value, str) and schema.type is Type.STRING:
            return quoted(value)
        raise invalid_type(schema, value)

    return write


def _array_writer(schema: Schema, options: WriteOptions) -> Write:
    write_item = value_writer(schema.value_schema, options)

    def write(value: Any) -> str:
        if not isinstance(value, list | tuple):
            raise invalid_type(schema, value)
        return f"[{','.join([write_item(item) for item in value])}]"

    return write


def _map_writer(schema: Schema, options: WriteOptions) -> Write:
    write_key, write_item = value_writer(schema.key_schema, options), value_writer(schema.value_schema, options)
    as_object = schema.key_schema is not None and schema.key_schema.type is Type.STRING

    def write(value: Any) -> str:
        if not isinstance(value, dict):
            raise invalid_type(schema, value)
        pairs = [(write_key(key), write_item(item)) for key, item in value.items()]
        if not as_object:
            return f"[{','.join([f'[{key},{item}]' for key, item in pairs])}]"
        members = {key if key.startswith('"') else f'"{key}"': item for key, item in pairs}
        return f"{{{','.join([f'{key}:{item}' for key, item in members.items()])}}}"

    return write


def _struct_writer(schema: Schema, options: WriteOptions) -> Write:
    members = [(f"{quoted(field.name)}:", value_writer(field.schema, options)) for field in schema.fields]

    def write(value: Any) -> str:
        if not isinstance(value, Struct):
            raise invalid_type(schema, value)
        if value.schema is not schema and value.schema != schema:
            raise DataException("Mismatching schema.")
        if len(value.values) != len(members):
            raise DataException(f"A row of {schema} needs {len(members)} values but has {len(value.values)}")
        values = zip(members, value.values, strict=True)
        return f"{{{','.join([name + write_member(item) for (name, write_member), item in values])}}}"

    return write


def _decimal_writer(schema: Schema, options: WriteOptions) -> Write:
    def write(value: Any) -> str:
        if not isinstance(value, Decimal):
            raise DataException(
                f"Invalid type for Decimal, expected BigDecimal but was class {java_type_name(value, schema)}"
            )
        if not options.decimals_as_numbers:
            return _bytes_json(decimal_from_logical(schema, value))
        if not value.is_finite():
            raise DataException(f"A Decimal must be a finite number but was {value}")
        return decimal_text(value)

    return write


_DATES: dict[str | None, tuple[str, Callable[[Schema, Any], int]]] = {
    DATE_NAME: ("Date", date_from_logical),
    TIME_NAME: ("Time", time_from_logical),
    TIMESTAMP_NAME: ("Timestamp", timestamp_from_logical),
}


def _date_writer(schema: Schema) -> Write:
    kind, from_logical = _DATES[schema.name]

    def write(value: Any) -> str:
        if not isinstance(value, dt.datetime | EpochMillis):
            raise DataException(f"Invalid type for {kind}, expected Date but was class {java_type_name(value, schema)}")
        return str(from_logical(schema, value))

    return write


# Simple values, already known to be of their class


def quoted(text: str) -> str:
    """A JSON string as Java writes it: characters beyond the basic plane as two escapes."""
    escaped = f'"{text.translate(_ESCAPES)}"' if _RARE_CONTROL.search(text) else encode_basestring(text)
    if not escaped.isascii():
        escaped = _NOT_WRITTEN_RAW.sub(lambda character: _utf16_escapes(character[0]), escaped)
    return escaped


@lru_cache(maxsize=4096)
def _utf16_escapes(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i] << 8 | units[i + 1]:04X}" for i in range(0, len(units), 2))


def double_json(number: float) -> str:
    """A double's JSON text: what is no number is a string."""
    return double_text(number) if math.isfinite(number) else f'"{double_text(number)}"'


def single_json(number: float) -> str:
    """A single-precision number's JSON text."""
    return float_text(number) if math.isfinite(number) else f'"{float_text(number)}"'


def _boolean_json(value: bool) -> str:
    return "true" if value else "false"


def _bytes_json(data: bytes | bytearray | memoryview) -> str:
    return f'"{b64encode(data).decode()}"'


_SIMPLE: dict[Type, tuple[tuple[type, ...], Write]] = {
    Type.FLOAT32: ((float, Float32), single_json),
    Type.FLOAT64: ((float, Float64), double_json),
    Type.BOOLEAN: ((bool,), _boolean_json),
    Type.STRING: ((str,), quoted),
    Type.BYTES: ((bytes, bytearray, memoryview), _bytes_json),
}


# Without a schema


class _Text(str):
    """A piece of JSON text among values that are still to be written."""

    __slots__ = ()


_COMMA, _COLON = _Text(","), _Text(":")
_END_OF_LIST, _END_OF_OBJECT = _Text("]"), _Text("}")


def schemaless_text(value: Any) -> str:
    """The JSON text of a value without schema. Raises DataException. Nesting costs no recursion."""
    texts: list[str] = []
    pending: list[Any] = [value]
    depth = 0
    while pending:
        item = pending.pop()
        if type(item) is _Text:
            texts.append(item)
            depth -= item is _END_OF_LIST or item is _END_OF_OBJECT
        elif isinstance(item, list | tuple | dict):
            depth += 1
            if depth > MAX_DEPTH:
                raise too_deep()
            parts = _object_parts(item) if isinstance(item, dict) else _list_parts(item)
            pending.extend(reversed(parts))
        else:
            texts.append(_scalar_text(item))
    return "".join(texts)


def _list_parts(items: list[Any] | tuple[Any, ...]) -> list[Any]:
    parts: list[Any] = [_Text("[")]
    for item in items:
        parts += (item, _COMMA)
    return [*(parts[:-1] if items else parts), _END_OF_LIST]


def _object_parts(members: dict[Any, Any]) -> list[Any]:
    if not all(isinstance(key, str) for key in members):
        return _list_parts(list(members.items()))
    parts: list[Any] = [_Text("{")]
    for key, item in members.items():
        parts += (_Text(quoted(key)), _COLON, item, _COMMA)
    return [*(parts[:-1] if members else parts), _END_OF_OBJECT]


def _scalar_text(value: Any) -> str:
    to_text = _SCALARS.get(type(value))
    if to_text is not None:
        return to_text(value)
    if isinstance(value, Struct):
        raise DataException("Mismatching schema.")
    if isinstance(value, str | uuid.UUID):
        return quoted(str(value))
    if isinstance(value, enum.Enum):
        return schemaless_text(value.value)
    raise _no_schema_type(value)


def _no_schema_type(value: Any) -> DataException:
    return DataException(f"Java class class {java_type_name(value)} does not have corresponding schema type.")


def _long_json(number: int) -> str:
    if not -(2**63) <= number < 2**63:
        raise _no_schema_type(BigInteger(number))
    return int.__repr__(number)


_SCALARS: dict[type, Write] = {
    type(None): lambda _null: "null",
    bool: _boolean_json,
    int: _long_json,
    **dict.fromkeys((Int8, Int16, Int32, Int64), _long_json),
    **dict.fromkeys((float, Float64), double_json),
    Float32: single_json,
    str: quoted,
    **dict.fromkeys((bytes, bytearray, memoryview), _bytes_json),
}
