"""The Protobuf converter: texts of schemas, hand-checked messages, schemas of others, unions, enums, indexes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import requests

from connect.api import (
    DATE_SCHEMA,
    TIME_SCHEMA,
    TIMESTAMP_SCHEMA,
    DataException,
    Field,
    Schema,
    SerializationException,
    Struct,
    Type,
    decimal_schema,
)
from connect.api.logical import from_millis
from connect.demo.registry import EmbeddedRegistry
from converters.protobuf import ProtobufConverter
from converters.protobuf_config import ProtobufOptions
from converters.protobuf_from_connect import protobuf_file
from converters.protobuf_names import ENUM, TAG, UNION_PREFIX
from converters.protobuf_parse import parse_file
from tests.unit.converters import registry_setup
from tests.unit.converters.registry_setup import configured, struct

INT, TEXT = Schema(Type.INT32), Schema(Type.STRING)


def new_converter(registry: EmbeddedRegistry, **settings: Any) -> ProtobufConverter:
    return configured(ProtobufConverter(), registry, **settings)


def register(registry: EmbeddedRegistry, subject: str, schema: str, references: Any = ()) -> int:
    return registry_setup.register(registry, subject, schema, schemaType="PROTOBUF", references=list(references))


def registered(registry: EmbeddedRegistry, subject: str) -> str:
    answer = requests.get(f"{registry.url}/subjects/{subject}/versions/latest", timeout=30).json()
    return str(answer["schema"])


ALL = struct(
    "com.shop.Order",
    id=Schema(Type.INT64),
    small=Schema(Type.INT8),
    price=decimal_schema(2),
    day=DATE_SCHEMA,
    at=TIME_SCHEMA,
    made=TIMESTAMP_SCHEMA,
    tags=Schema(Type.ARRAY, value_schema=TEXT),
    counts=Schema(Type.MAP, key_schema=TEXT, value_schema=INT),
    home=struct("com.shop.Address", city=TEXT),
)
ALL_TEXT = """syntax = "proto3";
package com.shop;

import "confluent/type/decimal.proto";
import "google/type/date.proto";
import "google/type/timeofday.proto";
import "google/protobuf/timestamp.proto";

