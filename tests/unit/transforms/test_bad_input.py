"""Bad input, plugin by kind of input: whatever comes in, nothing but Connect's own exceptions comes out."""

from __future__ import annotations

import datetime as dt
import decimal
import os
from importlib import import_module
from typing import Any

import pytest

from connect.api import (
    ConfigException,
    ConnectException,
    Converter,
    DataException,
    Headers,
    SchemaBuilder,
    SourceRecord,
    Struct,
    Transformation,
    validate_value,
)
from connect.api.logical import DATE_SCHEMA, TIME_SCHEMA, TIMESTAMP_SCHEMA, EpochMillis, decimal_schema
from connect.api.numbers import BigInteger, Float32, Int8, Int32
from connect.api.schema import BOOLEAN_SCHEMA, BYTES_SCHEMA, FLOAT32_SCHEMA, INT8_SCHEMA, INT64_SCHEMA, STRING_SCHEMA
from connect.api.values import convert_to_decimal, convert_to_double, parse_string
from converters.json import JsonConverter
from converters.simple_header import SimpleHeaderConverter

ROW = SchemaBuilder.struct().field("x", INT64_SCHEMA).build()


def nested(levels: int, make: Any) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = make(value)
    return value


pytestmark = pytest.mark.soak

BIG = 10_000_000 if os.environ.get("CONNECT_SOAK") else 100_000
ODD: dict[str, Any] = {
    "null": None,
    "true": True,
    "nan": float("nan"),
    "infinity": float("-inf"),
    "single nan": Float32("nan"),
    "beyond 64 bits": 10**30,
    "beyond 8 bits": Int8(127) + 1,
    "marked": Int32(5),
    "big integer": BigInteger(2**80),
    "decimal": decimal.Decimal("1E+400"),
    "decimal nan": decimal.Decimal("NaN"),
    "date": dt.datetime(1, 1, 1, tzinfo=dt.UTC),
    "date without zone": dt.datetime(2024, 2, 29),  # noqa: DTZ001  # what a careless connector makes
    "far date": EpochMillis(2**63 - 1),
    "lone surrogate": "\ud800x",
    "nul": "\0",
    "a long text": "x" * BIG,
    "many bytes": b"\xff" * BIG,
    "buffer": memoryview(b"ab"),
    "200 maps deep": nested(200, lambda value: {"a": value}),
    "200 lists deep": nested(200, lambda value: [value]),
    "5000 maps deep": nested(5000, lambda value: {"a": value}),
    "5000 lists deep": nested(5000, lambda value: [value]),
    "odd keys": {None: 1, 2: {}, (1, 2): None},
    "struct": Struct(ROW, [1]),
    "foreign": object(),
    "a set": {1},
}
TRANSFORMATIONS: list[tuple[str, dict[str, str]]] = [
    *[(f"cast:Cast{side}", {"spec": spec}) for side in ("Key", "Value") for spec in ("int8", "a:string,b:float32")],
    *[("cast:CastValue", {"spec": kind}) for kind in ("string", "boolean", "int64", "float64")],
    ("drop_headers:DropHeaders", {"headers": "h"}),
    ("extract_field:ExtractFieldValue", {"field": "a"}),
    ("extract_field:ExtractFieldValue", {"field": "a.a.a", "field.syntax.version": "V2"}),
    ("filter:Filter", {}),
    ("flatten:FlattenValue", {}),
    ("header_from:HeaderFromValue", {"fields": "a", "headers": "h", "operation": "move"}),
    ("hoist_field:HoistFieldValue", {"field": "w"}),
    ("insert_field:InsertFieldValue", {"topic.field": "a", "timestamp.field": "t!", "partition.field": "p"}),
    ("insert_header:InsertHeader", {"header": "h", "value.literal": "[1,"}),
    ("mask_field:MaskFieldValue", {"fields": "a"}),
    ("mask_field:MaskFieldValue", {"fields": "a,b", "replacement": "x"}),
    ("regex_router:RegexRouter", {"regex": "(.*)", "replacement": "$9"}),
    ("replace_field:ReplaceFieldValue", {"exclude": "a", "renames": "b:c"}),
    ("set_schema_metadata:SetSchemaMetadataValue", {"schema.name": "n"}),
    *[
        ("timestamp_converter:TimestampConverterValue", {"field": field, "target.type": target, "format": "yyyy"})
        for field in ("", "a")
        for target in ("string", "unix", "Date", "Time", "Timestamp")
    ],
    ("timestamp_router:TimestampRouter", {"timestamp.format": "yyyy"}),
    ("value_to_key:ValueToKey", {"fields": "a"}),
]
SCHEMAS = [
    INT8_SCHEMA,
    INT64_SCHEMA,
    FLOAT32_SCHEMA,
    BOOLEAN_SCHEMA,
    STRING_SCHEMA,
    BYTES_SCHEMA,
    DATE_SCHEMA,
    TIME_SCHEMA,
    TIMESTAMP_SCHEMA,
    decimal_schema(2),
    SchemaBuilder.array(INT64_SCHEMA).build(),
    SchemaBuilder.map(STRING_SCHEMA, INT64_SCHEMA).build(),
    ROW,
]
CONVERTERS = [
    ("json:JsonConverter", {"schemas.enable": "true"}),
    ("json:JsonConverter", {"schemas.enable": "false", "decimal.format": "NUMERIC"}),
    ("string:StringConverter", {}),
    ("byte_array:ByteArrayConverter", {}),
    ("boolean:BooleanConverter", {}),
    *[(f"number:{name}Converter", {}) for name in ("Short", "Integer", "Long", "Float", "Double")],
]


