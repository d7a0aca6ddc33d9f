"""Dates as ``java.util.GregorianCalendar`` counts them in UTC: Julian before 15 October 1582, Gregorian from then on.

Years are astronomical: 0 is 1 BC, -1 is 2 BC.
"""

from __future__ import annotations

from typing import NamedTuple

MILLIS_PER_DAY = 86_400_000
FIRST_GREGORIAN_DAY = -141_427
"""1582-10-15, in days since the epoch."""


class Fields(NamedTuple):
    """An instant, taken apart. ``month`` and ``day`` start at 1, ``weekday`` at 0 = Monday."""

    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int
    millisecond: int
    weekday: int


def fields_of(millis: int) -> Fields:
    """The calendar fields of an instant in milliseconds since the epoch."""
    days, rest = divmod(millis, MILLIS_PER_DAY)
    year, month, day = civil(days)
    seconds, millisecond = divmod(rest, 1000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return Fields(year, month, day, hour, minute, second, millisecond, (days + 3) % 7)


def millis_of(
    year: int, month: int = 1, day: int = 1, hour: int = 0, minute: int = 0, second: int = 0, millisecond: int = 0
) -> int:
    """The instant of calendar fields, each of which may lie outside its range (month 13 is next January)."""
    years, months = divmod(month - 1, 12)
    days = gregorian_day(year + years, months + 1, day)
    if days < FIRST_GREGORIAN_DAY:
        days = julian_day(year + years, months + 1, day)
    return days * MILLIS_PER_DAY + ((hour * 60 + minute) * 60 + second) * 1000 + millisecond


# Years start in March here, so that the leap day is the last of its year.


def _march_based(year: int, month: int) -> tuple[int, int]:
    shifted = year - (month <= 2)
    return shifted, (153 * ((month + 9) % 12) + 2) // 5


def gregorian_day(year: int, month: int, day: int) -> int:
    """The number of a day of the Gregorian calendar, extended to all years; months from 1 to 12."""
    shifted, day_of_year = _march_based(year, month)
    return 365 * shifted + shifted // 4 - shifted // 100 + shifted // 400 + day_of_year - 719_469 + day


def julian_day(year: int, month: int, day: int) -> int:
    """The number of a day of the Julian calendar, extended to all years; months from 1 to 12."""
    shifted, day_of_year = _march_based(year, month)
    return 365 * shifted + shifted // 4 + day_of_year - 719_471 + day


def civil(days: int) -> tuple[int, int, int]:
    """Year, month (from 1) and day of month, in the calendar that was in force."""
    if days >= FIRST_GREGORIAN_DAY:
        eras, day_of_era = divmod(days + 719_468, 146_097)
        shifted = (day_of_era - day_of_era // 1_460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
        day_of_year = day_of_era - (365 * shifted + shifted // 4 - shifted // 100)
        year = shifted + eras * 400
    else:
        eras, day_of_era = divmod(days + 719_470, 1_461)
        shifted = (day_of_era - day_of_era // 1_460) // 365
        day_of_year = day_of_era - 365 * shifted
        year = shifted + eras * 4
    index = (5 * day_of_year + 2) // 153
    month = (index + 2) % 12 + 1
    return year + (month <= 2), month, day_of_year - (153 * index + 2) // 5 + 1
