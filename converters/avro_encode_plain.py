"""Values of Connect's primitive types to Avro's binary form, a column at a time."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Any

from connect.api import DataException, Schema, SerializationException, Type, java_type_name
from connect.api.logical import DECIMAL_NAME
from connect.api.numbers import to_single
from connect.api.struct import fits_type
from converters.avro_binary import SMALL, SMALL_END, AvroTypeException, number_bytes
from converters.avro_logical import FROM_LOGICAL, from_logical
from converters.avro_schema import AvroSchema
from converters.charset import encode_utf8

Encode = Callable[[Sequence[Any]], list[bytes]]
"""Turns a column of values, none of them null unless it says so, into their bytes. Raises DataException."""

NULL_FOR_REQUIRED = "Found null value for non-optional schema"
_BITS = {Type.INT8: 8, Type.INT16: 16, Type.INT32: 32, Type.INT64: 64}


def check_type(schema: Schema, column: Sequence[Any], cls: type) -> None:
    """Raise DataException unless all values are of the schema's type, which plain ones of ``cls`` are."""
    if {cls}.issuperset(map(type, column)):
        return
    for value in column:
        if not fits_type(schema.type, value):
            raise DataException(f"Invalid type for {schema.type}: class {java_type_name(value, schema)}")


def plain_encoder(schema: Schema, avro: AvroSchema) -> Encode:
    """The encoder of a primitive type, logical types aside."""
    if avro.kind == "enum":
        return _enum(schema, avro)
    if avro.kind == "fixed":
        return _fixed(schema, avro)
    match schema.type:
        case Type.BOOLEAN:
            return _booleans(schema)
        case Type.STRING:
            return text_encoder(schema)
        case Type.BYTES:
            return _bytes(schema)
        case Type.FLOAT32 | Type.FLOAT64:
            return _floats(schema, "f" if avro.kind == "float" else "d")
    return _integers(schema)


def _integers(schema: Schema) -> Encode:
    half = 1 << _BITS[schema.type] - 1

    def encode(column: Sequence[Any]) -> list[bytes]:
        check_type(schema, column, int)
        if column and (min(column) < -half or max(column) >= half):
            wrong = next(number for number in column if not -half <= number < half)
            raise DataException(f"Invalid type for {schema.type}: {wrong} is out of range")
        small, end = SMALL, SMALL_END
        return [small[n] if -end <= n < end else number_bytes(n) for n in column]

    return encode


def _floats(schema: Schema, code: str) -> Encode:
    size = struct.calcsize(code)

    def encode(column: Sequence[Any]) -> list[bytes]:
        check_type(schema, column, float)
        try:
            packed = struct.pack(f"<{len(column)}{code}", *column)
        except OverflowError:
            packed = struct.pack(f"<{len(column)}{code}", *map(to_single, column))
        return [packed[at : at + size] for at in range(0, len(packed), size)]

    return encode


def _booleans(schema: Schema) -> Encode:
    def encode(column: Sequence[Any]) -> list[bytes]:
        check_type(schema, column, bool)
        return [b"\x01" if value else b"\x00" for value in column]

    return encode


def text_encoder(schema: Schema) -> Encode:
    def encode(column: Sequence[Any]) -> list[bytes]:
        check_type(schema, column, str)
        try:
            texts = list(map(str.encode, column))
        except UnicodeEncodeError:
            texts = list(map(encode_utf8, column))
        return _with_lengths(texts)

    return encode


def _bytes(schema: Schema) -> Encode:
    def encode(column: Sequence[Any]) -> list[bytes]:
        check_type(schema, column, bytes)
        return _with_lengths(list(map(bytes, column)))

    return encode


def _with_lengths(texts: Sequence[bytes]) -> list[bytes]:
    small, end = SMALL, SMALL_END
    return [small[len(text)] + text if len(text) < end else number_bytes(len(text)) + text for text in texts]


def raw_bytes(schema: Schema) -> Encode:
    """The encoder of BYTES at the top, which have no length before them."""

    def encode(column: Sequence[Any]) -> list[bytes]:
        if None in column:
            raise DataException(NULL_FOR_REQUIRED)
        check_type(schema, column, bytes)
        return list(map(bytes, column))

    if schema.name in FROM_LOGICAL:
        convert = from_logical(schema)
        return lambda column: convert(column) if None not in column else encode(column)
    return encode


def _enum(schema: Schema, avro: AvroSchema) -> Encode:
    places = {symbol: SMALL[index] for index, symbol in enumerate(avro.symbols)}

    def encode(column: Sequence[Any]) -> list[bytes]:
        check_type(schema, column, str)
        try:
            return [places[value] for value in column]
        except KeyError as error:
            symbols = ", ".join(avro.symbols)
            cause = AvroTypeException(f"enum value '{error.args[0]}' is not in the enum symbol set: [{symbols}]")
            raise SerializationException("Error serializing Avro message") from cause

    return encode


def _fixed(schema: Schema, avro: AvroSchema) -> Encode:
    size, is_decimal = avro.size, schema.name == DECIMAL_NAME

    def fit(value: bytes) -> bytes:
        if is_decimal and len(value) < size:
            value = (b"\xff" if value[0] & 128 else b"\x00") * (size - len(value)) + value
        if len(value) != size:
            raise DataException(f"{avro.full_name} holds {size} bytes, but the value has {len(value)}")
        return value

    def encode(column: Sequence[Any]) -> list[bytes]:
        check_type(schema, column, bytes)
        return [fit(bytes(value)) for value in column]

    return encode