message Order {
  int64 id = 1;
  int32 small = 2 [(confluent.field_meta) = {
    params: [
      {
        key: "connect.type",
        value: "int8"
      }
    ]
  }];
  confluent.type.Decimal price = 3 [(confluent.field_meta) = {
    params: [
      {
        value: "2",
        key: "scale"
      }
    ]
  }];
  google.type.Date day = 4;
  google.type.TimeOfDay at = 5;
  google.protobuf.Timestamp made = 6;
  repeated string tags = 7;
  repeated ConnectDefault1Entry counts = 8;
  Address home = 9;

  message ConnectDefault1Entry {
    string key = 1;
    int32 value = 2;
  }
  message Address {
    string city = 1;
  }
}
"""


def test_schemas_are_written_as_java_writes_them() -> None:
    assert protobuf_file(ALL, ProtobufOptions()).text() == ALL_TEXT


def test_texts_are_read_as_they_are_written() -> None:
    assert parse_file(ALL_TEXT).text() == ALL_TEXT


def test_a_message_is_the_id_the_index_and_the_fields(registry: EmbeddedRegistry) -> None:
    made = new_converter(registry)
    address = ALL.field("home").schema
    row = (
        150,
        -1,
        Decimal("4.99"),
        from_millis(19782 * 86_400_000),
        from_millis(45_296_789),
        from_millis(1_709_209_800_123),
        ["a", "b"],
        {"x": 1},
        Struct(address, ["c"]),
    )
    (message,) = made.from_connect_batch("t", ALL, [row])
    assert message is not None
    assert message.hex(" ") == " ".join(
        [
            "00 00 00 00 01 00",  # magic byte, id, the first message of the file
            "08 96 01",
            "10 ff ff ff ff ff ff ff ff ff 01",
            "1a 08 0a 02 01 f3 10 03 18 02",  # 499 as two bytes, three digits, two of them behind the point
            "22 07 08 e8 0f 10 02 18 1d",  # 2024, 2, 29
            "2a 0c 08 0c 10 22 18 38 20 c0 de 9c f8 02",  # 12, 34, 56, 789 million nanoseconds
            "32 0b 08 c8 f1 81 af 06 10 c0 a9 d3 3a",
            "3a 01 61 3a 01 62",
            "42 05 0a 01 78 10 01",
            "4a 03 0a 01 63",
        ]
    )
    assert registered(registry, "t-value") == ALL_TEXT
    ((schema, rows),) = made.to_connect_batch("t", [message])
    assert schema is not None
    assert schema.version == 1
    assert [field.schema.type.name for field in schema.fields] == [field.schema.type.name for field in ALL.fields]
    assert repr(rows) == repr([row])


@pytest.mark.parametrize(
    ("schema", "value", "index", "body"),
    [
        (Schema(Type.FLOAT64), 1.5, "00", "09000000000000f83f"),
        (Schema(Type.INT64), 3, "0204", "0803"),
        (INT, -1, "0208", "08ffffffffffffffffff01"),
        (Schema(Type.BOOLEAN), True, "020c", "0801"),
        (TEXT, "é", "020e", "0a02c3a9"),
        (Schema(Type.BYTES), b"\x00\xff", "0210", "0a0200ff"),
        (TEXT, "", "020e", ""),
    ],
)
def test_simple_values_are_wrapped(
    registry: EmbeddedRegistry, schema: Schema, value: Any, index: str, body: str
) -> None:
    made = new_converter(registry)
    message = made.from_connect_data("t", schema, value)
    assert message is not None
    assert message.hex() == f"0000000001{index}{body}"
    assert made.to_connect_data("t", message).value == value


def test_null_is_a_tombstone_or_what_the_settings_make_of_it(registry: EmbeddedRegistry) -> None:
    schema = struct("R", n=Schema(Type.INT32, optional=True), t=Schema(Type.STRING, optional=True))
    row = Struct(schema, [None, None])
    read = {}
    for name in ("", "optional.for.nullables", "wrapper.for.nullables"):
        made = new_converter(registry, **({name: True} if name else {}))
        message = made.from_connect_data(f"t{name}", schema, row)
        read[name] = made.to_connect_data(f"t{name}", message).value.values
        assert made.from_connect_data("t", schema, None) is None
    assert read == {
        "": [0, ""],  # as in Java: proto3 doesn't tell what isn't there from what is zero
        "optional.for.nullables": [None, None],
        "wrapper.for.nullables": [None, None],
    }
    assert "optional int32 n = 1;" in registered(registry, "toptional.for.nullables-value")
    assert "google.protobuf.Int32Value n = 1;" in registered(registry, "twrapper.for.nullables-value")


OTHER = """
// somebody's own file
syntax = "proto3";
package shop.v1;
import "google/protobuf/timestamp.proto";
import "common.proto";
option java_package = "com.shop";
message Ignored { reserved 2, 4 to 6; reserved "x"; }
message Event {
  option deprecated = true;
  enum Kind { NONE = 0; SOLD = 1 [deprecated = true]; }
  message Line { uint32 count = 1; sint64 delta = 2; }
  oneof what { string text = 1; Line line = 2; }
  Kind kind = 3;
  map<string, Line> lines = 4;
  repeated double prices = 5 [packed = true];
  google.protobuf.Timestamp at = 6;
  common.Money money = 7;
  optional int32 maybe = 8;
  Event parent = 9;
}
service Shop { rpc Buy (Event) returns (Event) { option idempotency_level = NO_SIDE_EFFECTS; } }
"""
COMMON = 'syntax = "proto3"; package common; message Money { string currency = 1; int64 units = 2; }'


def test_a_schema_of_somebody_else(registry: EmbeddedRegistry) -> None:
    """The message is the file's second; a oneof, an enum, maps, references and a message inside itself."""
    register(registry, "common", COMMON)
    schema_id = register(registry, "t-value", OTHER, [{"name": "common.proto", "subject": "common", "version": 1}])
    body = (
        "1204080710 03".replace(" ", "")  # line: count 7, delta -2
        + "1801"  # SOLD
        + "220b0a0161120408011002"[:0]
        + "2a08000000000000f83f"  # 1.5
        + "3a070a0345555210 05".replace(" ", "")  # EUR 5
        + "4a020a00"  # parent with an empty text
    )
    message = bytes(4) + bytes([schema_id]) + bytes.fromhex("0202" + body)
    made = new_converter(registry, optional_for_nullables=True)
    schema, value = made.to_connect_data("t", message)
    assert schema is not None
    assert schema.name == "Event"
    assert repr(value["what_0"]) == "Struct{line=Struct{count=7,delta=-2}}"
    assert value["kind"] == "SOLD"
    assert value["prices"] == [1.5]
    assert value["money"]["units"] == 5
    assert value["at"] is None
    assert value["maybe"] is None
    assert value["parent"]["what_0"]["text"] == ""
    assert value["parent"]["parent"] is None
    kind = schema.field("kind").schema
    assert kind.parameters == {ENUM: "Kind", f"{ENUM}.NONE": "0", f"{ENUM}.SOLD": "1", TAG: "3"}


