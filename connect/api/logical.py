"""Logical types: Decimal, Date, Time, Timestamp as schemas with well-known names.

In memory a Decimal is a ``decimal.Decimal``; Date, Time and Timestamp are all a UTC ``datetime``, as Java has one class
for the three (a Time lies on 1970-01-01, a Date at midnight). A naive ``datetime`` counts as UTC. Instants beyond the
years 1 to 9999 are :class:`EpochMillis`.
"""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec

from connect.api.columns import within
from connect.api.errors import DataException
from connect.api.java_calendar import MILLIS_PER_DAY
from connect.api.java_decimal import EXACT, scale_of, unscaled_value
from connect.api.java_numbers import parse_integer
from connect.api.numbers import wrap
from connect.api.schema import Schema, Type

DECIMAL_NAME = "org.apache.kafka.connect.data.Decimal"
DATE_NAME = "org.apache.kafka.connect.data.Date"
TIME_NAME = "org.apache.kafka.connect.data.Time"
TIMESTAMP_NAME = "org.apache.kafka.connect.data.Timestamp"

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_NAIVE_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001  # naive counts as UTC
_MILLISECOND = dt.timedelta(milliseconds=1)
# Up to 2106 seconds as a float, rounded to microseconds, are exact to the millisecond.
_EXACT_MILLIS = list[Annotated[int, msgspec.Meta(ge=0, lt=2**32 * 1000)]]
_INSTANTS = list[dt.datetime]


class EpochMillis(int):
    """An instant that ``datetime`` can't hold, as milliseconds since the epoch."""

    __slots__ = ()


def to_millis(instant: Any) -> int:
    """Milliseconds since the epoch, fractions rounded down. Raises DataException for what is no instant."""
    if isinstance(instant, dt.datetime):
        return (instant - (_NAIVE_EPOCH if instant.tzinfo is None else EPOCH)) // _MILLISECOND
    return _integer(instant)


def _integer(value: Any) -> int:
    if isinstance(value, int):
        return int(value)
    raise DataException(f"Expected a number or an instant but found {type(value).__name__}")


def from_millis(millis: int) -> dt.datetime | EpochMillis:
    """The instant at those milliseconds since the epoch."""
    try:
        return EPOCH + dt.timedelta(0, 0, 0, millis)  # by position: half the time
    except OverflowError:
        return EpochMillis(millis)


def instants(millis: Sequence[int]) -> list[dt.datetime | EpochMillis]:
    """The instants at many counts of milliseconds since the epoch."""
    if not within(millis, _EXACT_MILLIS):
        return [from_millis(each) for each in millis]
    exact: list[dt.datetime | EpochMillis] = msgspec.convert([m / 1000 for m in millis], _INSTANTS, strict=False)
    return exact


def decimal_schema(scale: int, *, optional: bool = False) -> Schema:
    """BYTES of the unscaled value; ``scale`` digits after the point."""
    return Schema(Type.BYTES, optional=optional, name=DECIMAL_NAME, version=1, parameters={"scale": str(scale)})


DATE_SCHEMA = Schema(Type.INT32, name=DATE_NAME, version=1)
TIME_SCHEMA = Schema(Type.INT32, name=TIME_NAME, version=1)
TIMESTAMP_SCHEMA = Schema(Type.INT64, name=TIMESTAMP_NAME, version=1)
OPTIONAL_DATE_SCHEMA = Schema(Type.INT32, optional=True, name=DATE_NAME, version=1)
OPTIONAL_TIME_SCHEMA = Schema(Type.INT32, optional=True, name=TIME_NAME, version=1)
OPTIONAL_TIMESTAMP_SCHEMA = Schema(Type.INT64, optional=True, name=TIMESTAMP_NAME, version=1)


