"""The calendar that Java's date formats count in: Julian up to 4 October 1582, Gregorian from the next day, 15 October.

Days are numbered from 1970-01-01; years are astronomical (0 is 1 BC). Weeks begin on Sunday and the week that holds
1 January is the first of its year, as in Java's US locale.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from connect.api.java_calendar import FIRST_GREGORIAN_DAY, MILLIS_PER_DAY, civil, gregorian_day, julian_day

CUTOVER_YEAR = 1582
BC, AD = 0, 1


class CalendarDay(NamedTuple):
    """A day as formats show it. ``year`` is counted within its ``era``; months from 1, weekdays from 1 = Sunday."""

    era: int
    year: int
    month: int
    day: int
    day_of_year: int
    day_of_week: int
    day_of_week_in_month: int
    week_of_year: int
    week_of_month: int
    week_year: int


def first_day(year: int, month: int = 1) -> int:
    """The day on which a month began."""
    gregorian = gregorian_day(year, month, 1)
    return gregorian if gregorian >= FIRST_GREGORIAN_DAY else julian_day(year, month, 1)


def day_of_week(day: int) -> int:
    """1 = Sunday to 7 = Saturday."""
    return (day + 4) % 7 + 1


def on_or_before(day: int, weekday: int) -> int:
    """The last such weekday that is not after ``day``."""
    return day - (day_of_week(day) - weekday) % 7


def calendar_day(day: int) -> CalendarDay:
    """All that a format may show of a day."""
    year, month, day_of_month = civil(day)
    month_start, year_start = first_day(year, month), first_day(year)
    in_month = day - month_start
    next_year = first_day(year + 1)
    in_next_year = day >= on_or_before(next_year, 1)
    return CalendarDay(
        era=AD if year > 0 else BC,
        year=year if year > 0 else 1 - year,
        month=month,
        day=day_of_month,
        day_of_year=day - year_start + 1,
        day_of_week=day_of_week(day),
        day_of_week_in_month=in_month // 7 + 1,
        week_of_year=1 if in_next_year else (day - on_or_before(year_start, 1)) // 7 + 1,
        week_of_month=(day - on_or_before(month_start, 1)) // 7 + 1,
        week_year=year + 1 if in_next_year else year,
    )


def instant(fields: Mapping[str, int], offset: int = 0) -> int:
    """Milliseconds since the epoch of the fields that a text gave, however far out of range they are.

    ``fields`` holds Java's calendar fields by name, the most recently given last, which decides where several say
    which day it is; months count from 0. ``offset`` is the zone's, in milliseconds.
    """
    if _last(fields, "WEEK_YEAR") > _last(fields, "YEAR"):
        fields = _with_week_date(fields)
    days, millis = _day_and_time(fields)
    total = days * MILLIS_PER_DAY + millis - offset
    return (total + (1 << 63)) % (1 << 64) - (1 << 63)


def _day_and_time(fields: Mapping[str, int]) -> tuple[int, int]:
    """The day, and the milliseconds after its beginning, when no week year counts."""
    year = fields.get("YEAR", 1970)
    if fields.get("ERA", AD) == BC:
        year = 1 - year
    hour = fields.get("HOUR_OF_DAY", 0)
    if "HOUR_OF_DAY" not in fields or _last(fields, "HOUR", "AM_PM") > _last(fields, "HOUR_OF_DAY"):
        hour = fields.get("HOUR", 0) + 12 * fields.get("AM_PM", 0)
    seconds = (hour * 60 + fields.get("MINUTE", 0)) * 60 + fields.get("SECOND", 0)
    days, millis = divmod(seconds * 1000 + fields.get("MILLISECOND", 0), MILLIS_PER_DAY)
    return _resolve_day(fields, year, days), millis


def _with_week_date(fields: Mapping[str, int]) -> dict[str, int]:
    """The fields with the day that week year, week and weekday mean, in place of what else was said of the day."""
    weeks, weekday = 0, fields.get("DAY_OF_WEEK", 1) - 1
    if not 0 <= weekday <= 6:  # beyond the week, days are still counted as 1 = Monday
        weeks, monday_based = divmod(weekday, 7)
        weekday = (monday_based + 1) % 7
    # The era is that of the day which the other fields mean.
    is_before_christ = civil(_day_and_time(fields)[0])[0] <= 0
    year = 1 - fields["WEEK_YEAR"] if is_before_christ else fields["WEEK_YEAR"]
    sunday = on_or_before(first_day(year), 1) + 7 * (fields.get("WEEK_OF_YEAR", 1) - 1 + weeks)
    day = calendar_day(sunday + weekday)
    kept = {name: value for name, value in fields.items() if name in _TIME_OF_DAY}
    return {**kept, "ERA": day.era, "YEAR": day.year, "MONTH": day.month - 1, "DAY_OF_MONTH": day.day}


def _last(fields: Mapping[str, int], *names: str) -> int:
    """How late the latest of the fields was given, from 1; 0 unless all of them were."""
    order = list(fields)
    return max(order.index(name) + 1 for name in names) if all(name in fields for name in names) else 0


def _resolve_day(fields: Mapping[str, int], year: int, extra: int) -> int:
    """The day, ``extra`` days later, in the calendar that was in force then."""
    basis = _day_basis(fields)
    gregorian = _day_in(gregorian_day, fields, year, basis) + extra
    counted_from_new_year = year == CUTOVER_YEAR and basis in ("DAY_OF_YEAR", "WEEK_OF_YEAR")
    if gregorian >= FIRST_GREGORIAN_DAY and year >= CUTOVER_YEAR and not counted_from_new_year:
        return gregorian
    return _day_in(julian_day, fields, year, basis) + extra


def _day_basis(fields: Mapping[str, int]) -> str:
    """Which field, with month, year and weekday, says what day it is: the one that was completed last."""
    bases = {
        "DAY_OF_MONTH": _last(fields, "DAY_OF_MONTH"),
        "WEEK_OF_MONTH": _last(fields, "WEEK_OF_MONTH", "DAY_OF_WEEK"),
        "DAY_OF_WEEK_IN_MONTH": _last(fields, "DAY_OF_WEEK_IN_MONTH", "DAY_OF_WEEK"),
        "DAY_OF_YEAR": _last(fields, "DAY_OF_YEAR"),
        "WEEK_OF_YEAR": _last(fields, "WEEK_OF_YEAR", "DAY_OF_WEEK"),
    }
    if not any(bases.values()):
        bases = {
            "WEEK_OF_MONTH": _last(fields, "WEEK_OF_MONTH"),
            "DAY_OF_WEEK_IN_MONTH": max(_last(fields, "DAY_OF_WEEK_IN_MONTH"), _last(fields, "DAY_OF_WEEK")),
            "WEEK_OF_YEAR": _last(fields, "WEEK_OF_YEAR"),
        }
    latest = max(bases.values())
    if not latest:
        return "DAY_OF_MONTH"
    # A weekday that is given last completes several at once; then the one whose own field came later counts.
    return max((name for name in bases if bases[name] == latest), key=lambda name: _last(fields, name))


def _day_in(first: Callable[[int, int, int], int], fields: Mapping[str, int], year: int, basis: str) -> int:
    """The day by one of the two calendars; ``first`` numbers the first days of its months."""
    weekday = fields.get("DAY_OF_WEEK", 1)
    if basis == "DAY_OF_YEAR":
        return first(year, 1, 1) + fields["DAY_OF_YEAR"] - 1
    if basis == "WEEK_OF_YEAR":
        sunday = on_or_before(first(year, 1, 1), 1)
        return on_or_before(sunday + 6, weekday) + 7 * (fields["WEEK_OF_YEAR"] - 1)
    years, month = divmod(fields.get("MONTH", 0), 12)
    start = first(year + years, month + 1, 1)
    if basis == "DAY_OF_MONTH":
        return start + fields.get("DAY_OF_MONTH", 1) - 1
    if basis == "WEEK_OF_MONTH":
        sunday = on_or_before(start, 1)
        return on_or_before(sunday + 6, weekday) + 7 * (fields["WEEK_OF_MONTH"] - 1)
    place = fields.get("DAY_OF_WEEK_IN_MONTH", 1)
    if place >= 0:
        return on_or_before(start + 7 * place - 1, weekday)
    length = (first(year + years, month + 2, 1) if month < 11 else first(year + years + 1, 1, 1)) - start
    return on_or_before(start + length + 7 * (place + 1) - 1, weekday)


_TIME_OF_DAY = ("HOUR_OF_DAY", "HOUR", "AM_PM", "MINUTE", "SECOND", "MILLISECOND")
