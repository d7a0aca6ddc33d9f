"""Days before the Gregorian calendar, as Java's older classes count them: ``date.calendar.system=LEGACY``.

They read a date before 15 October 1582 by the Julian calendar, whose day of that name is another one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from connect.api.logical import EpochMillis

_GREGORIAN = dt.datetime(1582, 10, 15)  # noqa: DTZ001  # naive counts as UTC
_NAIVE_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001
_MILLISECOND = dt.timedelta(milliseconds=1)


def legacy(values: Sequence[Any]) -> Sequence[Any]:
    """Times of one column as Java's older classes have them; the values themselves where none is that old."""
    oldest = min(filter(None, values), default=None)
    if oldest is None or _naive(oldest) >= _GREGORIAN:
        return values
    return [None if value is None else _of(value) for value in values]


def _naive(value: dt.datetime) -> dt.datetime:
    return value if value.tzinfo is None else value.astimezone(dt.UTC).replace(tzinfo=None)


def _of(value: dt.datetime) -> dt.datetime | EpochMillis:
    if _naive(value) >= _GREGORIAN:
        return value
    shift = dt.timedelta(days=_days_behind(value))
    try:
        return value + shift
    except OverflowError:
        return EpochMillis((_naive(value) - _NAIVE_EPOCH + shift) // _MILLISECOND)


def _days_behind(value: dt.datetime) -> int:
    """How many days later a date comes by the Julian calendar than by the Gregorian one: both count from March."""
    year = value.year - (value.month < 3)
    return year // 100 - year // 400 - 2