def test_unions_and_enums_are_written_as_they_were_read(registry: EmbeddedRegistry) -> None:
    union = Schema(
        Type.STRUCT,
        name=f"{UNION_PREFIX}what",
        optional=True,
        fields=[
            Field("text", 0, Schema(Type.STRING, optional=True, parameters={TAG: "2"})),
            Field("number", 1, Schema(Type.INT64, optional=True, parameters={TAG: "3"})),
        ],
    )
    kind = Schema(
        Type.STRING, name="Kind", optional=True, parameters={ENUM: "Kind", f"{ENUM}.A": "0", f"{ENUM}.B": "1", TAG: "1"}
    )
    schema = struct("R", kind=kind, what=union)
    made = new_converter(registry)
    message = made.from_connect_data("t", schema, Struct(schema, ["B", Struct(union, [None, 5])]))
    assert message is not None
    assert message[6:].hex() == "08011805"
    assert registered(registry, "t-value") == (
        'syntax = "proto3";\n\nmessage R {\n  Kind kind = 1;\n\n  oneof what {\n    string text = 2;\n'
        "    int64 number = 3;\n  }\n\n  enum Kind {\n    A = 0;\n    B = 1;\n  }\n}\n"
    )
    read_schema, value = made.to_connect_data("t", message)
    assert value["kind"] == "B"
    assert value["what_0"]["number"] == 5
    with pytest.raises(DataException, match="'C' is no symbol"):
        made.from_connect_data("t", schema, Struct(schema, ["C", None]))
    assert read_schema is not None
    unknown = made.to_connect_data("t", message[:6] + b"\x08\x07").value
    assert unknown["kind"] == "UNKNOWN_ENUM_VALUE_Kind_7"


def test_a_schema_that_another_client_registered_as_a_descriptor(registry: EmbeddedRegistry) -> None:
    """Confluent's Python client registers the library's own form, in base64."""
    import base64

    descriptor = protobuf_file(ALL, ProtobufOptions()).descriptor("x.proto").SerializeToString()
    schema_id = register(registry, "t-value", base64.b64encode(descriptor).decode())
    value = new_converter(registry).to_connect_data("t", bytes(4) + bytes([schema_id, 0]) + b"\x08\x05").value
    assert value["id"] == 5


