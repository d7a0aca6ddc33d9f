import datetime as dt
import decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect.api import ConfigException, DataException, Schema, Type
from connect.api.logical import (
    DATE_SCHEMA,
    OPTIONAL_TIMESTAMP_SCHEMA,
    TIME_SCHEMA,
    TIMESTAMP_SCHEMA,
    decimal_schema,
    to_millis,
)
from connectors.spooldir.date_format import DateParser
from connectors.spooldir.parse import ColumnParser, column_parser

DATES = DateParser(["yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd", "HH:mm:ss"], "UTC")


def parser(schema: Schema | Type, dates: DateParser = DATES) -> ColumnParser:
    return column_parser(schema if isinstance(schema, Schema) else Schema(schema), dates, lenient=False)


@pytest.mark.parametrize(
    ("schema", "text", "value"),
    [
        (Type.INT8, "-128", -128),
        (Type.INT64, "+7", 7),
        (Type.INT64, "\uff11\uff12", 12),
        (Type.FLOAT64, ".5e1", 5.0),
        (Type.FLOAT64, " 1.5f ", 1.5),
        (Type.FLOAT64, "-Infinity", float("-inf")),
        (Type.FLOAT32, "0.1", 0.10000000149011612),
        (Type.FLOAT32, "1e300", float("inf")),
        (Type.BOOLEAN, "True", True),
        (Type.STRING, " a ", " a "),
        (decimal_schema(3), "1.5", decimal.Decimal("1.500")),
        (decimal_schema(0), "1e2", decimal.Decimal(100)),
        (TIMESTAMP_SCHEMA, "2024-02-29T01:02:03", dt.datetime(2024, 2, 29, 1, 2, 3, tzinfo=dt.UTC)),
        (TIMESTAMP_SCHEMA, "2024-02-30", dt.datetime(2024, 3, 1, tzinfo=dt.UTC)),
        (DATE_SCHEMA, "2024-02-29T23:00:00", dt.datetime(2024, 2, 29, tzinfo=dt.UTC)),
        (TIME_SCHEMA, "12:30:45", dt.datetime(1970, 1, 1, 12, 30, 45, tzinfo=dt.UTC)),
    ],
)
def test_a_text_is_read_as_java_reads_it(schema: Any, text: str, value: Any) -> None:
    assert parser(schema).column([text], frozenset()) == [value]


@pytest.mark.parametrize(
    ("schema", "text", "java_type"),
    [
        (Type.INT8, "128", "Byte"),
        (Type.INT16, "1.0", "Short"),
        (Type.INT32, "1_000", "Integer"),
        (Type.INT64, " 7", "Long"),
        (Type.INT64, "", "Long"),
        (Type.FLOAT64, "1_0", "Double"),
        (Type.FLOAT32, "inf", "Float"),
        (Type.BOOLEAN, "yes", "Boolean"),
        (decimal_schema(1), "1.25", "BigDecimal"),
        (decimal_schema(1), "1_0", "BigDecimal"),
        (decimal_schema(1), "", "BigDecimal"),
        (TIMESTAMP_SCHEMA, "hello", "Date"),
    ],
)
def test_a_bad_text_is_named_with_field_line_and_type(schema: Any, text: str, java_type: str) -> None:
    with pytest.raises(DataException) as raised:
        parser(schema).cell("x", text, frozenset(), 7)
    assert str(raised.value) == "Exception thrown while parsing data for 'x'. linenumber=7"
    assert str(raised.value.__cause__) == f"Could not parse '{text}' to '{java_type}'"


def test_a_null_needs_an_optional_field_or_a_default() -> None:
    with pytest.raises(DataException) as raised:
        parser(Type.STRING).cell("x", None, frozenset({None}), 1)
    assert str(raised.value.__cause__) == "schema is not optional so input cannot be null."
    assert parser(Schema(Type.STRING, default_value="d")).cell("x", None, frozenset({None}), 1) is None


