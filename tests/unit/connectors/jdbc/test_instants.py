"""Instants between databases, offsets and records."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from connect.api import ConnectException
from connect.api.logical import EpochMillis
from connectors.jdbc.instants import granular, nanos_of_offset, to_nanos, to_utc, wall_clock
from connectors.jdbc.tracking import Position, Tracking, position_of

UTC, BERLIN, NEW_YORK = ZoneInfo("UTC"), ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        ("2024-07-01 12:00:00", "2024-07-01 10:00:00+00:00"),
        ("2024-10-27 02:30:00", "2024-10-27 01:30:00+00:00"),  # shown twice: standard time
        ("2024-03-31 02:30:00", "2024-03-31 01:30:00+00:00"),  # never shown
    ],
)
def test_a_wall_clock_is_read_in_its_zone_as_java_does(clock: str, expected: str) -> None:
    assert str(to_utc(dt.datetime.fromisoformat(clock), BERLIN)) == expected


def test_an_instant_behind_the_year_9999_is_kept_in_milliseconds() -> None:
    last = dt.datetime(9999, 12, 31, 23, 59, 59)  # noqa: DTZ001
    assert to_utc(last, NEW_YORK) == EpochMillis(253402318799000)


def test_offsets_of_java_are_read_and_written_to_the_nanosecond() -> None:
    position = position_of({"timestamp": 1709210096789, "timestamp_nanos": 789014123}, Tracking(None, ("u",)), 0)
    assert position.to_offset() == {"timestamp_nanos": 789014123, "timestamp": 1709210096789}
    assert nanos_of_offset(-1, 999_000_000) == -1_000_000
    assert nanos_of_offset(5, None) == 5_000_000


def test_an_offset_has_the_members_of_its_mode_in_javas_order() -> None:
    assert list((Position(1, 2).to_offset() or {}).items()) == [
        ("timestamp_nanos", 1),
        ("incrementing", 2),
        ("timestamp", 0),
    ]
    assert Position(None, 2).to_offset() == {"incrementing": 2}
    assert Position().to_offset() is None


@pytest.mark.parametrize("offset", [{"timestamp": "x"}, {"incrementing": "x"}])
def test_an_offset_that_is_no_number_is_refused(offset: dict[str, str]) -> None:
    with pytest.raises(ConnectException, match="isn't a number"):
        position_of(offset, Tracking("id", ("u",)), 0)


def test_a_clock_in_the_zone_shows_an_instant() -> None:
    clock, rest = wall_clock(to_nanos(dt.datetime(2024, 7, 1, 12, 0, 0, 5), BERLIN), BERLIN)  # noqa: DTZ001
    assert (f"{clock:%Y-%m-%d %H:%M:%S}", rest) == ("2024-07-01 12:00:00", 5000)


@pytest.mark.parametrize(
    ("granularity", "expected"),
    [
        ("micros_long", 1704067200000001),
        ("nanos_string", "1704067200000001000"),
        ("nanos_iso_datetime_string", "2024-01-01T00:00:00.000001000"),
    ],
)
def test_granularities(granularity: str, expected: object) -> None:
    assert granular(granularity, UTC)(dt.datetime(2024, 1, 1, microsecond=1)) == expected  # noqa: DTZ001