def test_names_that_protobuf_does_not_allow_can_be_replaced(registry: EmbeddedRegistry) -> None:
    schema = struct("my-db.my-table", **{"first name": INT})
    with pytest.raises(DataException):
        new_converter(registry).from_connect_data("t", schema, Struct(schema, [1]))
    made = new_converter(registry, scrub_invalid_names=True)
    message = made.from_connect_data("t", schema, Struct(schema, [1]))
    assert made.to_connect_data("t", message).value["first_name"] == 1
    assert registered(registry, "t-value").startswith('syntax = "proto3";\npackage my_db;\n\nmessage my_table {')


def test_subjects_may_be_named_after_messages(registry: EmbeddedRegistry) -> None:
    strategy = "io.confluent.kafka.serializers.subject.TopicRecordNameStrategy"
    made = new_converter(registry, value_subject_name_strategy=strategy)
    schema = struct("n.R", v=INT)
    message = made.from_connect_data("t", schema, Struct(schema, [1]))
    assert requests.get(f"{registry.url}/subjects", timeout=30).json() == ["t-n.R"]
    assert made.to_connect_data("t", message).value["v"] == 1


def test_the_latest_schema_can_be_used_instead_of_a_new_one(registry: EmbeddedRegistry) -> None:
    schema_id = register(registry, "t-value", 'syntax = "proto3"; message R { int64 v = 4; map<string, int32> m = 5; }')
    made = new_converter(registry, auto_register_schemas=False, use_latest_version=True)
    schema = struct("R", v=Schema(Type.INT64), m=Schema(Type.MAP, key_schema=TEXT, value_schema=INT))
    message = made.from_connect_data("t", schema, Struct(schema, [1, {"a": 2}]))
    assert message == bytes(4) + bytes([schema_id, 0]) + bytes.fromhex("2001 2a050a01611002")
    assert made.to_connect_data("t", message).value["m"] == {"a": 2}


@pytest.mark.parametrize(
    "data",
    ["", "0000", "010000000100", "0000000001", "000000000101", "0000000001020a", "000000000100ff", "000000000900"],
)
def test_what_can_not_be_read_is_a_data_error(registry: EmbeddedRegistry, data: str) -> None:
    register(registry, "t-value", COMMON)
    with pytest.raises(DataException, match="Failed to deserialize data for topic t to Protobuf:"):
        new_converter(registry).to_connect_data("t", bytes.fromhex(data))


@pytest.mark.parametrize(
    "text",
    [
        "message",
        "message R {",
        "message R { int32 }",
        "message R { int32 a = x; }",
        'edition = "2023"; message R {}',
        "message R { optional group G = 1 {} }",
        "$",
        "message R { unknown.Type a = 1; }",
        'syntax = "proto3"; import "missing.proto"; message R {}',
        "AAAA*",
    ],
)
def test_what_is_no_schema_is_a_data_error(registry: EmbeddedRegistry, text: str) -> None:
    schema_id = register(registry, "t-value", text)
    with pytest.raises(DataException) as raised:
        new_converter(registry).to_connect_data("t", bytes(4) + bytes([schema_id, 0]))
    assert isinstance(raised.value.__cause__, SerializationException)


def test_what_protobuf_has_no_place_for_is_refused(registry: EmbeddedRegistry) -> None:
    made = new_converter(registry)
    array = Schema(Type.ARRAY, value_schema=TEXT)
    for schema, value in (
        (None, {"a": 1}),
        (array, ["a"]),
        (struct("R", a=Schema(Type.ARRAY, value_schema=array)), [["a"]]),
        (struct("R", a=array), ["a", None]),
        (struct("R", day=DATE_SCHEMA), from_millis(-(10**6) * 86_400_000)),
        (struct("R", x=struct("A", v=INT), y=struct("A", w=TEXT)), None),
    ):
        is_struct = schema is not None and schema.type is Type.STRUCT
        held = Struct(schema, [value] * len(schema.fields)) if is_struct and schema is not None else value
        with pytest.raises(DataException):
            made.from_connect_data("t", schema, held)
