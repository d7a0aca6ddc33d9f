"""JsonConverter: what batches share, what is refused, how odd texts and deep nesting are taken."""

from __future__ import annotations

import copy
import math
from typing import Any

import pytest

from connect.api import DataException, Field, Schema, Struct, Type, to_value
from connect.api.numbers import Float32, Int8
from connect.api.schema import INT64_SCHEMA, OPTIONAL_STRING_SCHEMA, STRING_SCHEMA
from converters.json import JsonConverter
from converters.json_encode import WriteOptions, quoted
from converters.json_envelope import schema_text

UNREADABLE = "Converting byte[] to Kafka Connect data failed due to serialization error: "
UNWRITABLE = "Converting Kafka Connect data to byte[] failed due to serialization error: "
USER = Schema(Type.STRUCT, fields=[Field("id", 0, INT64_SCHEMA), Field("name", 1, OPTIONAL_STRING_SCHEMA)])
HEAD = (
    b'{"schema":{"type":"struct","fields":[{"type":"int64","optional":false,"field":"id"},'
    b'{"type":"string","optional":true,"field":"name"}],"optional":false},"payload":'
)


def converter(**settings: Any) -> JsonConverter:
    made = JsonConverter()
    made.configure({name.replace("_", "."): value for name, value in settings.items()}, is_key=False)
    return made


ENVELOPED = converter()
PLAIN = converter(schemas_enable="false")


def test_messages_with_the_same_schema_text_share_one_schema() -> None:
    messages = [HEAD + b'{"id":%d,"name":"x"}}' % i for i in range(5)]
    first, second = (ENVELOPED.to_connect_batch("t", batch)[0] for batch in (messages[:2], messages[2:]))
    assert first[0] is second[0]
    assert first[0] == USER
    assert second[1] == [(2, "x"), (3, "x"), (4, "x")]


def test_runs_follow_the_order_of_messages() -> None:
    messages = [
        HEAD + b'{"id":1}}',
        None,
        b'{"schema":{"type":"int8"},"payload":7}',
        b'{"payload":8,"schema":{"type":"int8"}}',
        b'{"schema":null,"payload":{"a":1}}',
        HEAD + b'{"id":2,"name":null,"more":[]}}',
        HEAD + b'{"id":3}} trailing',
    ]
    runs = ENVELOPED.to_connect_batch("t", messages)
    assert [schema and schema.type for schema, _ in runs] == [Type.STRUCT, None, Type.INT8, None, Type.STRUCT]
    assert [[to_value(schema, value) for value in values] for schema, values in runs[1:4]] == [
        [None],
        [7, 8],
        [{"a": 1}],
    ]
    assert [list(row) for row in (*runs[0][1], *runs[4][1])] == [[1, None], [2, None], [3, None]]


@pytest.mark.parametrize(
    "message",
    [
        HEAD + b'{"id":1},"payload":2}',
        HEAD + b'{"id":1},"more":2}',
        HEAD + b'{"id":1}',
        HEAD + b"}",
        HEAD + b'{"id":1}]',
        HEAD[:-10] + b'"x":1,"payload":{"id":1}}',
    ],
)
def test_a_known_beginning_does_not_make_an_envelope(message: bytes) -> None:
    expected = None
    try:
        expected = ENVELOPED.to_connect_data("t", message + b" ")
    except DataException as error:
        with pytest.raises(DataException, match=str(error)[:40].replace("[", r"\[")):
            ENVELOPED.to_connect_batch("t", [HEAD + b'{"id":1}}', message])
        return
    ((_, rows),) = ENVELOPED.to_connect_batch("t", [HEAD + b'{"id":1}}', message])
    assert to_value(expected.schema, rows[1]) == expected.value


def test_envelopes_may_begin_with_the_payload() -> None:
    schema = HEAD[10:-11]
    messages = [b'{"payload": {"id":%d,"name":",\\"schema\\":"}, "schema": %s}' % (i, schema) for i in range(3)]
    ((read, rows),) = ENVELOPED.to_connect_batch("t", messages)
    assert read == USER
    assert rows == [(i, ',"schema":') for i in range(3)]
    for odd in (b'{"payload":,"schema":%s}', b'{"payload":1,"x":2,"schema":%s}', b'{"payload":1}, "schema":%s}'):
        with pytest.raises(DataException):
            ENVELOPED.to_connect_batch("t", [messages[0], odd % schema])


def test_a_payload_member_inside_the_schema_is_not_taken_for_the_payload() -> None:
    schema = b'{"type":"string","doc":",\\"payload\\":","parameters":{"a":"b","payload":"c"}}'
    ((read, values),) = ENVELOPED.to_connect_batch("t", [b'{"schema":' + schema + b',"payload":"v"}'] * 2)
    assert read is not None
    assert read.parameters == {"a": "b", "payload": "c"}
    assert values == ["v", "v"]


