"""What becomes of the text of a message."""

from __future__ import annotations

import datetime as dt
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connect.api import ConfigException
from connectors.syslog.dates import Dates, zone_of
from connectors.syslog.message import Message
from connectors.syslog.parser import Parser

SUMMER = dt.datetime(2024, 6, 15, tzinfo=dt.UTC)
NEW_YEAR = dt.datetime(2025, 1, 1, 0, 5, tzinfo=dt.UTC)
VENDOR_LINES = json.loads((Path(__file__).parent / "vendor_lines.json").read_text(encoding="utf-8"))


def parser(zone: str = "UTC", now: dt.datetime = SUMMER, pattern: str = "", cef_time_key: str = "") -> Parser:
    return Parser(Dates(zone_of("syslog.time.zone", zone), pattern, now.timestamp), cef_time_key)


def shown(message: Message) -> dict[str, Any]:
    """The parts that a message has, as the file of vendors' lines names them."""
    event = message.cef
    parts = {
        "type": message.type,
        "facility": message.facility,
        "level": message.level,
        "date": None
        if message.millis is None
        else dt.datetime.fromtimestamp(message.millis / 1000, dt.UTC).isoformat(),
        "host": message.host,
        "message": message.message,
        "tag": message.tag,
        "processId": message.process_id,
        "version": message.version,
        "appName": message.app_name,
        "messageId": message.message_id,
        "structuredData": message.structured_data and [list(element) for element in message.structured_data],
    }
    if event is not None:
        parts |= {
            "deviceVendor": event.vendor,
            "deviceProduct": event.product,
            "deviceVersion": event.device_version,
            "deviceEventClassId": event.event_class,
            "name": event.name,
            "severity": event.severity,
            "extension": event.extension,
        }
    return {name: part for name, part in parts.items() if part is not None}


@pytest.mark.parametrize("sample", VENDOR_LINES, ids=lambda sample: f"{sample['vendor']}: {sample['line'][:30]}")
def test_lines_of_vendors(sample: dict[str, Any]) -> None:
    expected = sample["expected"]
    if "date" in expected:
        expected["date"] = dt.datetime.fromisoformat(expected["date"]).isoformat()
    assert shown(parser().parse(sample["line"])) == expected


def date_of(line: str, **options: Any) -> str | None:
    return shown(parser(**options).parse(line)).get("date")


@pytest.mark.parametrize(
    ("text", "now", "expected"),
    [
        ("Dec 31 23:59:59", NEW_YEAR, "2024-12-31T23:59:59+00:00"),
        ("Jan  1 00:00:01", dt.datetime(2024, 12, 31, 23, 59, tzinfo=dt.UTC), "2025-01-01T00:00:01+00:00"),
        ("Feb 29 12:00:00", dt.datetime(2025, 2, 1, tzinfo=dt.UTC), "2024-02-29T12:00:00+00:00"),
        ("Feb 30 12:00:00", SUMMER, None),
    ],
)
def test_the_year_is_the_one_nearest_to_now(text: str, now: dt.datetime, expected: str | None) -> None:
    assert date_of(f"<13>{text} web1 app: x", now=now) == expected


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("Jan  5 12:00:00", "Europe/Berlin", "2024-01-05T11:00:00+00:00"),
        ("Jun  5 12:00:00", "Europe/Berlin", "2024-06-05T10:00:00+00:00"),
        ("Jun  5 12:00:00 EST", "Europe/Berlin", "2024-06-05T17:00:00+00:00"),
        ("2024-06-05T12:00:00", "GMT+2", "2024-06-05T10:00:00+00:00"),
        ("2024-06-05 12:00:00.5+05:30", "UTC", "2024-06-05T06:30:00.500000+00:00"),
        ("2024-06-05T12:00:00,123-0700", "UTC", "2024-06-05T19:00:00.123000+00:00"),
    ],
)
def test_zones(text: str, zone: str, expected: str) -> None:
    assert date_of(f"<13>{text} web1 app: x", zone=zone) == expected


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(ConfigException, match=r"syslog\.time\.zone: Unknown time zone"):
        zone_of("syslog.time.zone", "Mars/Olympus")


def test_the_users_own_date_pattern() -> None:
    own = parser(pattern="dd/MM/yyyy HH:mm:ss").parse("<13>05/01/2024 15:33:03 web1 app[1]: x")
    assert shown(own) == shown(parser().parse("<13>Jan  5 15:33:03 web1 app[1]: x"))
    assert date_of("<13>05.01. 15:33 web1 app: x", pattern="dd.MM. HH:mm", now=NEW_YEAR) == "2025-01-05T15:33:00+00:00"
    with pytest.raises(ConfigException, match="formatter"):
        parser(pattern="yyyy 'x")


def test_the_time_of_a_cef_event_may_stand_in_its_extension() -> None:
    event = "<13>Jan  5 15:33:03 fw CEF:0|a|b|c|d|e|1|rt={} x=y"
    assert date_of(event.format("1704000000123"), cef_time_key="rt") == "2023-12-31T05:20:00.123000+00:00"
    assert date_of(event.format("Mar 24 2015 08:43:35 GMT+01:00"), cef_time_key="rt") == "2015-03-24T07:43:35+00:00"
    assert date_of(event.format("yesterday"), cef_time_key="rt") == "2024-01-05T15:33:03+00:00"
    assert date_of(event.format("1704000000123")) == "2024-01-05T15:33:03+00:00"


@pytest.mark.parametrize(
    ("line", "level"), [("<191>x", 7), ("<192>x", None), ("<>x", None), ("<1", None), ("<013>x", 5), ("<-1>x", None)]
)
def test_only_legal_priorities_count(line: str, level: int | None) -> None:
    assert parser().parse(line).level == level


@given(st.text(max_size=80))
@settings(max_examples=50, deadline=None)
def test_any_text_is_parsed(text: str) -> None:
    assert parser().parse(text).type in ("RFC3164", "RFC5424", "CEF", "UNKNOWN")


def test_what_is_left_of_damaged_lines_is_parsed() -> None:
    chance, parse = random.Random(3), parser().parse
    for sample in VENDOR_LINES * 20:
        line = list(sample["line"])
        for _ in range(chance.randrange(1, 6)):
            line[chance.randrange(len(line))] = chance.choice(' []"\\|=<>:-0Zé\0\n')
        parse("".join(line[: chance.randrange(len(line))]))


def test_hostile_texts_take_no_more_time_than_others() -> None:
    """The number of steps grows with the length of the text, not with its square: no assertion but an end."""
    for text in (
        "<13>1 2024-01-05T15:33:03Z h a p m " + '[a b="' * 20_000,
        "<13>1 2024-01-05T15:33:03Z h a p m [a " + 'b="\\"' * 20_000,
        "<13>Jan  5 15:33:03 " + "a[" * 50_000,
        "CEF:0" + "|\\" * 50_000,
        "CEF:0|a|b|c|d|e|f|" + " a" * 50_000,
        "<13>" + "9" * 100_000,
    ):
        parser().parse(text)
