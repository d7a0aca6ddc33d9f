"""The JSON Schema converter: texts of schemas, hand-checked messages, schemas of others, chosen schemas."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
import requests

from connect.api import DATE_SCHEMA, DataException, Field, Schema, Struct, Type, decimal_schema
from connect.api.logical import from_millis
from connect.demo.registry import EmbeddedRegistry
from converters.json_schema import JsonSchemaConverter
from converters.json_schema_config import JsonSchemaOptions
from converters.json_schema_from_connect import json_schema, json_schema_text
from converters.json_schema_names import ENUM, ID, ONE_OF
from tests.unit.converters import registry_setup
from tests.unit.converters.registry_setup import configured, struct

INT, TEXT = Schema(Type.INT32), Schema(Type.STRING)
MAYBE_TEXT = Schema(Type.STRING, optional=True)


def new_converter(registry: EmbeddedRegistry, **settings: Any) -> JsonSchemaConverter:
    return configured(JsonSchemaConverter(), registry, **settings)


def register(registry: EmbeddedRegistry, subject: str, schema: Any, references: Any = ()) -> int:
    return registry_setup.register(
        registry, subject, json.dumps(schema), schemaType="JSON", references=list(references)
    )


def message(schema_id: int, payload: Any) -> bytes:
    return bytes(4) + bytes([schema_id]) + json.dumps(payload).encode()


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        (Schema(Type.INT8), '{"type":"integer","connect.type":"int8"}'),
        (Schema(Type.FLOAT64), '{"type":"number","connect.type":"float64"}'),
        (Schema(Type.BOOLEAN), '{"type":"boolean"}'),
        (MAYBE_TEXT, '{"oneOf":[{"type":"null"},{"type":"string"}]}'),
        (Schema(Type.BYTES, doc="raw"), '{"type":"string","description":"raw","connect.type":"bytes"}'),
        (Schema(Type.INT32, default_value=5), '{"type":"integer","default":5,"connect.type":"int32"}'),
        (Schema(Type.FLOAT64, default_value=1.0), '{"type":"number","default":1,"connect.type":"float64"}'),
        (
            decimal_schema(2),
            (
                '{"type":"string","title":"org.apache.kafka.connect.data.Decimal","connect.version":1,'
                '"connect.type":"bytes","connect.parameters":{"scale":"2"}}'
            ),
        ),
        (
            Schema(Type.MAP, key_schema=TEXT, value_schema=INT),
            '{"type":"object","connect.type":"map","additionalProperties":{"type":"integer","connect.type":"int32"}}',
        ),
        (
            Schema(Type.MAP, key_schema=INT, value_schema=TEXT),
            (
                '{"type":"array","connect.type":"map","items":{"type":"object","properties":{'
                '"value":{"type":"string","connect.index":1},'
                '"key":{"type":"integer","connect.index":0,"connect.type":"int32"}}}}'
            ),
        ),
        (
            struct("r", id=INT, note=MAYBE_TEXT),
            (
                '{"type":"object","title":"r","properties":{'
                '"note":{"connect.index":1,"oneOf":[{"type":"null"},{"type":"string"}]},'
                '"id":{"type":"integer","connect.index":0,"connect.type":"int32"}}}'
            ),
        ),
        (Schema(Type.ARRAY, value_schema=TEXT), '{"type":"array","items":{"type":"string"}}'),
        (
            Schema(Type.STRING, parameters={ENUM: "", f"{ENUM}.B": "B", f"{ENUM}.A": "A"}),
            '{"enum":["B","A"]}',
        ),
    ],
)
def test_schemas_are_written_as_java_writes_them(schema: Schema, text: str) -> None:
    assert json.loads(json_schema_text(json_schema(schema, JsonSchemaOptions()))) == json.loads(text)


def test_members_stand_where_javas_hash_maps_list_them() -> None:
    """The orders of a schema that Java's converter has published."""
    fields = ("ordertime", "orderid", "itemid", "orderunits", "address")
    made = json_schema(struct("orders", **dict.fromkeys(fields, TEXT)), JsonSchemaOptions())
    assert list(made["properties"]) == ["itemid", "address", "orderid", "orderunits", "ordertime"]


