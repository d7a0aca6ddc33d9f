"""The Avro converter: hand-checked bytes, schemas with references, chosen schemas, headers, evolution."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest
import requests

from connect.api import (
    ConfigException,
    DataException,
    Field,
    RetriableException,
    Schema,
    Struct,
    Type,
)
from connect.api.schema_builder import SchemaBuilder
from connect.demo.registry import EmbeddedRegistry
from converters.avro_from_connect import avro_schema
from converters.avro_names import FIELD_DEFAULT, DataOptions, scrub_name
from converters.avro_schema import schema_text
from converters.avro_to_connect import RecursiveSchema
from converters.registry_errors import IncompatibleSchemaException
from tests.unit.converters import registry_setup
from tests.unit.converters.avro_setup import new_converter
from tests.unit.converters.registry_setup import struct as record

INT, TEXT = Schema(Type.INT32), Schema(Type.STRING)


RECORD = record("test", a=Schema(Type.INT64), b=TEXT)


def register(registry: EmbeddedRegistry, subject: str, schema: Any, **body: Any) -> int:
    text = schema if isinstance(schema, str) else json.dumps(schema)
    return registry_setup.register(registry, subject, text, **body)


def message(schema_id: int, payload: bytes) -> bytes:
    return struct.pack(">bI", 0, schema_id) + payload


@pytest.mark.parametrize(
    ("schema", "value", "payload"),
    [
        (INT, 0, "00"),
        (INT, -1, "01"),
        (INT, 1, "02"),
        (INT, -2, "03"),
        (INT, -64, "7f"),
        (INT, 64, "8001"),
        (INT, 8191, "fe7f"),
        (INT, 8192, "808001"),
        (INT, -8192, "ff7f"),
        (INT, -8193, "818001"),
        (Schema(Type.INT64), 2**27, "8080808001"),
        (Schema(Type.INT64), 2**41, "80808080808001"),
        (Schema(Type.INT64), 2**63 - 1, "feffffffffffffffff01"),
        (Schema(Type.INT64), -(2**63), "ffffffffffffffffff01"),
        (TEXT, "foo", "06666f6f"),
        (Schema(Type.ARRAY, value_schema=Schema(Type.INT64)), [3, 27], "04063600"),
        (Schema(Type.STRING, optional=True), "a", "020261"),
        (RECORD, Struct(RECORD, [27, "foo"]), "3606666f6f"),
    ],
)  # fmt: skip
def test_values_have_the_bytes_of_the_specification(
    schema: Schema, value: Any, payload: str, registry: EmbeddedRegistry
) -> None:
    converter = new_converter(registry)
    written = converter.from_connect_data("t", schema, value)
    assert written is not None
    assert written[5:].hex() == payload
    assert repr(converter.to_connect_data("t", written).value) == repr(value)


def test_blocks_with_sizes_are_read(registry: EmbeddedRegistry) -> None:
    """An array may come in several blocks, and a block may tell its length in bytes, as the specification allows."""
    schema_id = register(registry, "t-value", {"type": "array", "items": "long"})
    data = message(schema_id, bytes.fromhex("0206" + "0102" + "36" + "00"))
    assert new_converter(registry).to_connect_data("t", data).value == [3, 27]


def test_messages_of_one_schema_share_its_object(registry: EmbeddedRegistry) -> None:
    converter = new_converter(registry)
    first, second = record("R", x=INT), record("R", x=INT, y=Schema(Type.STRING, optional=True))
    messages = converter.from_connect_batch("t", first, [(1,), (2,)])
    messages += converter.from_connect_batch("t", second, [(3, "a")])
    messages += converter.from_connect_batch("t", first.replace(optional=True), [None])
    messages += converter.from_connect_batch("t", first, [(4,)])
    runs = converter.to_connect_batch("t", messages)
    assert [values for _, values in runs] == [[(1,), (2,)], [(3, "a")], [None], [(4,)]]
    schemas = [schema for schema, _ in runs]
    assert schemas[0] is schemas[3]
    assert schemas[2] is None
    assert schemas[0] is not None
    assert [schemas[0].version, schemas[1].version if schemas[1] else None] == [1, 2]


def test_a_schema_that_contains_itself_goes_out_and_comes_back(registry: EmbeddedRegistry) -> None:
    tree = RecursiveSchema(Type.STRUCT, name="Tree")
    inner = RecursiveSchema(Type.STRUCT, name="Tree", optional=True)
    fields = (Field("v", 0, INT), Field("left", 1, inner), Field("kids", 2, Schema(Type.ARRAY, value_schema=tree)))
    for schema in (tree, inner):
        schema.fields = fields
        schema._by_name = {field.name: field for field in fields}
    leaf = Struct(tree, [2, None, []])
    value = Struct(tree, [1, Struct(inner, [3, None, [leaf]]), [leaf, leaf]])
    converter = new_converter(registry)
    written = converter.from_connect_data("t", tree, value)
    schema, read = converter.to_connect_data("t", written)
    assert repr(read) == repr(value)
    assert isinstance(schema, RecursiveSchema)
    again, _ = new_converter(registry).to_connect_data("t", written)
    assert again == schema
    assert again is not schema
    written_again = converter.from_connect_data("t", schema, read)
    assert (written_again or b"")[5:] == (written or b"")[5:]


def test_headers_have_subjects_of_their_own(registry: EmbeddedRegistry) -> None:
    converter = new_converter(registry)
    converter.configure_header({"schema.registry.url": registry.url})
    written = converter.from_connect_header("t", "trace", TEXT, "x")
    assert converter.to_connect_header("t", "trace", written).value == "x"
    assert converter.to_connect_header("t", "trace", None) == (None, None)
    assert requests.get(f"{registry.url}/subjects", timeout=30).json() == ["t-header-trace"]


def test_references_are_followed(registry: EmbeddedRegistry) -> None:
    register(registry, "money", {"type": "record", "name": "a.Money", "fields": [{"name": "cents", "type": "long"}]})
    link = {"name": "a.Money", "subject": "money", "version": 1}
    order = {"type": "record", "name": "a.Order", "fields": [{"name": "total", "type": "Money"}]}
    register(registry, "order", order, references=[link])
    bag = {"type": "array", "items": "a.Order"}
    references = [{"name": "a.Order", "subject": "order", "version": 1}, link]
    schema_id = register(registry, "t-value", bag, references=references)
    schema, value = new_converter(registry).to_connect_data("t", message(schema_id, bytes.fromhex("020a00")))
    assert schema is not None
    assert schema.value_schema is not None
    assert schema.value_schema.fields[0].schema.name == "a.Money"
    assert repr(value) == "[Struct{total=Struct{cents=5}}]"


def test_the_latest_schema_may_order_a_union_its_own_way(registry: EmbeddedRegistry) -> None:
    fields = [{"name": "x", "type": ["string", "null"], "default": "d"}]
    schema_id = register(registry, "t-value", {"type": "record", "name": "R", "fields": fields})
    converter = new_converter(registry, auto_register_schemas=False, use_latest_version=True)
    schema = record("R", x=Schema(Type.STRING, optional=True))
    assert converter.from_connect_batch("t", schema, [("a",), (None,)]) == [
        message(schema_id, bytes.fromhex("000261")),
        message(schema_id, bytes.fromhex("02")),
    ]


def test_a_schema_can_be_chosen_by_id(registry: EmbeddedRegistry) -> None:
    schema_id = register(registry, "t-value", '"long"')
    converter = new_converter(registry, auto_register_schemas=False, use_schema_id=schema_id)
    assert converter.from_connect_data("t", INT, 5) == message(schema_id, b"\x0a")
    with pytest.raises(DataException) as raised:
        converter.from_connect_data("t", TEXT, "a")
    assert "the schema is long to the reader but was written as string" in str(raised.value.__cause__.__cause__)


def test_old_data_is_read_as_the_latest_schema_sees_it(registry: EmbeddedRegistry) -> None:
    old = record("R", x=INT)
    data = new_converter(registry).from_connect_data("t", old, Struct(old, [7]))
    fields = [{"name": "x", "type": "long"}, {"name": "y", "type": "string", "default": "new"}]
    register(registry, "t-value", {"type": "record", "name": "R", "fields": fields})
    schema, value = new_converter(registry, use_latest_version=True).to_connect_data("t", data)
    assert repr(value) == "Struct{x=7,y=new}"
    assert schema is not None
    assert schema.version == 2


def test_a_refused_schema_is_explained(registry: EmbeddedRegistry) -> None:
    """The failure names the subject, the version and the field that keeps the schema out."""
    converter = new_converter(registry)
    first = record("R", x=INT)
    converter.from_connect_data("t", first, Struct(first, [1]))
    second = record("R", x=TEXT, y=INT)
    with pytest.raises(DataException, match="Failed to serialize Avro data from topic t:") as raised:
        converter.from_connect_data("t", second, Struct(second, ["a", 1]))
    cause: BaseException | None = raised.value
    while cause is not None and not isinstance(cause, IncompatibleSchemaException):
        cause = cause.__cause__
    assert "version 1 of subject t-value" in str(cause)
    assert "field 'x' is string to the reader but was written as int" in str(cause)
    assert "field 'y' has no default value" in str(cause)


def test_a_wrong_value_registers_nothing(registry: EmbeddedRegistry) -> None:
    with pytest.raises(DataException, match="Invalid type for INT32"):
        new_converter(registry).from_connect_data("t", INT, "x")
    assert requests.get(f"{registry.url}/subjects", timeout=30).json() == []


@pytest.mark.parametrize(
    ("schema", "value", "reason"),
    [
        (Schema(Type.INT8), 128, "Invalid type for INT8: 128 is out of range"),
        (
            Schema(Type.ARRAY, value_schema=record("R", x=INT)),
            [Struct(record("R", y=INT), [1])],
            "Mismatching struct schema",
        ),
        (record("R", x=INT), Struct(record("R", x=INT), [None]), "Found null value for non-optional schema"),
        (Schema(Type.ARRAY, value_schema=INT), 5, "Invalid type for ARRAY: class java.lang.Long"),
        (Schema(Type.MAP, key_schema=TEXT, value_schema=INT), [], "Invalid type for MAP: class java.util.ArrayList"),
        (None, b"x", r"Unknown Java type for schemaless data: class \[B"),
    ],
)
def test_what_does_not_fit_is_refused(schema: Schema, value: Any, reason: str, registry: EmbeddedRegistry) -> None:
    with pytest.raises(DataException, match=reason):
        new_converter(registry).from_connect_data("t", schema, value)


def test_defaults_that_avro_does_not_allow_are_kept_as_annotations() -> None:
    """A map of entries is an array to Avro, whose default can't be written as pairs."""
    keyed = Schema(Type.MAP, key_schema=INT, value_schema=INT, default_value={1: 2})
    text = json.loads(schema_text(avro_schema(record("R", m=keyed), DataOptions())))
    assert "default" not in text["fields"][0]
    assert text["fields"][0]["type"]["connect.default"] == [[1, 2]]


