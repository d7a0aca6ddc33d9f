"""Java's text forms and calendar."""

from __future__ import annotations

import datetime as dt
import decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect.api.java_calendar import fields_of, millis_of
from connect.api.java_numbers import double_text, float_text, parse_double, parse_integer
from connect.api.java_text import date_text, to_java_string
from connect.api.logical import EPOCH, EpochMillis
from connect.api.numbers import Float32, Int8, to_single
from connect.api.schema import FLOAT32_SCHEMA, Field, Schema, Type
from connect.api.struct import Struct, to_java_strings

CUTOVER = dt.datetime(1582, 10, 15, tzinfo=dt.UTC)


@given(st.floats(allow_nan=False))
def test_doubles_read_back_from_their_text(number):
    text = double_text(number)
    assert parse_double(text) == number
    assert ("E" in text) == (number not in (0, float("inf"), float("-inf")) and not 1e-3 <= abs(number) < 1e7)


@given(st.floats(width=32, allow_nan=False))
def test_singles_read_back_from_their_text(number):
    assert to_single(float(float_text(number))) == number
    assert len(float_text(number)) <= len(double_text(number))


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1.0, "1.0"),
        (0.001, "0.001"),
        (0.00099, "9.9E-4"),
        (1e7, "1.0E7"),
        (9999999.0, "9999999.0"),
        (2e23, "2.0E23"),
        (5e-324, "4.9E-324"),
        (-0.0, "-0.0"),
        (float("nan"), "NaN"),
        (float("-inf"), "-Infinity"),
    ],
)
def test_double_text(number, text):
    assert double_text(number) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1.1, "1.1"),
        (2.0**-149, "1.4E-45"),
        (2.0**90, "1.2379401E27"),
        (3.4028234663852886e38, "3.4028235E38"),
        (16777216.0, "1.6777216E7"),
        (float("nan"), "NaN"),
    ],
)
def test_float_text(number, text):
    assert float_text(number) == text


@given(st.datetimes(min_value=CUTOVER.replace(tzinfo=None), timezones=st.just(dt.UTC)))
def test_the_calendar_is_gregorian_after_the_cutover(moment):
    millis = (moment - EPOCH) // dt.timedelta(milliseconds=1)
    fields = fields_of(millis)
    assert fields[:6] == moment.timetuple()[:6]
    assert fields.weekday == moment.weekday()


@given(st.integers(-(10**16), 10**16))
def test_fields_and_instants_are_inverse(millis):
    assert millis_of(*fields_of(millis)[:7]) == millis


def test_the_calendar_skips_ten_days_in_1582():
    assert date_text(millis_of(1582, 10, 15)) == "Fri Oct 15 00:00:00 UTC 1582"
    assert date_text(millis_of(1582, 10, 15) - 1) == "Thu Oct 04 23:59:59 UTC 1582"
    assert millis_of(1582, 10, 5) == millis_of(1582, 10, 15)


def test_fields_outside_their_range_roll_over():
    assert millis_of(2018, 13, 0) == millis_of(2018, 12, 31)
    assert millis_of(2019, 1, 1, 24) == millis_of(2019, 1, 2)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        ({"a": [1, True, None]}, "{a=[1, true, null]}"),
        (Int8(5), "5"),
        (Float32(to_single(0.1)), "0.1"),
        (decimal.Decimal("1E+3"), "1E+3"),
        (decimal.Decimal("-0.00"), "0.00"),
        (EpochMillis(2**63 - 1), "Sun Aug 17 07:12:55 UTC 292278994"),
        (memoryview(b"abc"), "java.nio.HeapByteBuffer[pos=0 lim=3 cap=3]"),
    ],
)
def test_java_strings(value, text):
    assert to_java_string(value) == text


def test_the_schema_tells_single_precision():
    assert to_java_string([0.1], Schema(Type.ARRAY, value_schema=FLOAT32_SCHEMA)) == "[0.1]"
    assert to_java_string(to_single(0.1), FLOAT32_SCHEMA) == "0.1"


@given(st.text())
def test_numbers_are_read_without_errors(text):
    assert parse_double(text) is None or isinstance(parse_double(text), float)
    assert parse_integer(text, 32) is None or isinstance(parse_integer(text, 32), int)


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.binary(max_size=3),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
)
COLUMNS = st.one_of(
    st.lists(st.text()),
    st.lists(st.integers()),
    st.lists(VALUES),
    st.lists(st.dictionaries(st.sampled_from(["a", "%s", "b"]), VALUES)),
    st.lists(st.fixed_dictionaries({"a": st.integers(), "%s": st.text()})),
    st.lists(st.fixed_dictionaries({"a": st.floats(), "{0}": VALUES})),
    st.lists(st.fixed_dictionaries({1: st.integers(), 2: st.text()})),
)


@given(COLUMNS)
def test_the_texts_of_a_column_are_those_of_its_values(values):
    assert list(to_java_strings(values)) == [to_java_string(value) for value in values]


ROW_SCHEMA = Schema(
    Type.STRUCT,
    fields=[
        Field("id", 0, Schema(Type.INT64)),
        Field("100%", 1, FLOAT32_SCHEMA),
        Field("map", 2, Schema(Type.MAP, optional=True, key_schema=Schema(Type.STRING), value_schema=FLOAT32_SCHEMA)),
    ],
)
ROWS = st.tuples(
    st.integers(), st.floats(width=32), st.one_of(st.none(), st.dictionaries(st.text(), st.floats(width=32)))
)


@given(st.one_of(st.lists(ROWS), st.lists(st.one_of(st.none(), ROWS, ROWS.map(lambda row: Struct(ROW_SCHEMA, row))))))
def test_the_texts_of_rows_are_those_of_their_structs(rows):
    structs = [Struct(ROW_SCHEMA, row) if isinstance(row, tuple) else row for row in rows]
    assert list(to_java_strings(rows, ROW_SCHEMA)) == [to_java_string(struct) for struct in structs]
