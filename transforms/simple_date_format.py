"""Dates as ``java.text.SimpleDateFormat`` writes and reads them, in English and UTC.

A pattern is cut up once. Its parts depend on the day, the minute, the second or the millisecond, and each part is
rendered and read through a table of what was seen before, so that the usual date costs a few look-ups.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from connect.api.java_calendar import MILLIS_PER_DAY
from transforms.date_parser import DateParser
from transforms.date_pattern import ERAS, HALF_DAYS, MONTHS, WEEKDAYS, Item, read_pattern
from transforms.gregorian import CalendarDay, calendar_day

_DAY, _MINUTE, _SECOND, _MILLI, _ZONE = range(5)
_LEVELS = {
    **dict.fromkeys("GyYMLwWDdFEu", _DAY),
    **dict.fromkeys("aHkKhm", _MINUTE),
    "s": _SECOND,
    "S": _MILLI,
    **dict.fromkeys("zZX", _ZONE),
}
_TABLE_SIZE = 4096
_START_OF_1583 = -12_212_553_600_000


class SimpleDateFormat:
    """One pattern. Raises ValueError with Java's text when the pattern makes no sense.

    ``format_all`` makes the texts for instants in milliseconds since the epoch.
    """

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        items = read_pattern(pattern)
        self.format_all = _formatter(items)
        self._parser = DateParser(items)
        self._read = _read_parts(items)

    def format(self, millis: int) -> str:
        """The text for one instant."""
        return self.format_all([millis])[0]

    def parse(self, text: str) -> int:
        """Milliseconds since the epoch. Raises ValueError when the text doesn't begin as the pattern says."""
        total = 0
        try:
            for place, part in self._read:
                total += part[text[place]]
        except _UnusualText:
            return self._parser.parse(text)
        return total


class _WrittenPart(dict[int, str]):
    """Neighbouring items that depend on the same key (day, minute of the day, second, millisecond), as rendered."""

    def __init__(self, level: int, items: Sequence[Item]) -> None:
        self._level = level
        self._items = items

    def __missing__(self, key: int) -> str:
        if len(self) >= _TABLE_SIZE:
            self.clear()
        subject = calendar_day(key) if self._level == _DAY else key
        text = self[key] = "".join([_WRITERS[item.letter](item, subject) for item in self._items])
        return text


class _UnusualText(Exception):
    """The text must be read item by item."""


class _ReadPart(dict[str, int]):
    """The milliseconds that a part of a text of the usual shape stands for."""

    def __init__(self, level: int, items: Sequence[Item], *, last: bool) -> None:
        self._parser = DateParser(items)
        self._is_day = level == _DAY
        shape = "".join(f"[0-9]{{{i.length}}}" if i.is_number else re.escape(i.text) for i in items)
        self._shape = re.compile(rf"{shape}(?!\d|E-?\d)" if last else rf"{shape}\Z")

    def __missing__(self, text: str) -> int:
        if self._shape.match(text) is None:
            raise _UnusualText
        try:
            millis = self._parser.parse(text)
        except ValueError:
            raise _UnusualText from None
        if self._is_day and millis < _START_OF_1583:
            raise _UnusualText
        if len(self) >= _TABLE_SIZE:
            self.clear()
        self[text] = millis
        return millis


class _EveryText(dict[str, int]):
    """Stands for a pattern whose texts have no usual shape."""

    def __missing__(self, text: str) -> int:
        raise _UnusualText


