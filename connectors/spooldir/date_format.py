"""Dates by patterns of ``java.text.SimpleDateFormat``, read as leniently as that class does."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from zoneinfo import ZoneInfo

from connect.api import ConfigException
from connect.api.java_calendar import MILLIS_PER_DAY, fields_of, millis_of

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_NAMES = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_WEEKDAYS = "(?:mon|tue(?:s)?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?"
_FRACTION_DIGITS, _LEAST_YEAR = 3, 1000
_NUMBERS = "yMLdDHkKhmsSu"
_ZONE_NAMES = {
    **dict.fromkeys(("gmt", "utc", "ut", "z", "wet"), 0),
    **dict.fromkeys(("west", "cet"), 1),
    **dict.fromkeys(("cest", "eet"), 2),
    **dict.fromkeys(("eest", "msk"), 3),
    **dict.fromkeys(("cdt", "est"), -5),
    **dict.fromkeys(("mdt", "cst"), -6),
    **dict.fromkeys(("pdt", "mst"), -7),
    "edt": -4,
    "pst": -8,
}
"""Hours east of UTC by short names of zones, in English."""
_ZONE = rf"({'|'.join(sorted(_ZONE_NAMES, key=len, reverse=True))})?(?:([+-])(\d{{1,2}}):?(\d{{2}})?)?"
_CUSTOM_ZONE = re.compile(r"GMT([+-])(\d{1,2})(?::?([0-5]\d))?")
_UTC_NAMES = ("UTC", "Etc/UTC", "GMT", "UTC+00:00")
_TOKEN = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+", re.DOTALL)


class DateFormat:
    """One pattern. ``parse`` gives milliseconds since the epoch; raises ValueError when the text doesn't begin so."""

    def __init__(self, pattern: str, zone: dt.tzinfo) -> None:
        self._zone = zone if str(zone) not in _UTC_NAMES else None
        self._letters: list[str] = []
        self._regex = re.compile(self._to_regex(pattern), re.IGNORECASE)

    def _to_regex(self, pattern: str) -> str:
        tokens = [(match.group(), match.group(1), match.group(2)) for match in _TOKEN.finditer(pattern)]
        if "".join(token for token, _, _ in tokens) != pattern:
            raise ValueError("Unterminated quote")
        parts = []
        for index, (token, quoted, letter) in enumerate(tokens):
            if quoted is not None:
                parts.append(re.escape(quoted.replace("''", "'") or "'"))
            elif letter:
                abuts = index + 1 < len(tokens) and (tokens[index + 1][2] or "!") in _NUMBERS
                parts.append(self._field(letter, len(token), abuts))
            else:
                parts.append(re.escape(token))
        return "".join(parts)

    def _field(self, letter: str, count: int, abuts: bool) -> str:
        if letter in "ML" and count > 2:
            self._letters.append("MMM")
            return rf"[ \t]*({'|'.join((*_MONTH_NAMES, *_MONTHS))})"
        if letter in _NUMBERS:
            self._letters.append({"L": "M", "y": "yy" if count <= 2 else "y"}.get(letter, letter))
            return rf"[ \t]*(\d{{{count}}})" if abuts else r"[ \t]*(\d+)"
        if letter == "a":
            self._letters.append(letter)
            return r"[ \t]*(am|pm)"
        if letter in "zZX":
            self._letters += ["zone", "sign", "zone hours", "zone minutes"]
            return rf"[ \t]*(?=[A-Z+-]){_ZONE}(?<![ \t])"
        if letter == "E":
            return rf"[ \t]*{_WEEKDAYS}"
        if letter == "G":
            self._letters.append(letter)
            return r"[ \t]*(ad|bc)"
        raise ValueError(f"The pattern character '{letter}' is not supported")

    def parse(self, text: str) -> int:
        """See the class."""
        match = self._regex.match(text)
        if match is None:
            raise ValueError(f"Unparseable date: {text!r}")
        found = dict(zip(self._letters, match.groups(), strict=True))
        local = millis_of(
            _year(found),
            _month(found),
            int(found.get("d", found.get("D", 1))),
            _hour(found),
            int(found.get("m", 0)),
            int(found.get("s", 0)),
            int(found.get("S", 0)),
        )
        return local - self._offset(found, local)

    def parse_whole(self, text: str) -> int:
        """The same, of a text that is nothing but such a date. Raises ValueError."""
        if not self.is_whole(text):
            raise ValueError(f"Unparseable date: {text!r}")
        return self.parse(text)

    def is_whole(self, text: str) -> bool:
        """Whether the text is a date in this format and nothing else, and that day and time exist."""
        match = self._regex.fullmatch(text)
        if match is None:
            return False
        found = dict(zip(self._letters, match.groups(), strict=True))
        if "D" in found or len(found.get("S", "000")) != _FRACTION_DIGITS:
            return False
        try:
            year = _year(found)
            dt.date(year, _month(found), int(found.get("d", 1)))
            dt.time(_hour(found), int(found.get("m", 0)), int(found.get("s", 0)))
        except ValueError:
            return False
        return year >= _LEAST_YEAR

    def _offset(self, found: dict[str, str], local: int) -> int:
        """Milliseconds east of UTC."""
        if "sign" in found:
            if found["sign"] is None:
                return _ZONE_NAMES[found["zone"].lower()] * 3_600_000
            minutes = int(found["zone hours"]) * 60 + int(found["zone minutes"] or 0)
            return minutes * (60_000 if found["sign"] == "+" else -60_000)
        return 0 if self._zone is None else zone_offset(self._zone, local)


