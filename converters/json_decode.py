"""From JSON nodes to Connect data by a schema.

Nodes come from a fast parser or from the careful one (:mod:`converters.json_text`). The fast ones give a
``float`` for every number with a fraction, orjson also for integers beyond 64 bits. Where that isn't exact enough,
reading raises :class:`Inexact` and the caller parses the text again with the careful one.
"""

from __future__ import annotations

import binascii
import math
import re
import struct
from base64 import b64decode
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

from connect.api import DataException, Field, Schema, Struct, Type
from connect.api.logical import (
    DATE_NAME,
    DECIMAL_NAME,
    TIME_NAME,
    TIMESTAMP_NAME,
    date_to_logical,
    decimal_to_logical,
    time_to_logical,
    timestamp_to_logical,
)
from connect.api.maps import make_map
from connect.api.numbers import to_single, wrap
from connect.api.struct import validate_value
from converters.json_text import node_name

Read = Callable[[Any], Any]
"""A node to its value. Raises DataException or Inexact."""

BITS = {Type.INT8: 8, Type.INT16: 16, Type.INT32: 32, Type.INT64: 64}
_BASE64 = re.compile(
    r"(?:[\x00-\x20]*(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==))*[\x00-\x20]*", re.ASCII
)
_DOUBLE_BITS = struct.Struct("<d")
_LONG_BITS = struct.Struct("<Q")
_SINGLE_BITS = struct.Struct("<f")
_INT_BITS = struct.Struct("<i")
_SMALLEST_NORMAL_SINGLE = 2.0**-126
_LARGEST_SINGLE = (2 - 2.0**-23) * 2.0**127


class Inexact(Exception):
    """A fast parser's number is not exact enough."""


def value_reader(schema: Schema, replace_nulls: bool) -> Read:
    """How nodes of that schema are read; nulls become the default where ``replace_nulls`` is set."""
    convert = present_reader(schema, replace_nulls)
    if schema.default_value is not None and replace_nulls:
        default = schema.default_value
        return lambda node: default if node is None else convert(node)
    if schema.optional:
        return lambda node: None if node is None else convert(node)

    def read_required(node: Any) -> Any:
        if node is None:
            raise DataException(f"Invalid null value for required {schema.type.name} field")
        return convert(node)

    return read_required


def present_reader(schema: Schema, replace_nulls: bool) -> Read:
    """How nodes of that schema are read that are not null."""
    logical = _LOGICAL.get(schema.name) if schema.name is not None else None
    if logical is not None:
        return lambda node: logical(schema, node)
    match schema.type:
        case Type.ARRAY:
            return _array_reader(schema, replace_nulls)
        case Type.MAP:
            return _map_reader(schema, replace_nulls)
        case Type.STRUCT:
            return _struct_reader(schema, replace_nulls)
        case Type.INT8 | Type.INT16 | Type.INT32 | Type.INT64:
            bits = BITS[schema.type]
            return lambda node: _read_integer(node, bits)
        case _:
            return _SIMPLE[schema.type]


# Simple types: a node of another kind silently gives 0, false or null, as in Java.


def _read_integer(node: Any, bits: int) -> int:
    if type(node) is int:
        return wrap(node, bits)
    if type(node) is float:
        raise Inexact
    if type(node) is not Decimal or node.adjusted() < 0 or node.as_tuple().exponent >= 64:  # type: ignore[operator]
        return 0
    return wrap(int(node), bits)


def _read_double(node: Any) -> float:
    if type(node) is float:
        if node == 0 and math.copysign(1.0, node) < 0:
            raise Inexact  # Java's decimals have no negative zero, but what is too small keeps its sign
        return node
    if type(node) is int:
        return _int_to_double(node)
    return float(node) if type(node) is Decimal else 0.0


def _int_to_double(number: int) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _read_single(node: Any) -> float:
    if type(node) is float:
        low_bits = _LONG_BITS.unpack(_DOUBLE_BITS.pack(node))[0] & 0x1FFFFFFF
        if low_bits == 0x10000000 or not _SMALLEST_NORMAL_SINGLE <= abs(node) <= _LARGEST_SINGLE:
            raise Inexact  # rounding twice may differ from rounding once
        return to_single(node)
    if type(node) is int:
        return to_single(float(node)) if abs(node) <= 2**53 else _nearest_single(node)
    return _nearest_single(node) if type(node) is Decimal else 0.0


def _nearest_single(number: int | Decimal) -> float:
    """The single-precision number next to an exact one, the even one of two."""
    near = _int_to_double(number) if type(number) is int else float(number)
    if near == 0 or abs(near) > 2.0**129:
        return to_single(near)
    exact = abs(Fraction(number))
    middle: int = _INT_BITS.unpack(_SINGLE_BITS.pack(min(abs(near), _LARGEST_SINGLE)))[0]
    candidates = range(max(middle - 1, 0), middle + 2)
    best = min(candidates, key=lambda bits: (abs(_single_value(bits) - exact), bits & 1))
    return math.copysign(_SINGLE_BITS.unpack(_INT_BITS.pack(best))[0], near)


def _single_value(bits: int) -> Fraction:
    number = _SINGLE_BITS.unpack(_INT_BITS.pack(bits))[0]
    return Fraction(2**128) if math.isinf(number) else Fraction(number)


def _read_boolean(node: Any) -> bool:
    return node is True


def _read_string(node: Any) -> str | None:
    return node if type(node) is str else None