def test_the_first_bad_value_of_a_batch_is_the_one_that_is_reported() -> None:
    rows = [(1, "a"), (None, "b"), ("x", "c")]
    with pytest.raises(DataException, match="Conversion error: null value for field that is required"):
        ENVELOPED.from_connect_batch("t", USER, rows)
    with pytest.raises(DataException, match=r"Invalid type for INT64: class java\.lang\.String"):
        ENVELOPED.from_connect_batch("t", USER, [rows[0], rows[2], rows[1]])


def test_batches_are_not_changed() -> None:
    rows: list[Any] = [[1, "a"], [2, None]]
    kept = copy.deepcopy(rows)
    ENVELOPED.from_connect_batch("t", USER, rows)
    values = [{"a": [1, None, {"b": 1e9}]}, {"c": math.nan}]
    PLAIN.from_connect_batch("t", None, values)
    assert rows == kept
    assert str(values) == "[{'a': [1, None, {'b': 1000000000.0}]}, {'c': nan}]"


def test_tombstones_in_a_batch_stay_tombstones() -> None:
    assert PLAIN.from_connect_batch("t", None, [None, {"a": 1}, None]) == [None, b'{"a":1}', None]
    assert PLAIN.to_connect_batch("t", [None, b"1", None, b""]) == [(None, [None, 1, None, None])]
    assert ENVELOPED.from_connect_batch("t", None, [None, 1]) == [None, b'{"schema":null,"payload":1}']


def test_nulls_defaults_and_odd_names_of_rows() -> None:
    fields = [
        Field("optional", 0, OPTIONAL_STRING_SCHEMA),
        Field("required", 1, INT64_SCHEMA),
        Field("default", 2, Schema(Type.STRING, optional=True, default_value="d")),
        Field("number", 3, Schema(Type.FLOAT64)),
    ]
    payloads = [b'{"number":1,"required":2}', b'{"required":3,"number":-0.0,"default":null,"more":1}']
    written = [
        b'{"optional":null,"required":2,"default":"d","number":1.0}',
        b'{"optional":null,"required":3,"default":"d","number":0.0}',
    ]
    for names in (("optional", "required", "default", "number"), ('o"', "r\\", "d\n", "😀")):
        schema = Schema(
            Type.STRUCT, fields=[Field(name, f.index, f.schema) for name, f in zip(names, fields, strict=True)]
        )

        def renamed(text: bytes, names: tuple[str, ...] = names) -> bytes:
            for field, name in zip(fields, names, strict=True):
                text = text.replace(f'"{field.name}"'.encode(), quoted(name).encode())
            return text

        made = converter(schema_content=schema_text(schema, WriteOptions()))
        ((_, rows),) = made.to_connect_batch("t", [renamed(payload) for payload in payloads])
        assert [list(row) for row in rows] == [[None, 2, "d", 1.0], [None, 3, "d", 0.0]]
        assert PLAIN.from_connect_batch("t", schema, rows) == [renamed(text) for text in written]
        with pytest.raises(DataException, match="Invalid null value for required INT64 field"):
            made.to_connect_batch("t", [renamed(payloads[0]), renamed(b'{"number":1}')])


def test_malformed_text_in_members_that_the_schema_lacks_is_refused() -> None:
    for payload in (b'{"id":1,"x":"\xff"}', b'{"id":1,"\xff":1}', b'{"id":1,"x":[nul]}', b'{"id":1,"x":"\x01"}'):
        with pytest.raises(DataException, match="failed due to serialization error"):
            ENVELOPED.to_connect_batch("t", [HEAD + payload + b"}", HEAD + b'{"id":1}}'])


def test_an_empty_batch_is_empty() -> None:
    assert ENVELOPED.from_connect_batch("t", USER, []) == PLAIN.from_connect_batch("t", None, []) == []
    assert ENVELOPED.to_connect_batch("t", []) == PLAIN.to_connect_batch("t", []) == []


def test_what_is_no_row_of_the_schema_is_refused() -> None:
    other = Schema(Type.STRUCT, fields=[Field("id", 0, INT64_SCHEMA)])
    for value, message in ((Struct(other, [1]), "Mismatching schema."), ({"id": 1}, "Invalid type for STRUCT")):
        with pytest.raises(DataException, match=message):
            ENVELOPED.from_connect_batch("t", USER, [(1, "a"), value])


@pytest.mark.parametrize("depth", [200, 250, 255, 400, 999, 1000])
def test_nesting_up_to_a_thousand_levels_is_read_and_written(depth: int) -> None:
    text = b"[" * depth + b"1" + b"]" * depth
    ((_, values),) = PLAIN.to_connect_batch("t", [text, text])
    assert PLAIN.from_connect_batch("t", None, values) == [text, text]


