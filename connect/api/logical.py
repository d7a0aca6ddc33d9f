"""Logical types: Decimal, Date, Time, Timestamp as schemas with well-known names.

In memory a Decimal is a ``decimal.Decimal``; Date, Time and Timestamp are all a UTC ``datetime``, as Java has one class
for the three (a Time lies on 1970-01-01, a Date at midnight). A naive ``datetime`` counts as UTC. Instants beyond the
years 1 to 9999 are :class:`EpochMillis`.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from connect.api.schema import Schema, Type

DECIMAL_NAME = "org.apache.kafka.connect.data.Decimal"
DATE_NAME = "org.apache.kafka.connect.data.Date"
TIME_NAME = "org.apache.kafka.connect.data.Time"
TIMESTAMP_NAME = "org.apache.kafka.connect.data.Timestamp"

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_NAIVE_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001  # naive counts as UTC
_MILLISECOND = dt.timedelta(milliseconds=1)


class EpochMillis(int):
    """An instant that ``datetime`` can't hold, as milliseconds since the epoch."""

    __slots__ = ()


def to_millis(instant: Any) -> int:
    """Milliseconds since the epoch, fractions rounded down."""
    if isinstance(instant, dt.datetime):
        return (instant - (_NAIVE_EPOCH if instant.tzinfo is None else EPOCH)) // _MILLISECOND
    return int(instant)


def from_millis(millis: int) -> dt.datetime | EpochMillis:
    """The instant at those milliseconds since the epoch."""
    try:
        return EPOCH + dt.timedelta(milliseconds=millis)
    except OverflowError:
        return EpochMillis(millis)


def decimal_schema(scale: int, *, optional: bool = False) -> Schema:
    """BYTES of the unscaled value; ``scale`` digits after the point."""
    return Schema(Type.BYTES, optional=optional, name=DECIMAL_NAME, version=1, parameters={"scale": str(scale)})


DATE_SCHEMA = Schema(Type.INT32, name=DATE_NAME, version=1)
TIME_SCHEMA = Schema(Type.INT32, name=TIME_NAME, version=1)
TIMESTAMP_SCHEMA = Schema(Type.INT64, name=TIMESTAMP_NAME, version=1)
OPTIONAL_DATE_SCHEMA = Schema(Type.INT32, optional=True, name=DATE_NAME, version=1)
OPTIONAL_TIME_SCHEMA = Schema(Type.INT32, optional=True, name=TIME_NAME, version=1)
OPTIONAL_TIMESTAMP_SCHEMA = Schema(Type.INT64, optional=True, name=TIMESTAMP_NAME, version=1)