def zone_offset(zone: dt.tzinfo, local: int) -> int:
    """How many milliseconds the wall clock that shows ``local`` is ahead of UTC; of two answers, standard time's."""
    fields = fields_of(local)
    if not 1 < fields.year < dt.MAXYEAR:
        return 0
    wall = dt.datetime(*fields[:6], tzinfo=zone)
    offsets = [wall.replace(fold=fold).utcoffset() or dt.timedelta(0) for fold in (0, 1)]
    return min(offsets) // dt.timedelta(milliseconds=1)


def zone_of(name: str) -> dt.tzinfo:
    """The zone of a name, or of an offset such as ``GMT-05:30``. Raises KeyError, ValueError, OSError."""
    custom = _CUSTOM_ZONE.fullmatch(name)
    if custom is None:
        return ZoneInfo(name)
    offset = dt.timedelta(hours=int(custom[2]), minutes=int(custom[3] or 0))
    return dt.timezone(offset if custom[1] == "+" else -offset)


def _year(found: dict[str, str]) -> int:
    if found.get("G", "").lower() == "bc":
        return 1 - _year(found | {"G": "ad"})
    if "yy" not in found:
        return int(found.get("y", 1970))
    text = found["yy"]
    if len(text) != 2:
        return int(text)
    start = dt.datetime.now(dt.UTC).year - 80
    return start + (int(text) - start) % 100


def _month(found: dict[str, str]) -> int:
    if "MMM" in found:
        return _MONTHS.index(found["MMM"][:3].lower()) + 1
    return int(found.get("M", 1))


def _hour(found: dict[str, str]) -> int:
    if "H" in found or "k" in found:
        return int(found["H"]) if "H" in found else int(found["k"]) % 24
    half = 12 * (found.get("a", "").lower() == "pm")
    return int(found["K"]) + half if "K" in found else int(found.get("h", 0)) % 12 + half


class DateParser:
    """Tries several patterns in turn."""

    def __init__(self, patterns: Sequence[str], zone: str, *, strict: bool = False) -> None:
        """``strict``: only a text that is a date as a whole, and one that exists, is a date.

        Raises ConfigException for a pattern or zone that makes no sense."""
        try:
            self.zone = zone_of(zone)
        except (KeyError, ValueError, OSError):
            raise ConfigException("parser.timestamp.timezone", zone, "Unknown time zone") from None
        self._formats: list[Callable[[str], int]] = []
        for pattern in patterns:
            try:
                made = DateFormat(pattern, self.zone)
                self._formats.append(made.parse_whole if strict else made.parse)
            except (ValueError, re.error) as error:
                raise ConfigException("parser.timestamp.date.formats", pattern, str(error)) from None

    def timestamp(self, text: str) -> int:
        """Milliseconds since the epoch. Raises ValueError."""
        for parse in self._formats:
            try:
                return parse(text)
            except ValueError:
                continue
        raise ValueError(f"Could not parse '{text}' to java.util.Date")

    def date(self, text: str) -> int:
        """The day, as the milliseconds of its midnight in UTC. Raises ValueError."""
        return self._local(text) // MILLIS_PER_DAY * MILLIS_PER_DAY

    def time(self, text: str) -> int:
        """The time of the day in milliseconds. Raises ValueError."""
        return self._local(text) % MILLIS_PER_DAY

    def _local(self, text: str) -> int:
        millis = self.timestamp(text)
        if str(self.zone) in _UTC_NAMES:
            return millis
        instant = dt.datetime.fromtimestamp(millis / 1000, self.zone)
        return millis + (instant.utcoffset() or dt.timedelta(0)) // dt.timedelta(milliseconds=1)
