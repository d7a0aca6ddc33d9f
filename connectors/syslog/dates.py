"""The dates of syslog messages: with and without year, zone and fraction."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Callable
from functools import lru_cache
from zoneinfo import ZoneInfo

from connect.api import ConfigException
from connectors.spooldir.date_format import DateFormat

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_NUMBERS = {name: number for number, name in enumerate(_MONTHS, 1)}
ZONE_HOURS = {
    name: int(hours)
    for hours, names in (
        *(("0", "UTC GMT Z WET"), ("1", "WEST BST CET"), ("2", "CEST EET"), ("3", "EEST MSK"), ("8", "SGT")),
        *(("-4", "EDT"), ("-5", "EST CDT"), ("-6", "CST MDT"), ("-7", "MST PDT"), ("-8", "PST AKDT"), ("-9", "AKST")),
        *(("-10", "HST"), ("9", "JST KST"), ("10", "AEST"), ("11", "AEDT"), ("12", "NZST"), ("13", "NZDT")),
    )
    for name in names.split()
}
"""Abbreviated zones that devices write, in hours east of Greenwich. Others count as part of the message."""

_CLOCK = r"(\d{1,2}):(\d{2}):(\d{2})(?:[.,](\d{1,9}))?"
_OFFSET = rf"(?:\s?({'|'.join(sorted(ZONE_HOURS, key=len, reverse=True))}|(?:UTC|GMT)?[+-]\d{{2}}:?\d{{2}}))?"
DATE = re.compile(
    rf"(?:(?P<year_before>\d{{4}})\s+)?(?:(?:mon|tue|wed|thu|fri|sat|sun),?\s+)?(?P<month>{'|'.join(_MONTHS)})\s+"
    rf"(?P<day>\d{{1,2}}),?\s+(?:(?P<year>\d{{4}}),?\s+)?{_CLOCK}(?:\s(?P<year_after>\d{{4}})(?=[\s:]))?{_OFFSET}(?:\s(?P<year_last>\d{{4}})(?=[\s:]))?"
    r"(?=[\s:]|$)"
    rf"|(?P<iso>\d{{4}}-\d{{2}}-\d{{2}})[T\s]{_CLOCK}{_OFFSET}(?=[\s:]|$)",
    re.IGNORECASE,
)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_HALF_MICROSECOND = 0.0005
_DAY_SECONDS = 86_400
_CACHED = 4096
_LEAST_FRACTION = len("2024-01-05T15:33:03.123Z")


def zone_of(name: str, text: str) -> dt.tzinfo:
    """The zone that a setting names, as Java names them. Raises ConfigException."""
    if text.upper() in ("UTC", "Z", "GMT", "UT"):
        return dt.UTC
    offset = re.fullmatch(r"(?:UTC|GMT|UT)?([+-])(\d{1,2})(?::?(\d{2}))?", text)
    if offset:
        minutes = int(offset[2]) * 60 + int(offset[3] or 0)
        if minutes <= 18 * 60:
            return dt.timezone(dt.timedelta(minutes=-minutes if offset[1] == "-" else minutes))
    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError) as error:
        raise ConfigException(name, text, "Unknown time zone") from error


class Dates:
    """Reads dates in one zone. ``now`` gives seconds since the epoch: a date without year is the one nearest to it."""

    def __init__(self, zone: dt.tzinfo = dt.UTC, pattern: str = "", now: Callable[[], float] = time.time) -> None:
        self._zone = zone
        self._now = now
        self._day = -1
        self._own = _OwnPattern(pattern, self) if pattern else None
        self._whole = lru_cache(_CACHED)(self._iso)
        self.short = lru_cache(_CACHED)(self._short)
        """Milliseconds of a date of exactly the form ``Jan  5 15:33:03``, or None."""

    def refresh(self) -> None:
        """Forget the years that were inferred on another day. To be called now and then."""
        day = int(self._now() // _DAY_SECONDS)
        if day != self._day:
            self._day = day
            self.short.cache_clear()

    def iso(self, text: str) -> int | None:
        """Milliseconds of an ISO 8601 date, or None. Second and zone are looked up, as they repeat themselves."""
        if text[19:20] != "." or len(text) < _LEAST_FRACTION:
            return self._whole(text)
        zone = 1 if text.endswith("Z") else 6
        fraction = text[20:-zone]
        if len(fraction) < 3 or not (fraction.isascii() and fraction.isdigit()):
            return self._whole(text)
        seconds = self._whole(text[:19] + text[-zone:])
        return None if seconds is None else seconds + int(fraction[:3])

    def _iso(self, text: str) -> int | None:
        if len(text) < len("2024-01-05T15:33:03"):
            return None
        try:
            instant = dt.datetime.fromisoformat(text)
        except ValueError:
            return None
        if instant.tzinfo is None:
            instant = instant.replace(tzinfo=self._zone)
        return int((instant - _EPOCH).total_seconds() * 1000 + _HALF_MICROSECOND)

    def _short(self, text: str) -> int | None:
        found = DATE.fullmatch(text)
        return None if found is None else self.millis(found)

    def start(self, text: str) -> tuple[int, int] | None:
        """The date at the beginning of a text: its milliseconds and where it ends; None when there is none."""
        if self._own is not None:
            return self._own.start(text)
        found = DATE.match(text)
        millis = None if found is None else self.millis(found)
        return None if found is None or millis is None else (millis, found.end())

    def millis(self, found: re.Match[str]) -> int | None:
        """The instant of a match of :data:`DATE`; None for the 30th of February and the like."""
        if found["iso"]:
            year, month, day = map(int, found["iso"].split("-"))
            clock, offset = found.groups()[-5:-1], found.groups()[-1]
        else:
            written = found["year"] or found["year_before"] or found["year_after"] or found["year_last"]
            year, month, day = int(written or 0), _MONTH_NUMBERS[found["month"].lower()], int(found["day"])
            clock, offset = found.groups()[4:8], found.groups()[9]
        hour, minute, second = map(int, clock[:3])
        micros = int((clock[3] or "0")[:6].ljust(6, "0"))
        zone = self._zone if not offset else _offset_zone(offset)
        return (
            self._instant(year, month, day, dt.time(hour, minute, min(second, 59), micros, zone))
            if (hour < 24 and minute < 60 and second < 61)
            else None
        )

    def _instant(self, year: int, month: int, day: int, clock: dt.time) -> int | None:
        if year:
            return _millis(year, month, day, clock)
        return self.nearest(lambda each: _millis(each, month, day, clock))

    def nearest(self, of_year: Callable[[int], int | None]) -> int | None:
        """The instant that is nearest to now among those of last, this and next year."""
        now = self._now()
        year = time.gmtime(now).tm_year
        candidates = [millis for each in (year, year - 1, year + 1) if (millis := of_year(each)) is not None]
        return min(candidates, key=lambda millis: abs(millis - now * 1000), default=None)


def _millis(year: int, month: int, day: int, clock: dt.time) -> int | None:
    try:
        instant = dt.datetime.combine(dt.date(year, month, day), clock)
    except ValueError:
        return None
    return int((instant - _EPOCH).total_seconds() * 1000 + _HALF_MICROSECOND)


def _offset_zone(text: str) -> dt.tzinfo:
    hours = ZONE_HOURS.get(text.upper())
    if hours is not None:
        return dt.timezone(dt.timedelta(hours=hours))
    digits = text[-5:].replace(":", "") if ":" not in text else text[-6:].replace(":", "")
    minutes = min(int(digits[1:3]) * 60 + int(digits[3:5]), _DAY_SECONDS // 60 - 1)
    return dt.timezone(dt.timedelta(minutes=-minutes if digits[0] == "-" else minutes))


class _OwnPattern:
    """Dates by the pattern that the user has configured."""

    def __init__(self, pattern: str, dates: Dates) -> None:
        zone = dates._zone
        if not isinstance(zone, ZoneInfo):
            zone = ZoneInfo("UTC")
        try:
            self._format = DateFormat(pattern, zone)
        except ValueError as error:
            raise ConfigException("syslog.date.time.formatter.pattern", pattern, str(error)) from error
        self._dates = dates
        self._words = len(pattern.split())
        self._has_year = bool(re.search("[yu]", re.sub("'[^']*'", "", pattern)))

    def start(self, text: str) -> tuple[int, int] | None:
        """As :meth:`Dates.start`; the date has as many words as the pattern."""
        head = re.match(rf"\s*\S+(?:\s+\S+){{{self._words - 1}}}", text)
        if head is None:
            return None
        date = head[0].rstrip(":")
        try:
            millis = self._format.parse_whole(date)
        except ValueError:
            return None
        return (millis if self._has_year else self._this_year(millis)), len(date)

    def _this_year(self, millis: int) -> int:
        parsed = _EPOCH + dt.timedelta(milliseconds=millis)
        found = self._dates.nearest(lambda year: _millis(year, parsed.month, parsed.day, parsed.timetz()))
        return millis if found is None else found