@given(st.lists(st.sampled_from(["1", "22", "-3", "NA", "x"]) | st.integers().map(str), max_size=200))
def test_a_column_gives_what_its_cells_give(texts: list[str]) -> None:
    column, nulls = parser(Schema(Type.INT32, optional=True)), frozenset({"NA", None})

    def outcome(of: list[str]) -> Any:
        try:
            return column.column(of, nulls)
        except ValueError:
            return "bad"

    cells = [outcome([text]) for text in texts]
    assert outcome(texts) == ("bad" if "bad" in cells else [value for [value] in cells])


def test_text_can_hold_no_arrays_or_plain_bytes() -> None:
    with pytest.raises(DataException, match=r"Schema BYTES\(null\) is not supported"):
        parser(Type.BYTES)


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("dd.MM.yyyy HH:mm", "02.01.2024 03:04", "2024-01-02T08:04:00"),
        ("dd.MM.yyyy HH:mm", "31.7.2024 23:59", "2024-08-01T03:59:00"),
        ("yyyyMMddHHmmss", "20240102030405", "2024-01-02T08:04:05"),
        ("d MMM yy h:mm a", "2 Jan 24 3:04 PM", "2024-01-02T20:04:00"),
        ("EEE, d MMMM yyyy", "Tue, 2 January 2024", "2024-01-02T05:00:00"),
        ("yyyy-MM-dd'T'HH:mm:ss.SSSX", "2024-01-02T03:04:05.678+02:00", "2024-01-02T01:04:05.678000"),
        ("yyyy-MM-dd'T'HH:mm:ssZ", "2024-01-02T03:04:05-0130", "2024-01-02T04:34:05"),
        ("yyyy-MM-dd HH:mm", "2024-03-10 02:30", "2024-03-10T07:30:00"),  # a gap: standard time
        ("yyyy-MM-dd HH:mm", "2024-11-03 01:30", "2024-11-03T06:30:00"),  # twice: standard time
    ],
)
def test_dates_follow_their_pattern_in_the_time_zone(pattern: str, text: str, expected: str) -> None:
    dates = DateParser([pattern], "America/New_York")
    [value] = parser(OPTIONAL_TIMESTAMP_SCHEMA, dates).column([text], frozenset())
    assert value.replace(tzinfo=None).isoformat() == expected
    assert to_millis(value) == dates.timestamp(text)


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("yyyy-MM-dd'T'HH:mm:ss z", "2021-02-03T04:05:06 PST", "2021-02-03T12:05:06"),
        ("yyyy-MM-dd HH:mm:ss Z", "2021-02-03 04:05:06 GMT+01:00", "2021-02-03T03:05:06"),
        ("D yyyy", "45 2021", "2021-02-14T00:00:00"),
        ("LLL yyyy", "Feb 2021", "2021-02-01T00:00:00"),
        ("yyyy-MM-dd G", "2021-02-03 AD", "2021-02-03T00:00:00"),
        ("u yyyy-MM-dd", "3 2021-02-03", "2021-02-03T00:00:00"),
    ],
)
def test_rarer_letters_of_patterns(pattern: str, text: str, expected: str) -> None:
    millis = dt.datetime.fromisoformat(f"{expected}+00:00").timestamp() * 1000
    assert DateParser([pattern], "UTC").timestamp(text) == millis


def test_a_time_zone_may_be_an_offset() -> None:
    assert DateParser(["yyyy-MM-dd HH:mm"], "GMT+2").timestamp("1970-01-01 02:00") == 0
    assert DateParser(["yyyy-MM-dd HH:mm"], "GMT-05:30").timestamp("1969-12-31 18:30") == 0


def test_letters_that_are_not_supported_are_named() -> None:
    with pytest.raises(ConfigException, match="The pattern character 'Y' is not supported"):
        DateParser(["YYYY-MM-dd"], "UTC")