ROW = struct(
    "r",
    id=Schema(Type.INT64),
    price=decimal_schema(2),
    day=DATE_SCHEMA,
    tags=Schema(Type.ARRAY, value_schema=TEXT),
    counts=Schema(Type.MAP, key_schema=INT, value_schema=TEXT),
    note=MAYBE_TEXT,
)


@pytest.mark.parametrize(
    ("decimals", "price"),
    [("base64", '"AfM="'), ("numeric", "4.99")],
)
def test_a_message_is_the_id_and_json(registry: EmbeddedRegistry, decimals: str, price: str) -> None:
    made = new_converter(registry, decimal_format=decimals)
    row = (7, Decimal("4.99"), from_millis(86_400_000), ["a", "😀"], {1: "x"}, None)
    (written,) = made.from_connect_batch("t", ROW, [row])
    assert written is not None
    assert written[:5] == b"\0\0\0\0\x01"
    assert written[5:].decode() == (
        f'{{"id":7,"price":{price},"day":1,"tags":["a","\\uD83D\\uDE00"],'
        '"counts":[{"key":1,"value":"x"}],"note":null}'
    )
    ((schema, rows),) = made.to_connect_batch("t", [written])
    assert schema == ROW.replace(version=1)
    assert rows == [row]


def test_nulls(registry: EmbeddedRegistry) -> None:
    """A null that the schema allows is JSON's null, one that it doesn't allow a tombstone, a default is the default."""
    made = new_converter(registry)
    assert made.from_connect_data("a", MAYBE_TEXT, None) == b"\0\0\0\0\x01null"
    assert made.from_connect_data("a", TEXT, None) is None
    assert made.from_connect_data("a", None, None) is None
    assert made.from_connect_data("b", Schema(Type.INT32, default_value=3), None) == b"\0\0\0\0\x023"
    assert made.to_connect_data("a", None).value is None


def test_unions_write_the_branch_that_is_set_and_find_it_again(registry: EmbeddedRegistry) -> None:
    names = [f"{ONE_OF}.field.{index}" for index in range(3)]
    parts = [Schema(Type.INT32, optional=True), MAYBE_TEXT, struct(a=INT).replace(optional=True)]
    union = Schema(
        Type.STRUCT, name=ONE_OF, fields=[Field(n, i, s) for i, (n, s) in enumerate(zip(names, parts, strict=True))]
    )
    made = new_converter(registry)
    schema = struct(u=union)
    for values, text in (
        ([5, None, None], b'{"u":5}'),
        ([None, "x", None], b'{"u":"x"}'),
        ([None, None, Struct(parts[2], [1])], b'{"u":{"a":1}}'),
    ):
        written = made.from_connect_data("t", schema, Struct(schema, [Struct(union, values)]))
        assert written is not None
        assert written[5:] == text
        read = made.to_connect_data("t", written).value
        assert repr(read["u"].values) == repr(Struct(union, values).values)


def test_a_schema_of_somebody_else(registry: EmbeddedRegistry) -> None:
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Person",
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": {"type": "string"},
            "age": {"type": "integer", "minimum": 0},
            "size": {"type": ["number", "null"]},
            "kind": {"type": "string", "enum": ["A", "B"]},
            "home": {"$ref": "#/definitions/address"},
            "other": {"allOf": [{"$ref": "#/definitions/address"}, {"properties": {"note": {"type": "string"}}}]},
        },
        "definitions": {"address": {"type": "object", "properties": {"city": {"type": "string"}}}},
    }
    schema_id = register(registry, "t-value", schema)
    made = new_converter(registry, use_optional_for_nonrequired=True)
    read_schema, value = made.to_connect_data(
        "t", message(schema_id, {"name": "n", "age": 3, "size": 1.5, "kind": "A", "home": {"city": "c"}})
    )
    assert read_schema is not None
    assert (read_schema.name, read_schema.version) == ("Person", 1)
    assert {field.name: (field.schema.type.name, field.schema.optional) for field in read_schema.fields} == {
        "name": ("STRING", False),
        "age": ("INT64", True),
        "size": ("FLOAT64", True),
        "kind": ("STRING", True),
        "home": ("STRUCT", True),
        "other": ("STRUCT", True),
    }
    assert [field.name for field in read_schema.field("other").schema.fields] == ["city", "note"]
    assert value["age"] == 3
    assert value["home"]["city"] == "c"
    assert value["other"] is None