@pytest.mark.parametrize("depth", [1001, 1020, 5000, 200_000])
def test_deeper_nesting_is_refused(depth: int) -> None:
    for text in (b"[" * depth + b"]" * depth, b'{"a":' * depth + b"1" + b"}" * depth, b"[" * depth):
        with pytest.raises(DataException, match="failed due to serialization error"):
            PLAIN.to_connect_batch("t", [b"1", text])
    value: Any = 1
    for _ in range(1001):
        value = [value]
    with pytest.raises(DataException, match="failed due to serialization error"):
        PLAIN.from_connect_data("t", None, value)


def test_a_value_that_holds_itself_is_refused() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(DataException, match="failed due to serialization error"):
        PLAIN.from_connect_batch("t", None, [value])


@pytest.mark.parametrize("depth", [200, 5000])
def test_deeply_nested_schemas_end_in_data_or_a_data_exception(depth: int) -> None:
    schema: Schema = INT64_SCHEMA
    value: Any = 5
    for _ in range(depth):
        schema = Schema(Type.ARRAY, value_schema=schema)
        value = [value]
    if depth <= 200:
        message = ENVELOPED.from_connect_data("t", schema, value)
        assert ENVELOPED.to_connect_data("t", message).value == value
        return
    with pytest.raises(DataException):
        ENVELOPED.from_connect_data("t", schema, value)
    text = b'{"schema":' + b'{"type":"array","items":' * 450 + b'{"type":"int8"}' + b"}" * 450 + b',"payload":[]}'
    with pytest.raises(DataException):
        ENVELOPED.to_connect_batch("t", [text])


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ((b'{"a":1}', b'{"a":"-0","b":null,"c":true}'), "[{'a': 1}, {'a': '-0', 'b': None, 'c': True}]"),
        ((b'{"a":1.5}', b'{"a":-0.0}', b'{"a":-0}'), "[{'a': 1.5}, {'a': 0.0}, {'a': 0}]"),
        ((b'{"a":1}', b'{"a":9223372036854775808}'), "[{'a': 1}, {'a': -9223372036854775808}]"),
        ((b'{"a":1}{"b":2}', b'{"c":3}'), "[{'a': 1}, {'c': 3}]"),
        ((b'{"a":1,"a":2}', b' {"a":\n3} x', b'{"a":{"b":1.0}}'), "[{'a': 2}, {'a': 3}, {'a': {'b': 1.0}}]"),
    ],
)
def test_flat_objects_are_read_as_all_others(texts: tuple[bytes, ...], expected: str) -> None:
    ((_, values),) = PLAIN.to_connect_batch("t", texts)
    assert repr(values) == expected
    assert repr([PLAIN.to_connect_data("t", text).value for text in texts]) == expected


@pytest.mark.parametrize("number", [b"0." + b"1" * 999, b"1" * 500 + b"." + b"1" * 500, b"1" * 1001])
def test_numbers_may_be_long_but_not_longer_than_java_takes(number: bytes) -> None:
    for read in (PLAIN.to_connect_data, PLAIN.to_connect_batch):
        with pytest.raises(DataException) as raised:
            read("t", [b'{"a":%b}' % number] if read == PLAIN.to_connect_batch else b'{"a":%b}' % number)
        assert str(raised.value) == UNREADABLE
    ((_, (value,)),) = PLAIN.to_connect_batch("t", [b'{"a":1.%b}' % (b"0" * 998)])
    assert value == {"a": 1.0}


def test_ten_megabytes_go_through() -> None:
    text = ("é😀\n" + "x" * 93) * 100_000
    for made, schema in ((PLAIN, None), (ENVELOPED, STRING_SCHEMA)):
        message = made.from_connect_data("t", schema, text)
        assert made.to_connect_data("t", message) == (schema, text)
        assert made.from_connect_batch("t", schema, [text]) == [message]
        assert made.to_connect_batch("t", [message]) == [(schema, [text])]


