"""Reading dates the lenient way of ``java.text.SimpleDateFormat``: as much of the text as the pattern needs.

Numbers take all the digits they find unless the next item is a number, too; they may be out of range; blanks before an
item are skipped; what follows the last item is ignored.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Sequence

from connect.api.java_calendar import MILLIS_PER_DAY, civil, gregorian_day
from transforms.date_pattern import ERAS, HALF_DAYS, LONG_ERAS, MONTHS, WEEKDAYS, Item
from transforms.gregorian import instant
from transforms.time_zone_names import ZONE_OFFSETS

_NUMBER = re.compile(r"(-?\d+)(?:E(-?\d+))?|(-?)∞|NaN")
_OFFSETS = {
    "GMT": re.compile(r"([0-9]{1,2}):([0-9]{2})"),
    "Z": re.compile(r"([0-9]{2})([0-9]{2})"),
    "X": re.compile(r"([0-9]{2})"),
    "XX": re.compile(r"([0-9]{2})([0-9]{2})"),
    "XXX": re.compile(r"([0-9]{2}):([0-9]{2})"),
}
_CENTURY = 100
_INT_MIN, _INT_MAX = -(2**31), 2**31 - 1


class DateParser:
    """Reads texts that follow the items of one pattern."""

    def __init__(self, items: Sequence[Item]) -> None:
        following = [*items[1:], Item("", 0)][: len(items)]
        self._items = [(item, after.is_number) for item, after in zip(items, following, strict=True)]
        self._century_start = _century_start()

    def parse(self, text: str) -> int:
        """Milliseconds since the epoch. Raises ValueError when the text doesn't follow the pattern."""
        reading = _Reading(text, civil(self._century_start // MILLIS_PER_DAY)[0])
        for item, abuts in self._items:
            if item.letter:
                _READERS[item.letter](reading, item, abuts)
            else:
                reading.skip(item.text)
        return reading.instant(self._century_start)


def _century_start() -> int:
    """When the hundred years begin in which two-digit years lie: 80 years ago."""
    days, millis = divmod(int(time.time() * 1000), MILLIS_PER_DAY)
    year, month, day = civil(days)
    month_length = gregorian_day(year - 80 + month // 12, month % 12 + 1, 1) - gregorian_day(year - 80, month, 1)
    return gregorian_day(year - 80, month, min(day, month_length)) * MILLIS_PER_DAY + millis


class _Reading:
    """How far a text has been read, and the calendar fields that it gave."""

    def __init__(self, text: str, century_start_year: int) -> None:
        self.text = text
        self.position = 0
        self.fields: dict[str, int] = {}
        self.offset = 0
        self.century_start_year = century_start_year
        self.in_first_or_last_year = False

    def skip(self, literal: str) -> None:
        if not self.text.startswith(literal, self.position):
            raise self.mismatch()
        self.position += len(literal)

    def mismatch(self) -> ValueError:
        return ValueError(f"mismatch at {self.position}")

    def after_blanks(self) -> int:
        position = self.position
        while self.text.startswith((" ", "\t"), position):
            position += 1
        if position >= len(self.text):
            raise self.mismatch()
        return position

    def set(self, field: str, value: int) -> None:
        self.fields.pop(field, None)
        self.fields[field] = value

    def number(self, item: Item, abuts: bool) -> int:
        start = self.after_blanks()
        end = self.position + item.length if abuts else len(self.text)
        found = _NUMBER.match(self.text, start, end) if end <= len(self.text) else None
        if found is None:
            raise self.mismatch()
        self.position = found.end()
        return _to_int(found)

    def name(self, field: str, names: Iterable[tuple[str, int]]) -> None:
        """Read the longest name that the text goes on with; blanks before it aren't skipped."""
        self.after_blanks()
        rest = self.text[self.position :].lower()
        matches = [(len(name), value) for name, value in names if rest.startswith(name.lower())]
        if not matches:
            raise self.mismatch()
        length, value = max(matches)
        self.position += length
        self.set(field, value)

    def zone(self, kind: str, position: int) -> None:
        """Read an offset that begins with its sign at ``position``."""
        sign = {"+": 1, "-": -1}.get(self.text[position : position + 1])
        found = _OFFSETS[kind].match(self.text, position + 1)
        if sign is None or found is None:
            raise self.mismatch()
        hours, minutes = int(found[1]), int(found[2]) if found.re.groups == 2 else 0
        if hours > 23 or minutes > 59:
            raise self.mismatch()
        self.offset = sign * (hours * 60 + minutes) * 60_000
        self.position = found.end()

    def instant(self, century_start: int) -> int:
        found = instant(self.fields, self.offset)
        if self.in_first_or_last_year and found < century_start:
            for field in self.fields.keys() & {"YEAR", "WEEK_YEAR"}:
                self.fields[field] += _CENTURY
            return instant(self.fields, self.offset)
        return found


def _to_int(found: re.Match[str]) -> int:
    """The number as Java's int: what is beyond 64 bits ends at the limits, what is beyond 32 wraps."""
    digits, exponent, minus = found.groups()
    if minus is not None:
        return _INT_MIN if minus else _INT_MAX
    if digits is None:
        return 0
    value = int(digits)
    power = max(-400, min(400, int(exponent or 0)))
    ten_power: int = 10 ** abs(power)
    value = value * ten_power if power >= 0 else (1 if value > 0 else -1) * (abs(value) // ten_power)
    if -(2**63) <= value < 2**63:
        return (value - _INT_MIN) % 2**32 + _INT_MIN
    return max(_INT_MIN, min(_INT_MAX, value))


def _read_plain(field: str, shown_as: dict[int, int] | None = None, shift: int = 0) -> Callable[..., None]:
    def read(reading: _Reading, item: Item, abuts: bool) -> None:
        value = reading.number(item, abuts)
        reading.set(field, (shown_as or {}).get(value, value) + shift)

    return read


def _read_name(field: str, *tables: Iterable[tuple[str, int]]) -> Callable[..., None]:
    """Try the tables in turn."""

    def read(reading: _Reading, _item: Item, _abuts: bool) -> None:
        for table in tables[:-1]:
            try:
                return reading.name(field, table)
            except ValueError:
                continue
        return reading.name(field, tables[-1])

    return read


def _read_year(field: str) -> Callable[..., None]:
    def read(reading: _Reading, item: Item, abuts: bool) -> None:
        start = reading.after_blanks()
        year = reading.number(item, abuts)
        written = reading.text[start : reading.position]
        if item.length <= 2 and len(written) == 2 and written.isdecimal():
            century, first = divmod(reading.century_start_year, _CENTURY)
            reading.in_first_or_last_year = year == first
            year += (century + (year < first)) * _CENTURY
        reading.set(field, year)

    return read


def _read_month(reading: _Reading, item: Item, abuts: bool) -> None:
    (_read_month_number if item.is_number else _read_month_name)(reading, item, abuts)


def _read_zone(reading: _Reading, _item: Item, _abuts: bool) -> None:
    position = reading.after_blanks()
    text = reading.text
    if text.startswith(("+", "-"), position):
        reading.zone("Z", position)
    elif text[reading.position : reading.position + 3].upper() == "GMT":
        reading.position += 3
        reading.offset = 0
        if text.startswith(("+", "-"), reading.position):
            reading.zone("GMT", reading.position)
    else:
        reading.position = position
        rest = text[position:].lower()
        name = next((name for name in ZONE_OFFSETS if rest.startswith(name.lower())), None)
        if name is None:
            raise reading.mismatch()
        reading.position += len(name)
        reading.offset = ZONE_OFFSETS[name] * 60_000


def _read_iso_zone(reading: _Reading, item: Item, _abuts: bool) -> None:
    position = reading.after_blanks()
    if reading.text.startswith("Z", position):
        reading.position = position + 1
        reading.offset = 0
    else:
        reading.zone("X" * item.length, position)


def _numbered(names: Iterable[str], first: int) -> list[tuple[str, int]]:
    return [(name, number) for number, name in enumerate(names, first)]


_MONTH_NAMES = _numbered(MONTHS, 0) + _numbered((name[:3] for name in MONTHS), 0)
_read_month_number = _read_plain("MONTH", shift=-1)
_read_month_name = _read_name("MONTH", _MONTH_NAMES)

_READERS: dict[str, Callable[[_Reading, Item, bool], None]] = {
    "G": _read_name("ERA", _numbered(ERAS, 0) + _numbered(LONG_ERAS, 0)),
    "y": _read_year("YEAR"),
    "Y": _read_year("WEEK_YEAR"),
    "M": _read_month,
    "L": _read_month,
    "w": _read_plain("WEEK_OF_YEAR"),
    "W": _read_plain("WEEK_OF_MONTH"),
    "D": _read_plain("DAY_OF_YEAR"),
    "d": _read_plain("DAY_OF_MONTH"),
    "F": _read_plain("DAY_OF_WEEK_IN_MONTH"),
    "E": _read_name("DAY_OF_WEEK", _numbered(WEEKDAYS, 1), _numbered((name[:3] for name in WEEKDAYS), 1)),
    "u": _read_plain("DAY_OF_WEEK", {7: 1, **{day: day + 1 for day in range(1, 7)}}),
    "a": _read_name("AM_PM", _numbered(HALF_DAYS, 0)),
    "H": _read_plain("HOUR_OF_DAY"),
    "k": _read_plain("HOUR_OF_DAY", {24: 0}),
    "K": _read_plain("HOUR"),
    "h": _read_plain("HOUR", {12: 0}),
    "m": _read_plain("MINUTE"),
    "s": _read_plain("SECOND"),
    "S": _read_plain("MILLISECOND"),
    "z": _read_zone,
    "Z": _read_zone,
    "X": _read_iso_zone,
}
