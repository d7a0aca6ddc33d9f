"""Instants to the nanosecond: as offsets hold them, as SQL writes them, as ``timestamp.granularity`` wants them."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from connect.api import ConnectException
from connect.api.logical import EPOCH, EpochMillis

NANOS = 1_000_000_000
_LARGEST_LONG = 2**63 - 1
_MICROSECOND = dt.timedelta(microseconds=1)
_NAIVE_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001  # naive counts as UTC


def to_utc(value: dt.datetime, zone: ZoneInfo) -> dt.datetime | EpochMillis:
    """The instant of a wall clock time in that zone; an aware time is one already."""
    if value.tzinfo is not None:
        return value
    offset = _offset(value, zone)
    try:
        return (value - offset).replace(tzinfo=dt.UTC)
    except OverflowError:
        return EpochMillis((value - _NAIVE_EPOCH - offset) // dt.timedelta(milliseconds=1))


def _offset(value: dt.datetime, zone: ZoneInfo) -> dt.timedelta:
    """Of the zone from UTC. A time that the clock shows twice, or never, is standard time, as Java has it."""
    offsets = [value.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1)]
    return min(offset for offset in offsets if offset is not None)


def to_nanos(value: dt.datetime, zone: ZoneInfo) -> int:
    """Nanoseconds since the epoch."""
    instant = to_utc(value, zone)
    if isinstance(instant, EpochMillis):
        return instant * 1_000_000
    return (instant - EPOCH) // _MICROSECOND * 1000


def wall_clock(nanos: int, zone: ZoneInfo) -> tuple[dt.datetime, int]:
    """What a clock in the zone shows, to the second, and the nanosecond in that second."""
    seconds, rest = divmod(nanos, NANOS)
    return (EPOCH + dt.timedelta(seconds=seconds)).astimezone(zone), rest


def nanos_of_offset(timestamp: Any, nanos: Any) -> int:
    """The instant that a source offset holds: epoch milliseconds, and the nanosecond in the second.

    Raises ConnectException when they are no numbers.
    """
    if not isinstance(timestamp, int) or not isinstance(nanos, int | None):
        raise ConnectException(f"The offset's timestamp isn't a number: {timestamp!r}, {nanos!r}")
    if nanos is None:
        return timestamp * 1_000_000
    return timestamp // 1000 * NANOS + nanos


def granular(granularity: str, zone: ZoneInfo) -> Callable[[dt.datetime], Any]:
    """What writes a database's timestamp as that granularity says: a number, its text, or ISO text of its zone."""
    unit, _, form = granularity.partition("_")
    divisor = 1000 if unit == "micros" else 1
    if form == "iso_datetime_string":
        zeros = "" if unit == "micros" else "000"
        return lambda value: _wall(value, zone).isoformat(timespec="microseconds") + zeros
    if form == "long":
        return lambda value: _java_nanos(value, zone) // divisor
    return lambda value: str(_java_nanos(value, zone) // divisor)


def _wall(value: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    return value if value.tzinfo is None else value.astimezone(zone).replace(tzinfo=None)


def _java_nanos(value: dt.datetime, zone: ZoneInfo) -> int:
    """Nanoseconds since the epoch, as Java adds them up: before 1970, a fraction of a second counts from the next."""
    nanos = to_nanos(value, zone)
    seconds, rest = divmod(nanos, NANOS)
    return (seconds + 1) * NANOS + rest if nanos < 0 and rest else nanos


def decimal_to_int(value: decimal.Decimal) -> int:
    """A whole number. Raises ConnectException for one with a fraction."""
    if value != value.to_integral_value():
        raise ConnectException("Scale of Decimal value for incrementing column must be 0")
    if value > _LARGEST_LONG:
        raise ConnectException("Decimal value for incrementing column exceeded Long.MAX_VALUE")
    return int(value)


def since_midnight(time: dt.time) -> dt.timedelta:
    """The time of day, in UTC if it has a zone."""
    since = dt.timedelta(hours=time.hour, minutes=time.minute, seconds=time.second, microseconds=time.microsecond)
    offset = time.utcoffset()
    return since if offset is None else since - offset