@pytest.mark.parametrize(
    "text",
    [
        "9" * 250_000 + ".",
        "\\" * 200_000 + "\0",
        "-0." + "0" * 250_000 + "1",
        " " * 250_000 + "x",
        '"schema":,' * 25_000,
        ',"payload":' * 20_000,
        ',"schema":{' * 20_000,
        "0" * 250_000 + "e",
        "\ud83d" * 10_000,
    ],
    ids=lambda text: repr(text[:8]),
)
def test_long_odd_strings_take_no_longer_than_others(text: str) -> None:
    for made, schema in ((PLAIN, None), (ENVELOPED, STRING_SCHEMA)):
        (message,) = made.from_connect_batch("t", schema, [text])
        assert made.to_connect_batch("t", [message]) == [(schema, [text])]
    schema_first = b'{"schema":{"type":"string","doc":' + quoted(text).encode() + b'},"payload":"x"}'
    payload_first = b'{"payload":' + quoted(text).encode() + b',"schema":{"type":"string"}}'
    assert [values for _, values in ENVELOPED.to_connect_batch("t", [schema_first, payload_first])] == [["x"], [text]]


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b'"\\ud83d"', "\ud83d"),
        (b'"\\ud83d\\ude00"', "😀"),
        (b'"\xed\xa0\xbd\xed\xb8\x80"', "😀"),
        (b'"\xc1\x81"', "A"),
        (b'\xff\xfe"\x00a\x00"\x00', "a"),
        (b'\xfe\xff\x00"\x00a\x00"', "a"),
        (b'\x00\x00\x00"\x00\x00\x00a\x00\x00\x00"', "a"),
        (b"1\x00", 1),
        (b"007", 7),
        (b"-0.0", 0.0),
        (b"1 \xff\xfe", 1),
        (b"[1]]", [1]),
        (b'"a""b"', "a"),
        (b"true,", True),
        (b'{"a":1,"a":2}', {"a": 2}),
        (b"9223372036854775808", -(2**63)),
        (b"1e400", math.inf),
    ],
)
def test_odd_texts_are_read_as_java_reads_them(data: bytes, value: Any) -> None:
    ((_, (read, plain)),) = PLAIN.to_connect_batch("t", [data, b"0"])
    assert (repr(read), plain) == (repr(value), 0)


@pytest.mark.parametrize(
    "data",
    [
        b"1x",
        b"nullx",
        b"null1",
        b"01.",
        b"1e",
        b".5",
        b"+1",
        b"-",
        b'"\x1f"',
        b'"\\u12g4"',
        b'"\xff"',
        b'"\xf8\x88\x80\x80\x80"',
        b"[1 2]",
        b'{"a" 1}',
        b"{a:1}",
        b"\xef\xbb",
        b"9" * 1001,
        b"1e99999999999999999999999",
        b"\x00\x00x\x00",
    ],
)
def test_malformed_texts_are_refused(data: bytes) -> None:
    for read in (PLAIN.to_connect_data, ENVELOPED.to_connect_data):
        with pytest.raises(DataException) as raised:
            read("t", data)
        assert str(raised.value) == UNREADABLE


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e7, b"1.0E7"),
        (9999999.0, b"9999999.0"),
        (12345678.5, b"1.23456785E7"),
        (0.001, b"0.001"),
        (0.00099, b"9.9E-4"),
        (-1e-5, b"-1.0E-5"),
        (math.nan, b'"NaN"'),
        (-math.inf, b'"-Infinity"'),
        (Float32(1.100000023841858), b"1.1"),
        (Float32(math.inf), b'"Infinity"'),
        (Int8(5), b"5"),
        ("\x0b\\u000b", b'"\\u000B\\\\u000b"'),
        ("é\U0001f600", b'"\xc3\xa9\\uD83D\\uDE00"'),
        ("\ud83d", b'"\\uD83D"'),
        (b"ab", b'"YWI="'),
        ((1, 2), b"[1,2]"),
        ({1: "x"}, b'[[1,"x"]]'),
        (2**63 - 1, b"9223372036854775807"),
        ("0.0001 12345678.5 1e-5", b'"0.0001 12345678.5 1e-5"'),
    ],
)
def test_schemaless_values_are_written_as_java_writes_them(value: Any, text: bytes) -> None:
    assert PLAIN.from_connect_data("t", None, value) == text
    assert PLAIN.from_connect_batch("t", None, [0, value, None]) == [b"0", text, None]
    members = [{"a": value, "b": None}] * 300
    assert PLAIN.from_connect_batch("t", None, members) == [b'{"a":' + text + b',"b":null}'] * 300


def test_integers_beyond_64_bits_are_refused() -> None:
    for value in (2**63, -(2**63) - 1, 2**64):
        with pytest.raises(DataException, match=r"Java class class java\.math\.BigInteger does not have"):
            PLAIN.from_connect_batch("t", None, [{"a": 1}, {"a": value}])
        with pytest.raises(DataException, match="Invalid type for INT64"):
            ENVELOPED.from_connect_batch("t", USER, [(1, None), (value, None)])


def test_no_schema_is_remembered_with_a_cache_of_size_zero() -> None:
    made = converter(schemas_cache_size="0")
    messages = made.from_connect_batch("t", USER, [(1, "a"), (2, None)])
    assert messages == [HEAD + b'{"id":1,"name":"a"}}', HEAD + b'{"id":2,"name":null}}']
    assert made.to_connect_batch("t", messages) == [(USER, [(1, "a"), (2, None)])]