def test_references_to_other_subjects(registry: EmbeddedRegistry) -> None:
    register(registry, "address", {"type": "object", "properties": {"city": {"type": "string"}}})
    schema = {"type": "object", "properties": {"home": {"$ref": "address.json"}}}
    schema_id = register(registry, "t-value", schema, [{"name": "address.json", "subject": "address", "version": 1}])
    value = new_converter(registry).to_connect_data("t", message(schema_id, {"home": {"city": "c"}})).value
    assert value["home"]["city"] == "c"


def test_a_schema_that_contains_itself(registry: EmbeddedRegistry) -> None:
    tree = {
        "type": "object",
        "title": "Tree",
        "properties": {"v": {"type": "integer"}, "next": {"oneOf": [{"type": "null"}, {"$ref": "#"}]}},
    }
    schema_id = register(registry, "t-value", tree)
    made = new_converter(registry)
    schema, value = made.to_connect_data("t", message(schema_id, {"v": 1, "next": {"v": 2, "next": None}}))
    assert schema is not None
    assert (schema.parameters or {})[ID] == "#id1"
    assert value["next"]["v"] == 2
    again = made.from_connect_data("u", schema, value)
    assert again is not None
    assert made.to_connect_data("u", again).value["next"]["v"] == 2


def test_data_that_does_not_fit_is_refused_on_demand(registry: EmbeddedRegistry) -> None:
    schema = {"type": "object", "properties": {"v": {"type": "integer", "connect.type": "int32", "maximum": 5}}}
    schema_id = register(registry, "t-value", schema)
    strict = new_converter(registry, json_fail_invalid_schema=True)
    assert strict.to_connect_data("t", message(schema_id, {"v": 5})).value["v"] == 5
    with pytest.raises(DataException, match="serialization error of topic t") as raised:
        strict.to_connect_data("t", message(schema_id, {"v": 6}))
    assert "at v: 6 is greater than the maximum of 5" in str(raised.value.__cause__)
    assert new_converter(registry).to_connect_data("t", message(schema_id, {"v": 6})).value["v"] == 6


def test_the_latest_schema_can_be_used_instead_of_a_new_one(registry: EmbeddedRegistry) -> None:
    schema_id = register(registry, "t-value", {"type": "object", "properties": {"v": {"type": "integer"}}})
    made = new_converter(registry, auto_register_schemas=False, use_latest_version=True)
    written = made.from_connect_data("t", struct(v=INT), Struct(struct(v=INT), [1]))
    assert written == message(schema_id, 0)[:5] + b'{"v":1}'
    assert requests.get(f"{registry.url}/subjects/t-value/versions", timeout=30).json() == [1]


def test_subjects_may_be_named_after_titles(registry: EmbeddedRegistry) -> None:
    strategy = "io.confluent.kafka.serializers.subject.RecordNameStrategy"
    made = new_converter(registry, value_subject_name_strategy=strategy)
    written = made.from_connect_data("t", struct("n.R", v=INT), Struct(struct("n.R", v=INT), [1]))
    assert requests.get(f"{registry.url}/subjects", timeout=30).json() == ["n.R"]
    assert made.to_connect_data("t", written).value["v"] == 1


@pytest.mark.parametrize("data", [b"", b"\0\0", b"\1\0\0\0\1{}", b"\0\0\0\0\1{", b"\0\0\0\0\1[]", b"\0\0\0\0\x09{}"])
def test_what_can_not_be_read_is_a_data_error(registry: EmbeddedRegistry, data: bytes) -> None:
    register(registry, "t-value", {"type": "object", "properties": {"v": {"type": "integer"}}})
    with pytest.raises(DataException):
        new_converter(registry).to_connect_data("t", data)


def test_data_without_a_schema_is_refused(registry: EmbeddedRegistry) -> None:
    with pytest.raises(DataException, match="without a schema"):
        new_converter(registry).from_connect_data("t", None, {"a": 1})