def decimal_from_logical(schema: Schema, value: decimal.Decimal) -> bytes:
    """The unscaled value, big-endian, in as few bytes as it needs. Raises DataException when the scales differ."""
    scale = decimal_scale(schema)
    if not isinstance(value, decimal.Decimal) or not value.is_finite():
        raise DataException(f"A Decimal must be a finite number but was {value}")
    if scale_of(value) != scale:
        raise DataException(
            "Decimal value has mismatching scale for given Decimal schema. "
            f"Schema has scale {scale}, value has scale {scale_of(value)}."
        )
    unscaled = unscaled_value(value)
    bits = (unscaled if unscaled >= 0 else ~unscaled).bit_length()
    return unscaled.to_bytes(bits // 8 + 1, "big", signed=True)


def decimal_to_logical(schema: Schema, data: bytes | memoryview) -> decimal.Decimal:
    """The number of those bytes. Raises DataException for no bytes or a schema without a proper scale."""
    if not isinstance(data, bytes | bytearray | memoryview) or len(data) == 0:
        raise DataException("Invalid Decimal value: no bytes")
    return decimal.Decimal(int.from_bytes(data, "big", signed=True)).scaleb(-decimal_scale(schema), EXACT)


def decimal_scale(schema: Schema) -> int:
    """The scale that a Decimal schema has as parameter. Raises DataException where it is missing or no number."""
    scale = (schema.parameters or {}).get("scale")
    if scale is None:
        raise DataException("Invalid Decimal schema: scale parameter not found.")
    number = parse_integer(scale, 32)
    if number is None:
        raise DataException("Invalid scale parameter found in Decimal schema: ")
    return number


def date_from_logical(schema: Schema, value: dt.datetime | EpochMillis) -> int:
    """Days since the epoch. Raises DataException for another schema, or a value that isn't at midnight."""
    _check_name(schema, DATE_NAME, "Date")
    days, rest = divmod(to_millis(value), MILLIS_PER_DAY)
    if rest:
        raise DataException("Kafka Connect Date type should not have any time fields set to non-zero values.")
    return wrap(days, 32)


def date_to_logical(schema: Schema, days: int) -> dt.datetime | EpochMillis:
    """Midnight of a day since the epoch. Raises DataException for another schema."""
    _check_name(schema, DATE_NAME, "Date")
    return from_millis(_integer(days) * MILLIS_PER_DAY)


def time_from_logical(schema: Schema, value: dt.datetime | EpochMillis) -> int:
    """Milliseconds after midnight. Raises DataException for another schema, or a value not on 1970-01-01."""
    _check_name(schema, TIME_NAME, "Time")
    millis = to_millis(value)
    if not 0 <= millis <= MILLIS_PER_DAY:
        raise DataException("Kafka Connect Time type should not have any date fields set to non-zero values.")
    return millis


def time_to_logical(schema: Schema, millis: int) -> dt.datetime | EpochMillis:
    """The time of day on 1970-01-01. Raises DataException for another schema, or when longer than a day."""
    _check_name(schema, TIME_NAME, "Date")  # Java's text says Date here
    if not 0 <= _integer(millis) <= MILLIS_PER_DAY:
        raise DataException("Time values must use number of milliseconds greater than 0 and less than 86400000")
    return from_millis(millis)


def timestamp_from_logical(schema: Schema, value: dt.datetime | EpochMillis) -> int:
    """Milliseconds since the epoch. Raises DataException for another schema."""
    _check_name(schema, TIMESTAMP_NAME, "Timestamp")
    return to_millis(value)


def timestamp_to_logical(schema: Schema, millis: int) -> dt.datetime | EpochMillis:
    """The instant at those milliseconds since the epoch. Raises DataException for another schema."""
    _check_name(schema, TIMESTAMP_NAME, "Timestamp")
    return from_millis(_integer(millis))


def _check_name(schema: Schema, name: str, kind: str) -> None:
    if schema.name != name:
        raise DataException(f"Requested conversion of {kind} object but the schema does not match.")
