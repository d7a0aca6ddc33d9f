"""String, byte array, boolean, number and header converters beyond the recorded cases."""

from __future__ import annotations

import contextlib
import math
from importlib import import_module
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect.api import DataException, Field, Headers, Schema, SerializationException, Type
from connect.api.numbers import Int32
from connect.api.schema import (
    FLOAT32_SCHEMA,
    FLOAT64_SCHEMA,
    INT16_SCHEMA,
    INT32_SCHEMA,
    INT64_SCHEMA,
    OPTIONAL_STRING_SCHEMA,
    STRING_SCHEMA,
)
from connect.plugins.builtin import BUILTIN, PluginKind
from converters.simple_header import SimpleHeaderConverter
from converters.string import StringConverter

NEEDS_REGISTRY = (
    "converters.avro:AvroConverter",
    "converters.json_schema:JsonSchemaConverter",
    "converters.protobuf:ProtobufConverter",
)
DATA_CONVERTERS = [
    plugin.target
    for plugin in BUILTIN
    if plugin.kind is PluginKind.CONVERTER
    and plugin.target.startswith("converters.")
    and plugin.target not in NEEDS_REGISTRY
]


def strings(**settings: Any) -> StringConverter:
    made = StringConverter()
    made.configure({name.replace("_", "."): value for name, value in settings.items()}, is_key=False)
    return made


def data_converter(target: str) -> Any:
    module, _, name = target.partition(":")
    made = getattr(import_module(module), name)()
    made.configure({}, is_key=True)
    return made


@pytest.mark.parametrize("target", DATA_CONVERTERS)
@given(data=st.binary(max_size=10))
def test_any_bytes_are_read_or_refused_with_a_data_exception(target: str, data: bytes) -> None:
    converter = data_converter(target)
    with contextlib.suppress(DataException):
        schema, value = converter.to_connect_data("t", data)
        ((batch_schema, values),) = converter.to_connect_batch("t", [data], [Headers()])
        assert batch_schema == schema
        assert repr(values) == repr([value])


@pytest.mark.parametrize("target", DATA_CONVERTERS)
def test_objects_of_no_java_class_are_refused_or_written_as_text(target: str) -> None:
    converter = data_converter(target)
    with contextlib.suppress(DataException):
        assert isinstance(converter.from_connect_data("t", None, object()), bytes)


@pytest.mark.parametrize(
    ("name", "schema", "values"),
    [
        ("Short", INT16_SCHEMA, [1, -(2**15), 2**15 - 1]),
        ("Integer", INT32_SCHEMA, [7, -(2**31), 2**31 - 1]),
        ("Long", INT64_SCHEMA, [0, -(2**63), 2**63 - 1]),
        ("Float", FLOAT32_SCHEMA, [1.5, -0.0, math.inf]),
        ("Double", FLOAT64_SCHEMA, [1.1, -0.0, math.inf]),
    ],
)
def test_batches_of_numbers_are_converted_as_single_ones(name: str, schema: Schema, values: list[Any]) -> None:
    made = data_converter(f"converters.number:{name}Converter")
    single = [made.from_connect_data("t", schema, value) for value in values]
    assert made.from_connect_batch("t", schema, values) == single
    assert made.from_connect_batch("t", schema, [None, *values]) == [None, *single]
    assert made.to_connect_batch("t", single) == [(made.READ_SCHEMA, values)]
    assert made.to_connect_batch("t", [*single, None]) == [(made.READ_SCHEMA, [*values, None])]
    assert made.to_connect_batch("t", []) == []
    with pytest.raises(DataException, match=r"^Failed to deserialize "):
        made.to_connect_batch("t", [*single, b"123"])
    for wrong in (2**70, "1", True):
        with pytest.raises(DataException, match=r"^Failed to serialize to .* class java\."):
            made.from_connect_batch("t", schema, [*values, wrong])


@given(st.binary(max_size=20))
def test_any_header_is_read(data: bytes) -> None:
    converter = SimpleHeaderConverter()
    converter.configure_header({})
    schema, value = converter.to_connect_header("t", "h", data)
    assert (schema is None) == (value is None)


