"""Logical types between Connect's values and the numbers and bytes that stand for them, columns at a time.

The functions of the API check everything for every value; these look at a column first and leave the careful way to the
columns that need it.
"""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Callable, Sequence
from typing import Any

from connect.api import DataException, EpochMillis, Schema, java_type_name
from connect.api.java_decimal import EXACT
from connect.api.logical import (
    DATE_NAME,
    DECIMAL_NAME,
    EPOCH,
    TIME_NAME,
    TIMESTAMP_NAME,
    date_from_logical,
    decimal_from_logical,
    decimal_scale,
    decimal_to_logical,
    time_from_logical,
    time_to_logical,
    timestamp_from_logical,
)

FROM_LOGICAL: dict[str, Callable[[Schema, Any], Any]] = {
    DECIMAL_NAME: decimal_from_logical,
    DATE_NAME: date_from_logical,
    TIME_NAME: time_from_logical,
    TIMESTAMP_NAME: timestamp_from_logical,
}
_EXPECTED = dict.fromkeys(FROM_LOGICAL, ("Date", dt.datetime)) | {DECIMAL_NAME: ("BigDecimal", decimal.Decimal)}
_MILLISECOND = dt.timedelta(milliseconds=1)
_DAY = dt.timedelta(days=1)
_NO_TIME = dt.timedelta()


def from_logical(schema: Schema) -> Callable[[Sequence[Any]], list[Any]]:
    """What turns a column of a logical type's values into plain ones. It raises DataException for one that won't do."""
    assert schema.name is not None
    convert, (expected, cls) = FROM_LOGICAL[schema.name], _EXPECTED[schema.name]
    quick = _quick(schema)

    def convert_column(column: Sequence[Any]) -> list[Any]:
        if {cls}.issuperset(map(type, column)):
            try:
                return quick(column)
            except (TypeError, ValueError, decimal.DecimalException):
                return [convert(schema, value) for value in column]  # naive datetimes, or values that don't fit
        for value in column:
            found = java_type_name(value, schema)
            if not found.endswith(f".{expected}"):
                short = str(schema.name).rpartition(".")[2]
                raise DataException(f"Invalid type for {short}, expected {expected} but was class {found}")
        return [convert(schema, value) for value in column]

    return convert_column


def _quick(schema: Schema) -> Callable[[Sequence[Any]], list[Any]]:
    match schema.name:
        case name if name == DECIMAL_NAME:
            return _quick_decimals(decimal_scale(schema))
        case name if name == TIMESTAMP_NAME:
            return lambda column: [(value - EPOCH) // _MILLISECOND for value in column]
        case name if name == DATE_NAME:
            return _quick_dates
    return lambda column: [time_from_logical(schema, value) for value in column]


def _quick_dates(column: Sequence[Any]) -> list[Any]:
    parts = [divmod(value - EPOCH, _DAY) for value in column]
    if any(rest != _NO_TIME for _, rest in parts):
        raise ValueError("not all are at midnight")
    return [days for days, _ in parts]


def _quick_decimals(scale: int) -> Callable[[Sequence[Any]], list[Any]]:
    unit = decimal.Decimal((0, (1,), -scale))

    def unscaled(value: decimal.Decimal) -> bytes:
        if not value.same_quantum(unit):
            raise ValueError("another scale")
        number = int(value.scaleb(scale, EXACT))
        return number.to_bytes((number if number >= 0 else ~number).bit_length() // 8 + 1, "big", signed=True)

    return lambda column: list(map(unscaled, column))


def to_logical(schema: Schema) -> Callable[[Any], Any]:
    """What turns a plain value into a logical type's. It raises DataException for one that won't do."""
    match schema.name:
        case name if name == DECIMAL_NAME:
            return _decimal_reader(schema)
        case name if name == DATE_NAME:
            return _instants(_DAY, 86_400_000)
        case name if name == TIMESTAMP_NAME:
            return _instants(_MILLISECOND, 1)
    return lambda millis: time_to_logical(schema, millis)


def _instants(unit: dt.timedelta, unit_millis: int) -> Callable[[int], Any]:
    def instant(number: int) -> Any:
        try:
            return EPOCH + number * unit
        except OverflowError:
            return EpochMillis(number * unit_millis)

    return instant


def _decimal_reader(schema: Schema) -> Callable[[bytes], Any]:
    unit = decimal.Decimal((0, (1,), -decimal_scale(schema)))
    multiply = EXACT.multiply

    def read(data: bytes) -> Any:
        return multiply(int.from_bytes(data, "big", signed=True), unit) if data else decimal_to_logical(schema, data)

    return read
