"""Old dates by both calendars."""

from __future__ import annotations

import datetime as dt

import pytest

from connect.api.logical import EpochMillis
from connectors.jdbc.calendars import legacy
from connectors.jdbc.columns import Column, Kind, Mapping, RowShape, ZoneInfo


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("1582-10-15", 0),
        ("1582-10-04", 10),
        ("1500-03-01", 10),
        ("1500-02-28", 9),
        ("0300-03-01", 1),
        ("0200-03-01", 0),
    ],
)
def test_an_old_day_is_counted_by_the_julian_calendar(text: str, days: int) -> None:
    day, new = dt.datetime.fromisoformat(text), dt.datetime.fromisoformat("2024-01-01")
    assert list(legacy([new, None, day])) == [new, None, day + dt.timedelta(days=days)]
    aware = day.replace(tzinfo=dt.UTC)
    assert list(legacy([aware])) == [aware + dt.timedelta(days=days)]


def test_a_column_without_old_days_is_left_alone() -> None:
    values = (dt.datetime.fromisoformat("2024-01-01"), None)
    assert legacy(values) is values


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
def test_the_first_day_of_all_lies_before_the_first_year(zone: str) -> None:
    columns = [Column("d", Kind.DATE), Column("t", Kind.TIMESTAMP)]
    row = (dt.date(1, 1, 1), dt.datetime.fromisoformat("0001-01-01"))
    old = RowShape("t", columns, Mapping(ZoneInfo(zone), legacy_calendar=True)).rows([row])[0]
    assert old[0] == EpochMillis(-62135769600000)
    assert isinstance(old[1], EpochMillis)
    assert RowShape("t", columns, Mapping(ZoneInfo("UTC"))).rows([row])[0] == (row[1], row[1])