def test_texts_of_a_batch_are_written_and_read_at_once() -> None:
    converter = strings()
    assert converter.from_connect_batch("t", STRING_SCHEMA, ["a", "é", "😀"]) == [
        b"a",
        b"\xc3\xa9",
        b"\xf0\x9f\x98\x80",
    ]
    assert converter.to_connect_batch("t", [b"a", b"\xc3\xa9"]) == [(OPTIONAL_STRING_SCHEMA, ["a", "é"])]
    assert converter.to_connect_batch("t", []) == []


def test_a_batch_may_hold_nulls_other_values_and_malformed_text() -> None:
    converter = strings()
    assert converter.from_connect_batch("t", None, ["a", None, 1.0, "\ud83d", [True, None]]) == [
        b"a",
        None,
        b"1.0",
        b"?",
        b"[true, null]",
    ]
    assert converter.to_connect_batch("t", [None, b"\xff", b"\xed\xa0\x80", b"x"]) == [
        (OPTIONAL_STRING_SCHEMA, [None, "\ufffd", "\ufffd", "x"])
    ]


def test_rows_are_written_as_structs() -> None:
    schema = Schema(Type.STRUCT, fields=[Field("a", 0, INT32_SCHEMA), Field("b", 1, STRING_SCHEMA)])
    assert strings().from_connect_batch("t", schema, [(1, "x"), None]) == [b"Struct{a=1,b=x}", None]


@pytest.mark.parametrize(
    ("encoding", "text", "data"),
    [
        ("UTF-16", "é", b"\xfe\xff\x00\xe9"),
        ("UTF-16LE", "é", b"\xe9\x00"),
        ("UTF-32", "é", b"\x00\x00\x00\xe9"),
        ("Cp1252", "€", b"\x80"),
        ("UTF8", "é", b"\xc3\xa9"),
    ],
)
def test_encodings_go_by_their_java_names(encoding: str, text: str, data: bytes) -> None:
    converter = strings(converter_encoding=encoding)
    assert converter.from_connect_batch("t", None, [text]) == [data]
    assert converter.to_connect_data("t", data).value == text


def test_byte_order_marks_are_obeyed() -> None:
    assert strings(converter_encoding="UTF-16").to_connect_data("t", b"\xff\xfea\x00").value == "a"
    assert strings(converter_encoding="UTF-16").to_connect_data("t", b"\x00a").value == "a"


@pytest.mark.parametrize("encoding", ["rot13", "base64", "idna", "unicode_escape", "utf 8", "no-such"])
def test_what_is_no_encoding_of_java_is_refused(encoding: str) -> None:
    with pytest.raises(SerializationException, match=f"Unsupported encoding {encoding}"):
        strings(converter_encoding=encoding)


@given(st.lists(st.none() | st.integers(-(2**70), 2**70) | st.booleans() | st.text(max_size=3), max_size=5))
def test_headers_of_a_batch_become_what_each_becomes_by_itself(values: list[Any]) -> None:
    converter = SimpleHeaderConverter()
    for schema in (INT64_SCHEMA, STRING_SCHEMA, None):
        singles = [converter.from_connect_header("t", "h", schema, value) for value in values]
        assert converter.from_connect_header_batch("t", "h", schema, values) == singles
    assert converter.from_connect_header_batch("t", "h", INT64_SCHEMA, range(8, 11)) == [b"8", b"9", b"10"]


@pytest.mark.parametrize("sizes", [(7, 9), (8, 8, 0), (16,), (8, None)])
def test_batches_of_numbers_are_looked_at_one_by_one_unless_all_have_the_size(sizes: tuple[int | None, ...]) -> None:
    """The sum of the lengths alone would not tell."""
    converter = data_converter("converters.number:LongConverter")
    data = [None if size is None else bytes(size) for size in sizes]
    if None in sizes:
        assert [value for _, values in converter.to_connect_batch("t", data) for value in values] == [0, None]
        return
    with pytest.raises(DataException, match="Failed to deserialize long: "):
        converter.to_connect_batch("t", data)


@pytest.mark.parametrize("values", [[1, True], [1, 2.0], [2**63, 1], [Int32(1)], [False, False]])
def test_batches_of_numbers_refuse_other_classes(values: list[Any]) -> None:
    with pytest.raises(DataException, match="Failed to serialize to long"):
        data_converter("converters.number:LongConverter").from_connect_batch("t", None, values)