def test_a_single_precision_default_has_the_digits_of_a_double_in_its_field() -> None:
    schema = record("R", f=Schema(Type.FLOAT32, default_value=struct.unpack("<f", struct.pack("<f", 0.1))[0]))
    text = schema_text(avro_schema(schema, DataOptions()))
    assert '"connect.default":0.1}' in text
    assert '"default":0.10000000149011612' in text


def test_a_repeated_type_keeps_the_parameters_of_its_field() -> None:
    point = record("P", x=INT).replace(parameters={"a": "1"})
    schema = record("R", p=point, q=point.replace(optional=True, parameters={"a": "1"}))
    fields = json.loads(schema_text(avro_schema(schema, DataOptions())))["fields"]
    assert fields[1]["type"] == ["null", "P"]
    assert fields[1]["connect.parameters"] == {"a": "1"}


def test_discarded_docs_go_to_fields(registry: EmbeddedRegistry) -> None:
    converter = new_converter(registry, discard_type_doc_default=True)
    schema = record("R", x=Schema(Type.INT32, doc="d", default_value=5, parameters={FIELD_DEFAULT: "true"}))
    written = converter.from_connect_data("t", schema, Struct(schema, [1]))
    read, _ = converter.to_connect_data("t", written)
    assert read is not None
    assert (read.fields[0].schema.doc, read.fields[0].schema.default_value) == ("d", 5)


