"""Conversions between types, as Java's number classes do them."""

from __future__ import annotations

import base64
import datetime as dt
import decimal
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

import orjson

from connect.api import DataException, Schema, Struct, Type
from connect.api.columns import type_of_all
from connect.api.java_decimal import decimal_to_long, decimal_to_single, double_to_long, to_double
from connect.api.java_names import java_type_name
from connect.api.java_numbers import parse_double, parse_integer
from connect.api.java_text import to_java_string
from connect.api.logical import (
    DATE_NAME,
    TIME_NAME,
    TIMESTAMP_NAME,
    EpochMillis,
    date_from_logical,
    time_from_logical,
    timestamp_from_logical,
    to_millis,
)
from connect.api.numbers import Float32, Float64, Int8, Int16, Int32, Int64, to_single, wrap
from connect.api.values_text import instant_text
from transforms.maps import ConvertAll

Caster = Callable[[Any], Any]

TARGETS = (
    Type.INT8,
    Type.INT16,
    Type.INT32,
    Type.INT64,
    Type.FLOAT32,
    Type.FLOAT64,
    Type.BOOLEAN,
    Type.STRING,
)
_SOURCES = (*TARGETS, Type.BYTES)
_CASTABLE = frozenset(
    (bool, str, int, float, bytes, bytearray, memoryview, Int8, Int16, Int32, Int64, Float32, Float64)
)
_ENCODERS = {DATE_NAME: date_from_logical, TIME_NAME: time_from_logical, TIMESTAMP_NAME: timestamp_from_logical}
_WHOLE = frozenset((Type.INT8, Type.INT16, Type.INT32, Type.INT64, Type.STRING))
_TABLE_SIZE = 1000
_INT_MIN, _INT_MAX = -(2**31), 2**31 - 1


def cast_to(target: Type, schema: Schema | None) -> Caster:
    """What casts values of a schema, or schemaless ones, to a type; null stays null. Raises DataException."""
    if schema is not None and schema.type not in _SOURCES:
        return _refusal(schema.type)
    convert = _CONVERSIONS[target] if target is not Type.STRING else _to_string(schema)
    if schema is None:
        return _schemaless(convert, _MARKS.get(target), _BITS.get(target, 64))
    encode = _ENCODERS.get(schema.name or "")
    if encode is None or target is Type.STRING:
        return lambda value: None if value is None else convert(value)
    return lambda value: None if value is None else convert(_encoded(schema, value))


def cast_all_to(target: Type, schema: Schema | None) -> ConvertAll:
    """The same for lists of values; integers are cast once for each that differs, or all in one step."""
    cast = cast_to(target, schema)
    bits = _BITS.get(target, 64)
    low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    mark = _MARKS.get(target) if schema is None else None

    def cast_all(values: list[Any]) -> Sequence[Any]:
        if target not in _WHOLE or type_of_all(values) is not int:
            return [cast(value) for value in values]
        distinct = set(values)
        if 2 * len(distinct) <= len(values):
            table = {value: cast(value) for value in distinct}
            return list(map(table.__getitem__, values))
        if low <= min(distinct) and max(distinct) <= high:
            if target is Type.STRING:
                return orjson.dumps(values)[1:-1].decode().split(",")  # in less time than str
            return values if mark is None else list(map(mark, values))
        return [cast(value) for value in values]

    return cast_all


class CastTable(dict[int, Any]):
    """What a schemaless field's whole numbers become, for as long as few differ; it fills as it is read."""

    def __init__(self, target: Type) -> None:
        super().__init__()
        self._cast = cast_to(target, None)
        self._serves = target in _WHOLE

    def fits(self, maps: list[dict[Any, Any]], name: Any) -> bool:
        """Whether the member of that name can be looked up in each of the maps."""
        if len(self) > _TABLE_SIZE:
            self.clear()
            self._serves = False
        try:
            return self._serves and type_of_all(map(itemgetter(name), maps)) is int
        except KeyError:
            return False

    def __missing__(self, number: int) -> Any:
        converted = self[number] = self._cast(number)
        return converted


def _encoded(schema: Schema, value: Any) -> Any:
    """A Date, Time or Timestamp as the number that its schema stands for."""
    if not isinstance(value, dt.datetime | EpochMillis):
        raise DataException(f"Unexpected type in Cast transformation: class {java_type_name(value, schema)}")
    return _ENCODERS[schema.name or ""](schema, value)


