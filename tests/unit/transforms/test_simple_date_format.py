"""Dates as SimpleDateFormat writes and reads them."""

from __future__ import annotations

import contextlib
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect.api.java_calendar import MILLIS_PER_DAY, civil, gregorian_day
from transforms.gregorian import calendar_day
from transforms.simple_date_format import SimpleDateFormat

NOON = 1_566_570_894_346  # Friday, 2019-08-23T14:34:54.346Z
EPOCH_DAY = dt.date(1970, 1, 1)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "2019-08-23T14:34:54.346Z"),
        ("yyyyMMdd", "20190823"),
        ("yy/M/d", "19/8/23"),
        ("EEEE, d MMMM y G", "Friday, 23 August 2019 AD"),
        ("EEE MMM LLL", "Fri Aug Aug"),
        ("hh 'o''clock' a, zzzz", "02 o'clock PM, Coordinated Universal Time"),
        ("K k h H", "2 14 2 14"),
        ("D F w W u", "235 4 34 4 5"),
        ("YYYY-'W'ww", "2019-W34"),
        ("SSSSSS", "000346"),
        ("z Z X", "UTC +0000 Z"),
        ("HH:mm dd.MM.yyyy", "14:34 23.08.2019"),
        ("", ""),
        ("'at' ''", "at '"),
    ],
)
def test_patterns_are_written_as_java_does(pattern: str, text: str) -> None:
    assert SimpleDateFormat(pattern).format(NOON) == text


@pytest.mark.parametrize(
    ("pattern", "text", "millis"),
    [
        ("yyyy-MM-dd", "2019-08-23 and more", 1_566_518_400_000),
        ("yyyy-MM-dd", "2019-13-45", 1_581_638_400_000),
        ("yyyy-MM-dd", " 2019-8-3", 1_564_790_400_000),
        ("yyyyMMdd", "20190823", 1_566_518_400_000),
        ("yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "2019-08-23T14:34:54.346Z", NOON),
        ("yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "2019-08-23T16:34:54.346+02:00", NOON),
        ("yyyy-MM-dd HH:mm:ss z", "2019-08-23 07:34:54 PDT", NOON - 346),
        ("yyyy-MM-dd HH:mm:ss z", "2019-08-23 16:34:54 GMT+02:00", NOON - 346),
        ("HH:mm:ss.SSS", "00:00:00.346789", 346_789),
        ("kk:mm", "24:00", 0),
        ("hh:mm a", "02:30 pm", 52_200_000),
        ("MMM d, yyyy", "AUGUST 23, 2019", 1_566_518_400_000),
        ("YYYY-'W'ww-u", "2019-W34-5", 1_566_518_400_000),
        ("yyyy-DDD", "2019-235", 1_566_518_400_000),
        ("yyyy", "2E3", 946_684_800_000),
        ("yyyy-MM-dd", "1582-10-10", -12_218_860_800_000),
        ("yyyy-MM-dd G", "0044-03-15 BC", -63_517_996_800_000),
        ("yyyy YYYY", "0 2096", -128_280_844_800_000),  # year 0 is before Christ, and so is the week year then
        ("yyyy-YYYY", "-5-2019", -125_850_758_400_000),
    ],
)
def test_texts_are_read_as_java_does(pattern: str, text: str, millis: int) -> None:
    assert SimpleDateFormat(pattern).parse(text) == millis


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("bogus", "Illegal pattern character 'b'"),
        ("yyyy'T", "Unterminated quote"),
        ("XXXX", "invalid ISO 8601 format: length=4"),
    ],
)
def test_bad_patterns_are_refused_with_javas_reason(pattern: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        SimpleDateFormat(pattern)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("yyyy-MM-dd", ""),
        ("yyyy-MM-dd", "2019/08/23"),
        ("MMM", "Foo"),
        ("z", "nowhere"),
        ("XXX", "+25:00"),
        ("yyyyMM", "2019"),
    ],
)
def test_other_texts_are_refused(pattern: str, text: str) -> None:
    with pytest.raises(ValueError, match="mismatch"):
        SimpleDateFormat(pattern).parse(text)


@pytest.mark.parametrize(
    "pattern", ["yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "yyyyMMddHHmmssSSS", "d MMM yyyy G HH:mm:ss.SSS Z"]
)
@given(st.integers(-60_000_000_000_000, 250_000_000_000_000))
def test_what_was_written_is_read_back(pattern: str, millis: int) -> None:
    form = SimpleDateFormat(pattern)
    written = form.format(millis)
    if "G" in pattern or calendar_day(millis // MILLIS_PER_DAY).era == 1:
        assert form.parse(written) == millis


@given(
    st.text("0123456789-+:./ TZGMTEam", max_size=30),
    st.sampled_from(["yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "EEE d MMM yy", "w W F a K"]),
)
def test_any_text_is_read_or_refused(text: str, pattern: str) -> None:
    form = SimpleDateFormat(pattern)
    with contextlib.suppress(ValueError):
        assert form.parse(text) == form.parse(text)


@given(st.dates(min_value=dt.date(1582, 10, 15)))
def test_gregorian_days_are_those_of_datetime(date: dt.date) -> None:
    day = (date - EPOCH_DAY).days
    shown = calendar_day(day)
    assert civil(day) == (date.year, date.month, date.day)
    assert gregorian_day(date.year, date.month, date.day) == day
    assert (shown.day_of_week + 5) % 7 + 1 == date.isoweekday()
    if date.year > 1582:
        assert shown.day_of_year == date.timetuple().tm_yday


def test_the_day_before_the_gregorian_calendar_is_4_october_1582() -> None:
    assert (civil(-141_428), civil(-141_427)) == ((1582, 10, 4), (1582, 10, 15))
