"""Values: properties that hold for any text and any data."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connect.api import DataException, SchemaBuilderException, Type, validate_value, values
from connect.api.maps import FrozenMap
from connect.api.numbers import Int8, Int16
from tests.unit.api.data import ANYTHING

FRAGMENTS = st.lists(
    st.sampled_from([*'[]{}:,"\\ ', "null", "true", "1", "-2.5", "1e400", "abc", "2020-01-01", "12:34:56.789Z"])
    | st.text(max_size=3),
    max_size=20,
).map("".join)


@given(FRAGMENTS | st.text())
@example("[" * 5000)
@example('{"a":' * 3000)
@example("9" * 5000)
@example("1e2147483647")
@example("1e-2147483647")
@example("\ud83d")
def test_any_text_is_something(text):
    schema, value = values.parse_string(text)
    if value is None:
        assert schema is None
    elif schema is not None and schema.type.is_primitive:
        validate_value(schema, value)


@given(FRAGMENTS)
def test_what_was_read_can_be_written(text):
    schema, value = values.parse_string(text)
    written = values.convert_to_string(schema, value)
    assert (written is None) == (value is None)


@given(st.integers(-(2**63), 2**63 - 1))
def test_integers_survive_as_the_narrowest_type(number):
    schema, value = values.parse_string(str(number))
    assert value == number
    assert type(value) is int
    bits = {Type.INT8: 8, Type.INT16: 16, Type.INT32: 32, Type.INT64: 64}
    narrower = [width for width in bits.values() if -(1 << (width - 1)) <= number < 1 << (width - 1)]
    assert bits[schema.type] == narrower[0]


NUMBERS = ["byte", "short", "integer", "long", "float", "double"]
OTHERS = ["boolean", "string", "list", "map", "struct", "date", "time", "timestamp"]
CONVERSIONS = [
    *(getattr(values, f"convert_to_{name}") for name in [*NUMBERS, *OTHERS]),
    lambda schema, value: values.convert_to_decimal(schema, value, 2),
]


@pytest.mark.parametrize("convert", CONVERSIONS)
@given(value=ANYTHING)
def test_conversions_raise_nothing_but_data_exceptions(convert, value):
    with contextlib.suppress(DataException):
        convert(None, value)


@given(ANYTHING)
def test_inferred_schemas_fit(value):
    try:
        schema = values.infer_schema(value)
    except SchemaBuilderException:
        return
    if schema is not None and schema.type.is_primitive:
        validate_value(schema, value)


@pytest.mark.parametrize("wrap", [lambda inside: [inside], lambda inside: {"a": inside}])
def test_what_nests_too_deeply_is_refused(wrap):
    value = 1
    for _ in range(20_000):
        value = wrap(value)
    for function in (values.infer_schema, lambda value: values.convert_to_string(None, value)):
        with pytest.raises(DataException, match="nests too deeply"):
            function(value)


def test_two_hundred_levels_are_read():
    schema, value = values.parse_string("[" * 200 + "1" + "]" * 200)
    for _ in range(200):
        assert schema.type is Type.ARRAY
        schema, (value,) = schema.value_schema, value
    assert (schema.type, value) == (Type.INT8, 1)


def test_elements_keep_their_class_where_no_schema_tells_it():
    schema, value = values.parse_string('[1, "a"]')
    assert schema.value_schema is None
    assert [type(item) for item in value] == [Int8, str]
    assert [type(item) for item in values.convert_to_list(None, "[1, 300]")] == [Int16, Int16]
    assert [type(item) for item in values.parse_string("[1, 300]").value] == [int, int]


def test_collections_can_be_keys():
    _, value = values.parse_string('{[1]:1, {"a":2}:2}')
    assert value == {(1,): 1, FrozenMap(a=2): 2}


def test_true_and_one_are_two_keys():
    _, value = values.parse_string('{1:"a", true:"b"}')
    assert value.items() == [(1, "a"), (True, "b")]
    assert (value[Int8(1)], value[True], len(value)) == ("a", "b", 2)