def made(package: str, target: str) -> Any:
    module, _, name = target.partition(":")
    return getattr(import_module(f"{package}.{module}"), name)()


def transformation(target: str, config: dict[str, str]) -> Transformation:
    plugin: Transformation = made("transforms", target)
    plugin.configure(config)
    return plugin


def converter(target: str, config: dict[str, str]) -> Converter:
    plugin: Converter = made("converters", target)
    plugin.configure(config, is_key=False)
    return plugin


def outcome(action: Any, *arguments: Any) -> str | None:
    """What the action refused the arguments with; None when it took them. Any other exception is the test's failure."""
    try:
        action(*arguments)
    except (ConnectException, ConfigException) as error:
        return f"{type(error).__name__}: {error}"
    return None


@pytest.mark.parametrize("kind", ODD)
def test_transformations_take_or_refuse_any_value(kind: str) -> None:
    """As the whole key and value, in a map, and in a struct that promised an integer."""
    odd = ODD[kind]
    schema = SchemaBuilder.struct().field("a", INT64_SCHEMA).build()
    records = [
        SourceRecord({}, {}, "t", key=odd, value=odd, timestamp=-1),
        SourceRecord({}, {}, "t", key={"a": odd}, value={"a": odd, "b": odd}, timestamp=2**62),
        SourceRecord({}, {}, "t", value_schema=schema, value=Struct(schema, [odd]), timestamp=None),
        SourceRecord({}, {}, None, value_schema=INT64_SCHEMA, value=odd, headers=Headers().add("h", odd)),
    ]
    for target, config in TRANSFORMATIONS:
        for record in records:
            plugin = transformation(target, config)
            outcome(plugin.apply, record)


@pytest.mark.parametrize(("target", "config"), CONVERTERS)
def test_converters_write_or_refuse_any_value(target: str, config: dict[str, str]) -> None:
    """Under no schema and under each type's, alone and in a batch."""
    plugin = converter(target, config)
    for odd in ODD.values():
        for schema in (None, *SCHEMAS):
            outcome(plugin.from_connect_data, "t", schema, odd)
            outcome(plugin.from_connect_batch, "t", schema, [odd, odd])


def test_headers_validation_and_conversions_take_or_refuse_any_value() -> None:
    header = SimpleHeaderConverter()
    for odd in ODD.values():
        for schema in (None, *SCHEMAS):
            outcome(header.from_connect_header, "t", "h", schema, odd)
            if schema is not None:
                outcome(validate_value, schema, odd)
                outcome(Headers().add, "h", odd, schema)
        outcome(convert_to_decimal, None, odd, 2)
        if isinstance(odd, str):
            outcome(parse_string, odd)


TEXTS = [
    b"",
    b" ",
    b"{",
    b"]",
    b"nul",
    b"NaN",
    b"{'a':1}",
    b'{"a":1,}',
    b'{"a" 1}',
    b"\xff\xfe\x00",
    b'"\xff"',
    b'"\\ud800"',
    b'"\\x"',
    b"-",
    b"1e999999999",
    b"9" * 5000,
    b"[" * 200 + b"]" * 200,
    b"[" * 100_000,
    b'{"a":' * 5000 + b"1" + b"}" * 5000,
    b'"' + b"x" * BIG + b'"',
    b'{"schema":1,"payload":1}',
    b'{"schema":{},"payload":1}',
    b'{"schema":{"type":"int32"},"payload":1,"more":2}',
    b'{"schema":{"type":"int99"},"payload":1}',
    b'{"schema":{"type":"struct","fields":{}},"payload":{}}',
    b'{"schema":{"type":"struct","fields":[{"type":"string","field":"s"}]},"payload":{"s":null}}',
    b'{"schema":{"type":"struct","fields":[{"type":"string","field":"s"}]},"payload":[1]}',
    b'{"schema":{"type":"int32","name":"org.apache.kafka.connect.data.Date"},"payload":99999999999999999999}',
    b'{"schema":{"type":"bytes","name":"org.apache.kafka.connect.data.Decimal"},"payload":"AQ=="}',
    b'{"schema":{"type":"map","keys":{"type":"int32"},"values":{"type":"int32"}},"payload":[[1]]}',
]


