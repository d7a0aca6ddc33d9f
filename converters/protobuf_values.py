"""Logical values as the messages that stand for them in Protobuf, and back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from connect.api import DataException, EpochMillis, Schema, java_type_name
from connect.api.logical import (
    DATE_NAME,
    DECIMAL_NAME,
    TIME_NAME,
    TIMESTAMP_NAME,
    date_from_logical,
    date_to_logical,
    time_from_logical,
    time_to_logical,
    timestamp_from_logical,
    timestamp_to_logical,
)

Fill = Callable[[Schema, Any, Any], None]
"""Puts a value of that schema into a message. Raises DataException."""
Take = Callable[[Schema, Any], Any]
"""The value that a message holds."""

_EPOCH = dt.date(1970, 1, 1).toordinal()
_LAST_DAY = dt.date.max.toordinal()
_SECONDS = range(-62_135_596_800, 253_402_300_800)
_KINDS = {DATE_NAME: "Date", TIME_NAME: "Time", TIMESTAMP_NAME: "Timestamp"}


def fill_decimal(schema: Schema, message: Any, value: Any) -> None:
    """The digits as a number in two's complement, how many they are, and the scale."""
    if not isinstance(value, Decimal):
        raise DataException(
            f"Invalid type for Decimal, expected BigDecimal but was class {java_type_name(value, schema)}"
        )
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        raise DataException(f"A Decimal must be a finite number but was {value}")
    unscaled = int("".join(map(str, digits)))
    number = -unscaled if sign else unscaled
    message.value = number.to_bytes((number if number >= 0 else ~number).bit_length() // 8 + 1, "big", signed=True)
    message.precision = len(str(unscaled))
    message.scale = -exponent
    message.SetInParent()


def take_decimal(schema: Schema, message: Any) -> Decimal:
    """The number; it is cut to its precision only if that is less than its digits, as Java does."""
    number = int.from_bytes(message.value, "big", signed=True)
    return Decimal((number < 0, tuple(map(int, str(abs(number)))), -message.scale))


def _instant(schema: Schema, value: Any) -> Any:
    if not isinstance(value, dt.datetime | EpochMillis):
        kind = _KINDS[schema.name or ""]
        raise DataException(f"Invalid type for {kind}, expected Date but was class {java_type_name(value, schema)}")
    return value


def fill_date(schema: Schema, message: Any, value: Any) -> None:
    """Year, month and day."""
    ordinal = date_from_logical(schema, _instant(schema, value)) + _EPOCH
    if not 1 <= ordinal <= _LAST_DAY:
        raise DataException("Protobuf has dates from the year 1 to 9999 only")
    day = dt.date.fromordinal(ordinal)
    message.year, message.month, message.day = day.year, day.month, day.day
    message.SetInParent()


def take_date(schema: Schema, message: Any) -> Any:
    """Midnight of the day."""
    try:
        day = dt.date(message.year, message.month, message.day)
    except ValueError as error:
        raise DataException(f"{message.year}-{message.month}-{message.day} is no date: {error}") from error
    return date_to_logical(schema, day.toordinal() - _EPOCH)


def fill_time(schema: Schema, message: Any, value: Any) -> None:
    """Hours, minutes, seconds and nanoseconds; a whole day is midnight again, as in Java."""
    millis = time_from_logical(schema, _instant(schema, value)) % 86_400_000
    seconds, rest = divmod(millis, 1000)
    message.hours, message.minutes, message.seconds = seconds // 3600, seconds // 60 % 60, seconds % 60
    message.nanos = rest * 1_000_000
    message.SetInParent()


def take_time(schema: Schema, message: Any) -> Any:
    """The time of day, to the millisecond."""
    parts = (message.hours, message.minutes, message.seconds)
    if any(not 0 <= part < limit for part, limit in zip(parts, (24, 60, 60), strict=True)):
        raise DataException(f"{':'.join(map(str, parts))} is no time of day")
    seconds = parts[0] * 3600 + parts[1] * 60 + parts[2]
    return time_to_logical(schema, seconds * 1000 + message.nanos // 1_000_000)


def fill_timestamp(schema: Schema, message: Any, value: Any) -> None:
    """Seconds and nanoseconds."""
    seconds, rest = divmod(timestamp_from_logical(schema, _instant(schema, value)), 1000)
    if seconds not in _SECONDS:
        raise DataException("Protobuf has timestamps from the year 1 to 9999 only")
    message.seconds, message.nanos = seconds, rest * 1_000_000
    message.SetInParent()


def take_timestamp(schema: Schema, message: Any) -> Any:
    """The instant, to the millisecond."""
    return timestamp_to_logical(schema, message.seconds * 1000 + message.nanos // 1_000_000)


FILL: dict[str, Fill] = {
    DECIMAL_NAME: fill_decimal,
    DATE_NAME: fill_date,
    TIME_NAME: fill_time,
    TIMESTAMP_NAME: fill_timestamp,
}
TAKE: dict[str, Take] = {
    DECIMAL_NAME: take_decimal,
    DATE_NAME: take_date,
    TIME_NAME: take_time,
    TIMESTAMP_NAME: take_timestamp,
}