def _refusal(source: Type) -> Caster:
    def refuse(value: Any) -> None:
        if value is not None:
            supported = ", ".join(source.name for source in _SOURCES)
            raise DataException(
                f"Cast transformation does not support casting from {source}; supported types are [{supported}]"
            )

    return refuse


def _schemaless(convert: Caster, mark: Callable[[Any], Any] | None, bits: int) -> Caster:
    low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    stays_integer = convert in _INTEGER_CASTS

    def cast(value: Any) -> Any:
        if type(value) is int and low <= value <= high:
            if stays_integer:
                return value if mark is None else mark(value)
            return convert(value) if mark is None else mark(convert(value))
        if value is None:
            return None
        if type(value) not in _CASTABLE or (type(value) is int and not -(2**63) <= value < 2**63):
            _refuse_class(value)
        return convert(value) if mark is None else mark(convert(value))

    return cast


def _refuse_class(value: Any) -> None:
    for classes, source in ((Struct, Type.STRUCT), (list | tuple, Type.ARRAY), (dict, Type.MAP)):
        if isinstance(value, classes):
            _refusal(source)(value)
    raise DataException(
        f"Cast transformation was passed a value of type class {java_type_name(value)} "
        "which is not supported by Connect's data API"
    )


def _to_integer(bits: int) -> Caster:
    low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1

    def cast(value: Any) -> int:
        if type(value) is int and low <= value <= high:
            return value
        if isinstance(value, int):
            return wrap(int(value), bits)
        if isinstance(value, float):
            number = double_to_long(value)
            return number if bits == 64 else wrap(max(_INT_MIN, min(_INT_MAX, number)), bits)
        if isinstance(value, decimal.Decimal):
            return wrap(decimal_to_long(_finite(value)), bits)
        number = _parsed(value, lambda text: parse_integer(text, bits))
        return int(number)

    return cast


def _to_float64(value: Any) -> float:
    if isinstance(value, int | float | decimal.Decimal):
        return to_double(value)
    return float(_parsed(value, parse_double))


def _to_float32(value: Any) -> float:
    if isinstance(value, float):
        return to_single(value)
    if isinstance(value, int | decimal.Decimal):
        return decimal_to_single(int(value) if isinstance(value, int) else _finite(value))
    return float(_parsed(value, _parse_single))


def _parse_single(text: str) -> float | None:
    """Rounded once, from the digits."""
    double = parse_double(text)
    try:
        return None if double is None else decimal_to_single(decimal.Decimal(text.strip().rstrip("fFdD")))
    except decimal.InvalidOperation:  # hexadecimal
        return to_single(double or 0.0)


def _to_boolean(value: Any) -> bool:
    if isinstance(value, str):
        return value.lower() == "true"
    return bool(_CONVERSIONS[Type.INT64](value) != 0)


def _to_string(schema: Schema | None) -> Caster:
    def cast(value: Any) -> str:
        if type(value) is int:
            return str(value)
        if isinstance(value, bytes | bytearray | memoryview):
            return base64.b64encode(value).decode("ascii")
        if isinstance(value, dt.datetime | EpochMillis):
            return instant_text(to_millis(value))
        return to_java_string(value, schema)

    return cast


def _parsed(value: Any, parse: Callable[[str], Any]) -> Any:
    if not isinstance(value, str):
        raise DataException(f"Unexpected type in Cast transformation: class {java_type_name(value)}")
    number = parse(value)
    if number is None:
        raise DataException(f"Value ({value}) was out of range for requested data type")
    return number


def _finite(number: decimal.Decimal) -> decimal.Decimal:
    if not number.is_finite():
        raise DataException(f"Value ({number}) was out of range for requested data type")
    return number


_CONVERSIONS: dict[Type, Caster] = {
    Type.INT8: _to_integer(8),
    Type.INT16: _to_integer(16),
    Type.INT32: _to_integer(32),
    Type.INT64: _to_integer(64),
    Type.FLOAT32: _to_float32,
    Type.FLOAT64: _to_float64,
    Type.BOOLEAN: _to_boolean,
}
_BITS = {Type.INT8: 8, Type.INT16: 16, Type.INT32: 32, Type.INT64: 64}
_INTEGER_CASTS = frozenset(_CONVERSIONS[target] for target in _BITS)
_MARKS: dict[Type, Callable[[Any], Any]] = {
    Type.INT8: Int8,
    Type.INT16: Int16,
    Type.INT32: Int32,
    Type.FLOAT32: Float32,
}