@pytest.mark.parametrize(("name", "scrubbed"), [("a b", "a_b"), ("9", "x9"), ("a-b~c", "a_b_7Ec"), ("ok_1", "ok_1")])
def test_names_are_scrubbed_as_java_does(name: str, scrubbed: str) -> None:
    assert scrub_name(name) == scrubbed


def test_a_message_of_an_unknown_id_is_a_data_error(registry: EmbeddedRegistry) -> None:
    with pytest.raises(DataException, match="Failed to deserialize data for topic t to Avro:") as raised:
        new_converter(registry).to_connect_data("t", message(77, b"\x00"))
    assert "Error retrieving Avro value schema for id 77" in str(raised.value.__cause__)


def test_data_of_another_subject_is_read_without_a_version(registry: EmbeddedRegistry) -> None:
    """A topic that was copied or renamed is readable; only the version of its schema is unknown."""
    data = new_converter(registry).from_connect_data("original", INT, 5)
    schema, value = new_converter(registry).to_connect_data("copy", data)
    assert (value, schema) == (5, INT)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"type":"record","name":"R","fields":[{"name":"n","type":"null"}]}', "Standalone null"),
        ('{"type":"int","connect.type":"int7"}', "Connect type annotation"),
        ('{"type":"int","connect.version":"x"}', "Invalid Connect version found: x"),
        ('{"type":"int","logicalType":"date","connect.version":2}', "Mismatched versions"),
        ('{"type":"int","logicalType":"date","connect.name":"other"}', "Mismatched names"),
        ('{"type":"bytes","logicalType":"decimal","precision":"x"}', "precision property must be a JSON Integer"),
        (
            '{"type":"array","items":{"type":"record","name":"X","connect.internal.type":"MapEntry","fields":[]}}',
            "do not match the expected format",
        ),
    ],
)
def test_schemas_that_connect_has_no_form_for_are_refused(text: str, reason: str, registry: EmbeddedRegistry) -> None:
    schema_id = register(registry, "t-value", text)
    with pytest.raises(DataException, match=reason):
        new_converter(registry).to_connect_data("t", message(schema_id, b"\x00"))