def _read_bytes(node: Any) -> bytes | None:
    if type(node) is not str:
        return None
    try:
        return decode_base64(node)
    except ValueError as error:
        raise DataException("Invalid bytes field") from error


def decode_base64(text: str) -> bytes:
    """Base64 as Java's parser takes it: white space between groups of four, padding in any group. Raises ValueError."""
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        if not _BASE64.fullmatch(text):
            raise
    groups = re.sub(r"[\x00-\x20]+", "", text)
    return b"".join(b64decode(groups[i : i + 4]) for i in range(0, len(groups), 4))


_SIMPLE: dict[Type, Read] = {
    Type.FLOAT32: _read_single,
    Type.FLOAT64: _read_double,
    Type.BOOLEAN: _read_boolean,
    Type.STRING: _read_string,
    Type.BYTES: _read_bytes,
}


# Logical types, which go by the schema's name alone


def _read_decimal(schema: Schema, node: Any) -> Decimal:
    if type(node) is float:
        raise Inexact
    if type(node) is int or type(node) is Decimal:
        return Decimal(node)
    if type(node) is not str:
        raise DataException(
            "Invalid type for Decimal, underlying representation should be numeric or bytes but was " + node_name(node)
        )
    try:
        return decimal_to_logical(schema, decode_base64(node))
    except (ValueError, DataException) as error:
        raise DataException("Invalid bytes for Decimal field") from error


def _read_date(schema: Schema, node: Any) -> Any:
    return date_to_logical(schema, _int32(node, "Date"))


def _read_time(schema: Schema, node: Any) -> Any:
    return time_to_logical(schema, _int32(node, "Time"))


def _int32(node: Any, kind: str) -> int:
    if type(node) is not int or not -(2**31) <= node < 2**31:
        raise DataException(
            f"Invalid type for {kind}, underlying representation should be integer but was {node_name(node)}"
        )
    return node


def _read_timestamp(schema: Schema, node: Any) -> Any:
    if type(node) is float:
        raise Inexact
    if type(node) is not int:
        raise DataException(
            "Invalid type for Timestamp, underlying representation should be integral but was " + node_name(node)
        )
    return timestamp_to_logical(schema, wrap(node, 64))


LOGICAL_NAMES = frozenset((DECIMAL_NAME, DATE_NAME, TIME_NAME, TIMESTAMP_NAME))
_LOGICAL: dict[str, Callable[[Schema, Any], Any]] = {
    DECIMAL_NAME: _read_decimal,
    DATE_NAME: _read_date,
    TIME_NAME: _read_time,
    TIMESTAMP_NAME: _read_timestamp,
}


# Collections


def _array_reader(schema: Schema, replace_nulls: bool) -> Read:
    assert schema.value_schema is not None
    read_item = value_reader(schema.value_schema, replace_nulls)

    def read(node: Any) -> list[Any]:
        items = node if type(node) is list else node.values() if type(node) is dict else ()
        return [read_item(item) for item in items]

    return read


def _map_reader(schema: Schema, replace_nulls: bool) -> Read:
    assert schema.key_schema is not None
    assert schema.value_schema is not None
    read_value = value_reader(schema.value_schema, replace_nulls)
    if schema.key_schema.type is Type.STRING:

        def read_object(node: Any) -> dict[str, Any]:
            if type(node) is not dict:
                raise DataException(
                    "Maps with string fields should be encoded as JSON objects, but found " + node_name(node)
                )
            return {key: read_value(item) for key, item in node.items()}

        return read_object
    read_key = value_reader(schema.key_schema, replace_nulls)

    def read_pairs(node: Any) -> dict[Any, Any]:
        if type(node) is not list:
            raise DataException(
                "Maps with non-string fields should be encoded as JSON array of tuples, but found " + node_name(node)
            )
        return make_map((read_key(key), read_value(item)) for key, item in map(_pair, node))

    return read_pairs


def _pair(node: Any) -> list[Any]:
    if type(node) is not list:
        raise DataException(f"Found invalid map entry instead of array tuple: {node_name(node)}")
    if len(node) != 2:
        raise DataException(f"Found invalid map entry, expected length 2 but found :{len(node)}")
    return node


def _struct_reader(schema: Schema, replace_nulls: bool) -> Read:
    members = [(field.name, member_reader(field, replace_nulls)) for field in schema.fields]

    def read(node: Any) -> Struct:
        if type(node) is not dict:
            raise DataException(f"Structs should be encoded as JSON objects, but found {node_name(node)}")
        return Struct(schema, [read_member(node.get(name)) for name, read_member in members])

    return read


def member_reader(field: Field, replace_nulls: bool) -> Read:
    """How nodes of a struct's field are read: as its schema says, and checked where that may leave a null."""
    read = value_reader(field.schema, replace_nulls)
    if not _may_read_null(field.schema):
        return read

    def read_checked(node: Any) -> Any:
        value = read(node)
        validate_value(field.schema, value, field.name)
        return value

    return read_checked


def _may_read_null(schema: Schema) -> bool:
    """Whether a node of a wrong kind can leave a null that the schema forbids."""
    match schema.type:
        case Type.STRING | Type.BYTES:
            return not schema.optional and schema.name not in _LOGICAL
        case Type.ARRAY:
            return schema.value_schema is not None and _may_read_null(schema.value_schema)
        case Type.MAP:
            return any(part is not None and _may_read_null(part) for part in (schema.key_schema, schema.value_schema))
        case _:
            return False