def _formatter(items: Sequence[Item]) -> Callable[[Sequence[int]], list[str]]:
    """What writes instants: a function for the usual order of parts, or one for any."""
    constant_zones = [Item("", 0, _WRITERS[i.letter](i, None)) if i.letter in ("z", "Z", "X") else i for i in items]
    written = [(level, _WrittenPart(level, part)) for level, part in _parts(constant_zones)]
    levels = [level for level, _ in written]
    parts = [part for _, part in written]
    if levels == [_DAY]:
        (days,) = parts
        return lambda instants: [days[millis // MILLIS_PER_DAY] for millis in instants]
    if levels == [_DAY, _MINUTE, _SECOND, _MILLI]:
        days, minutes, seconds, fractions = parts
        return lambda instants: [
            days[millis // MILLIS_PER_DAY]
            + minutes[millis // 60_000 % 1440]
            + seconds[millis // 1000 % 60]
            + fractions[millis % 1000]
            for millis in instants
        ]

    def write_any(millis: int) -> str:
        keys = (millis // MILLIS_PER_DAY, millis // 60_000 % 1440, millis // 1000 % 60, millis % 1000, 0)
        return "".join([part[keys[level]] for level, part in written])

    return lambda instants: [write_any(millis) for millis in instants]


def _parts(items: Sequence[Item]) -> list[tuple[int, list[Item]]]:
    """Neighbouring items of one level together; text that stands for itself goes with what is before it."""
    parts: list[tuple[int, list[Item]]] = []
    for item in items:
        level = _LEVELS.get(item.letter, parts[-1][0] if parts else _ZONE)
        if parts and parts[-1][0] == level:
            parts[-1][1].append(item)
        else:
            parts.append((level, [item]))
    return parts


def _read_parts(items: Sequence[Item]) -> list[tuple[slice, dict[str, int]]]:
    """The places of the parts in a text of the usual shape, each with its table."""
    parts = _parts(items)
    levels = [level for level, _ in parts]
    if not _has_usual_shape(items) or len(set(levels)) < len(levels):
        return [(slice(0), _EveryText())]
    read: list[tuple[slice, dict[str, int]]] = []
    start = 0
    for index, (level, part) in enumerate(parts):
        last = index == len(parts) - 1
        end = start + sum(len(item.text) or item.length for item in part)
        read.append((slice(start, None if last else end), _ReadPart(level, part, last=last)))
        start = end
    return read


def _has_usual_shape(items: Sequence[Item]) -> bool:
    """True when each number has a fixed width, and at most a zone at the end a width of its own."""
    for item, after in zip(items, [*items[1:], Item("", 0)][: len(items)], strict=True):
        if item.letter in ("X", "Z") and after is not items[-1] and not after.text:
            continue
        if item.letter not in ("", "y", "M", "d", "H", "m", "s", "S"):
            return False
        if item.letter in ("y", "M", "d", "H", "m", "s") and item.length != (4 if item.letter == "y" else 2):
            return False
        if item.letter and (after.text[:1].isdecimal() or after.text[:1] == "E"):
            return False
    return True


def _number(value: int, width: int) -> str:
    return f"{'-' if value < 0 else ''}{abs(value):0{width}d}"


def _year(item: Item, year: int) -> str:
    return _number(year, item.length) if item.length != 2 else f"{'-' if year < 0 else ''}{abs(year) % 100:02d}"


def _name(item: Item, name: str) -> str:
    return name if item.length >= 4 else name[:3]


def _month(item: Item, day: CalendarDay) -> str:
    return _number(day.month, item.length) if item.is_number else _name(item, MONTHS[day.month - 1])


def _from_day(get: Callable[[CalendarDay], int]) -> Callable[[Item, CalendarDay], str]:
    return lambda item, day: _number(get(day), item.length)


def _from_minute(get: Callable[[int], int]) -> Callable[[Item, int], str]:
    return lambda item, minute: _number(get(minute), item.length)


_WRITERS: dict[str, Callable[[Item, Any], str]] = {
    "": lambda item, _: item.text,
    "G": lambda _, day: ERAS[day.era],
    "y": lambda item, day: _year(item, day.year),
    "Y": lambda item, day: _year(item, day.week_year),
    "M": _month,
    "L": _month,
    "w": _from_day(lambda day: day.week_of_year),
    "W": _from_day(lambda day: day.week_of_month),
    "D": _from_day(lambda day: day.day_of_year),
    "d": _from_day(lambda day: day.day),
    "F": _from_day(lambda day: day.day_of_week_in_month),
    "E": lambda item, day: _name(item, WEEKDAYS[day.day_of_week - 1]),
    "u": _from_day(lambda day: (day.day_of_week + 5) % 7 + 1),
    "a": lambda _, minute: HALF_DAYS[minute // 720],
    "H": _from_minute(lambda minute: minute // 60),
    "k": _from_minute(lambda minute: minute // 60 or 24),
    "K": _from_minute(lambda minute: minute // 60 % 12),
    "h": _from_minute(lambda minute: minute // 60 % 12 or 12),
    "m": _from_minute(lambda minute: minute % 60),
    "s": lambda item, second: _number(second, item.length),
    "S": lambda item, milli: _number(milli, item.length),
    "z": lambda item, _: "Coordinated Universal Time" if item.length >= 4 else "UTC",
    "Z": lambda _item, _: "+0000",
    "X": lambda _item, _: "Z",
}