def test_two_fields_that_scrubbing_makes_one_are_refused(registry: EmbeddedRegistry) -> None:
    schema = SchemaBuilder.struct().name("R").field("a-b", INT).field("a b", INT).build()
    with pytest.raises(DataException, match="Duplicate field in record R"):
        new_converter(registry, scrub_invalid_names=True).from_connect_batch("t", schema, [(1, 2)])


def test_generalized_enums_and_unions_come_back(registry: EmbeddedRegistry) -> None:
    converter = new_converter(registry, generalized_sum_type_support=True)
    text = '["null",{"type":"enum","name":"E","symbols":["A","B"]},"long"]'
    schema_id = register(registry, "t-value", text)
    for payload in ("0202", "0406"):
        data = message(schema_id, bytes.fromhex(payload))
        schema, value = converter.to_connect_data("t", data)
        assert converter.from_connect_data("u", schema, value)[5:] == data[5:]


def test_metadata_can_be_left_out() -> None:
    schema = record("R", x=Schema(Type.INT8, doc="d", default_value=3))
    text = schema_text(avro_schema(schema, DataOptions(meta_data=False)))
    assert text == '{"type":"record","name":"R","fields":[{"name":"x","type":"int","default":3}]}'


def test_the_registry_being_away_is_a_reason_to_try_again() -> None:
    with EmbeddedRegistry() as gone:
        converter = new_converter(gone, max_retries=0)
    with pytest.raises(RetriableException, match="Network connection error while serializing Avro data for topic t"):
        converter.from_connect_data("t", INT, 1)


def test_cached_schemas_need_no_registry() -> None:
    with EmbeddedRegistry() as registry:
        converter = new_converter(registry, max_retries=0)
        written = converter.from_connect_data("t", INT, 1)
        assert converter.to_connect_data("t", written).value == 1
    assert converter.from_connect_data("t", INT, 2) == written[:5] + b"\x04"
    assert converter.to_connect_data("t", written).value == 1
    with pytest.raises(RetriableException):
        converter.from_connect_data("t", TEXT, "new")


def test_settings_that_make_no_sense_are_refused(registry: EmbeddedRegistry) -> None:
    with pytest.raises(ConfigException, match="could not be found"):
        new_converter(registry, **{"value.subject.name.strategy": "no.Such"})
    with pytest.raises(ConfigException, match="must start with http"):
        new_converter(registry, **{"schema.registry.url": "ftp://x"})