@pytest.mark.parametrize(("target", "config"), CONVERTERS)
def test_converters_read_or_refuse_any_bytes(target: str, config: dict[str, str]) -> None:
    """One by one and in a batch, which ends the same way."""
    plugin = converter(target, config)
    for text in TEXTS:
        assert outcome(plugin.to_connect_data, "t", text) == outcome(plugin.to_connect_batch, "t", [text, text]), text[
            :80
        ]
    for text in TEXTS:
        outcome(SimpleHeaderConverter().to_connect_header, "t", "h", text)


@pytest.mark.parametrize(
    ("target", "config", "message"),
    [
        (
            "cast:CastValue",
            {"spec": "a:int99"},
            None,
        ),
        ("mask_field:MaskFieldValue", {"fields": "a", "replacement": ""}, None),
        ("regex_router:RegexRouter", {"regex": "(", "replacement": "x"}, None),
        ("predicates.topic_name_matches:TopicNameMatches", {"pattern": "["}, None),
        ("timestamp_converter:TimestampConverterValue", {"target.type": "string", "format": "q"}, None),
        ("timestamp_converter:TimestampConverterValue", {"target.type": "date"}, None),
        ("insert_field:InsertFieldValue", {}, "No field insertion configured"),
        (
            "extract_field:ExtractFieldValue",
            {"field": "`a", "field.syntax.version": "V2"},
            None,
        ),
        ("set_schema_metadata:SetSchemaMetadataValue", {"schema.version": "1e5"}, None),
        ("replace_field:ReplaceFieldValue", {"renames": "a:b:c"}, None),
        ("value_to_key:ValueToKey", {"fields": "a,,b"}, "Configuration 'fields' values must not be empty."),
    ],
)
def test_bad_settings_are_refused_at_once(target: str, config: dict[str, str], message: str | None) -> None:
    with pytest.raises(ConfigException) as raised:
        made("transforms", target).configure(config)
    assert message is None or str(raised.value) == message


# Where a comparison with Java's classes on random input found a difference


def test_structs_in_headers_without_schema_bring_their_own() -> None:
    plugin = transformation("header_from:HeaderFromValue", {"fields": "a,b", "headers": "h,i", "operation": "copy"})
    changed = plugin.apply(SourceRecord({}, {}, "t", value={"a": Struct(ROW, [1]), "b": 2}))
    assert changed is not None
    assert [header.schema for header in changed.headers] == [ROW, None]
    assert [header.schema for header in Headers().add("h", Struct(ROW, [1]))] == [ROW]


def test_a_field_filled_from_another_must_fit() -> None:
    schema = SchemaBuilder.struct().field("l", TIMESTAMP_SCHEMA).field("a", INT8_SCHEMA).build()
    plugin = transformation("replace_field:ReplaceFieldValue", {"exclude": "l", "renames": "l:a"})
    record = SourceRecord({}, {}, "t", value_schema=schema, value=Struct(schema, [EpochMillis(1), 1]))
    with pytest.raises(DataException, match=r'type INT8: class java\.util\.Date for field: "a"'):
        plugin.apply(record)


def test_decimals_know_one_zero() -> None:
    assert str(convert_to_decimal(None, "-0.0", 1)) == "0.0"
    assert str(convert_to_double(None, "-0")) == "0.0"


def test_a_number_under_a_date_schema_has_the_class_of_the_base_type() -> None:
    with pytest.raises(DataException, match=r'Date" with type INT32: class java\.lang\.Integer'):
        validate_value(DATE_SCHEMA, 5)


@pytest.mark.parametrize("row", [[], [1, 2]])
def test_rows_of_another_width_are_refused(row: list[int]) -> None:
    plugin = JsonConverter()
    plugin.configure({}, is_key=False)
    with pytest.raises(DataException, match="needs 1 values but has"):
        plugin.from_connect_batch("t", ROW, [row])
