"""Decimals, marks, equality, and maps that dict can't hold."""

from __future__ import annotations

import decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect.api.equality import deep_equals
from connect.api.java_decimal import decimal_to_long, decimal_to_single, parse_decimal, unscaled_value
from connect.api.java_names import java_type_name
from connect.api.logical import decimal_from_logical, decimal_schema, decimal_to_logical
from connect.api.maps import MixedKeyMap, make_map, map_key
from connect.api.numbers import BigInteger, Float32, Int8, Int32, Int64, to_single, wrap
from connect.api.schema import INT32_SCHEMA, STRING_SCHEMA
from tests.unit.api.data import ANYTHING


@given(st.integers(), st.integers(-50, 50))
def test_decimals_survive_their_bytes(unscaled, scale):
    number = decimal.Decimal((0 if unscaled >= 0 else 1, tuple(map(int, str(abs(unscaled)))), -scale))
    schema = decimal_schema(scale)
    data = decimal_from_logical(schema, number)
    assert int.from_bytes(data, "big", signed=True) == unscaled == unscaled_value(number)
    assert len(data) == 1 or data[:2] not in (b"\x00\x00", b"\xff\xff")
    assert decimal_to_logical(schema, data).as_tuple().exponent == -scale


@pytest.mark.parametrize("text", ["", "+", "1e", "0x10", "1_0", " 1", "NaN", "Infinity", "1e99999999999", "."])
def test_what_is_no_decimal(text):
    assert parse_decimal(text) is None


@pytest.mark.parametrize(("text", "number"), [("1e64", 0), ("1e63", wrap(10**63, 64)), ("-1.9", -1), ("1e-999999", 0)])
def test_decimals_wrap_into_64_bits(text, number):
    assert decimal_to_long(decimal.Decimal(text)) == number


def test_singles_are_rounded_once():
    # In double precision this lands on the middle between two singles, whose even one is the lower.
    middle = decimal.Decimal(1) + decimal.Decimal(2) ** -24
    assert decimal_to_single(middle + decimal.Decimal(10) ** -25) == 1 + 2**-23
    assert to_single(float(middle + decimal.Decimal(10) ** -25)) == 1.0


@given(ANYTHING)
def test_everything_equals_itself_and_has_a_java_name(value):
    assert deep_equals(value, value)
    assert java_type_name(value)


@pytest.mark.parametrize(
    ("a", "b", "equal"),
    [
        (1, True, False),
        (1, 1.0, False),
        (1, Int8(1), True),
        (Int8(1), Int32(1), False),
        ([1, float("nan")], [1, float("nan")], True),
        ({"a": 0.0}, {"a": -0.0}, False),
        (decimal.Decimal("1.0"), decimal.Decimal("1.00"), False),
    ],
)
def test_deep_equality(a, b, equal):
    assert deep_equals(a, b) is equal
    assert deep_equals(b, a) is equal


@pytest.mark.parametrize(
    ("value", "schema", "name"),
    [
        (5, None, "java.lang.Long"),
        (5, INT32_SCHEMA, "java.lang.Integer"),
        (5.0, INT32_SCHEMA, "java.lang.Double"),
        (Int64(5), INT32_SCHEMA, "java.lang.Long"),
        (2**63, None, "java.math.BigInteger"),
        (BigInteger(1), None, "java.math.BigInteger"),
        (Float32(1.5), None, "java.lang.Float"),
        (b"", STRING_SCHEMA, "[B"),
        (make_map([([1], 2)]), None, "java.util.HashMap"),
    ],
)
def test_java_names(value, schema, name):
    assert java_type_name(value, schema) == name


def test_a_plain_dict_wherever_it_will_do():
    assert type(make_map([("a", 1), ("a", 2)])) is dict
    assert make_map([([1, {"k": [2]}], 1)]) == {map_key([1, {"k": [2]}]): 1}


def test_mixed_keys_behave_like_a_dict():
    mixed = make_map([(1, "a"), (1.0, "b"), (True, "c"), (1, "d")])
    assert isinstance(mixed, MixedKeyMap)
    assert mixed.items() == [(1, "d"), (1.0, "b"), (True, "c")]
    assert list(mixed) == mixed.keys()
    assert mixed.values() == ["d", "b", "c"]
    assert mixed.get(2, "none") == "none"
    assert (mixed[True], 2 in mixed, True in mixed) == ("c", False, True)
    assert mixed == make_map([(1, "d"), (1.0, "b"), (True, "c")])
    assert mixed != {1: "d"}
